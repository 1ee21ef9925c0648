"""TKT: the staged order and what each account would get, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.widgets import Static

from swimdesk.console.actions import Context
from swimdesk.console.formats import countdown, money
from swimdesk.console.lists import ListPanel
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.views.models import PlanLineView

if TYPE_CHECKING:
    from swimdesk.console.app import Console

COLUMNS: Final = (
    Column("account", "account", 12, is_flexible=True, least=8, priority=100, is_sticky=True),
    Column("verdict", "verdict", 8, priority=99),
    Column("quantity", "qty", 4, align="right", priority=98),
    Column("effect", "effect", 6, priority=60),
    Column("requirement", "bp held", 11, align="right", priority=70),
    Column("loss", "max loss", 11, align="right", priority=90),
    Column("after", "bp after", 12, align="right", priority=80),
    Column("why", "why", 40, is_flexible=True, least=12, priority=95),
)

_ROLES: Final = {"send": Role.GAIN, "denied": Role.DANGER, "skipped": Role.DIM}


class TicketPanel(ListPanel):
    """The order above, the plan per account below."""

    code: ClassVar[str] = "TKT"
    title_text: ClassVar[str] = "ticket"
    contexts: ClassVar[tuple[Context, ...]] = (Context.TICKET, Context.LIST)

    DEFAULT_CSS = """
    TicketPanel { layout: vertical; }
    TicketPanel Static { height: auto; max-height: 4; padding: 0 1; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console, COLUMNS, "No plan yet.")
        self._head = Static(markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the order above the matrix."""
        yield self._head
        yield self.grid

    def shown(self) -> None:
        """Paint the stage."""
        self.session_changed()

    def ticked(self) -> None:
        """Let the plan's time run."""
        self._head.update(self._heading())

    def session_changed(self) -> None:
        """Paint the stage."""
        self._head.update(self._heading())
        stage = self.session.stage
        plan = stage.plan if stage else None
        lines = plan.lines if plan else ()
        self.grid.set_rows({line.account: _row(line) for line in lines})

    def _heading(self) -> str:
        stage = self.session.stage
        if stage is None:
            return "No order is staged. Type one (:), with the accounts behind it."
        if stage.error:
            return f"{stage.order}\nNOT PLANNED: {stage.error}"
        if stage.plan is None:
            return f"{stage.order}\n{'planning …' if stage.is_planning else 'F9 plans it'}"
        plan = stage.plan
        counts = plan.counts
        return (
            f"{plan.order}\n{counts['send']} send, {counts['denied']} denied,"
            f" {counts['skipped']} skipped; worst loss"
            f" {money(plan.max_loss)}; plan lives {countdown(plan.expires - self.console.now())}"
        )


def _row(line: PlanLineView) -> Row:
    after = None
    if line.buying_power is not None and line.requirement is not None:
        after = line.buying_power - line.requirement
    return (
        Cell(line.account, Role.STRONG),
        Cell(line.verdict, _ROLES.get(line.verdict, Role.WARN)),
        Cell(str(line.quantity)),
        Cell(line.effect),
        Cell(money(line.requirement)),
        Cell(money(line.max_loss)),
        Cell(money(after)),
        Cell(line.reason or "", Role.DIM),
    )
