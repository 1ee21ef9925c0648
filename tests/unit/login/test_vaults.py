"""Which vault a configuration gets, and those that are only read or never answer."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.fakes.vaults import SecretService, sealed_vault

from swimdesk.errors import VaultError
from swimdesk.login.vault import probe
from swimdesk.login.vault_credentials import CredentialsVault
from swimdesk.login.vault_files import FilesVault
from swimdesk.login.vault_keyring import SecretServiceVault
from swimdesk.login.vaults import SeedsApart, VaultChoice, open_vault
from swimdesk.telemetry.redaction import Secret

SEED = "login/smith/totp"


def opened(home: Path, mode: str, backend: str, totp_backend: str = "") -> str:
    choice = VaultChoice(backend, totp_backend, "swimdesk", mode)
    return open_vault(choice, home, passphrase=lambda _: Secret("unasked")).name


def test_vault_is_the_one_that_the_configuration_names(tmp_path: Path) -> None:
    assert opened(tmp_path, "paper", "") == f"files below {tmp_path}/secrets"
    assert opened(tmp_path, "paper", "files") == f"files below {tmp_path}/secrets"
    assert opened(tmp_path, "live", "encrypted-file") == f"encrypted file {tmp_path}/vault.sealed"
    assert "keyring.backends.SecretService.Keyring" in opened(tmp_path, "live", "secret-service")
    both = opened(tmp_path, "live", "encrypted-file", "credentials")
    assert both.endswith("; TOTP seeds in systemd credentials of this unit, read only")


@pytest.mark.parametrize(
    ("backend", "reason"),
    [("", "no vault is chosen"), ("files", "plain text"), ("plaintext", "no vault is chosen")],
)
def test_live_home_gets_no_vault_by_itself(tmp_path: Path, backend: str, reason: str) -> None:
    with pytest.raises(VaultError, match=reason) as caught:
        opened(tmp_path, "live", backend)
    assert 'backend = "encrypted-file"' in caught.value.detail


def test_seeds_are_kept_apart(tmp_path: Path) -> None:
    passwords, seeds = FilesVault(tmp_path / "one"), FilesVault(tmp_path / "two")
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    vault = SeedsApart(passwords, seeds)
    vault.put("login/smith/password", Secret("opensesame"))
    vault.put(SEED, Secret("JBSWY3DP"))
    assert passwords.items() == ("login/smith/password",)
    assert seeds.items() == (SEED,)
    assert vault.items() == ("login/smith/password", SEED)


def test_seed_that_was_left_in_the_other_vault_is_not_used(tmp_path: Path) -> None:
    passwords = FilesVault(tmp_path)
    passwords.put(SEED, Secret("JBSWY3DP"))
    vault = SeedsApart(passwords, sealed_vault(tmp_path))
    assert vault.get(SEED) is None
    assert vault.items() == ()


def test_seed_that_was_left_in_the_other_vault_is_named_and_can_be_dropped(tmp_path: Path) -> None:
    passwords = FilesVault(tmp_path)
    passwords.put(SEED, Secret("JBSWY3DP"))
    (tmp_path / "login.smith.totp").write_text("JBSWY3DP", encoding="utf-8")
    vault = SeedsApart(passwords, CredentialsVault({"CREDENTIALS_DIRECTORY": str(tmp_path)}))
    assert vault.stray_seeds() == (SEED,)
    assert vault.drop(SEED)
    assert (vault.stray_seeds(), vault.get(SEED)) == ((), Secret("JBSWY3DP"))
    with pytest.raises(VaultError, match="credentials are not removed from here"):
        vault.drop(SEED)


def test_dropped_seed_is_gone_from_either_vault(tmp_path: Path) -> None:
    passwords, seeds = FilesVault(tmp_path), sealed_vault(tmp_path)
    vault = SeedsApart(passwords, seeds)
    for one in (passwords, seeds):
        one.put(SEED, Secret("JBSWY3DP"))
    assert vault.drop(SEED)
    assert (passwords.items(), seeds.items()) == ((), ())
    assert not vault.drop(SEED)


def test_credentials_are_read_by_their_names_in_the_unit(tmp_path: Path) -> None:
    (tmp_path / "login.a.smith.totp").write_text("JBSWY3DP\n", encoding="utf-8")
    (tmp_path / "cache.key").write_text("key", encoding="utf-8")
    (tmp_path / "app_key").write_text("opensesame", encoding="utf-8")
    vault = CredentialsVault({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert vault.items() == ("app_key", "cache/key", "login/a.smith/totp")
    assert vault.get("login/a.smith/totp") == Secret("JBSWY3DP")
    assert vault.get("login/jones/totp") is None
    assert probe(vault) == "3 items can be read; it is not written from here"


def test_credentials_say_how_they_are_filled(tmp_path: Path) -> None:
    vault = CredentialsVault({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    with pytest.raises(VaultError, match=r"systemd-creds encrypt --name=login\.smith\.totp"):
        vault.put(SEED, Secret("JBSWY3DP"))
    with pytest.raises(VaultError, match=r"/etc/credstore\.encrypted/login\.smith\.totp"):
        vault.drop(SEED)


def test_credentials_outside_a_unit_say_so() -> None:
    with pytest.raises(VaultError, match="LoadCredentialEncrypted"):
        CredentialsVault({}).get(SEED)


class SilentService(SecretService):
    """A desktop that waits for a prompt which nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.let_go.wait(30)
        return None


