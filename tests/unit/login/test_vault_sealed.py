"""The encrypted file: what it hides, and what becomes of it in bad times."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.vaults import PASSPHRASE, sealed_vault

from swimdesk.errors import InputError, StoreFull, VaultError
from swimdesk.login import vault_sealed
from swimdesk.login.vault_sealed import EncryptedFileVault
from swimdesk.telemetry.redaction import Secret

ITEM = "login/smith/password"
WRITERS = 3
PUTS = 8


class Asker:
    """Somebody who is asked for the passphrase."""

    def __init__(self, passphrase: str = PASSPHRASE) -> None:
        self.passphrase = passphrase
        self.asked: list[bool] = []

    def __call__(self, is_new: bool) -> Secret:
        self.asked.append(is_new)
        return Secret(self.passphrase)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vault.sealed"


@pytest.fixture
def kept(tmp_path: Path, file: Path) -> bytes:
    """A file with one secret, as it is on disk."""
    sealed_vault(tmp_path).put(ITEM, Secret("opensesame"))
    return file.read_bytes()


def complaint(use: Callable[[], object]) -> str:
    with pytest.raises(VaultError) as caught:
        use()
    assert "opensesame" not in caught.value.detail
    assert PASSPHRASE not in caught.value.detail
    return caught.value.detail


def test_file_shows_neither_secrets_nor_whose_they_are(file: Path, kept: bytes) -> None:
    assert b"opensesame" not in kept
    assert b"smith" not in kept
    assert file.stat().st_mode & 0o077 == 0


def test_passphrase_is_asked_once(file: Path) -> None:
    asker = Asker()
    vault = EncryptedFileVault(file, asker)
    assert vault.items() == ()
    assert asker.asked == []
    vault.unlock()
    vault.put(ITEM, Secret("one"))
    vault.put("app_key", Secret("two"))
    assert vault.get(ITEM) == Secret("one")
    assert asker.asked == [True]


def test_passphrase_of_a_file_that_is_there_is_not_a_new_one(file: Path, kept: bytes) -> None:
    asker = Asker()
    vault = EncryptedFileVault(file, asker)
    vault.unlock()
    vault.put("app_key", Secret("two"))
    assert asker.asked == [False]


def test_passphrase_may_be_typed_composed_or_not(tmp_path: Path, file: Path) -> None:
    sealed_vault(tmp_path, "schl\u00fcssel").put(ITEM, Secret("opensesame"))
    assert sealed_vault(tmp_path, "schlu\u0308ssel").get(ITEM) == Secret("opensesame")


def test_short_passphrase_makes_no_file(tmp_path: Path, file: Path) -> None:
    detail = complaint(lambda: sealed_vault(tmp_path, "1234567").put(ITEM, Secret("opensesame")))
    assert "8 characters" in detail
    assert not file.exists()


def test_wrong_passphrase_is_told_and_changes_nothing(
    tmp_path: Path, file: Path, kept: bytes
) -> None:
    vault = sealed_vault(tmp_path, "something else")
    for use in (
        lambda: vault.get(ITEM),
        lambda: vault.put(ITEM, Secret("two")),
        lambda: vault.drop(ITEM),
        vault.items,
    ):
        assert "the passphrase is not that of" in complaint(use)
    assert file.read_bytes() == kept


def test_wrong_passphrase_is_not_remembered(file: Path, kept: bytes) -> None:
    asker = Asker("something else")
    vault = EncryptedFileVault(file, asker)
    complaint(vault.unlock)
    asker.passphrase = PASSPHRASE
    vault.unlock()
    assert vault.get(ITEM) == Secret("opensesame")


def test_wrong_passphrase_is_asked_for_once_however_often_the_vault_is_used(
    file: Path, kept: bytes
) -> None:
    asker = Asker("something else")
    vault = EncryptedFileVault(file, asker, if_wrong=lambda: "Look at the label.")
    told = {complaint(use) for use in (vault.items, vault.items, lambda: vault.get(ITEM))}
    (detail,) = told
    assert detail.endswith("nothing was changed. Look at the label.")
    assert len(asker.asked) == 1


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:200], "it is not whole"),
        (lambda data: b"", "it is not whole"),
        (lambda data: b"{}", "it is no vault of swimdesk"),
        (lambda data: data.replace(b'"sealed": "', b'"sealed": "A'), "its checksum does not match"),
        (lambda data: data.replace(b'"salt": "', b'"salt": "A'), "its checksum does not match"),
    ],
    ids=["cut", "empty", "other", "sealed", "salt"],
)
def test_damaged_file_is_told_and_left_as_it_is(
    tmp_path: Path, file: Path, kept: bytes, damage: Callable[[bytes], bytes], reason: str
) -> None:
    file.write_bytes(damage(kept))
    vault = sealed_vault(tmp_path)
    for use in (lambda: vault.get(ITEM), lambda: vault.put(ITEM, Secret("two"))):
        detail = complaint(use)
        assert reason in detail
        assert "backup" in detail
    assert file.read_bytes() == damage(kept)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"memory_kib": 1 << 30}, "memory_kib is out of bounds"),
        ({"iterations": 0}, "iterations is out of bounds"),
        ({"lanes": "4"}, "lanes is out of bounds"),
        ({"version": 2}, "a newer swimdesk wrote it"),
        ({"nonce": "%"}, "nonce is not readable"),
        ({"iterations": 4}, "somebody changed the file"),
        ({"sealed": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, "somebody changed the file"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_file_that_somebody_changed_is_refused(
    tmp_path: Path, file: Path, kept: bytes, change: dict[str, Any], reason: str
) -> None:
    body = {**json.loads(kept), **change}
    del body["checksum"]
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    file.write_text(json.dumps({**body, "checksum": hashlib.sha256(canonical).hexdigest()}))
    assert reason in complaint(lambda: sealed_vault(tmp_path).get(ITEM))


def test_full_disk_loses_nothing(
    tmp_path: Path, file: Path, kept: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    vault = sealed_vault(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(vault_sealed, "write_whole", full)
        with pytest.raises(StoreFull, match="left as it was"):
            vault.put(ITEM, Secret("two"))
    assert file.read_bytes() == kept
    assert vault.get(ITEM) == Secret("opensesame")


def test_file_that_goes_while_in_use_is_not_made_anew(
    tmp_path: Path, file: Path, kept: bytes
) -> None:
    vault = sealed_vault(tmp_path)
    vault.unlock()
    file.unlink()
    assert "put it back" in complaint(lambda: vault.put("app_key", Secret("two")))
    assert not file.exists()


def test_writer_that_holds_the_file_too_long_is_given_up(tmp_path: Path, kept: bytes) -> None:
    with (tmp_path / "vault.sealed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        vault = sealed_vault(tmp_path, lock_timeout_s=0.05)
        detail = complaint(lambda: vault.put(ITEM, Secret("two")))
    assert "another process" in detail
    assert sealed_vault(tmp_path).get(ITEM) == Secret("opensesame")


def put_many(home: Path, writer: int) -> None:
    vault = sealed_vault(home)
    for number in range(PUTS):
        vault.put(f"item-{writer}-{number}", Secret(f"secret {writer} {number}"))


def test_processes_that_write_at_once_lose_nothing_of_each_other(
    tmp_path: Path, kept: bytes
) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=put_many, args=(tmp_path, n)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(50)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    vault = sealed_vault(tmp_path)
    assert vault.get(ITEM) == Secret("opensesame")
    assert len(vault.items()) == WRITERS * PUTS + 1


def put_and_tell(home: Path, told: Connection) -> None:
    vault = sealed_vault(home)
    for number in range(10_000):
        vault.put(f"item-{number % 50}", Secret(f"secret {number}"))
        told.send(number)


def test_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path, kept: bytes) -> None:
    context = multiprocessing.get_context("spawn")
    for number in range(3):
        hears, tells = context.Pipe(duplex=False)
        writer = context.Process(target=put_and_tell, args=(tmp_path, tells))
        writer.start()
        while hears.recv() < 3 + number:
            pass  # it writes on
        writer.kill()
        writer.join(50)
        hears.close()
        tells.close()
    vault = sealed_vault(tmp_path)
    assert vault.get(ITEM) == Secret("opensesame")
    assert len(vault.items()) > 5
    vault.put("app_key", Secret("two"))
    assert sealed_vault(tmp_path).get("app_key") == Secret("two")


# --- a person takes their time


class Dawdler(Asker):
    """Somebody who looks whether others can change the file while they are asked."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._lock = Path(f"{file}.lock")

    def __call__(self, is_new: bool) -> Secret:
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return super().__call__(is_new)


