"""One question at a time above the screens, closed by who asked it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from swimdesk.console.modals.confirm import Confirm, Question
from swimdesk.errors import InputError

if TYPE_CHECKING:
    from swimdesk.console.app import Console


class Asking:
    """Puts questions to the operator and never one above another."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.is_open = False
        """Whether a question waits for its answer, or its yes is being carried out."""
        self.was_late = False
        """Whether the time for the latest question ended before an answer."""

    async def asked(self, question: Question) -> bool:
        """Return the answer; the question is gone by then."""
        async with self.ask(question) as yes:
            pass
        return yes

    @asynccontextmanager
    async def ask(
        self, question: Question, accepted: Callable[[], object] = lambda: None
    ) -> AsyncIterator[bool]:
        """Ask; after a yes the question stands still until the block ends.

        ``accepted`` is called in the same turn in which the key of the yes arrives.
        """
        if self.is_open:
            raise InputError("Another question is open: answer that one first.")
        self.is_open = True
        modal = Confirm(question, self._console.now, accepted)
        try:
            await self._console.push_screen(modal)
            yes = await modal.answer()
            self.was_late = modal.is_expired
            yield yes
        finally:
            self.is_open = False
            if self._console.is_running:
                if modal.is_active:
                    modal.dismiss(True)
                self._console.modal_closed()
