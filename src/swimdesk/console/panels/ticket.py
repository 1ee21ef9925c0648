"""TKT: the staged order beside its market, and what each account would get, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.timer import Timer
from textual.worker import Worker

from swimdesk.console.actions import Action, Context
from swimdesk.console.lists import ListPanel
from swimdesk.console.modals.account_line import AccountLine
from swimdesk.console.session import Stage
from swimdesk.console.shell.standing import Tone
from swimdesk.console.ticket.market import Look
from swimdesk.console.ticket.order import (
    Draft,
    anchored,
    draft_of,
    moved,
    opened,
    read_draft,
    with_price,
    with_units,
)
from swimdesk.console.ticket.rows import COLUMNS, details, heading, rows_of, totals
from swimdesk.console.ticket.view import Sight, intent_lines, quoted, ticket_lines
from swimdesk.console.widgets.cells import Role
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.console.widgets.spans import Line, SpanView, apart
from swimdesk.domain.net_price import Anchor
from swimdesk.errors import InputError
from swimdesk.views.models import PlanLineView

if TYPE_CHECKING:
    from swimdesk.console.app import Console

WIDE: Final = 116
"""From so many columns on the ticket stands beside the matrix, not above it."""

INTENT_ORDERS: Final = 3
"""So many of an intent's orders stand above the matrix where the ticket is not beside it."""

REST_S: Final = 0.3
"""So long after the last change the order is planned again."""

SAME_PRESS: Final = timedelta(seconds=1)
"""F9 so soon after a plan came is a key held down, no wish to ask the broker too."""

SIZINGS: Final = {
    "t": ("text", "as typed"),
    "m": ("mult", "x multiplier"),
    "e": ("equal:", "equal split"),
    "n": ("netliq:", "by net liq"),
    "b": ("bp:", "by bp"),
    "r": ("risk:", "risk budget"),
    "p": ("pct:", "% of held"),
}
"""Sizings by the letter behind ``z``; those that end with a colon want a figure typed."""


