"""Everything goes to another vault, or nothing, and what is left where is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.vaults import sealed_vault
from tests.unit.cli.support import Program
from tests.unit.cli.vault_homes import LIVE, PAPER, configure, error_of, filled, give_passphrase

from swimdesk.control.ownership import HomeLock
from swimdesk.errors import ExitCode
from swimdesk.login.vault_files import FilesVault
from swimdesk.login.writing import write_whole
from swimdesk.telemetry.redaction import Secret


@pytest.fixture(autouse=True)
def _passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_passphrase(tmp_path, monkeypatch)


def test_everything_is_moved_and_then_gone_from_where_it_was(program: Program, home: Path) -> None:
    configure(home, PAPER, "")
    files = filled(home)
    document = program.run("vault", "move", "--to", "encrypted-file", "--json").document
    assert document["items"] == ["item-0", "item-1", "item-2"]
    assert 'set backend = "encrypted-file"' in document["next"]
    assert files.items() == ()
    assert sealed_vault(home).get("item-2") == Secret("secret 2")
    configure(home, PAPER, 'backend = "encrypted-file"')
    assert program.run("vault", "move", "--to", "files").code == 0
    assert files.get("item-2") == Secret("secret 2")
    assert sealed_vault(home).items() == ()


def test_files_that_the_configuration_names_by_path_stay(program: Program, home: Path) -> None:
    configure(home, PAPER + 'app_key = "file:secrets/app_key"\n', "")
    files = filled(home)
    files.put("app_key", Secret("key"))
    document = program.run("vault", "move", "--to", "encrypted-file", "--json").document
    assert document["items"] == ["item-0", "item-1", "item-2"]
    assert files.items() == ("app_key",)


def test_vault_that_gives_back_something_else_gets_nothing_for_good(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, PAPER, "")
    files = filled(home)

    def forgetful(vault: object, item: str) -> Secret | None:
        return None if item == "item-1" else Secret(f"secret {item[-1]}")

    monkeypatch.setattr("swimdesk.login.vault_sealed.EncryptedFileVault.get", forgetful)
    code, detail = error_of(program.run("vault", "move", "--to", "encrypted-file", "--json"))
    assert code == ExitCode.USAGE
    assert "something else for item-1: nothing was removed" in detail
    assert files.items() == ("item-0", "item-1", "item-2")


@pytest.mark.parametrize(
    ("target", "expected"),
    [("files", "is files already"), ("credentials", "credentials are not written from here")],
)
def test_move_to_nowhere_changes_nothing(
    program: Program, home: Path, target: str, expected: str
) -> None:
    configure(home, PAPER, "")
    files = filled(home)
    code, detail = error_of(program.run("vault", "move", "--to", target, "--json"))
    assert (code, expected in detail) == (ExitCode.USAGE, True)
    assert len(files.items()) == 3


def test_live_secrets_are_not_moved_into_plain_files(program: Program, home: Path) -> None:
    configure(home, LIVE, 'backend = "encrypted-file"')
    sealed_vault(home).put("app_key", Secret("key"))
    code, detail = error_of(program.run("vault", "move", "--to", "files", "--json"))
    assert (code, "plain text" in detail) == (ExitCode.USAGE, True)
    assert sealed_vault(home).items() == ("app_key",)


def test_vault_of_a_desk_that_runs_is_not_moved(program: Program, home: Path) -> None:
    configure(home, PAPER, "")
    files = filled(home)
    with HomeLock(home) as lock:
        assert lock.try_acquire()
        ran = program.run("vault", "move", "--to", "encrypted-file", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (ExitCode.HELD, "HOME_HELD")
    assert len(files.items()) == 3


class Disk:
    """Writes of the encrypted file, of which those at some places in time find the disk full."""

    def __init__(self, *full: int, for_good_from: int = 1_000) -> None:
        self._full = full
        self._for_good_from = for_good_from
        self._count = 0

    def __call__(self, path: Path, data: bytes) -> None:
        self._count += 1
        if self._count in self._full or self._count >= self._for_good_from:
            raise OSError(28, "No space left on device")
        write_whole(path, data)


def test_move_that_finds_the_disk_full_takes_back_what_was_copied(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, PAPER, "")
    files = filled(home)
    sealed_vault(home).put("item-0", Secret("earlier"))
    monkeypatch.setattr("swimdesk.login.vault_sealed.write_whole", Disk(3))
    code, detail = error_of(program.run("vault", "move", "--to", "encrypted-file", "--json"))
    assert code == ExitCode.STORE
    assert f"nothing was removed, {files.name} still has everything" in detail
    assert "copies" not in detail
    assert files.items() == ("item-0", "item-1", "item-2")
    assert sealed_vault(home).items() == ("item-0",)
    assert sealed_vault(home).get("item-0") == Secret("earlier")


def test_move_that_cannot_take_back_what_was_copied_names_it(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, PAPER, "")
    filled(home)
    monkeypatch.setattr("swimdesk.login.vault_sealed.write_whole", Disk(for_good_from=3))
    code, detail = error_of(program.run("vault", "move", "--to", "encrypted-file", "--json"))
    assert code == ExitCode.STORE
    assert "copies of item-0, item-1 are left in encrypted file" in detail


def test_move_that_stops_while_it_drops_says_what_is_where_and_is_finished_by_another(
    program: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, PAPER, 'backend = "encrypted-file"')
    sealed, files = sealed_vault(home), FilesVault(home)
    for number in range(3):
        sealed.put(f"item-{number}", Secret(f"secret {number}"))
    with monkeypatch.context() as patch:
        patch.setattr("swimdesk.login.vault_sealed.write_whole", Disk(2))
        code, detail = error_of(program.run("vault", "move", "--to", "files", "--json"))
    assert code == ExitCode.STORE
    assert f"All 3 items are in {files.name} now" in detail
    assert "still has item-1, item-2: mend that and give the same command again" in detail
    document = program.run("vault", "move", "--to", "files", "--json").document
    assert document["items"] == ["item-1", "item-2"]
    assert "is empty now and may be deleted" in document["next"]
    assert files.items() == ("item-0", "item-1", "item-2")
    assert sealed_vault(home).items() == ()


def test_credentials_are_copied_and_said_to_be_still_there(
    program: Program, home: Path, tmp_path: Path
) -> None:
    configure(home, PAPER, 'backend = "credentials"')
    (tmp_path / "credentials" / "app_key").write_text("key", encoding="utf-8")
    document = program.run("vault", "move", "--to", "encrypted-file", "--json").document
    assert document["items"] == ["app_key"]
    assert "still has everything" in document["next"]
    assert sealed_vault(home).items() == ("app_key",)
