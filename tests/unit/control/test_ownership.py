"""One lock per home, private files, and a note of who holds it."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from swimdesk.control.ownership import HomeLock, last_owner
from swimdesk.errors import StoreError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_second_lock_is_refused_until_the_first_is_released(home: Path) -> None:
    with HomeLock(home) as first, HomeLock(home) as second:
        assert first.try_acquire()
        assert not second.try_acquire()
        assert not second.is_held
        first.release()
        assert second.try_acquire()


def test_lock_that_is_held_stays_held(home: Path) -> None:
    with HomeLock(home) as lock:
        assert lock.try_acquire()
        assert lock.try_acquire()
        assert lock.is_held


def test_block_that_ends_gives_the_lock_back(home: Path) -> None:
    with HomeLock(home) as first:
        first.try_acquire()
    with HomeLock(home) as second:
        assert second.try_acquire()


def test_folder_is_0700_and_lock_0600_whatever_was_there(home: Path) -> None:
    (home / "run").mkdir(parents=True)
    (home / "run").chmod(0o755)
    (home / "run" / "owner.lock").touch(mode=0o644)
    with HomeLock(home) as lock:
        assert lock.try_acquire()
        assert mode(home / "run") == 0o700
        assert mode(home / "run" / "owner.lock") == 0o600


def test_new_home_is_private(home: Path) -> None:
    with HomeLock(home) as lock:
        assert lock.try_acquire()
    assert mode(home) == 0o700


def test_owner_is_noted_while_the_lock_is_held(home: Path) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    with HomeLock(home) as lock:
        lock.try_acquire()
        owner = last_owner(home)
    assert owner is not None
    assert owner.pid == os.getpid()
    assert before < owner.since
    assert last_owner(home) is None


def test_refused_lock_leaves_the_note_of_the_owner(home: Path) -> None:
    with HomeLock(home) as first, HomeLock(home) as second:
        first.try_acquire()
        second.try_acquire()
        owner = last_owner(home)
    assert owner is not None


def test_home_without_a_lock_has_no_owner(home: Path) -> None:
    assert last_owner(home) is None


def test_home_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(StoreError, match="cannot be locked: a file is in its place"):
        HomeLock(file).try_acquire()
