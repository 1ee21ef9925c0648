"""What surrounds every screen: status and market above; messages, command line, hints below."""

from __future__ import annotations

import asyncio
from calendar import TUESDAY
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.geometry import Size
from textual.widgets import ContentSwitcher

from swimdesk.console.actions import Context
from swimdesk.console.doubts.band import DoubtBand, band
from swimdesk.console.formats import EASTERN
from swimdesk.console.modals.too_small import TooSmall, is_too_small
from swimdesk.console.shell.completing import Completer, Lexicon
from swimdesk.console.shell.market import Market
from swimdesk.console.shell.standing import pieces
from swimdesk.console.widgets.lines import Hint, Hints, MarketLine, MessageLine, StatusLine
from swimdesk.console.widgets.prompt import Prompt
from swimdesk.console.widgets.spans import Line
from swimdesk.domain.orderlang.roots import written_day

if TYPE_CHECKING:
    from swimdesk.console.app import Console

_DOUBTS: Final = "global.go-dbt"
_LOGINS: Final = "global.logins"

LOOK_S: Final = 1.0
"""So often it is looked whether the indices are due."""

_CLOSED: Final = frozenset({(1, 1), (6, 19), (7, 4), (12, 25)})
"""Month and day of the exchanges' holidays that are not tied to a day of the week."""

MARKET_ROOM: Final = Size(100, 30)
"""The market line is shown from this size on."""


def example_order(today: date) -> str:
    """Return an order as it is typed, of a listed day to come: a Tuesday in two weeks or three.

    Of all days only Tuesdays and Wednesdays are closed by nothing but the holidays of fixed dates,
    and no monthly expiry, which exists twice under SPX, falls on one.
    """
    later = today + timedelta(days=14)
    tuesday = later + timedelta(days=(TUESDAY - later.weekday()) % 7)
    if (tuesday.month, tuesday.day) in _CLOSED:
        tuesday += timedelta(days=7)
    return f"SPX IC {written_day(tuesday).replace(' ', '')} 6200/6220/5820/5800 -1 @mid all"


class Frame:
    """The lines around the screens, and what a terminal of this size can show."""

    def __init__(self, console: Console, lexicon: Lexicon) -> None:
        self._console = console
        self._lexicon = lexicon
        self.market = Market()
        self.is_too_small = False

    def compose(self) -> ComposeResult:
        """Lay the frame out; screens come when they are first shown."""
        console = self._console
        self.status = StatusLine(lambda: pieces(console.board, console.session, console.now()))
        self.indices = MarketLine(lambda: self.market.pieces(console.board, console.now()))
        self.doubts = DoubtBand(self._doubts, lambda: console.do(_DOUBTS))
        self.screens = ContentSwitcher()
        self.message = MessageLine(self._how_to_read_all)
        completer = Completer(console.board, console.keymap, self._lexicon)
        self.prompt = Prompt(completer, example_order(console.now().astimezone(EASTERN).date()))
        self.hints = Hints(self._read_hints, console.do)
        yield from (
            self.status, self.indices, self.doubts, self.screens, self.message, self.prompt,
            self.hints,
        )  # fmt: skip

    def _how_to_read_all(self) -> str:
        key = self._console.keymap.hint("global.messages") or "MESSAGES"
        return f"  {'Esc ' * self.prompt.has_focus}{key} shows all"

    def _read_hints(self) -> Sequence[Hint]:
        console = self._console
        if not console.is_showing:
            return []
        here = console.keymap.actions(*console.panel.contexts, Context.GLOBAL)
        hints = [one for one in here if one.footer and one.keys and self._is_of_use(one.id)]
        # The last one always has its place: the way to all the others.
        hints.sort(key=lambda one: (one.id == "global.help", one.footer))
        return [
            (one.id, console.keymap.hint(one.id), one.title, console.why_not_now(one) is None)
            for one in hints
        ]

    def _is_of_use(self, action_id: str) -> bool:
        if action_id == _LOGINS:
            return self._console.signing.is_due
        status = self._console.board.status
        is_there = self._console.panel.code == "DBT"
        return action_id != _DOUBTS or (status is not None and bool(status.doubts) and not is_there)

    def _doubts(self, size: Size) -> Sequence[Line]:
        console, status = self._console, self._console.board.status
        if status is None:
            return ()
        key = console.keymap.hint(_DOUBTS) or "DBT"
        return band(status.doubts, console.now(), size.width, console.size.height, key)

    def changed(self) -> None:
        """Paint the frame anew; where orders are real it is red above and below."""
        if not self._console.is_running:
            # The desk may have news while the screens are being taken down.
            return
        status = self._console.board.status
        is_live = status is not None and status.mode == "live"
        for widget in (self.status, self.hints):
            widget.set_class(is_live, "-live")
            widget.refresh()
        self.indices.refresh()
        self.doubts.show()

    def ticked(self) -> None:
        """Let the times run; what decides whether it is safe to act never stands still."""
        self.status.refresh()
        self.doubts.show()

    def fit(self, size: Size) -> None:
        """Show what a terminal of this size can show; one that is too small gets a sentence."""
        console = self._console
        room = size.width >= MARKET_ROOM.width and size.height >= MARKET_ROOM.height
        self.indices.display = room
        self.doubts.show()
        self.is_too_small = is_too_small(size)
        top = console.screen
        if isinstance(top, TooSmall):
            if self.is_too_small:
                top.tell(size)
            else:
                console.pop_screen()
                console.modal_closed()
        elif self.is_too_small:
            console.push_screen(TooSmall())

    async def follow_market(self) -> None:
        """Read the indices for ever, while their line is in sight."""
        console = self._console
        while True:
            is_due = self.market.is_due(console.now())
            if is_due and self.indices.display and console.session.is_lost is None:
                await self.market.read(console.desk, console.now())
                self.indices.refresh()
            await asyncio.sleep(LOOK_S)
