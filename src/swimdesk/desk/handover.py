"""The moment in which a login's grant is replaced: orders leave before it or after it.

A new sign-in kills the grant before it at once. What is about to leave with that would come back
as refused, or in doubt.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from swimdesk.errors import LoginRequired

LONGEST_S: Final = 25.0
"""Nothing waits longer for a new grant: the request for it is given up earlier than that."""

CANCEL_WAIT_S: Final = 3.0
"""A cancel that waited so long goes with whatever token there is."""


class Handover:
    """Keeps what lets orders leave and what replaces a grant out of each other's way."""

    def __init__(self) -> None:
        self._replaced: dict[str, asyncio.Event] = {}
        self._leaving: Counter[str] = Counter()

    @asynccontextmanager
    async def leaving(self, logins: Collection[str]) -> AsyncIterator[None]:
        """Say that orders of these logins are about to leave, until they are in the book.

        Waits while a grant of theirs is being replaced; LoginRequired if that does not end.
        """
        try:
            async with asyncio.timeout(LONGEST_S):
                await self._passed(logins)
        except TimeoutError:
            held = ", ".join(sorted(set(logins) & set(self._replaced)))
            raise LoginRequired(
                f"The sign-in of {held} is being finished and takes too long; nothing was sent."
                " Send again in a moment."
            ) from None
        self._leaving.update(logins)
        try:
            yield
        finally:
            self._leaving.subtract(logins)

    def is_leaving(self, login: str) -> bool:
        """Tell whether orders of a login are about to leave that the book does not show yet."""
        return self._leaving[login] > 0

    @contextmanager
    def replacing(self, login: str) -> Iterator[None]:
        """Say that the grant of a login is being replaced while the block lasts."""
        event = self._replaced[login] = asyncio.Event()
        try:
            yield
        finally:
            del self._replaced[login]
            event.set()

    async def before_cancel(self, login: str) -> None:
        """Let a new grant pass first, for so long as a cancel can wait."""
        if login in self._replaced:
            try:
                async with asyncio.timeout(CANCEL_WAIT_S):
                    await self._passed((login,))
            except TimeoutError:
                return

    async def _passed(self, logins: Collection[str]) -> None:
        # Again: while one ended, another may have begun.
        while held := [login for login in logins if login in self._replaced]:
            await self._replaced[held[0]].wait()
