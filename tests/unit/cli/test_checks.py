"""What doctor finds in a home, and what it tells to do."""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from tests.fakes.vaults import PASSPHRASE, sealed_vault

import swimdesk.checks
from swimdesk.bootstrap.vaults import secret_at
from swimdesk.checks import CHECKS, CheckState, CheckView, Subject, exit_code_of, run_checks
from swimdesk.config import (
    AccountSettings,
    BrokerSettings,
    CacheSettings,
    LoginSettings,
    Settings,
    VaultSettings,
)
from swimdesk.control.ownership import HomeLock
from swimdesk.errors import BrokerUnreachable, ConfigError, ExitCode, VaultError
from swimdesk.login.token_files import Grant, TokenFiles
from swimdesk.login.vault import Vault
from swimdesk.login.vault_files import FilesVault
from swimdesk.login.vault_grants import VaultGrants
from swimdesk.store.inspection import Inspected
from swimdesk.telemetry.redaction import Secret

OK, WARN, FAIL = CheckState.OK, CheckState.WARN, CheckState.FAIL


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    settings = Settings(
        broker=BrokerSettings(api_url="https://127.0.0.1:9"), login=(LoginSettings(name="smith"),)
    )
    return Subject(home, None, settings)


def look(name: str, subject: Subject) -> CheckView:
    return CHECKS[name].look(subject)


def keep_tokens(home: Path, signed_in: datetime) -> None:
    grant = Grant(Secret("a"), Secret("r"), signed_in + timedelta(minutes=30), signed_in)
    TokenFiles(home, "paper").save("smith", grant)


def test_home_without_a_configuration_still_gets_every_other_check(tmp_path: Path) -> None:
    views = run_checks(tmp_path / "home", None)
    assert [view.name for view in views] == ["config", *CHECKS]
    assert [view.name for view in views if view.state is FAIL] == ["config"]
    assert exit_code_of(views) == ExitCode.USAGE
    assert not (tmp_path / "home").exists()


def test_exit_code_is_that_of_the_first_failure() -> None:
    passed = CheckView("a", OK, "", "", 0)
    views = (passed, replace(passed, state=WARN), replace(passed, state=FAIL, exit_code=6))
    assert exit_code_of((*views, replace(passed, state=FAIL, exit_code=9))) == 6
    assert exit_code_of(views[:2]) == 0


def test_file_that_others_can_read_is_named(subject: Subject) -> None:
    assert look("permissions", subject).state is OK
    file = subject.home / "secrets" / "app_key"
    file.parent.mkdir(mode=0o700)
    file.touch(mode=0o640)
    file.chmod(0o640)
    view = look("permissions", subject)
    assert (view.state, view.exit_code) == (FAIL, ExitCode.USAGE)
    assert str(file) in view.detail
    assert "chmod" in view.advice


def test_owner_that_died_is_no_owner_and_one_that_is_silent_is_a_failure(subject: Subject) -> None:
    assert look("owner", subject).state is OK
    with HomeLock(subject.home) as lock:
        assert lock.try_acquire()
        view = look("owner", subject)
        assert (view.state, view.exit_code) == (FAIL, ExitCode.HELD)
        assert str(os.getpid()) in view.detail
        left_behind = (subject.home / "run" / "owner.lock").read_bytes()
    (subject.home / "run" / "owner.lock").write_bytes(left_behind)
    view = look("owner", subject)
    assert (view.state, "ended without leaving" in view.detail) == (OK, True)


def with_vault(subject: Subject, backend: str, mode: Literal["paper", "live"]) -> Subject:
    """Let the home keep its secrets in a vault."""
    assert subject.settings is not None
    vault = VaultSettings.model_validate({"backend": backend})
    broker = BrokerSettings(mode=mode)
    settings = subject.settings.model_copy(update={"vault": vault, "broker": broker})
    return replace(subject, settings=settings)


@pytest.fixture
def _passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vault-passphrase").write_text(PASSPHRASE, encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))


@pytest.mark.usefixtures("_passphrase")
def test_vault_is_named_and_tried_out(subject: Subject) -> None:
    view = look("vault", with_vault(subject, "encrypted-file", "live"))
    assert (view.state, view.exit_code) == (OK, ExitCode.DONE)
    assert view.detail == (
        f"encrypted file {subject.home}/vault.sealed:"
        " an item was written, read back alike and removed"
    )
    assert look("vault", subject).detail.startswith(f"files below {subject.home}/secrets")