class TicketPanel(ListPanel):
    """The order left or above, the plan per account right or below."""

    code: ClassVar[str] = "TKT"
    title_text: ClassVar[str] = "ticket"
    contexts: ClassVar[tuple[Context, ...]] = (Context.TICKET, Context.LIST)

    DEFAULT_CSS = """
    TicketPanel { layout: vertical; }
    TicketPanel .bar { height: 1; background: $panel; }
    TicketPanel > .left { height: auto; }
    TicketPanel > .left > .bar { display: none; }
    TicketPanel > .right { height: 1fr; }
    TicketPanel LiveGrid { height: 1fr; }
    TicketPanel .totals { max-height: 40%; }
    TicketPanel.-wide { layout: horizontal; }
    TicketPanel.-wide > .left {
        width: 46%; min-width: 56; max-width: 76; height: 1fr; border-right: solid $panel;
    }
    TicketPanel.-wide > .left > .bar { display: block; }
    TicketPanel.-wide > .right { width: 1fr; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console, COLUMNS, "No plan yet.")
        self._title = SpanView(self._title_lines, classes="bar")
        self._ticket = SpanView(self._ticket_lines)
        self._head = SpanView(self._heading, classes="bar")
        self._totals = SpanView(self._total_lines, classes="totals")
        self._rest: Timer | None = None
        self._quotes: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the order and the matrix."""
        with Vertical(classes="left"):
            yield self._title
            yield self._ticket
        with Vertical(classes="right"):
            yield self._head
            yield self.grid
            yield self._totals

    def on_resize(self, event: events.Resize) -> None:
        """Put the ticket beside the matrix where there is room."""
        self.set_class(event.size.width >= WIDE, "-wide")

    # --- in sight ----------------------------------------------------------------------------

    def shown(self) -> None:
        """Paint the stage, follow the market of its legs, and have connections opened for it."""
        self.session_changed()
        self.console.start(self.console.trading.warm(), "warm")
        quoting = self.console.trading.quoting
        self._quotes = self.run_worker(
            quoting.follow(self._paint_market), "quotes", group="quotes", exclusive=True
        )

    def hidden(self) -> None:
        """Follow no market for nobody's eyes."""
        if self._quotes is not None:
            self._quotes.cancel()
            self._quotes = None

    def ticked(self) -> None:
        """Let the plan's time and the age of the quotes run."""
        self._head.show()
        self._paint_market()

    def session_changed(self) -> None:
        """Paint the stage."""
        stage = self.session.stage
        self.grid.set_rows(rows_of(stage, self.board.accounts) if stage else {})
        for part in (self._head, self._totals):
            part.show()
        self._paint_market()

    def _paint_market(self) -> None:
        if not self.console.is_modal:
            self._title.show()
            self._ticket.show()

    def _sight(self) -> Sight | None:
        stage = self.session.stage
        draft = draft_of(stage) if stage else None
        if draft is None:
            return None
        return Sight(draft, self.console.trading.quoting.latest, self.console.now())

    def _title_lines(self, size: Size) -> Sequence[Line]:
        sight = self._sight()
        right: Line = [*quoted(sight)] if sight else []
        return [apart([(" TICKET", Role.STRONG)], right, size.width - 1)]

    def _ticket_lines(self, size: Size) -> Sequence[Line]:
        stage, sight = self.session.stage, self._sight()
        if stage is None:
            return [[(" No order is staged. Type : and one, then accounts.", Role.DIM)]]
        if sight is None:
            room = self.size.height - 4 if self.has_class("-wide") else INTENT_ORDERS
            return intent_lines(stage.order, stage.plan, size.width, room)
        height = self.size.height - 1 if self.has_class("-wide") else 0
        return ticket_lines(sight, size.width, height)

    def _heading(self, size: Size) -> Sequence[Line]:
        stage = self.session.stage
        if stage is None:
            return [[(" PLAN", Role.STRONG)]]
        return [heading(stage, self.console.now(), size.width)]

    def _total_lines(self, size: Size) -> Sequence[Line]:
        stage = self.session.stage
        if stage is None:
            return []
        order = stage.plan.order if stage.plan else stage.order
        most = 5 if self.has_class("-wide") else 2
        return totals(stage, read_draft(order), size.width, most)

    # --- changing the order ------------------------------------------------------------------

    def why_not(self, action: Action) -> str | None:
        """Return why the order cannot be changed now."""
        if action.context is not Context.TICKET:
            return self.console.commands.why_not(action)
        if self.session.stage is None:
            return "there is no order: type one first (:)"
        if self.session.is_sending:
            return "the order is being sent"
        return None

    def _draft(self) -> tuple[Stage, Draft]:
        stage = self.session.stage
        if stage is None:
            raise InputError("There is no order: type one first (:).")
        draft = draft_of(stage)
        if draft is None:
            raise InputError("This is not one ticket for all accounts: type it anew (:).")
        return stage, draft

    def _change(self, stage: Stage) -> None:
        """Stage a changed order; it is planned once the keys rest."""
        self.console.trading.put(stage)
        self._stop_resting()
        self._rest = self.set_timer(REST_S, self._plan_after_rest)

    def _stop_resting(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None

    def _plan_after_rest(self) -> None:
        self._rest = None
        if self.session.stage is not None and not self.session.is_sending:
            self.console.start(self.console.trading.preview(), "preview")

    async def do_preview(self) -> None:
        """Plan the order; where it is planned already, let the broker check every order too."""
        stage = self.session.stage
        now = self.console.now()
        if stage is None or stage.is_planning:
            return
        self._stop_resting()
        if stage.plan is None or stage.plan.expires <= now:
            await self.console.trading.preview()
        elif stage.planned_at is None or now - stage.planned_at >= SAME_PRESS:
            self.console.say("Asking the broker about every order; nothing is sent.", Tone.DIM)
            await self.console.trading.preview(ask_broker=True)

    async def do_refresh(self) -> None:
        """Look at the market of the legs again."""
        await self.console.trading.quoting.look()
        self._paint_market()

    async def do_more(self) -> None:
        """Add a unit."""
        stage, draft = self._draft()
        self._change(stage.changed(order=with_units(stage, draft, 1)))

    async def do_less(self) -> None:
        """Take a unit away."""
        stage, draft = self._draft()
        self._change(stage.changed(order=with_units(stage, draft, -1)))

    async def do_better(self) -> None:
        """Ask for a better price."""
        self._tick(1)

    async def do_worse(self) -> None:
        """Give in by a step."""
        self._tick(-1)

    def _tick(self, ticks: int) -> None:
        stage, draft = self._draft()
        price = Sight(draft, self._look, self.console.now()).ticket.price
        if price is None:
            raise InputError("The order has no limit: m or n gives it one.")
        changed = moved(draft, price, ticks, self._look.of(draft.ticket) if self._look else ())
        self._change(stage.changed(order=with_price(draft, changed)))

    @property
    def _look(self) -> Look | None:
        return self.console.trading.quoting.latest

    async def do_mid(self) -> None:
        """Lock the price at the middle of the market."""
        await self._anchor(Anchor.MID)

    async def do_natural(self) -> None:
        """Lock the price at what trades at once."""
        await self._anchor(Anchor.NATURAL)

    async def _anchor(self, anchor: Anchor) -> None:
        _, draft = self._draft()
        if not self.console.trading.quoting.is_fresh(draft.ticket):
            await self.console.trading.quoting.look()
        stage, draft = self._draft()
        market = Sight(draft, self._look, self.console.now()).market
        if market is None or self._look is None:
            raise InputError("There is no quote of every leg; type a price.")
        price = anchored(draft, anchor, market, self._look.of(draft.ticket))
        self._change(stage.changed(order=with_price(draft, price)))

    async def do_lock(self) -> None:
        """Open the price, or lock it at what it would be now."""
        stage, draft = self._draft()
        if not draft.is_open:
            self._stop_resting()
            self.console.trading.put(stage.changed(order=opened(draft)))
            self.console.say("The price follows the mid; F9 plans it where it stands then.")
            return
        price = Sight(draft, self._look, self.console.now()).ticket.price
        if price is None:
            raise InputError("There is no quote of every leg; type a price.")
        self._change(stage.changed(order=with_price(draft, price)))

    def do_sizing(self) -> None:
        """Take the sizing by its letter."""
        hints = "  ".join(f"{letter} {title}" for letter, (_, title) in SIZINGS.items())
        self.console.next_key(f"size: {hints}", self._take_sizing)

    def _take_sizing(self, key: str) -> None:
        sizing, _ = SIZINGS.get(key, ("", ""))
        if sizing.endswith(":"):
            self.console.prompt.begin(f"SIZE {sizing}")
        elif sizing:
            self.console.do("global.size", sizing)

    def do_exclude(self) -> None:
        """Leave the account under the cursor or the marked ones out, or take them in again."""
        # Which ones is decided now: the next key may move the cursor before the work begins.
        accounts = self.grid.marks or tuple(filter(None, (self.grid.cursor,)))
        if accounts:
            self.console.start(self._exclude(accounts), "exclude")

    async def _exclude(self, accounts: Collection[str]) -> None:
        self.console.trading.exclude(accounts)
        stage = self.session.stage
        if stage is not None:
            self._change(stage)

    def do_lift(self) -> None:
        """Begin the override that the account under the cursor wants; its figure is typed."""
        line = self._line(self.grid.cursor)
        denials = [(one.override, one.detail) for one in line.denials] if line else []
        liftable = [(override, detail) for override, detail in denials if override]
        if not liftable:
            self.console.say("Nothing that denies this account can be overridden.", Tone.WARN)
            return
        override, detail = liftable[0]
        code, has_figure, _ = override.partition("=")
        self.console.say(f"{override} lifts it: {detail}", Tone.WARN)
        self.console.prompt.begin(f"OVERRIDE {code}{has_figure}")

    def _line(self, account: str | None) -> PlanLineView | None:
        stage = self.session.stage
        plan = (stage.plan or stage.before) if stage else None
        lines = plan.lines if plan else ()
        return next((line for line in lines if line.account == account), None)

    def on_live_grid_activated(self, event: LiveGrid.Activated) -> None:
        """Show all that is known of one account's part."""
        stage = self.session.stage
        line = self._line(event.key)
        if stage is None or line is None or self.console.is_modal:
            return
        page = AccountLine(f"{line.account}  {line.last4}", details(line, stage))
        self.console.push_screen(page, lambda _: self.console.modal_closed())
