"""The vault from the command line, on real homes: an encrypted file, files, credentials."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.vaults import PASSPHRASE, sealed_vault
from tests.unit.cli.documents import DOCUMENTS
from tests.unit.cli.support import Program, Ran
from tests.unit.cli.vault_homes import LIVE, PAPER, configure, error_of, give_passphrase

from swimdesk.errors import ExitCode
from swimdesk.login.vault_files import FilesVault
from swimdesk.login.vault_grants import VaultGrants
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.codec import from_json
from swimdesk.views.vaulting import VaultItemView

PASSWORD = "open sesame, 100%"
SEED = "JBSW Y3DP EHPK 3PXP"


@pytest.fixture(autouse=True)
def _passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_passphrase(tmp_path, monkeypatch)


def set_item(
    program: Program, monkeypatch: pytest.MonkeyPatch, item: str, secret: str, *options: str
) -> Ran:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{secret}\nanother line\n"))
    ran = program.run("vault", "set", item, *options)
    assert secret not in ran.out + ran.err
    return ran


def test_secret_from_stdin_is_kept_and_never_shown(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    ran = set_item(program, monkeypatch, "login/smith/password", PASSWORD, "--json")
    assert ran.code == 0
    assert from_json(DOCUMENTS["vault set ITEM"].view, ran.document) == VaultItemView(
        "login/smith/password", is_there=True
    )
    assert sealed_vault(home).get("login/smith/password") == Secret(PASSWORD)
    listed = program.run("vault", "list", "--json")
    assert PASSWORD not in listed.out
    items = {one["item"]: one["is_there"] for one in listed.document["items"]}
    assert items == {
        "app_key": False,
        "app_secret": False,
        "login/smith/grant": False,
        "login/smith/password": True,
        "login/smith/totp": False,
        "login/smith/user": False,
    }


def test_list_for_programs_has_a_line_per_item(program: Program, home: Path) -> None:
    configure(home, PAPER, "")
    FilesVault(home).put("app_key", Secret("key"))
    ran = program.run("vault", "list")
    assert ran.out.splitlines()[:2] == ["item\tis_there", "app_key\tyes"]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("login/jones/password", "There is no [[login]] named jones"),
        ("login/smith/pin", "is not the name of an item"),
        ("login/smith/grant", "comes with a sign-in"),
        ("cache/key", "is made by swimdesk itself"),
    ],
)
def test_item_that_nobody_reads_is_refused_before_the_secret_is_taken(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch, item: str, expected: str
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    code, detail = error_of(set_item(program, monkeypatch, item, PASSWORD, "--json"))
    assert code == ExitCode.USAGE
    assert expected in detail
    assert not (home / "vault.sealed").exists()


@pytest.mark.parametrize("given", ["", "\n", "x" * 9000], ids=["nothing", "empty", "endless"])
def test_stdin_without_a_line_is_refused(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    configure(home, PAPER, "")
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    code, detail = error_of(program.run("vault", "set", "app_key", "--json"))
    assert (code, "stdin gave no line" in detail) == (ExitCode.USAGE, True)


def test_stdin_that_is_no_text_is_refused(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, PAPER, "")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n"), "utf-8"))
    code, detail = error_of(program.run("vault", "set", "app_key", "--json"))
    assert (code, "is not text" in detail) == (ExitCode.USAGE, True)


def test_seed_is_kept_without_blanks_and_said_to_be_beside_its_password(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    assert set_item(program, monkeypatch, "login/smith/totp", SEED).err == ""
    set_item(program, monkeypatch, "login/smith/password", PASSWORD)
    ran = set_item(program, monkeypatch, "login/smith/totp", SEED.lower())
    assert "has both factors" in ran.err
    assert sealed_vault(home).get("login/smith/totp") == Secret(SEED.replace(" ", ""))


def test_what_is_no_seed_is_refused_without_showing_it(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    ran = set_item(program, monkeypatch, "login/smith/totp", "0189 not a seed", "--json")
    code, detail = error_of(ran)
    assert (code, "is no TOTP seed" in detail) == (ExitCode.USAGE, True)


def test_seed_that_is_kept_apart_is_a_credential_to_be_made_by_root(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"\ntotp_backend = "credentials"')
    code, detail = error_of(set_item(program, monkeypatch, "login/smith/totp", SEED, "--json"))
    assert code == ExitCode.USAGE
    assert "systemd-creds encrypt --name=login.smith.totp" in detail


def test_seed_that_only_the_unit_can_see_is_neither_there_nor_missing(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"\ntotp_backend = "credentials"')
    sealed_vault(home).put("login/smith/password", Secret(PASSWORD))
    (tmp_path / "credentials" / "login.smith.totp").write_text(SEED, encoding="utf-8")
    seen = {one["item"]: one["is_there"] for one in listed(program)}
    assert seen["login/smith/totp"] is True
    tried = program.run("vault", "test", "--json").document["found"]
    assert tried.endswith("of the seeds 2 items can be read; it is not written from here")

    monkeypatch.setattr("swimdesk.bootstrap.vaults._credential", lambda: Secret(PASSPHRASE))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    seen = {one["item"]: one["is_there"] for one in listed(program)}
    assert seen["login/smith/totp"] is None
    assert seen["login/smith/password"] is True


def listed(program: Program) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = program.run("vault", "list", "--json").document["items"]
    return items


def test_vault_is_tried_out(program: Program, home: Path) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    document = program.run("vault", "test", "--json").document
    assert document == {
        "backend": f"encrypted file {home}/vault.sealed",
        "found": "an item was written, read back alike and removed",
    }
    assert program.run("vault", "test").code == 0


def test_live_home_without_a_vault_says_which_there_are(program: Program, home: Path) -> None:
    configure(home, LIVE, "")
    code, detail = error_of(program.run("vault", "test", "--json"))
    assert code == ExitCode.USAGE
    assert re.search('backend = "secret-service".*backend = "encrypted-file"', detail)


def test_wrong_passphrase_is_told(program: Program, home: Path, tmp_path: Path) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    sealed_vault(home, "another passphrase").put("app_key", Secret("key"))
    ran = program.run("vault", "list", "--json")
    assert ran.document["error"]["code"] == "VAULT_UNUSABLE"
    assert "the passphrase is not that of" in ran.document["error"]["detail"]


def test_vault_that_nobody_opens_says_how_a_unit_does(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    sealed_vault(home).put("app_key", Secret("key"))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    monkeypatch.setattr("swimdesk.bootstrap.vaults.has_terminal", lambda: False)
    code, detail = error_of(program.run("vault", "list", "--json"))
    assert code == ExitCode.USAGE
    assert "LoadCredentialEncrypted=vault-passphrase" in detail


def test_secret_of_bytes_that_are_no_characters_is_refused(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, PAPER, "")
    stdin = io.TextIOWrapper(io.BytesIO(b"p\xe4ss\n"), "ascii", errors="surrogateescape")
    monkeypatch.setattr("sys.stdin", stdin)
    code, detail = error_of(program.run("vault", "set", "app_key", "--json"))
    assert (code, "is not text" in detail) == (ExitCode.USAGE, True)


# --- sign-ins and references


def a_token_file(path: Path) -> Path:
    now_s = int(datetime.now(UTC).timestamp())
    token = {
        "access_token": "I0.planted-access@",
        "refresh_token": "planted-refresh@",
        "expires_at": now_s + 1800,
        "scope": "api",
    }
    path.write_text(json.dumps({"creation_timestamp": now_s, "token": token}), encoding="utf-8")
    return path


def test_live_tokens_are_imported_into_the_vault_and_the_file_is_to_be_deleted(
    program: Program, home: Path, tmp_path: Path
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    file = a_token_file(tmp_path / "schwab.json")
    ran = program.run("login", "smith", "--import", str(file), "--json")
    assert ran.code == 0
    assert f"delete {file}" in ran.err
    assert "planted" not in ran.out + ran.err
    grant = VaultGrants(sealed_vault(home)).load("smith")
    assert grant is not None
    assert grant.refresh == Secret("planted-refresh@")
    written = [path for path in home.rglob("*") if path.is_file()]
    assert [path for path in written if b"planted" in path.read_bytes()] == []
    assert not (home / "tokens").exists()


def test_live_tokens_have_nowhere_to_go_without_a_vault(
    program: Program, home: Path, tmp_path: Path
) -> None:
    configure(home, LIVE, "")
    file = a_token_file(tmp_path / "schwab.json")
    ran = program.run("login", "smith", "--import", str(file), "--json")
    assert (ran.code, ran.document["error"]["code"]) == (ExitCode.USAGE, "VAULT_UNUSABLE")