@pytest.mark.parametrize("is_new", [False, True], ids=["there", "new"])
def test_nobody_waits_for_the_file_while_a_person_is_asked(
    tmp_path: Path, file: Path, is_new: bool
) -> None:
    if not is_new:
        sealed_vault(tmp_path).put(ITEM, Secret("opensesame"))
    asker = Dawdler(file)
    EncryptedFileVault(file, asker).put("app_key", Secret("two"))
    assert asker.asked == [is_new]


def test_file_that_somebody_else_made_while_a_person_was_asked_is_opened_and_kept(
    tmp_path: Path, file: Path
) -> None:
    class Overtaken(Asker):
        def __call__(self, is_new: bool) -> Secret:
            if is_new:
                sealed_vault(tmp_path).put(ITEM, Secret("opensesame"))
            return super().__call__(is_new)

    asker = Overtaken()
    EncryptedFileVault(file, asker).put("app_key", Secret("two"))
    assert asker.asked == [True, False]
    assert sealed_vault(tmp_path).items() == ("app_key", ITEM)


def test_file_that_could_not_be_made_can_be_made_later(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = Asker()
    vault = EncryptedFileVault(file, asker)
    with monkeypatch.context() as patch:
        patch.setattr(vault_sealed, "write_whole", refuse)
        with pytest.raises(StoreFull):
            vault.put(ITEM, Secret("one"))
    vault.put(ITEM, Secret("one"))
    assert vault.get(ITEM) == Secret("one")
    assert asker.asked == [True]


def refuse(path: Path, data: bytes) -> None:
    raise OSError(28, "No space left on device")


# --- odd files


def test_file_of_a_newer_program_is_not_called_damaged(
    tmp_path: Path, file: Path, kept: bytes
) -> None:
    body = {**json.loads(kept), "version": 2, "checksum": "made in another way"}
    file.write_text(json.dumps(body))
    detail = complaint(lambda: sealed_vault(tmp_path).get(ITEM))
    assert "a newer swimdesk wrote it. Run that one" in detail
    assert "damaged" not in detail


@pytest.mark.parametrize("change", [{"salt": "AAAA"}, {"nonce": "AAAA"}, {"sealed": ""}], ids=str)
def test_parts_of_another_length_are_told(
    tmp_path: Path, file: Path, kept: bytes, change: dict[str, Any]
) -> None:
    body = {**json.loads(kept), **change}
    del body["checksum"]
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    file.write_text(json.dumps({**body, "checksum": hashlib.sha256(canonical).hexdigest()}))
    assert str(file) in complaint(lambda: sealed_vault(tmp_path).get(ITEM))


def test_file_of_brackets_is_told(tmp_path: Path, file: Path) -> None:
    file.write_text("[" * 100_000)
    assert "is damaged" in complaint(lambda: sealed_vault(tmp_path).get(ITEM))


def test_vault_that_would_outgrow_what_is_read_is_refused(
    tmp_path: Path, file: Path, kept: bytes
) -> None:
    detail = complaint(lambda: sealed_vault(tmp_path).put("app_key", Secret("x" * (4 << 20))))
    assert "4 MiB" in detail
    assert file.read_bytes() == kept


def test_link_stays_one_and_the_file_behind_it_is_changed(tmp_path: Path, file: Path) -> None:
    elsewhere = tmp_path / "disk" / "swimdesk.vault"
    elsewhere.parent.mkdir()
    file.symlink_to(elsewhere)
    sealed_vault(tmp_path).put(ITEM, Secret("opensesame"))
    assert file.is_symlink()
    vault = EncryptedFileVault(elsewhere, Asker())
    assert vault.get(ITEM) == Secret("opensesame")


def test_what_a_killed_writer_left_is_removed_with_the_next_change(
    tmp_path: Path, kept: bytes
) -> None:
    for name in (".vault.sealed.k1lled", "vault.sealed.new"):
        (tmp_path / name).write_bytes(kept)
    sealed_vault(tmp_path).put("app_key", Secret("two"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "vault.sealed",
        "vault.sealed.lock",
    ]


# --- another passphrase

OTHER = "staple my horse"


def test_new_passphrase_opens_everything_and_the_old_one_nothing(
    tmp_path: Path, file: Path, kept: bytes
) -> None:
    vault = sealed_vault(tmp_path)
    vault.put("app_key", Secret("two"))
    assert vault.change_passphrase(Secret(OTHER)) == 2
    assert vault.get(ITEM) == Secret("opensesame")
    vault.put("app_secret", Secret("three"))
    assert sealed_vault(tmp_path, OTHER).items() == ("app_key", "app_secret", ITEM)
    assert "not that of" in complaint(lambda: sealed_vault(tmp_path).get(ITEM))
    assert json.loads(file.read_bytes())["salt"] != json.loads(kept)["salt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "vault.sealed",
        "vault.sealed.lock",
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (PASSPHRASE, "1234567", "8 characters"),
        (PASSPHRASE, PASSPHRASE, "it has already"),
        ("something else", OTHER, "is not that of"),
    ],
)
def test_passphrase_that_is_not_changed_leaves_the_file_alone(
    tmp_path: Path, file: Path, kept: bytes, old: str, new: str, reason: str
) -> None:
    with pytest.raises((InputError, VaultError), match=reason):
        sealed_vault(tmp_path, old).change_passphrase(Secret(new))
    assert file.read_bytes() == kept


def test_vault_without_a_file_has_no_passphrase_to_change(tmp_path: Path, file: Path) -> None:
    detail = complaint(lambda: sealed_vault(tmp_path).change_passphrase(Secret(OTHER)))
    assert "no passphrase to change" in detail
    assert not file.exists()


def test_full_disk_keeps_the_old_passphrase(
    tmp_path: Path, file: Path, kept: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = sealed_vault(tmp_path)
    monkeypatch.setattr(vault_sealed, "write_whole", refuse)
    with pytest.raises(StoreFull, match="left as it was"):
        vault.change_passphrase(Secret(OTHER))
    assert file.read_bytes() == kept
    assert vault.get(ITEM) == Secret("opensesame")


@pytest.mark.parametrize(
    "written",
    [lambda data, kept: data[:300], lambda data, kept: kept],
    ids=["cut", "another"],
)
def test_what_reads_back_otherwise_does_not_take_the_files_place(
    tmp_path: Path,
    file: Path,
    kept: bytes,
    monkeypatch: pytest.MonkeyPatch,
    written: Callable[[bytes, bytes], bytes],
) -> None:
    def careless(path: Path, data: bytes) -> None:
        path.write_bytes(written(data, kept))

    vault = sealed_vault(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(vault_sealed, "write_whole", careless)
        assert "vault.sealed" in complaint(lambda: vault.change_passphrase(Secret(OTHER)))
    assert file.read_bytes() == kept
    assert not (tmp_path / "vault.sealed.new").exists()
    assert vault.get(ITEM) == Secret("opensesame")


def test_process_that_has_the_old_passphrase_is_asked_anew(
    tmp_path: Path, file: Path, kept: bytes
) -> None:
    asker = Asker()
    vault = EncryptedFileVault(file, asker)
    vault.unlock()
    sealed_vault(tmp_path).change_passphrase(Secret(OTHER))
    assert "not that of" in complaint(lambda: vault.put("app_key", Secret("two")))
    asker.passphrase = OTHER
    vault.put("app_key", Secret("two"))
    assert sealed_vault(tmp_path, OTHER).items() == ("app_key", ITEM)


def change_for_ever(home: Path, told: Connection) -> None:
    vault = sealed_vault(home)
    for number in range(10_000):
        vault.change_passphrase(Secret((OTHER, PASSPHRASE)[number % 2]))
        told.send(number)


def test_change_that_is_killed_leaves_a_file_that_one_of_the_two_opens(
    tmp_path: Path, kept: bytes
) -> None:
    context = multiprocessing.get_context("spawn")
    hears, tells = context.Pipe(duplex=False)
    changer = context.Process(target=change_for_ever, args=(tmp_path, tells))
    changer.start()
    hears.recv()
    changer.kill()
    changer.join(50)
    hears.close()
    tells.close()
    found = []
    for passphrase in (OTHER, PASSPHRASE):
        with contextlib.suppress(VaultError):
            found.append(sealed_vault(tmp_path, passphrase).get(ITEM))
    assert found == [Secret("opensesame")]
