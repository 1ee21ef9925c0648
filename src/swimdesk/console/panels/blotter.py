"""BLT: broadcasts, live to their fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from swimdesk.console.actions import Context
from swimdesk.console.board import EVERYTHING, Changes
from swimdesk.console.formats import clock, milliseconds, price
from swimdesk.console.lists import ListPanel
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.views.models import BroadcastView

if TYPE_CHECKING:
    from swimdesk.console.app import Console

COLUMNS: Final = (
    Column("time", "time", 8, priority=90, is_sticky=True),
    Column("state", "state", 9, priority=100),
    Column("order", "order", 40, is_flexible=True, least=16, priority=95),
    Column("filled", "filled", 7, align="right", priority=92),
    Column("average", "avg", 8, align="right", priority=80),
    Column("skew", "skew", 7, align="right", priority=60),
    Column("ack", "last ack", 8, align="right", priority=50),
)


class BlotterPanel(ListPanel):
    """One row per broadcast."""

    code: ClassVar[str] = "BLT"
    title_text: ClassVar[str] = "blotter"
    contexts: ClassVar[tuple[Context, ...]] = (Context.BLOTTER, Context.LIST)

    def __init__(self, console: Console) -> None:
        super().__init__(console, COLUMNS, "No broadcast yet.")

    def shown(self) -> None:
        """Paint everything once."""
        self.board_changed(EVERYTHING)

    def board_changed(self, changes: Changes) -> None:
        """Paint the broadcasts that moved."""
        del changes
        self.grid.set_rows({b.broadcast: _row(b) for b in self.board.broadcasts.values()})


def _row(view: BroadcastView) -> Row:
    counts = view.counts
    sent = counts["accounts"] - counts["denied"] - counts["skipped"]
    return (
        Cell(clock(view.created), Role.DIM),
        Cell(view.state, Role.ACCENT),
        Cell(view.order),
        Cell(f"{counts['filled']}/{sent}"),
        Cell(price(view.fills.average)),
        Cell(milliseconds(view.timing_ms.dispatch_skew)),
        Cell(milliseconds(view.timing_ms.last_ack)),
    )
