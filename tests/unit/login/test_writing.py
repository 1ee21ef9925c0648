"""Private files: written whole, and nothing of killed writers left beside them."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from swimdesk.errors import StoreError, SwimdeskError, VaultError
from swimdesk.login.token_files import Grant, TokenFiles
from swimdesk.login.vault_files import FilesVault
from swimdesk.login.vault_sealed import EncryptedFileVault
from swimdesk.login.writing import NotDurable, write_whole
from swimdesk.telemetry.redaction import Secret

NOW = datetime(2026, 11, 23, tzinfo=UTC)

_KILLED = """
import os, pathlib, signal, sys
from swimdesk.login.writing import write_whole
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
write_whole(pathlib.Path(sys.argv[1]), b"opensesame")
"""
_HELD = """
import os, pathlib, sys
from swimdesk.login.writing import write_whole
def wait(descriptor):
    os.fsync = lambda descriptor: None
    print("held", flush=True)
    sys.stdin.readline()
os.fsync = wait
write_whole(pathlib.Path(sys.argv[1]), b"theirs")
"""


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def folder_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk take files, but not confirm the folder."""
    fsync = os.fsync

    def broken(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", broken)


def killed_while_writing(path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False, timeout=30)
    assert ran.returncode == -signal.SIGKILL
    (left,) = hidden(path.parent)
    assert (path.parent / left).read_bytes() == b"opensesame"


def test_folder_that_is_not_confirmed_is_told_as_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    folder_fails(monkeypatch)
    with pytest.raises(NotDurable):
        write_whole(path, b"new")
    assert path.read_bytes() == b"new"


def in_files(home: Path) -> None:
    FilesVault(home).put("app_key", Secret("new"))


def in_tokens(home: Path) -> None:
    grant = Grant(Secret("I0.new@"), Secret("new@"), NOW, NOW)
    TokenFiles(home, "paper").save("smith", grant)


def in_sealed(home: Path) -> None:
    vault = EncryptedFileVault(home / "vault.sealed", lambda _: Secret("correct horse"))
    vault.put("app_key", Secret("new"))


@pytest.mark.parametrize(
    ("keep", "kind"),
    [(in_files, VaultError), (in_sealed, VaultError), (in_tokens, StoreError)],
)
def test_what_is_in_place_is_never_said_to_be_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keep: Callable[[Path], None],
    kind: type[SwimdeskError],
) -> None:
    folder_fails(monkeypatch)
    with pytest.raises(kind) as caught:
        keep(tmp_path)
    assert (
        "was written, but the disk does not confirm it (Input/output error)" in caught.value.detail
    )
    assert "left as it was" not in caught.value.detail


@pytest.mark.parametrize(
    ("path", "write"),
    [
        ("secrets/app_key", in_files),
        ("secrets/app_key", lambda home: FilesVault(home).drop("app_key")),
        ("tokens/smith.json", in_tokens),
        ("vault.sealed", in_sealed),
    ],
)
def test_next_writer_removes_what_a_killed_one_left(
    tmp_path: Path, path: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path)
    (tmp_path / path).parent.mkdir(exist_ok=True)
    killed_while_writing(tmp_path / path)
    write(tmp_path)
    assert hidden((tmp_path / path).parent) == []


def test_file_of_a_living_writer_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    writer = subprocess.Popen(
        [sys.executable, "-c", _HELD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"held\n"
        write_whole(path, b"ours")
        assert path.read_bytes() == b"ours"
        writer.communicate(b"\n", timeout=30)
    assert writer.returncode == 0
    assert (path.read_bytes(), hidden(tmp_path)) == (b"theirs", [])