@pytest.mark.usefixtures("_passphrase")
def test_login_behind_a_vault_that_does_not_open_is_not_sent_to_sign_in(subject: Subject) -> None:
    vault = sealed_vault(subject.home, "another passphrase")
    vault.put("login/smith/grant", Secret("kept"))
    live = with_vault(subject, "encrypted-file", "live")
    names = ("secrets", "vault", "tokens")
    found = {name: swimdesk.checks._outcome(live, CHECKS[name]) for name in names}
    assert (found["tokens"].state, found["tokens"].advice) == (FAIL, "see vault")
    assert found["tokens"].exit_code == ExitCode.USAGE
    assert found["secrets"].advice == "see vault"
    assert found["vault"].advice == "mend the vault, or name another one under [vault]"
    assert "it came from the credential vault-passphrase" in found["vault"].detail


@pytest.mark.usefixtures("_passphrase")
def test_seed_that_was_left_beside_its_password_is_warned_of(subject: Subject) -> None:
    sealed = with_vault(subject, "encrypted-file", "live")
    assert sealed.settings is not None
    vault = VaultSettings(backend="encrypted-file", totp_backend="credentials")
    apart = replace(sealed, settings=sealed.settings.model_copy(update={"vault": vault}))
    sealed_vault(subject.home).put("login/smith/totp", Secret("JBSWY3DPEHPK3PXP"))
    view = look("vault", apart)
    assert view.state is CheckState.WARN
    assert "beside its password is still login/smith/totp" in view.detail
    assert view.advice == "swimdesk vault drop login/smith/totp"


def test_vault_that_is_damaged_fails_with_what_to_do(subject: Subject) -> None:
    (subject.home / "vault.sealed").write_text("{", encoding="utf-8")
    with pytest.raises(VaultError, match=r"vault\.sealed is damaged"):
        look("vault", with_vault(subject, "encrypted-file", "live"))


def test_live_home_without_a_vault_is_told_which_there_are(subject: Subject) -> None:
    with pytest.raises(VaultError, match='backend = "encrypted-file"'):
        look("vault", with_vault(subject, "", "live"))


@pytest.mark.usefixtures("_passphrase")
def test_live_logins_are_looked_up_in_the_vault(subject: Subject) -> None:
    live = with_vault(subject, "encrypted-file", "live")
    assert look("tokens", live).state is FAIL
    now = datetime.now(UTC)
    grant = Grant(Secret("a"), Secret("r"), now + timedelta(minutes=30), now)
    VaultGrants(sealed_vault(subject.home)).save("smith", grant)
    assert look("tokens", live).state is OK


@pytest.mark.usefixtures("_passphrase")
def test_secrets_are_fetched_through_the_vault(subject: Subject) -> None:
    live = with_vault(subject, "encrypted-file", "live")
    for name in ("app_key", "app_secret"):
        with pytest.raises(ConfigError, match=f"vault set {name}"):
            look("secrets", live)
        sealed_vault(subject.home).put(name, Secret("kept"))
    assert look("secrets", live).detail == "app_key and app_secret are there (keyring)"


@pytest.mark.usefixtures("_passphrase")
def test_reference_of_a_service_that_the_vault_does_not_keep_is_told(subject: Subject) -> None:
    live = with_vault(subject, "encrypted-file", "live")
    assert live.settings is not None
    with pytest.raises(ConfigError, match="write keyring:swimdesk/NAME instead of keyring:other"):
        secret_at("keyring:other/app_key", live.settings, subject.home)


@pytest.mark.parametrize(
    ("age", "state"),
    [(timedelta(0), OK), (timedelta(days=6, hours=1), WARN), (timedelta(days=8), FAIL)],
)
def test_login_is_judged_by_the_rest_of_its_life(
    subject: Subject, age: timedelta, state: CheckState
) -> None:
    keep_tokens(subject.home, datetime.now(UTC) - age)
    view = look("tokens", subject)
    assert view.state is state
    assert view.exit_code == (ExitCode.LOGIN if state is FAIL else ExitCode.DONE)


def test_login_without_tokens_fails_with_the_command_to_run(subject: Subject) -> None:
    view = look("tokens", subject)
    assert (view.state, view.advice) == (FAIL, "swimdesk login smith")


