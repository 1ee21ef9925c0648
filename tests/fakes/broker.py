"""A broker at the port: scripted per account, with a ledger of what it really took."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from swimdesk.desk.ports import (
    ENDED,
    BrokerOrder,
    BrokerOrderState,
    CancelOutcome,
    ChainContract,
    Clock,
    Discovered,
    Expiry,
    Holdings,
    LineOrder,
    OrdersRead,
    Outcome,
    OutcomeKind,
    Prepared,
    PreparedOrder,
    Quote,
    SessionHours,
)
from swimdesk.domain.accounts import Account, Balances
from swimdesk.domain.commands import CommandOutcome
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orders import Effect, Ticket
from swimdesk.domain.plan import BrokerVerdict, BrokerWord
from swimdesk.domain.positions import Position
from swimdesk.errors import BrokerUnreachable, InvariantBroken, UnknownSymbol
from tests.fakes.acts import ReplaceAct
from tests.fakes.builders import some_balances
from tests.fakes.bursts import FakeBurst, Outcomes
from tests.fakes.chains import Listed
from tests.fakes.fills import fills_of, legs_of
from tests.fakes.unread import check_readable, discovered


class Act(StrEnum):
    """What the broker does with one account's next order."""

    FILL = "fill"
    REST = "rest"
    PARTIAL = "partial"
    REJECT = "reject"
    REFUSE = "refuse"
    NOT_SENT = "not_sent"
    LOSE = "lose"
    HANG = "hang"
    TAKE_AND_LOSE_ANSWER = "take_and_lose_answer"
    TAKE_WITHOUT_ID = "take_without_id"
    NAME_ANOTHER_ORDER = "name_another_order"
    NAME_NO_ORDER = "name_no_order"
    NAME_AN_EARLIER_ORDER_OF_OURS = "name_an_earlier_order_of_ours"
    TAKE_AND_FORGET_TO_REPORT = "take_and_forget_to_report"


class CancelAct(StrEnum):
    """What the broker does with one account's next requests to cancel."""

    TAKE = "take"
    FILL_FIRST = "fill_first"
    PARTIAL_FIRST = "partial_first"
    REFUSE = "refuse"
    LOSE = "lose"
    TAKE_AND_LOSE_ANSWER = "take_and_lose_answer"
    NOT_SENT = "not_sent"
    BREAK = "break"


HANGS = "no answer in time"
ANSWER_DEADLINE_S = 25.0

_TAKES = frozenset(Act) - {Act.REFUSE, Act.NOT_SENT, Act.LOSE}
_STATES = {
    Act.REST: BrokerOrderState.WORKING,
    Act.PARTIAL: BrokerOrderState.WORKING,
    Act.REJECT: BrokerOrderState.REJECTED,
}


