"""From an order text and a scope to a plan: allocated, checked, rendered, with a digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from swimdesk.desk.book import Book, Snapshot
from swimdesk.desk.exposure import (
    Ours,
    after_orders,
    debit_of,
    marks_of,
    net_of,
    tickets_of,
    unpriced_symbols,
)
from swimdesk.desk.hours import closed_reason, expired_reason, market_day
from swimdesk.desk.ports import (
    Broker,
    Clock,
    Holdings,
    Ids,
    LineOrder,
    MarketData,
    PreparedOrder,
    Quote,
)
from swimdesk.desk.reading import SETTLE, HoldingsReader
from swimdesk.desk.together import both
from swimdesk.domain.accounts import Account
from swimdesk.domain.allocation import Allocated, Standing, allocate, unweighed
from swimdesk.domain.broadcast import Broadcast, Denial, Line
from swimdesk.domain.effects import resolve_effect
from swimdesk.domain.margin import Cost, cost
from swimdesk.domain.orderlang import parse_with_notices, print_ticket
from swimdesk.domain.orders import LIVE, UNRESOLVED, Effect, LineState, Side, Ticket
from swimdesk.domain.plan import Plan, PlannedLine, Verdict, digest
from swimdesk.domain.positions import held
from swimdesk.domain.risk import (
    DenialCode,
    LineFacts,
    LiveOrder,
    RiskLimits,
    check_broadcast,
    check_line,
    denial,
    duplicate_denial,
)
from swimdesk.domain.sizing import BUDGETS, Sizing, check_text, parse_sizing
from swimdesk.errors import BrokerError, LoginRequired, UnknownSymbol
from swimdesk.views.requests import PlanRequest

NEVER_LEFT = frozenset({LineState.DENIED, LineState.SKIPPED, LineState.NOT_SENT})
"""States of lines that were never an order."""

_NEVER_SHOWN = UNRESOLVED | {LineState.PLANNED, LineState.ACCEPTED}
"""States in which no balance can be trusted to hold the order's money."""