def test_service_that_waits_for_a_prompt_is_given_up() -> None:
    service = SilentService()
    vault = SecretServiceVault("swimdesk", backend=service, timeout_s=0.01)
    with pytest.raises(VaultError, match=r"did not answer in 0\.01 s.*unlock the keyring"):
        vault.get(SEED)
    service.let_go.set()


class BrokenService(SecretService):
    """A desktop that fails, and says the secret as it does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(password)


def test_failing_service_is_told_without_its_words() -> None:
    vault = SecretServiceVault("swimdesk", backend=BrokenService())
    with pytest.raises(VaultError, match="RuntimeError") as caught:
        vault.put(SEED, Secret("JBSWY3DP"))
    assert "JBSWY3DP" not in caught.value.detail
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


class ForgetfulService(SecretService):
    """A desktop that says yes and keeps something else."""

    def __init__(self, answer: str | None) -> None:
        super().__init__()
        self._answer = answer

    def get_password(self, service: str, username: str) -> str | None:
        return self._answer


@pytest.mark.parametrize(("answer", "found"), [(None, "nothing"), ("other", "something else")])
def test_probe_finds_a_vault_that_does_not_keep_what_it_is_given(
    answer: str | None, found: str
) -> None:
    vault = SecretServiceVault("swimdesk", backend=ForgetfulService(answer))
    with pytest.raises(VaultError, match=f"gave back {found}"):
        probe(vault)


class BusyService(SecretService):
    """A desktop whose vault somebody else tries out each time that something is written."""

    def __init__(self) -> None:
        super().__init__()
        self.is_tried = False

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password)
        if not self.is_tried:
            self.is_tried = True
            probe(SecretServiceVault("swimdesk", backend=self))


def test_two_probes_at_once_find_nothing_wrong() -> None:
    service = BusyService()
    assert "read back alike" in probe(SecretServiceVault("swimdesk", backend=service))
    assert service.kept == {}


class StumblingService(SecretService):
    """A desktop that fails the first time it is asked for something."""

    has_failed = False

    def get_password(self, service: str, username: str) -> str | None:
        if not self.has_failed:
            self.has_failed = True
            raise RuntimeError("locked")
        return super().get_password(service, username)


def test_probe_that_fails_in_the_middle_leaves_nothing_behind() -> None:
    service = StumblingService()
    with pytest.raises(VaultError, match="RuntimeError"):
        probe(SecretServiceVault("swimdesk", backend=service))
    assert service.kept == {}
