"""A screen of the console: shows the board, answers its keys, never owns money work."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widget import Widget

from swimdesk.console.actions import Action, Context
from swimdesk.console.board import Board, Changes
from swimdesk.console.session import Session
from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import InputError

if TYPE_CHECKING:
    from swimdesk.console.app import Console


class Panel(Widget, can_focus=True):
    """Base of all screens; a subclass names its code, its title and the context of its keys."""

    code: ClassVar[str]
    title_text: ClassVar[str]
    contexts: ClassVar[tuple[Context, ...]] = ()
    """Whose keys the screen has; where two have the same key, the first counts."""

    DEFAULT_CSS = "Panel { height: 1fr; }"

    def __init__(self, console: Console) -> None:
        super().__init__(id=self.code.lower())
        self.console = console

    @property
    def board(self) -> Board:
        """What is known of the desk."""
        return self.console.board

    @property
    def session(self) -> Session:
        """The state of this sitting."""
        return self.console.session

    @property
    def desk(self) -> DeskFacade:
        """The desk itself, for reads and commands."""
        return self.console.desk

    def entry(self) -> Widget:
        """Return the part that gets the keys when the screen is shown."""
        return self

    def look_at(self, subject: str) -> None:
        """Show what was typed behind the code; InputError on screens that show one thing only."""
        raise InputError(f"{self.code} takes nothing behind it, found {subject[:30]}.")

    def shown(self) -> None:
        """Come into sight: paint everything once from the board."""

    def hidden(self) -> None:
        """Go out of sight: whatever only serves the eye stops."""

    def board_changed(self, changes: Changes) -> None:
        """Paint what changed; called only while the screen is in sight."""

    def session_changed(self) -> None:
        """Paint what depends on arming, stage or marks; called only while in sight."""

    def ticked(self) -> None:
        """Paint what depends on the time; called once a second while in sight."""

    def why_not(self, action: Action) -> str | None:
        """Return why an action of this screen cannot be done now; None if it can."""
        del action
        return None

    def filter(self, text: str) -> None:
        """Show only what the text lets through; screens without a list have nothing to filter."""

    def leave_one(self) -> bool:
        """Close what is open inside the screen (Esc); False when there is nothing."""
        return False