@dataclass(frozen=True, slots=True)
class Market:
    """What the market says about a ticket: quotes by symbol, why it cannot trade, net prices."""

    quotes: Mapping[str, Quote]
    closed: str
    expired: str
    net_mid: Decimal | None
    """Mid of the structure per unit, as cash received."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """One account's line between sizing and the checks."""

    account: Account
    ticket: Ticket
    holdings: Holdings
    cover: Mapping[str, Decimal]
    """Signed quantity per symbol after our own working orders, what they buy left out."""
    ours: Ours
    denials: tuple[Denial, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan, the rendered orders behind it by account, and what it was made from."""

    plan: Plan
    prepared: Mapping[str, PreparedOrder]
    market: Market
    known: frozenset[str]
    """The broadcasts that were looked at; later ones ask for another look before sending."""


class Planner:
    """Make plans; reads what it needs, sends nothing."""

    def __init__(
        self,
        broker: Broker,
        market: MarketData,
        reader: HoldingsReader,
        clock: Clock,
        ids: Ids,
        limits: RiskLimits,
        plan_life_s: int,
    ) -> None:
        self._broker = broker
        self._market = market
        self._reader = reader
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._plan_life = timedelta(seconds=plan_life_s)

    async def plan(
        self, request: PlanRequest, accounts: Sequence[Account], book: Book, turn: int = 0
    ) -> PlanResult:
        """Plan a ticket for these accounts; UnknownSymbol, OrderTextError, BrokerError.

        ``turn`` says whose turn it is where units left over rotate.
        """
        parsed = parse_with_notices(request.order, today=market_day(self._clock.now()))
        sizing = parse_sizing(request.sizing, request.remainder)
        check_text(sizing, parsed.ticket.quantity, parsed.ticket.side)
        unpriced = unpriced_symbols(book.snapshot.by_account(), accounts)
        known, market = await both(
            self._reader.holdings(accounts), self._look(parsed.ticket, unpriced)
        )
        # From here on nothing waits: orders that left during the reads are seen.
        snapshot = book.snapshot
        ours = snapshot.by_account()
        standings = {
            alias: _standing(sizing, parsed.ticket, one, tuple(ours.get(alias, ())), market)
            for alias, one in known.found.items()
        }
        shares = allocate(sizing, parsed.ticket, accounts, standings, turn)
        notices = parsed.notices + _unread(sizing, unweighed(sizing, accounts, standings))
        lines: list[PlannedLine] = []
        drafts: list[Drafted] = []
        for account in accounts:
            early = _early_verdict(account, parsed.ticket, shares[account.alias], known.failed)
            if early is not None:
                lines.append(early)
            else:
                ticket = parsed.ticket.sized(shares[account.alias].quantity)
                orders = tuple(ours.get(account.alias, ()))
                drafts.append(_draft(ticket, known.found[account.alias], orders))
        lines += [_unresolved_line(d) for d in drafts if d.ticket.effect is Effect.AUTO]
        drafts = [d for d in drafts if d.ticket.effect is not Effect.AUTO]
        prepared = self._render(drafts)
        costs = {d.account.alias: _cost(d, market) for d in drafts}
        lines += [
            self._checked(d, prepared[d.account.alias], market, costs[d.account.alias])
            for d in drafts
        ]
        lines = self._cap(lines, costs)
        order = {account.alias: place for place, account in enumerate(accounts)}
        lines.sort(key=lambda line: order[line.account])
        plan = self._plan(parsed.ticket, lines, sizing, notices)
        return PlanResult(plan, prepared, market, frozenset(snapshot.broadcasts))

    def recheck(self, result: PlanResult, snapshot: Snapshot) -> PlannedLine | None:
        """Check the accounts that got an order of ours since; return the first that may not go."""
        news = {
            line.account
            for broadcast in snapshot.broadcasts.values()
            if broadcast.id not in result.known
            for line in broadcast.lines
            if line.state not in NEVER_LEFT
        }
        ours = snapshot.by_account() if news else {}
        for line in result.plan.sendable:
            if line.account not in news:
                continue
            holdings = Holdings(
                snapshot.accounts[line.account],
                snapshot.balances[line.account],
                snapshot.positions.get(line.account, ()),
            )
            draft = _draft(line.ticket, holdings, tuple(ours.get(line.account, ())))
            again = self._checked(
                draft, result.prepared[line.account], result.market, _cost(draft, result.market)
            )
            if again.denials:
                return again
        return None

    async def replan(self, lines: Sequence[Line], book: Book) -> tuple[PlannedLine, ...]:
        """Check lines with the tickets that are to take the place of their own orders.

        What an order of these holds is free for its replacement; UnknownSymbol, BrokerError.
        """
        accounts = [book.snapshot.accounts[line.account] for line in lines]
        unpriced = unpriced_symbols(book.snapshot.by_account(), accounts)
        known, market = await both(
            self._reader.holdings(accounts), self._look(lines[0].ticket, unpriced)
        )
        ours = book.snapshot.by_account()
        planned: list[PlannedLine] = []
        costs: dict[str, Cost] = {}
        for account, line in zip(accounts, lines, strict=True):
            error = known.failed.get(account.alias)
            if error is not None:
                denials = (_denial_of(error),)
                planned.append(_bare_line(account, line.ticket, Verdict.DENIED, None, denials))
                continue
            draft = _redraft(line, known.found[account.alias], ours[account.alias], market)
            costs[account.alias] = _cost(draft, market)
            order = self._render([draft])[account.alias]
            planned.append(self._checked(draft, order, market, costs[account.alias]))
        return tuple(self._cap(planned, costs))

    def render(self, lines: Sequence[PlannedLine]) -> dict[str, PreparedOrder]:
        """Render the orders of a kept plan again; the same plan gives the same bytes."""
        orders = [LineOrder(line.account, line.account, line.ticket) for line in lines]
        return {order.account: order for order in self._broker.prepare(orders).orders}

    def _render(self, drafts: Sequence[Drafted]) -> dict[str, PreparedOrder]:
        orders = [LineOrder(d.account.alias, d.account.alias, d.ticket) for d in drafts]
        return {order.account: order for order in self._broker.prepare(orders).orders}

    async def _look(self, ticket: Ticket, others: Iterable[str]) -> Market:
        """Ask the market about a ticket; ``others`` are symbols to be quoted with it."""
        now = self._clock.now()
        symbols = [leg.instrument.symbol for leg in ticket.legs]
        quotes, hours = await both(
            self._market.quotes(list(dict.fromkeys((*symbols, ticket.underlying, *others)))),
            self._market.hours(market_day(now)),
        )
        missing = [symbol for symbol in symbols if symbol not in quotes]
        if missing:
            raise UnknownSymbol(
                f"The broker lists no {', '.join(missing)}; check symbol, expiry and strikes"
                " (`swimdesk chain SYMBOL` shows what there is). Nothing was sent."
            )
        return Market(
            quotes=quotes,
            closed=closed_reason(ticket, hours, now),
            expired=expired_reason(ticket, hours, now),
            net_mid=net_of(ticket, quotes, natural=False),
        )

    def _checked(
        self, draft: Drafted, order: PreparedOrder, market: Market, price: Cost
    ) -> PlannedLine:
        facts = LineFacts(
            account=draft.account,
            ticket=draft.ticket,
            balances=draft.holdings.balances,
            holdings=draft.cover,
            cost=price,
            reserved=_reserved(draft, market.quotes),
            penny_pilot=market.quotes[draft.ticket.legs[0].instrument.symbol].penny_pilot,
            net_mid=market.net_mid,
            session=market.closed,
            expired=market.expired,
            duplicate=duplicate_denial(
                order.fingerprint, earlier_orders(draft.ours), self._clock.now(), self._limits
            ),
        )
        denials = draft.denials + check_line(facts, self._limits)
        return PlannedLine(
            account=draft.account.alias,
            login=draft.account.login,
            last4=draft.account.last4,
            ticket=draft.ticket,
            verdict=Verdict.DENIED if denials else Verdict.SEND,
            quantity=draft.ticket.quantity,
            denials=denials,
            requirement=price.requirement,
            max_loss=price.max_loss,
            buying_power=_buying_power(draft),
            body_hash=order.body_hash,
            fingerprint=order.fingerprint,
        )

    def _cap(self, lines: list[PlannedLine], costs: Mapping[str, Cost]) -> list[PlannedLine]:
        """Apply the ceiling over the whole broadcast: all lines or none."""
        sendable = [line for line in lines if line.verdict is Verdict.SEND]
        total = sum((costs[line.account].notional for line in sendable), Decimal(0))
        found = check_broadcast(total, self._limits)
        if found is None:
            return lines
        return [
            replace(line, verdict=Verdict.DENIED, denials=(*line.denials, found))
            if line.verdict is Verdict.SEND
            else line
            for line in lines
        ]

    def _plan(
        self, ticket: Ticket, lines: list[PlannedLine], sizing: Sizing, notices: tuple[str, ...]
    ) -> Plan:
        now = self._clock.now()
        return Plan(
            id=self._ids.mint(),
            order=print_ticket(ticket),
            ticket=ticket,
            created=now,
            expires=now + self._plan_life,
            lines=tuple(lines),
            digest=digest(line for line in lines if line.verdict is Verdict.SEND),
            sizing=str(sizing),
            remainder=sizing.remainder,
            notices=notices,
        )


def _standing(
    sizing: Sizing, ticket: Ticket, holdings: Holdings, ours: Ours, market: Market
) -> Standing:
    """Tell what an account brings to an allocation; a unit is priced only for budgets."""
    quantities = held(holdings.positions)
    if sizing.rule not in BUDGETS:
        return Standing(holdings.balances, quantities)
    unit = _draft(ticket.sized(1), holdings, ours)
    loss = _cost(unit, market).max_loss
    return Standing(holdings.balances, quantities, loss, unit.ticket.effect is Effect.CLOSE)


def _unread(sizing: Sizing, accounts: tuple[str, ...]) -> tuple[str, ...]:
    if not accounts:
        return ()
    who = ", ".join(accounts)
    return (f"{who}: could not be read, no share of {sizing}; the other accounts divide all of it",)


def _early_verdict(
    account: Account, ticket: Ticket, share: Allocated, failed: Mapping[str, BrokerError]
) -> PlannedLine | None:
    """Decide the accounts that are not even drafted: nothing to send, or nothing known."""
    error = failed.get(account.alias)
    if error is not None:
        return _bare_line(account, ticket, Verdict.DENIED, None, (_denial_of(error),))
    if share.quantity == 0:
        return _bare_line(account, ticket, Verdict.SKIPPED, share.reason, ())
    return None


def _denial_of(error: BrokerError) -> Denial:
    needs_login = isinstance(error, LoginRequired)
    code = DenialCode.LOGIN_NOT_READY if needs_login else DenialCode.NOT_READ
    return denial(code, error.detail)


def _redraft(
    line: Line, holdings: Holdings, ours: Sequence[tuple[Broadcast, Line]], market: Market
) -> Drafted:
    """Draft a line anew as if its order were gone; balances show what that one holds as free."""
    others = tuple(pair for pair in ours if pair[1].ref != line.ref)
    draft = _draft(line.ticket, holdings, others)
    for broadcast, old in ours:
        if old.ref == line.ref and not _is_newer(broadcast, old, draft):
            left = old.ticket.sized(line.ticket.quantity)
            freed = _cost_of(left, draft.account, draft.cover, market.quotes).requirement
            freed = max(freed, Decimal(0))
            balances = holdings.balances
            balances = replace(
                balances,
                option_buying_power=balances.option_buying_power + freed,
                stock_buying_power=balances.stock_buying_power + freed,
            )
            draft = replace(draft, holdings=replace(holdings, balances=balances))
    return draft


def _bare_line(
    account: Account,
    ticket: Ticket,
    verdict: Verdict,
    reason: str | None,
    denials: tuple[Denial, ...],
) -> PlannedLine:
    return PlannedLine(
        account.alias, account.login, account.last4, ticket, verdict, 0, reason, denials
    )


def _unresolved_line(draft: Drafted) -> PlannedLine:
    """Deny what neither opens nor closes: there is no order to render or to price."""
    line = _bare_line(draft.account, draft.ticket, Verdict.DENIED, None, draft.denials)
    return replace(line, quantity=draft.ticket.quantity, buying_power=_buying_power(draft))


def _draft(ticket: Ticket, holdings: Holdings, ours: Ours) -> Drafted:
    quantities = held(holdings.positions)
    free = after_orders(quantities, ours, lambda line, _: line.ticket.effect is Effect.CLOSE)
    cover = after_orders(
        quantities,
        ours,
        lambda line, leg: line.ticket.effect is Effect.CLOSE or leg.side is Side.SELL,
    )
    resolved = resolve_effect(ticket, quantities, free)
    return Drafted(holdings.account, resolved.ticket, holdings, cover, ours, resolved.denials)


def _cost(draft: Drafted, market: Market) -> Cost:
    return _cost_of(draft.ticket, draft.account, draft.cover, market.quotes)


def _cost_of(
    ticket: Ticket, account: Account, cover: Mapping[str, Decimal], quotes: Mapping[str, Quote]
) -> Cost:
    spot = quotes.get(ticket.underlying)
    return cost(
        ticket,
        debit=debit_of(ticket, quotes),
        spot=spot.last if spot else None,
        account_type=account.capabilities.type,
        holdings=cover,
        marks=marks_of(ticket, quotes),
    )


def _reserved(draft: Drafted, quotes: Mapping[str, Quote]) -> Decimal:
    """Add up what our own orders hold that left after the balances were read."""
    cover = held(draft.holdings.positions)
    return sum(
        (
            _cost_of(ticket, draft.account, cover, quotes).requirement
            for broadcast, line in draft.ours
            if line.state in LIVE and _is_newer(broadcast, line, draft)
            for ticket in tickets_of(line)
        ),
        Decimal(0),
    )


def _is_newer(broadcast: Broadcast, line: Line, draft: Drafted) -> bool:
    """Tell whether the balances may not show this order yet; doubt always counts."""
    return line.state in _NEVER_SHOWN or (
        broadcast.created >= draft.holdings.balances.as_of - SETTLE
    )


def earlier_orders(ours: Iterable[tuple[Broadcast, Line]]) -> tuple[LiveOrder, ...]:
    """Return our earlier orders of an account that the duplicate check must look at."""
    unidentified = (LineState.PLANNED, LineState.SENDING, LineState.IN_DOUBT)
    orders = tuple(
        LiveOrder(
            line.fingerprint,
            line.state in unidentified
            or (line.state is LineState.ACCEPTED and line.order_id is None),
            broadcast.created,
        )
        for broadcast, line in ours
        if line.fingerprint is not None and line.state not in NEVER_LEFT
    )
    asked = (line.replacement for _, line in ours if line.is_being_replaced)
    return orders + tuple(LiveOrder(one.fingerprint, True, one.asked) for one in asked if one)


def _buying_power(draft: Drafted) -> Decimal:
    known = draft.holdings.balances
    return known.stock_buying_power if draft.ticket.is_equity else known.option_buying_power
