"""A login's lock among processes: who holds it renews or replaces the tokens of that login."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path

from swimdesk.errors import StoreError

PAUSE_S = 0.02


class LoginLock:
    """The right to change what is kept of one login, among all processes of a home.

    Within this process it is shared: who asks while it is held goes in at once. It ends with the
    process; its file stays, as removing it would let two processes hold two locks of one name.
    """

    def __init__(self, folder: Path, login: str) -> None:
        self._login = login
        self._path = folder / f"login-{login}.lock"
        self._turn = asyncio.Lock()
        self._users = 0
        self._descriptor: int | None = None

    @contextlib.asynccontextmanager
    async def held(self, wait_s: float) -> AsyncIterator[None]:
        """Hold the lock; StoreError if it cannot be had in that time, or not at all."""
        self._users += 1
        try:
            await self._enter(wait_s)
            yield
        finally:
            self._users -= 1
            if not self._users and self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    async def _enter(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s), self._turn:
                if self._descriptor is None:
                    self._descriptor = await _taken(self._path)
        except TimeoutError:
            raise StoreError(
                f"login {self._login}: another process has been changing its tokens for"
                f" {wait_s:g} s; end it if it hangs (it holds {self._path})"
            ) from None
        except OSError as error:
            raise StoreError(
                f"login {self._login}: its lock {self._path} cannot be used: {error.strerror}"
            ) from None


async def _taken(path: Path) -> int:
    """Return a locked descriptor, whose closing frees the lock; OSError."""
    taken: Future[int] = Future()
    try:
        # Asked again and again: a thread that waits for the lock cannot be called off, so a process
        # that hangs with it would cost us a thread and a descriptor at every attempt.
        while not await asyncio.to_thread(_try, path, taken):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(PAUSE_S)
        return taken.result()
    except asyncio.CancelledError:
        if not taken.cancel() and taken.exception() is None:
            os.close(taken.result())
        raise


def _try(path: Path, taken: Future[int]) -> bool:
    """Lock now or not at all; tell whether ``taken`` has its result."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _opened(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    except OSError:
        os.close(descriptor)
        raise
    _hand_over(descriptor, taken)
    return True


def _hand_over(descriptor: int, taken: Future[int]) -> None:
    if taken.set_running_or_notify_cancel():
        taken.set_result(descriptor)
    else:
        os.close(descriptor)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
