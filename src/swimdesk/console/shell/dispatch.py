"""From a key to an action: stops first, then who waits for a second key, then the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from swimdesk.console.actions import Action, Context
from swimdesk.console.shell.keymap import Beginning, Keymap
from swimdesk.console.shell.keynames import shown
from swimdesk.console.shell.standing import Tone

if TYPE_CHECKING:
    from swimdesk.console.app import Console


class Dispatch:
    """Asks the keymap what a key means here and has it done."""

    def __init__(self, console: Console, keymap: Keymap) -> None:
        self._console = console
        self._keymap = keymap
        self._next: Callable[[str], None] | None = None

    def wait(self, hint: str, take: Callable[[str], None]) -> None:
        """Give the next key to a function; Esc gives nothing."""
        self._next = take
        self._console.say(hint, Tone.DIM)

    def before_all(self, key: str) -> bool:
        """Take a key before any widget sees it; False leaves it to them.

        A stop works everywhere: in inputs, above screens, on a terminal that is too small.
        """
        stop = self._keymap.stop(key)
        if stop is not None:
            self._next = None
            self._mean(key, stop)
            return True
        take, self._next = self._next, None
        if take is not None:
            self._console.say("", Tone.DIM)
            if key != "escape":
                take(key)
            return True
        return self._console.is_too_small

    def behind_all(self, key: str) -> bool:
        """Take a key that no widget wanted; False where it means nothing here."""
        console = self._console
        if console.is_modal:
            return False
        meaning = self._keymap.meaning(key, *console.panel.contexts, Context.GLOBAL)
        if meaning is None:
            return False
        self._mean(key, meaning)
        return True

    def _mean(self, key: str, meaning: Action | Beginning) -> None:
        if isinstance(meaning, Action):
            self._console.do(meaning.id)
            return
        ways = "  ".join(f"{shown(second)} {one.title}" for second, one in meaning.items())

        def take(second: str) -> None:
            if second in meaning:
                self._console.do(meaning[second].id)

        self.wait(f"{shown(key)} … {ways}", take)
