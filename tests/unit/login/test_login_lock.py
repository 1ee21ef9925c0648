"""One process at a time changes the tokens of a login, and nobody waits without end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.tokens import OtherProcess, TokenWorld

from swimdesk.errors import StoreError
from swimdesk.login.locks import LoginLock


@pytest.fixture
def other(tmp_path: Path) -> Iterator[OtherProcess]:
    holder = OtherProcess(tmp_path / "run")
    yield holder
    holder.release()


def is_free(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def descriptors_of(path: Path) -> int:
    """Tell how often this process has a file open."""
    opened = 0
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            opened += link.readlink() == path
    return opened


async def test_lock_is_held_inside_and_free_afterwards(tmp_path: Path) -> None:
    lock = LoginLock(tmp_path / "run", "smith")
    path = tmp_path / "run" / "login-smith.lock"
    async with lock.held(1):
        assert not is_free(path)
    assert is_free(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_lock_is_shared_within_the_process_until_the_last_leaves(tmp_path: Path) -> None:
    lock = LoginLock(tmp_path, "smith")
    async with lock.held(1):
        async with lock.held(1):
            pass
        assert not is_free(tmp_path / "login-smith.lock")
    assert is_free(tmp_path / "login-smith.lock")


async def test_lock_of_another_process_is_waited_for(other: OtherProcess, tmp_path: Path) -> None:
    lock = LoginLock(tmp_path / "run", "smith")
    entered = asyncio.Event()

    async def enter() -> None:
        async with lock.held(30):
            entered.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(enter())
        with pytest.raises(StoreError):
            async with LoginLock(tmp_path / "run", "smith").held(0.05):
                pass
        assert not entered.is_set()
        other.release()
    assert entered.is_set()


async def test_lock_that_stays_away_is_told_and_not_taken_later(
    other: OtherProcess, tmp_path: Path
) -> None:
    lock = LoginLock(tmp_path / "run", "smith")
    with pytest.raises(StoreError, match=r"login smith: another process .*login-smith\.lock"):
        async with lock.held(0.01):
            pass
    other.release()
    # Whoever gave up must not hold it for ever once it is free.
    async with LoginLock(tmp_path / "run", "smith").held(30):
        assert not is_free(other.path)


async def test_process_that_hangs_with_the_lock_costs_nothing_with_every_attempt(
    other: OtherProcess, tmp_path: Path
) -> None:
    lock = LoginLock(tmp_path / "run", "smith")
    for _ in range(5):
        with pytest.raises(StoreError):
            async with lock.held(0.01):
                pass
    await asyncio.get_running_loop().shutdown_default_executor()
    assert descriptors_of(other.path) == 1


async def test_lock_is_given_back_by_a_waiter_that_is_cancelled(
    other: OtherProcess, tmp_path: Path
) -> None:
    lock = LoginLock(tmp_path / "run", "smith")

    async def enter() -> None:
        async with lock.held(30):
            pytest.fail("another process holds it")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(enter(), 0.05)
    other.release()
    async with lock.held(30):
        assert not is_free(other.path)


async def test_folder_that_cannot_hold_a_lock_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match=r"its lock .* cannot be used"):
        async with LoginLock(tmp_path / "run", "smith").held(1):
            pass


async def test_second_process_waits_and_uses_what_the_first_saved(
    world: TokenWorld, tmp_path: Path
) -> None:
    other = OtherProcess(tmp_path / "run")
    keeper = world.granted(0)
    async with asyncio.TaskGroup() as group:
        caller = group.create_task(keeper.access_token("smith"))
        with pytest.raises(StoreError):
            async with LoginLock(tmp_path / "run", "smith").held(0.05):
                pass
        world.write(1800, "a9", "r9")
        other.release()
    assert caller.result().reveal() == "a9"
    assert world.endpoint.asked == []