@pytest.mark.parametrize(
    ("offset_s", "state"), [(0, OK), (5, WARN), (-5, WARN), (60, FAIL), (-60, FAIL)]
)
def test_clock_is_compared_with_the_brokers(
    subject: Subject, offset_s: int, state: CheckState, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = datetime.now(UTC) + timedelta(seconds=offset_s)
    monkeypatch.setattr(swimdesk.checks, "_ask_broker", lambda _: (401, said))
    assert look("clock", subject).state is state


def test_broker_that_is_not_there_is_told(subject: Subject) -> None:
    with pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:9 does not answer"):
        look("broker", subject)


def test_memcached_that_is_not_there_is_a_warning(subject: Subject) -> None:
    assert look("cache", subject).state is OK
    assert subject.settings is not None
    settings = subject.settings.model_copy(update={"cache": CacheSettings(memcached="127.0.0.1:9")})
    assert look("cache", replace(subject, settings=settings)).state is WARN


def test_home_of_the_other_mode_is_a_failure(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    (subject.home / "desk.db").touch()
    monkeypatch.setattr(swimdesk.checks, "inspect", lambda _, **__: Inspected("live", None))
    view = look("store", subject)
    assert (view.state, view.exit_code) == (FAIL, ExitCode.STORE)


def test_too_few_open_files_for_the_configured_accounts_are_told_with_the_figure_to_set(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "open files" in look("files", subject).detail
    settings = subject.settings
    assert settings is not None
    accounts = tuple(
        AccountSettings(alias=f"A-{n}", login="smith", last4=f"{n:04}") for n in range(40)
    )
    many = replace(subject, settings=settings.model_copy(update={"account": accounts}))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 300))
    found = look("files", many)
    assert (found.state, found.exit_code) == (FAIL, ExitCode.USAGE)
    assert "22 accounts, 40 are configured" in found.detail
    assert "ulimit -n 336" in found.advice


@pytest.mark.parametrize(("free", "state"), [(1 << 20, FAIL), (500 << 20, WARN), (1 << 40, OK)])
def test_full_disk_is_told_before_it_is_one(
    subject: Subject, free: int, state: CheckState, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    assert look("disk", subject).state is state


def keyring_subject(subject: Subject, backend: str) -> Subject:
    """Let the application's key and secret be in a vault, too."""
    chosen = with_vault(subject, backend, "paper")
    assert chosen.settings is not None
    broker = chosen.settings.broker.model_copy(
        update={"app_key": "keyring:swimdesk/app_key", "app_secret": "keyring:swimdesk/app_secret"}
    )
    return replace(chosen, settings=chosen.settings.model_copy(update={"broker": broker}))


def keep_application(vault: Vault) -> None:
    for item in ("app_key", "app_secret"):
        vault.put(item, Secret("kept"))


def test_vault_that_was_moved_from_is_told_with_the_one_that_has_the_items(
    subject: Subject,
) -> None:
    keep_application(sealed_vault(subject.home))
    moved = keyring_subject(subject, "files")
    view = swimdesk.checks._outcome(moved, CHECKS["secrets"])
    assert (view.state, view.exit_code) == (FAIL, ExitCode.USAGE)
    assert "vault set" not in view.detail + view.advice
    assert f"encrypted file {subject.home}/vault.sealed" in view.advice
    assert 'backend = "encrypted-file"' in view.advice
    assert look("vault", moved).state is WARN
    keep_application(FilesVault(subject.home))
    assert look("secrets", moved).state is OK
    # The empty file that a move leaves is no news where the items are where they should be.
    assert look("vault", moved).state is OK


@pytest.mark.usefixtures("_passphrase")
def test_items_in_files_are_found_where_the_encrypted_file_lacks_them(subject: Subject) -> None:
    keep_application(FilesVault(subject.home))
    moved = keyring_subject(subject, "encrypted-file")
    view = swimdesk.checks._outcome(moved, CHECKS["secrets"])
    assert 'backend = "files"' in view.advice


@pytest.mark.usefixtures("_passphrase")
def test_secret_that_is_nowhere_is_still_to_be_set(subject: Subject) -> None:
    nowhere = keyring_subject(subject, "encrypted-file")
    view = swimdesk.checks._outcome(nowhere, CHECKS["secrets"])
    assert "swimdesk vault set app_key" in view.detail
