"""What is dropped from a vault, and how its encrypted file gets another passphrase."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests.fakes.vaults import sealed_vault
from tests.unit.cli.support import Program, Ran
from tests.unit.cli.vault_homes import LIVE, PAPER, configure, error_of, filled, give_passphrase

from swimdesk.control.ownership import HomeLock
from swimdesk.errors import ExitCode
from swimdesk.telemetry.redaction import Secret

PASSWORD = "open sesame, 100%"


@pytest.fixture(autouse=True)
def _passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_passphrase(tmp_path, monkeypatch)


def drop(program: Program, *arguments: str) -> Ran:
    return program.run("vault", "drop", *arguments, "--json")


def test_item_is_dropped_and_the_others_stay(program: Program, home: Path) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    vault = sealed_vault(home)
    vault.put("login/smith/password", Secret(PASSWORD))
    vault.put("login/gone/totp", Secret("JBSWY3DPEHPK3PXP"))
    ran = drop(program, "login/gone/totp", "--yes")
    assert (ran.code, ran.document) == (0, {"item": "login/gone/totp", "is_there": False})
    assert sealed_vault(home).items() == ("login/smith/password",)
    again = drop(program, "login/gone/totp", "--yes")
    assert (again.code, again.document["error"]["code"]) == (ExitCode.USAGE, "REFERENCE_UNKNOWN")
    assert "see `swimdesk vault list`" in again.document["error"]["detail"]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("app_key", "nothing starts before it is set again"),
        ("login/smith/password", "smith is asked for it"),
        ("login/smith/grant", "swimdesk login smith"),
        ("cache/key", "the next start makes a key"),
    ],
)
def test_what_dropping_means_is_told(
    program: Program, home: Path, item: str, expected: str
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    sealed_vault(home).put(item, Secret("kept"))
    ran = drop(program, item, "--yes")
    assert (ran.code, expected in ran.err) == (0, True)


def test_nothing_is_dropped_unless_it_is_agreed_to(program: Program, home: Path) -> None:
    configure(home, PAPER, "")
    files = filled(home)
    code, detail = error_of(drop(program, "item-1"))
    assert (code, "was not dropped: add --yes" in detail) == (ExitCode.USAGE, True)
    assert len(files.items()) == 3


class Typist(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "left"), [("item-1", 2), ("item-2", 3), ("yes", 3)])
def test_person_types_the_name_of_what_is_dropped(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch, typed: str, left: int
) -> None:
    configure(home, PAPER, "")
    files = filled(home)
    monkeypatch.setattr("sys.stdin", Typist(f"{typed}\n"))
    ran = program.run("vault", "drop", "item-1")
    assert len(files.items()) == left
    assert (ran.code == ExitCode.DONE) == (left == 2)


def test_what_is_no_item_is_not_dropped(program: Program, home: Path) -> None:
    configure(home, PAPER, "")
    code, detail = error_of(drop(program, "login/smith/pin", "--yes"))
    assert (code, "is not the name of an item" in detail) == (ExitCode.USAGE, True)


def test_sign_in_of_a_desk_that_runs_is_not_dropped(program: Program, home: Path) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    for item in ("login/smith/grant", "login/smith/password"):
        sealed_vault(home).put(item, Secret("kept"))
    with HomeLock(home) as lock:
        assert lock.try_acquire()
        ran = drop(program, "login/smith/grant", "--yes")
        assert drop(program, "login/smith/password", "--yes").code == 0
    assert (ran.code, ran.document["error"]["code"]) == (ExitCode.HELD, "HOME_HELD")
    assert sealed_vault(home).items() == ("login/smith/grant",)


def test_seed_that_was_left_beside_its_password_is_listed_and_dropped(
    program: Program, home: Path
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"\ntotp_backend = "credentials"')
    sealed_vault(home).put("login/smith/totp", Secret("JBSWY3DPEHPK3PXP"))
    assert drop(program, "login/smith/totp", "--yes").code == 0
    assert sealed_vault(home).items() == ()


# --- another passphrase

NEW = "staple my horse"


def change(program: Program, monkeypatch: pytest.MonkeyPatch, typed: str) -> Ran:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
    ran = program.run("vault", "passphrase", "--json")
    assert typed not in ran.out + ran.err
    return ran


def test_passphrase_is_changed_and_what_it_means_is_told(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    sealed_vault(home).put("app_key", Secret("key"))
    ran = change(program, monkeypatch, NEW)
    assert ran.code == 0
    assert (ran.document["backend"], ran.document["items"]) == (
        f"encrypted file {home}/vault.sealed",
        1,
    )
    assert "credential vault-passphrase" in ran.document["next"]
    assert sealed_vault(home, NEW).get("app_key") == Secret("key")


def test_wrong_passphrase_is_told_before_a_new_one_is_asked(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    sealed_vault(home, "another passphrase").put("app_key", Secret("key"))
    code, detail = error_of(change(program, monkeypatch, NEW))
    assert (code, "the passphrase is not that of" in detail) == (ExitCode.USAGE, True)
    assert sealed_vault(home, "another passphrase").items() == ("app_key",)


@pytest.mark.parametrize(
    ("broker", "vault", "expected"),
    [
        (LIVE, 'backend = "encrypted-file"', "there is no encrypted file"),
        (PAPER, "", "only an encrypted file has a passphrase"),
    ],
)
def test_vault_without_a_passphrase_is_told(
    program: Program,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    broker: str,
    vault: str,
    expected: str,
) -> None:
    configure(home, broker, vault)
    code, detail = error_of(change(program, monkeypatch, NEW))
    assert (code, expected in detail) == (ExitCode.USAGE, True)
    assert not (home / "vault.sealed").exists()


def test_passphrase_of_a_desk_that_runs_is_not_changed(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    sealed_vault(home).put("app_key", Secret("key"))
    with HomeLock(home) as lock:
        assert lock.try_acquire()
        ran = change(program, monkeypatch, NEW)
    assert (ran.code, ran.document["error"]["code"]) == (ExitCode.HELD, "HOME_HELD")
    assert sealed_vault(home).items() == ("app_key",)
