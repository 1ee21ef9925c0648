"""OMON: an option chain, live, and the legs that are picked from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.app import ComposeResult

from swimdesk.console.actions import Action, Context
from swimdesk.console.board import Board
from swimdesk.console.chain import presets
from swimdesk.console.chain.feed import DEEP, SHALLOW, ChainFeed, Subject, read_subject
from swimdesk.console.chain.legs import Picks, Touch, net_of, order_text, ticket_of
from swimdesk.console.chain.lines import foot, head
from swimdesk.console.chain.table import COLUMNS, ChainTable, StrikeRow, columns_for
from swimdesk.console.lists import ListPanel
from swimdesk.console.shell.standing import Tone
from swimdesk.console.widgets.cells import Cell
from swimdesk.console.widgets.export import as_csv
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.console.widgets.spans import SpanView
from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.errors import InputError, UnknownSymbol
from swimdesk.views.models import ChainView

if TYPE_CHECKING:
    from swimdesk.console.app import Console

FIRST_SYMBOL: Final = "SPY"
"""What is shown where no account holds an option."""

_FAR_LEGS_TRIED: Final = 6
_BEYOND_LEGS: Final = 5
"""So many strikes are shown beyond the legs of a structure that was built."""

_WITHOUT_CHAIN: Final = frozenset({"chain.symbol", "chain.clear", "chain.call", "chain.put"})
_IN_ORDER: Final = frozenset({"list.sort", "list.mark", "list.mark-all", "list.mark-none"})
_CSV: Final = ("symbol", "right", "strike", "bid", "ask", "mark", "delta", "volatility",
               "open_interest", "volume")  # fmt: skip


class ChainPanel(ListPanel):
    """Calls left, puts right; the cursor has a row and a side."""

    code: ClassVar[str] = "OMON"
    title_text: ClassVar[str] = "chain"
    contexts: ClassVar[tuple[Context, ...]] = (Context.CHAIN, Context.LIST)

    DEFAULT_CSS = """
    ChainPanel { layout: vertical; }
    ChainPanel LiveGrid { height: 1fr; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console, COLUMNS, "")
        self.feed = ChainFeed(console.desk, console.now, self._elsewhere, self._read)
        self.table: ChainTable | None = None
        self.picks = Picks()
        self.side = Right.CALL
        self._root: str | None = None
        self._comes_backward = False
        self._pointed: str | None = None
        self._head = SpanView(
            lambda size: head(self.table, self.feed, self.console.now(), size.width)
        )
        self._foot = SpanView(lambda size: foot(self.picks, self._touch, size.width))

    def compose(self) -> ComposeResult:
        """Lay out what it is, the strikes, the legs."""
        yield self._head
        yield self.grid
        yield self._foot

    def on_resize(self, event: events.Resize) -> None:
        """Choose the columns for the width, and keep the cursor in the middle."""
        self.grid.show_columns(columns_for(event.size.width))
        self.call_after_refresh(self._centre)

    # --- what is shown -----------------------------------------------------------------------

    def look_at(self, subject: str) -> None:
        """Show the chain that was typed: a symbol, and an expiry behind it."""
        wanted, root = read_subject(subject)
        self._want(wanted, root)

    def shown(self) -> None:
        """Read the chain at once, the one seen before or that of what is held most."""
        if self.feed.subject is None:
            self._want(Subject(first_symbol(self.board)), None)
        self._show_table()
        self.do_refresh()

    def ticked(self) -> None:
        """Read again when it is time; nothing is read while orders leave."""
        if not self.session.is_sending and self.feed.is_due():
            self.console.start(self.feed.read(), "chain")
        self._head.refresh()

    def do_refresh(self) -> None:
        """Read the chain now."""
        self.feed.hurry()
        self.ticked()

    def _want(self, subject: Subject, root: str | None) -> None:
        held = {contract.underlying for contract in self.picks.counts}
        if held and held != {subject.symbol}:
            self.console.say(f"The legs of {held.pop().lstrip('$')} were taken away.")
            self.picks = Picks()
        self._root = root
        self._comes_backward = False
        self.feed.ask(subject)
        if self.feed.view is None:
            self.table = None
            self._show_table()

    def _read(self) -> None:
        view = self.feed.view
        if self.feed.error is None and view is not None:
            table = ChainTable(view, self._root, last_root=self._comes_backward)
            self._comes_backward = False
            self._root = table.root
            self._take(table)
        self._show_parts()

    def _take(self, table: ChainTable) -> None:
        """Show a table; the cursor stays at its strike, or comes to the money."""
        before, self.table = self.table, table
        if before is None:
            # Now its keys can do something.
            self.console.hints_changed()
        strike = self._cursor_strike(before) if before else None
        self._show_table()
        is_other = before is None or (before.root, before.day) != (table.root, table.day)
        if is_other:
            goal = table.money if strike is None else table.nearest(strike)
            self._go_to(goal)

    def _show_table(self) -> None:
        table = self.table
        rows = {} if table is None else table.rows(self.picks.counts, self.grid.cursor, self.side)
        symbol = self.feed.subject.symbol if self.feed.subject else ""
        self.grid.placeholder = "No strikes." if table else f"No chain of {symbol} yet."
        self.grid.set_rows(rows)
        self._show_parts()

    def _show_parts(self) -> None:
        self._head.refresh()
        self._foot.refresh()

    def _show_row(self, key: str | None) -> None:
        if self.table is not None and key is not None and key in self.table.by_key:
            at = self.side if key == self.grid.cursor else None
            self.grid.set_row(key, self.table.row(key, self.picks.counts, at))

    def _go_to(self, row: StrikeRow | None) -> None:
        """Bring a strike under the cursor, in the middle of the page where there is room."""
        if row is None or self.table is None:
            return
        self.grid.move_to(self.table.key(row))
        # How long a page is may be known only after this turn.
        self.call_after_refresh(self._centre)

    def _centre(self) -> None:
        key = self.grid.cursor
        if self.table is None or key is None or key not in self.table.by_key:
            return
        keys = self.grid.shown_keys
        below = keys.index(key) + self.grid.page_lines // 2
        self.grid.go_top()
        self.grid.move_to(keys[min(below, len(keys) - 1)])
        self.grid.move_to(key)

    def on_live_grid_cursor_moved(self, event: LiveGrid.CursorMoved) -> None:
        """Let the sign of the chosen side go with the cursor."""
        before, self._pointed = self._pointed, event.key
        self._show_row(before)
        self._show_row(self._pointed)

    def _cursor_strike(self, table: ChainTable) -> Decimal | None:
        row = table.by_key.get(self.grid.cursor or "")
        return row.strike if row else None

    # --- which chain -------------------------------------------------------------------------

    def do_earlier(self) -> None:
        """Show the series before."""
        self._step(-1)

    def do_later(self) -> None:
        """Show the series after."""
        self._step(1)

    def _step(self, by: int) -> None:
        table, subject = self.table, self.feed.subject
        if table is None or subject is None or self.feed.view is None:
            return
        roots = table.roots
        beside = roots.index(table.root) + by if table.root in roots else -1
        if self.feed.is_current and 0 <= beside < len(roots):
            self._root = roots[beside]
            self._take(ChainTable(self.feed.view, self._root))
            return
        wanted = subject.day if subject.day in table.days else table.day
        place = table.days.index(wanted) + by
        if not 0 <= place < len(table.days):
            self.console.say("There is no expiry beyond this one.", Tone.DIM)
            return
        self._root, self._comes_backward = None, by < 0
        self.feed.ask(replace(subject, day=table.days[place]))
        self.ticked()

    def do_wider(self) -> None:
        """Show twice as many strikes, or few again."""
        subject = self.feed.subject
        if subject is not None:
            depth = SHALLOW if subject.depth >= DEEP else subject.depth * 2
            self.feed.ask(replace(subject, depth=depth))
            self.ticked()

    def do_money(self) -> None:
        """Go to the strike at the money."""
        if self.table is not None:
            self._go_to(self.table.money)

    def do_symbol(self) -> None:
        """Let another underlying be typed."""
        self.console.prompt.begin(f"{self.code} ")

    # --- legs --------------------------------------------------------------------------------

    def do_call(self) -> None:
        """Choose the calls."""
        self._choose(Right.CALL)

    def do_put(self) -> None:
        """Choose the puts."""
        self._choose(Right.PUT)

    def _choose(self, side: Right) -> None:
        self.side = side
        self._show_row(self.grid.cursor)

    def do_buy(self) -> None:
        """Buy the contract under the cursor as a leg."""
        self._pick(lambda: self.picks.traded(self._contract(), 1))

    def do_sell(self) -> None:
        """Sell the contract under the cursor as a leg."""
        self._pick(lambda: self.picks.traded(self._contract(), -1))

    def do_vertical(self) -> None:
        """Sell a vertical from the cursor outward."""
        self._pick(lambda: presets.vertical(*self._at_cursor()))

    def do_strangle(self) -> None:
        """Sell a strangle around the cursor."""
        self._pick(lambda: presets.strangle(*self._at_cursor()))

    async def do_condor(self) -> None:
        """Sell an iron condor; strikes that are not shown are read for it."""
        table = self._table()
        if not presets.reaches_wings(table):
            view = await self.desk.chain(table.symbol, table.day.isoformat(), DEEP)
            table = ChainTable(view, table.root)
        subject = self.feed.subject
        if subject is None or table.symbol != subject.symbol:
            return
        picks = presets.condor(table)
        self._put(picks)
        depth = table.reach(picks.counts) + _BEYOND_LEGS
        if depth > subject.depth:
            self.feed.ask(replace(subject, depth=depth))
            self.ticked()

    async def do_calendar(self) -> None:
        """Buy a calendar at the cursor's strike."""
        near = self._contract()
        for day in presets.later_days(near, self._table().days)[:_FAR_LEGS_TRIED]:
            far = replace(near, expiry=day)
            try:
                await self.desk.quotes((far.symbol,))
            except UnknownSymbol:
                continue
            if self._table().symbol == near.underlying:
                self._put(presets.calendar(near, far))
            return
        raise InputError(f"No later expiry lists the {near.strike:f} {near.right.lower()}.")

    def do_flip(self) -> None:
        """Turn every side round."""
        self._put(self.picks.flipped())

    def do_more(self) -> None:
        """Order one unit more."""
        self._put(self.picks.more(1))

    def do_fewer(self) -> None:
        """Order one unit fewer."""
        self._put(self.picks.more(-1))

    def do_clear(self) -> None:
        """Take all legs away."""
        self._put(Picks())

    def _pick(self, make: Callable[[], Picks]) -> None:
        try:
            self._put(make())
        except InputError as problem:
            self.console.say(problem.detail, Tone.WARN)

    def _put(self, picks: Picks) -> None:
        self.picks = picks
        self._show_table()
        if self.feed.view is not None and any(self._elsewhere(self.feed.view)):
            self.do_refresh()

    def _table(self) -> ChainTable:
        if self.table is None:
            raise InputError("There is no chain yet.")
        subject = self.feed.subject
        if subject is not None and subject.day is not None and not self.feed.is_current:
            # Legs of the expiry before would look like those of the one asked for.
            raise InputError(f"The chain of {subject.day:%-d %b} is still being read.")
        return self.table

    def _at_cursor(self) -> tuple[ChainTable, Right, Decimal]:
        contract = self._contract()
        return self._table(), contract.right, contract.strike

    def _contract(self) -> OptionContract:
        """Return the contract under the cursor; InputError where none is listed."""
        table = self._table()
        row = table.by_key.get(self.grid.cursor or "")
        if row is None:
            raise InputError("No strike is under the cursor.")
        if row.of(self.side) is None:
            raise InputError(f"{row.strike:f} lists no {self.side.lower()}.")
        return table.contract(self.side, row.strike)

    def _elsewhere(self, view: ChainView) -> Iterable[str]:
        """Return the legs that the chain does not hold."""
        shown = {row.symbol for row in view.rows}
        return (one.symbol for one in self.picks.counts if one.symbol not in shown)

    def _touch(self, contract: OptionContract) -> Touch | None:
        row = self.table.quoted.get(contract) if self.table else None
        if row is not None:
            return Touch(row.bid, row.ask, row.delta)
        quote = self.feed.others.get(contract.symbol)
        if quote is None or quote.bid is None or quote.ask is None:
            return None
        return Touch(quote.bid, quote.ask)

    # --- the order ---------------------------------------------------------------------------

    def do_ticket(self) -> None:
        """Put the order of the legs on the command line, or stage it where accounts are chosen."""
        console = self.console
        try:
            text = order_text(ticket_of(self.picks, net_of(self.picks.legs(), self._touch)))
        except InputError as problem:
            console.say(problem.detail, Tone.WARN)
            return
        if not self.session.scope.is_empty:
            console.commands.enter(text)
        elif self.session.marks:
            console.prompt.begin(f"{text} marked")
        else:
            console.prompt.begin(f"{text} ")
            console.say("Which accounts? grp NAME, acc ALIAS, all; Enter plans it.", Tone.DIM)

    def do_enter(self) -> None:
        """Do the same as the ticket key: there is nothing else to open here."""
        self.do_ticket()

    def why_not(self, action: Action) -> str | None:
        """Return why an action of this screen cannot be done now; None if it can."""
        if action.id in _IN_ORDER:
            return "strikes stay in their order; b and s pick legs"
        has_chain = self.table is not None and bool(self.table.strikes)
        if action.context is Context.CHAIN and action.id not in _WITHOUT_CHAIN and not has_chain:
            return "there is no chain yet: type SPY OMON"
        return None

    def copy_text(self) -> str:
        """Return the symbol of the contract under the cursor."""
        try:
            return self._contract().symbol
        except InputError:
            return ""

    def csv_text(self) -> str:
        """Return a line per contract of the series, as data rather than as it is shown."""
        rows = self.table.strikes if self.table else ()
        options = [o for row in rows for o in (row.call, row.put) if o is not None]
        cells = [
            tuple(Cell("" if (v := getattr(option, name)) is None else str(v)) for name in _CSV)
            for option in options
        ]
        return as_csv(_CSV, cells)


def first_symbol(board: Board) -> str:
    """Return the underlying of the options that most accounts hold, or the usual one."""
    held: Counter[str] = Counter()
    for holding in board.holdings.values():
        symbols = {position.symbol for position in holding.positions if len(position.symbol) == 21}
        held.update({OptionContract.parse(symbol).underlying for symbol in symbols})
    return held.most_common(1)[0][0] if held else FIRST_SYMBOL
