"""DRF: what this program and the broker see differently, and orders that nobody here sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.geometry import Size

from swimdesk.console.actions import Action, Context
from swimdesk.console.formats import age, clock, hanging
from swimdesk.console.holdings.drift_rows import (
    COLUMNS,
    FOLDED,
    Compared,
    counts,
    facts_at,
    foreign_key,
    rows_of,
    verdict,
    why_not_adopt,
)
from swimdesk.console.lists import ListPanel
from swimdesk.console.widgets.cells import Role
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.console.widgets.spans import Line, SpanView
from swimdesk.errors import InputError, SwimdeskError
from swimdesk.views.comparing import ForeignView, ReconcileView
from swimdesk.views.requests import Scope

if TYPE_CHECKING:
    from swimdesk.console.app import Console

_NAME = 11
_NOTHING: Final = "Nothing differs, and nobody else sent an order."


class DriftPanel(ListPanel):
    """Differences first, then orders of others, then what could not be read; read when asked."""

    code: ClassVar[str] = "DRF"
    title_text: ClassVar[str] = "drift"
    contexts: ClassVar[tuple[Context, ...]] = (Context.DRIFT, Context.LIST)

    DEFAULT_CSS = """
    DriftPanel { layout: vertical; }
    DriftPanel SpanView { background: $panel; max-height: 40%; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console, COLUMNS, "")
        self._head = SpanView(self._headline)
        self._foot = SpanView(self._sentences)
        self._compared: Compared | None = None
        self._is_reading = False
        self._trouble = ""
        self._is_due = True

    def compose(self) -> ComposeResult:
        """Lay out what it comes to, the tree, and what is known of the row under the cursor."""
        yield self._head
        yield self.grid
        yield self._foot

    def look_at(self, subject: str) -> None:
        """Compare again (``AGAIN``)."""
        if subject.upper() != "AGAIN":
            raise InputError(f"DRF takes AGAIN or nothing behind it, found {subject[:30]}.")
        self._is_due = True

    # --- reading -----------------------------------------------------------------------------

    def shown(self) -> None:
        """Show what is known, and compare if that was not done yet."""
        self._paint()
        if self._is_due:
            self.do_compare()

    def do_compare(self) -> None:
        """Read every account and compare."""
        if not self._is_reading:
            self._is_reading, self._is_due = True, False
            self._head.show()
            self.console.start(self._compare(), "compare")

    def do_refresh(self) -> None:
        """Compare again."""
        self.do_compare()

    async def _compare(self) -> None:
        everyone = Scope(everyone=True)
        try:
            # The comparison first: what it finds foreign is in the list that is read after it.
            result = await self.desk.reconcile(everyone)
            self._compared = await self._with_others(result, everyone)
            self._trouble = ""
        except SwimdeskError as error:
            self._trouble = error.detail
        finally:
            self._is_reading = False
        self._paint()

    async def _with_others(self, result: ReconcileView, everyone: Scope) -> Compared:
        """Add the orders of others; without them the comparison still says what it found."""
        try:
            return Compared(await self.desk.foreign(everyone), result)
        except SwimdeskError as error:
            return Compared((), result, error.detail)

    # --- painting ----------------------------------------------------------------------------

    def ticked(self) -> None:
        """Let the age of the comparison run."""
        self._head.show()

    def _paint(self) -> None:
        rows, parents = rows_of(self._compared) if self._compared else ({}, {})
        is_sure = self._compared is not None and not (self._trouble or self._compared.trouble)
        self.grid.placeholder = _NOTHING if is_sure else ""
        self.grid.refresh()
        fresh = {*parents.values()} - {*self.grid.shown_keys} - FOLDED
        self.grid.set_rows(rows, parents=parents)
        for key in fresh:
            if not self.grid.is_expanded(key):
                self.grid.toggle(key)
        self._head.show()
        self._foot.show()
        self.console.hints_changed()

    def _headline(self, size: Size) -> list[Line]:
        del size
        compared = self._compared
        lines: list[Line] = []
        if self._trouble:
            lines.append([(f" NOT COMPARED: {self._trouble}", Role.DANGER)])
        if compared is None:
            lines += [[(" reading every account …", Role.DIM)]] * self._is_reading
        else:
            lines.append(self._told(compared))
        return lines

    def _told(self, compared: Compared) -> Line:
        ago = age(self.console.now() - compared.result.at)
        is_well = compared.result.verdict == "no_difference" and not (
            self._trouble or compared.trouble
        )
        then = "before: " if self._trouble else ""
        return [
            (f" {then}{verdict(compared)}", Role.GAIN if is_well else Role.WARN),
            (f"  {clock(compared.result.at)} ET, {ago} ago  ", Role.DIM),
            ("reading again …  " if self._is_reading else "", Role.TEXT),
            (counts(compared), Role.DANGER if compared.trouble else Role.TEXT),
        ]

    def on_live_grid_cursor_moved(self, event: LiveGrid.CursorMoved) -> None:
        """Tell of another row."""
        self._foot.show()
        self.console.hints_changed()

    def _sentences(self, size: Size) -> list[Line]:
        facts = facts_at(self._compared, self.grid.cursor or "") if self._compared else []
        lines: list[Line] = []
        for name, value in facts:
            for number, part in enumerate(hanging(value, size.width - _NAME - 1) if value else ()):
                head = "" if number else name
                lines.append([(f" {head:<{_NAME - 1}}", Role.DIM), (part, Role.TEXT)])
        return lines

    # --- doing -------------------------------------------------------------------------------

    def _foreign(self) -> ForeignView | None:
        found = self._compared.foreign if self._compared else ()
        return next((one for one in found if foreign_key(one) == self.grid.cursor), None)

    def why_not(self, action: Action) -> str | None:
        """Return why an action of this screen cannot be done now; None if it can."""
        one = self._foreign()
        match action.id:
            case "drift.compare" if self._is_reading:
                return "every account is being read"
            case "drift.adopt" | "drift.ignore" if one is None:
                return "choose an order of somebody else first"
            case "drift.adopt" if one is not None:
                return why_not_adopt(one)
            case "drift.ignore" if one is not None and one.may_be:
                return why_not_adopt(one)
        return None

    def do_adopt_row(self) -> None:
        """Let it be typed why the order is ours."""
        self._begin("ADOPT")

    def do_ignore_row(self) -> None:
        """Let it be typed why the order is told no more."""
        self._begin("IGNORE")

    def _begin(self, word: str) -> None:
        one = self._foreign()
        if one is not None:
            self.console.prompt.begin(f"{word} {foreign_key(one)} ")
            self.console.say("Type why behind it, then Enter.")