@dataclass(slots=True)
class FakeBroker:
    """Implements Broker and MarketData; latencies run on the loop's (virtual) time."""

    clock: Clock
    accounts: tuple[Account, ...]
    acts: dict[str, Act] = field(default_factory=dict)
    balances: dict[str, Balances] = field(default_factory=dict)
    positions: dict[str, tuple[Position, ...]] = field(default_factory=dict)
    latency_s: float = 0.05
    list_lag_s: float = 0.0
    unreadable_logins: set[str] = field(default_factory=set)
    undiscovered: dict[str, Exception] = field(default_factory=dict)
    reads_fail: bool = False
    is_open: bool = True
    unknown_symbols: set[str] = field(default_factory=set)
    listed: Listed = field(default_factory=Listed)
    chains_fail: bool = False
    chain_reads: list[tuple[str, date, int]] = field(default_factory=list)
    posts: Counter[str] = field(default_factory=Counter)
    ledger: list[BrokerOrder] = field(default_factory=list)
    readied: list[tuple[str, ...]] = field(default_factory=list)
    list_reads: int = 0
    holdings_reads: int = 0
    cancel_acts: dict[str, list[CancelAct]] = field(default_factory=dict)
    """What is done with an account's requests to cancel, in turn; TAKE when nothing is left."""
    cancels: list[tuple[str, str]] = field(default_factory=list)
    """The requests to cancel that arrived: account and order id."""
    cancel_arrived: asyncio.Event = field(default_factory=asyncio.Event)
    cancels_under_way: int = 0
    most_cancels_at_once: int = 0
    cancel_delay_s: float = 0.3
    """How long an order stays open after a request to cancel was taken."""
    replace_acts: dict[str, list[ReplaceAct]] = field(default_factory=dict)
    """What is done with an account's requests to replace, in turn; TAKE when nothing is left."""
    puts: list[tuple[str, str]] = field(default_factory=list)
    """The requests to replace that arrived: account and order id."""
    put_arrived: asyncio.Event = field(default_factory=asyncio.Event)
    replace_delay_s: float = 0.3
    """How long after the answer the new order takes the old one's place."""
    late_s: float = 5.0
    orders_unreadable: bool = False
    verdicts: dict[str, BrokerVerdict] = field(default_factory=dict)
    previewed: list[str] = field(default_factory=list)
    """The accounts whose orders were previewed, in turn."""
    prices: dict[str, Quote] = field(default_factory=dict)
    """Quotes that are not the usual one, by symbol."""
    reject_text: str = "not enough buying power"
    before_fire: Callable[[], None] | None = None
    cannot_load: Exception | None = None
    bursts: list[FakeBurst] = field(default_factory=list)
    """What was loaded, in turn."""
    _tickets: dict[str, Ticket] = field(default_factory=dict)

    # --- reading -----------------------------------------------------------------------------

    async def discover(self) -> Discovered:
        """List the accounts of the logins that can be read."""
        await asyncio.sleep(self.latency_s)
        return discovered(self.accounts, self.undiscovered)

    async def holdings(self, accounts: Sequence[str]) -> tuple[Holdings, ...]:
        """Give what was scripted, comfortable by default."""
        self.holdings_reads += 1
        await asyncio.sleep(self.latency_s)
        known = {account.alias: account for account in self.accounts}
        if {known[alias].login for alias in accounts} & self.unreadable_logins:
            raise BrokerUnreachable("no answer")
        check_readable(self.accounts, accounts, self.undiscovered)
        return tuple(
            Holdings(
                known[alias],
                replace(self.balances.get(alias, some_balances()), as_of=self.clock.now()),
                self.positions.get(alias, ()),
            )
            for alias in accounts
        )

    async def orders(self, accounts: Sequence[str], since: datetime) -> OrdersRead:
        """List what the ledger has and shows by now."""
        self.list_reads += 1
        await asyncio.sleep(self.latency_s)
        now = self.clock.now()
        if self.reads_fail:
            raise BrokerUnreachable("no answer")
        check_readable(self.accounts, accounts, self.undiscovered)
        lag = timedelta(seconds=self.list_lag_s)
        shown = tuple(
            order
            for order in self.ledger
            if order.account in accounts and since <= order.entered <= now - lag
        )
        return OrdersRead(frozenset(accounts), since, now, shown, complete=True)

    async def order(self, account: str, order_id: str) -> BrokerOrder | None:
        """Find one order."""
        if self.orders_unreadable:
            raise BrokerUnreachable("no answer")
        return next((o for o in self.ledger if o.order_id == order_id), None)

    # --- sending -----------------------------------------------------------------------------

    def prepare(self, orders: Sequence[LineOrder]) -> Prepared:
        """Render by printing the ticket."""
        return Prepared(tuple(self._prepared(order) for order in orders))

    def _prepared(self, order: LineOrder) -> PreparedOrder:
        if order.ticket.effect is Effect.AUTO:
            raise InvariantBroken("an order was to be rendered before its effect was resolved")
        text = print_ticket(order.ticket)
        self._tickets[text] = order.ticket
        body = text.encode()
        hashed = hashlib.sha256(body).hexdigest()
        return PreparedOrder(order.ref, order.account, body, hashed, fingerprint=text)

    async def preview(self, orders: Sequence[PreparedOrder]) -> Mapping[str, BrokerVerdict]:
        """Say what was scripted for the account, else accept."""
        self.previewed += [order.account for order in orders]
        await asyncio.sleep(self.latency_s)
        accepted = BrokerVerdict(BrokerWord.ACCEPT, (), Decimal("2.60"), Decimal(90_000))
        return {o.account: self.verdicts.get(o.account, accepted) for o in orders}

    def is_ready(self, accounts: Sequence[str]) -> bool:
        """Be never sure, so that who readies is noted."""
        return False

    async def ready(self, accounts: Sequence[str]) -> None:
        """Note who was readied; there is nothing to warm here."""
        self.readied.append(tuple(accounts))

    async def keep_warm(self) -> None:
        """Have nothing to keep warm."""
        await asyncio.Event().wait()

    def load(self, prepared: Prepared) -> FakeBurst:
        """Note what is loaded."""
        if self.cannot_load is not None:
            raise self.cannot_load
        burst = FakeBurst(prepared, self.take_all, self.tell_all)
        self.bursts.append(burst)
        return burst

    def take_all(self, prepared: Prepared) -> Outcomes:
        """Take every order at once."""
        if self.before_fire is not None:
            self.before_fire()
        sent_ns = self.clock.monotonic_ns()
        return [self._take(order, sent_ns) for order in prepared.orders]

    async def tell_all(self, outcomes: Outcomes, on_outcome: Callable[[Outcome], None]) -> None:
        """Answer each order after the latency."""
        await asyncio.sleep(self.latency_s)
        late = [o for o in outcomes if o is not None and o.reason == HANGS]
        for outcome in outcomes:
            if outcome is not None and outcome not in late:
                now_ns = self.clock.monotonic_ns()
                on_outcome(replace(outcome, first_byte_ns=now_ns, acked_ns=now_ns))
        if late:
            await asyncio.sleep(ANSWER_DEADLINE_S)
        for outcome in late:
            on_outcome(outcome)

    def _take(self, order: PreparedOrder, sent_ns: int) -> Outcome | None:
        if order.replaces is not None:
            return self._replace(order, order.replaces, sent_ns)
        act = self.acts.get(order.account, Act.FILL)
        if act is Act.NOT_SENT:
            return Outcome(order.ref, OutcomeKind.NOT_SENT, reason="no connection")
        self.posts[order.account] += 1
        order_id = self._accept(order, act) if act in _TAKES else None
        answer = _ANSWERS.get(act, Outcome("", OutcomeKind.ACCEPTED, order_id, 201))
        if act is Act.NAME_ANOTHER_ORDER:
            answer = replace(answer, order_id=self._stranger(order.account))
        if act is Act.NAME_NO_ORDER:
            answer = replace(answer, order_id="7")
        if act is Act.NAME_AN_EARLIER_ORDER_OF_OURS:
            earlier = next(o for o in self.ledger if o.account == order.account)
            answer = replace(answer, order_id=earlier.order_id)
        if act is Act.TAKE_AND_FORGET_TO_REPORT:
            return None
        return replace(answer, ref=order.ref, sent_ns=sent_ns)

    def _accept(self, order: PreparedOrder, act: Act) -> str:
        ticket = self._tickets[order.body.decode()]
        order_id = str(1005000000001 + len(self.ledger))
        filled = {Act.REST: 0, Act.REJECT: 0, Act.PARTIAL: ticket.quantity // 2}.get(
            act, ticket.quantity
        )
        self.ledger.append(
            BrokerOrder(
                account=order.account,
                order_id=order_id,
                state=_STATES.get(act, BrokerOrderState.FILLED),
                raw_status=_STATES.get(act, BrokerOrderState.FILLED).upper(),
                entered=self.clock.now().replace(microsecond=0),
                fingerprint=order.fingerprint,
                quantity=Decimal(ticket.quantity),
                filled=Decimal(filled),
                executions=fills_of(ticket, order_id, filled, self.clock.now()),
                reason=self.reject_text if act is Act.REJECT else None,
                tag="TA_desk",
                legs=legs_of(ticket),
                ticket=ticket,
            )
        )
        return order_id

    def _stranger(self, account: str) -> str:
        """Put an order of somebody else into the ledger and return its id."""
        order_id = str(1005000000001 + len(self.ledger))
        self.ledger.append(
            BrokerOrder(
                account, order_id, BrokerOrderState.WORKING, "WORKING",
                self.clock.now().replace(microsecond=0), "another look", Decimal(1), Decimal(0),
                tag="API_TOS:CHART",
            )
        )  # fmt: skip
        return order_id

    # --- canceling ---------------------------------------------------------------------------

    async def cancel(self, account: str, order_id: str) -> CancelOutcome:
        """Do as scripted; the order itself ends a moment after the request was taken."""
        acts = self.cancel_acts.get(account, [])
        act = acts.pop(0) if acts else CancelAct.TAKE
        if act is CancelAct.NOT_SENT:
            return CancelOutcome(CommandOutcome.NOT_SENT, "no connection")
        if act is CancelAct.BREAK:
            raise RuntimeError("a bug of the adapter")
        self.cancels.append((account, order_id))
        self.cancel_arrived.set()
        self.cancels_under_way += 1
        self.most_cancels_at_once = max(self.most_cancels_at_once, self.cancels_under_way)
        outcome = self._cancel(act, order_id)
        await asyncio.sleep(self.latency_s)
        self.cancels_under_way -= 1
        return outcome

    def _cancel(self, act: CancelAct, order_id: str) -> CancelOutcome:
        lost = CancelOutcome(CommandOutcome.UNKNOWN, "connection reset")
        order = next(one for one in self.ledger if one.order_id == order_id)
        if act is CancelAct.LOSE:
            return lost
        is_open = order.state not in ENDED
        if act is CancelAct.REFUSE or not is_open:
            return CancelOutcome(CommandOutcome.REFUSED, "cannot be canceled")
        filled = {
            CancelAct.FILL_FIRST: order.quantity,
            CancelAct.PARTIAL_FIRST: order.quantity // 2,
        }.get(act, order.filled)
        pending = replace(order, state=BrokerOrderState.CANCELING, raw_status="PENDING_CANCEL")
        self._put(pending)
        asyncio.get_running_loop().call_later(self.cancel_delay_s, self._end, order_id, filled)
        return (
            lost if act is CancelAct.TAKE_AND_LOSE_ANSWER else CancelOutcome(CommandOutcome.TAKEN)
        )

    def _end(self, order_id: str, filled: Decimal) -> None:
        order = self.order_of(order_id)
        if order.state in ENDED:
            return
        if filled > order.filled:
            self._fill(order_id, int(filled))
        if self.order_of(order_id).state not in ENDED:
            self._move(order_id, BrokerOrderState.CANCELED)

    # --- replacing ---------------------------------------------------------------------------

    def _replace(self, order: PreparedOrder, old_id: str, sent_ns: int) -> Outcome | None:
        acts = self.replace_acts.get(order.account, [])
        act = acts.pop(0) if acts else ReplaceAct.TAKE
        if act is ReplaceAct.NOT_SENT:
            return Outcome(order.ref, OutcomeKind.NOT_SENT, reason="no connection")
        self.puts.append((order.account, old_id))
        self.put_arrived.set()
        lost = Outcome(order.ref, OutcomeKind.UNKNOWN, reason="connection reset", sent_ns=sent_ns)
        if act is ReplaceAct.HANG:
            return replace(lost, reason=HANGS)
        if act is ReplaceAct.LATE:
            loop = asyncio.get_running_loop()
            loop.call_later(self.late_s, self._carry_out, order, old_id, ReplaceAct.TAKE)
        if act in {ReplaceAct.LOSE, ReplaceAct.LATE}:
            return lost
        if act is ReplaceAct.FILL_AND_LOSE_ANSWER:
            self._fill(old_id)
            return lost
        if act is ReplaceAct.FILL_FIRST:
            self._fill(old_id)
        new_id = None if act is ReplaceAct.REFUSE else self._carry_out(order, old_id, act)
        if act is ReplaceAct.FORGET:
            return None
        if act is ReplaceAct.TAKE_AND_LOSE_ANSWER:
            return lost
        if new_id is None:
            refused = OutcomeKind.REFUSED
            return replace(lost, kind=refused, status=400, reason="cannot be replaced")
        named = {ReplaceAct.TAKE_WITHOUT_ID: None, ReplaceAct.NAME_THE_OLD_ORDER: old_id}
        order_id = named.get(act, new_id)
        return Outcome(order.ref, OutcomeKind.ACCEPTED, order_id, 201, sent_ns=sent_ns)

    def _carry_out(self, order: PreparedOrder, old_id: str, act: ReplaceAct) -> str | None:
        """Take a request to replace, as a broker does: first the record, then its fate."""
        old = self.order_of(old_id)
        if old.state is not BrokerOrderState.WORKING:
            return None
        if act is ReplaceAct.PARTIAL_FIRST:
            self._fill(old_id, int(old.quantity) // 2)
        new_id = self._accept(order, Act.REST)
        pending = replace(
            self.order_of(old_id), state=BrokerOrderState.REPLACING, raw_status="PENDING_REPLACE"
        )
        self._put(pending)
        asyncio.get_running_loop().call_later(
            self.replace_delay_s, self._decide, old_id, new_id, act
        )
        return new_id

    def _decide(self, old_id: str, new_id: str, act: ReplaceAct) -> None:
        """Let the new order take the old one's place, or be rejected where that is too late."""
        if act is ReplaceAct.FILL_BETWEEN:
            self._fill(old_id)
        old = self.order_of(old_id)
        is_free = old.state is BrokerOrderState.REPLACING
        if act is ReplaceAct.REJECT or not is_free:
            self._move(new_id, BrokerOrderState.REJECTED, "not enough buying power")
            if is_free:
                self._move(old_id, BrokerOrderState.WORKING)
        else:
            self._move(old_id, BrokerOrderState.REPLACED)

    def order_of(self, order_id: str) -> BrokerOrder:
        """Return an order of the ledger."""
        return next(one for one in self.ledger if one.order_id == order_id)

    def _move(self, order_id: str, state: BrokerOrderState, reason: str | None = None) -> None:
        order = self.order_of(order_id)
        self._put(replace(order, state=state, raw_status=state.upper(), reason=reason))

    def _fill(self, order_id: str, units: int | None = None) -> None:
        order = self.order_of(order_id)
        units = int(order.quantity) if units is None else units
        if units <= order.filled:
            return
        ticket = self._tickets[order.fingerprint or ""]
        more = fills_of(ticket, order_id, units - int(order.filled), self.clock.now())
        number = len(order.executions) + 1
        fills = (*order.executions, *(replace(e, activity_id=f"act-{number}") for e in more))
        is_whole = units == order.quantity
        state = BrokerOrderState.FILLED if is_whole else order.state
        self._put(
            replace(
                order, state=state, raw_status=state.upper(), filled=Decimal(units),
                executions=fills,
            )
        )  # fmt: skip

    def end_replaced(self, order_id: str) -> None:
        """Let an order end whose place another one takes."""
        self._move(order_id, BrokerOrderState.REPLACED)

    def fill(self, order_id: str, units: int | None = None) -> None:
        """Let the market fill an order that works, whole or up to that many units."""
        self._fill(order_id, units)

    def _put(self, order: BrokerOrder) -> None:
        places = [one.order_id for one in self.ledger]
        self.ledger[places.index(order.order_id)] = order

    # --- market data -------------------------------------------------------------------------

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Quote everything that was not scripted as unknown."""
        now = self.clock.now()
        usual = Quote("", Decimal(100), Decimal(100), now, Decimal("99.9"), Decimal("100.1"))
        return {
            s: self.prices.get(s, replace(usual, symbol=s))
            for s in symbols
            if s not in self.unknown_symbols
        } | self.listed.quotes([s for s in symbols if s not in self.unknown_symbols], now)

    async def expiries(self, symbol: str) -> tuple[Expiry, ...]:
        """List a few days; UnknownSymbol for what was scripted as unknown."""
        if symbol in self.unknown_symbols:
            raise UnknownSymbol(f"the broker lists no options on {symbol}")
        return self.listed.expiries(symbol)

    async def chain(self, symbol: str, expiry: date, strikes: int) -> tuple[ChainContract, ...]:
        """List a day's contracts, from the same prices as the quotes where there are any."""
        self.chain_reads.append((symbol, expiry, strikes))
        if self.chains_fail:
            raise BrokerUnreachable("no answer")
        return self.listed.chain(symbol, expiry, strikes)

    async def hours(self, day: date) -> Mapping[str, SessionHours]:
        """Be open all day, or closed."""
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        span = ((start, start + timedelta(days=2)),) if self.is_open else ()
        return {
            product: SessionHours(product, self.is_open, {"regularMarket": span})
            for product in ("EQ", "EQO", "IND")
        }


_ANSWERS: dict[Act, Outcome] = {
    Act.REFUSE: Outcome("", OutcomeKind.REFUSED, status=400, reason="Invalid request data"),
    Act.HANG: Outcome("", OutcomeKind.UNKNOWN, reason=HANGS),
    Act.LOSE: Outcome("", OutcomeKind.UNKNOWN, reason="connection reset"),
    Act.TAKE_AND_LOSE_ANSWER: Outcome("", OutcomeKind.UNKNOWN, reason="connection reset"),
    Act.TAKE_WITHOUT_ID: Outcome("", OutcomeKind.ACCEPTED, status=201, reason="no Location"),
}
