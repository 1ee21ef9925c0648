"""From an order text and a scope to a plan: allocated, checked, rendered, with a digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from swimdesk.desk.abilities import Abilities
from swimdesk.desk.book import Book, Snapshot
from swimdesk.desk.checking import (
    broadcast_facts,
    earlier_orders,
    in_underlying,
    quote_facts,
)
from swimdesk.desk.drafting import (
    Drafted,
    Market,
    bare_line,
    buying_power_of,
    cost_in,
    draft_of,
    opening_in,
    reserved_in,
    unread_line,
    unresolved_line,
    with_shared_tickets,
)
from swimdesk.desk.exposure import (
    Ours,
    unpriced_symbols,
)
from swimdesk.desk.guard import Guard
from swimdesk.desk.hours import closed_reason, expired_reason, market_day
from swimdesk.desk.intending import common_market, drafted, share_of, tickets_of
from swimdesk.desk.lifetimes import Lifetimes
from swimdesk.desk.pace import NEVER_LEFT, Pace
from swimdesk.desk.ports import (
    Broker,
    Clock,
    Holdings,
    Ids,
    LineOrder,
    MarketData,
    PreparedOrder,
)
from swimdesk.desk.previewing import Overridden, asked_broker
from swimdesk.desk.quoted import net_market, priced
from swimdesk.desk.reading import HoldingsAnswer, HoldingsReader
from swimdesk.desk.together import both
from swimdesk.domain.accounts import Account
from swimdesk.domain.allocation import Allocated, Standing, allocate, unweighed
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.margin import Cost
from swimdesk.domain.net_price import NetMarket
from swimdesk.domain.orderlang import is_intent, parse_intent, parse_order, print_ticket
from swimdesk.domain.orders import Effect, Ticket
from swimdesk.domain.plan import Plan, PlannedLine, Verdict, digest
from swimdesk.domain.positions import held
from swimdesk.domain.risk import (
    LineFacts,
    RiskLimits,
    check_broadcast,
    check_line,
    duplicate_denials,
    judge,
    limits_hash,
    parse_overrides,
)
from swimdesk.domain.sizing import BUDGETS, Sizing, check_text, parse_sizing
from swimdesk.errors import BrokerError, UnknownSymbol
from swimdesk.views.requests import PlanRequest


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan, the rendered orders behind it by account, and what it was made from."""

    plan: Plan
    prepared: Mapping[str, PreparedOrder]
    markets: Mapping[str, Market]
    """By account: CLOSE and ROLL give each its own ticket."""
    known: frozenset[str]
    """The broadcasts that were looked at; later ones ask for another look before sending."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to become a plan: lines that are decided, drafts to be checked in their markets."""

    order: str
    ticket: Ticket
    """What stands for the whole plan; each line has its own."""
    sizing: Sizing
    known: HoldingsAnswer
    seen: Snapshot
    lines: list[PlannedLine]
    drafts: list[Drafted]
    markets: Mapping[str, Market]
    notices: tuple[str, ...] = ()
    net: NetMarket | None = None
    price_from: str | None = None


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
        pace: Pace,
        abilities: Abilities,
        guard: Guard,
        lifetimes: Lifetimes,
    ) -> None:
        self._broker = broker
        self._market = market
        self._reader = reader
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._plan_life = timedelta(seconds=plan_life_s)
        self._pace = pace
        self._abilities = abilities
        self._guard = guard
        self._lifetimes = lifetimes

    async def plan(
        self, request: PlanRequest, accounts: Sequence[Account], book: Book, turn: int = 0
    ) -> PlanResult:
        """Plan an order text for these accounts; UnknownSymbol, OrderTextError, BrokerError.

        ``turn`` says whose turn it is where units left over rotate.
        """
        overridden = Overridden(parse_overrides(request.overrides))
        if is_intent(request.order):
            proposal = await self._intended(request, accounts, book)
        else:
            proposal = await self._proposed(request, accounts, book, turn)
        return await self.finished(accounts, proposal, overridden, asks=request.broker_preview)

    async def _proposed(
        self, request: PlanRequest, accounts: Sequence[Account], book: Book, turn: int
    ) -> Proposal:
        """Give each account its quantity of one ticket."""
        parsed = parse_order(request.order, today=market_day(self._clock.now()))
        sizing = parse_sizing(request.sizing, request.remainder)
        check_text(sizing, parsed.ticket.quantity, parsed.ticket.side)
        unpriced = unpriced_symbols(book.snapshot.by_account(), accounts)
        known, (market,) = await both(self._read(accounts), self.look([parsed.ticket], unpriced))
        asked = priced(parsed, market.quotes)
        # From here on nothing waits: orders that left during the reads are seen.
        snapshot = book.snapshot
        ours = snapshot.by_account()
        standings = {
            alias: _standing(sizing, asked, one, tuple(ours.get(alias, ())), market)
            for alias, one in known.found.items()
        }
        shares = allocate(sizing, asked, accounts, standings, turn)
        notices = parsed.notices + _unread(sizing, unweighed(sizing, accounts, standings))
        lines, drafts = _divided(asked, accounts, shares, known, ours)
        return Proposal(
            order=print_ticket(asked),
            ticket=asked,
            sizing=sizing,
            known=known,
            seen=snapshot,
            lines=lines,
            drafts=drafts,
            markets={account.alias: market for account in accounts},
            notices=notices,
            net=net_market(asked, market.quotes),
            price_from=str(parsed.formula) if parsed.formula else None,
        )

    async def _intended(
        self, request: PlanRequest, accounts: Sequence[Account], book: Book
    ) -> Proposal:
        """Give each account the ticket that carries out an intent there."""
        intent = parse_intent(request.order, today=market_day(self._clock.now()))
        sizing = parse_sizing(request.sizing, request.remainder)
        share = share_of(sizing)
        known = await self._read(accounts)
        found = tickets_of(intent, known, book.snapshot.by_account(), share)
        unpriced = unpriced_symbols(book.snapshot.by_account(), accounts)
        tickets = {alias: one for alias, one in found.items() if isinstance(one, Ticket)}
        looked = await self.look(list(tickets.values()), unpriced)
        # From here on nothing waits: what orders that left meanwhile close is not closed again.
        snapshot = book.snapshot
        markets = dict(zip(tickets, looked, strict=True))
        ours = snapshot.by_account()
        lines, drafts = drafted(intent.formula, accounts, known, found, markets, ours)
        sample = (drafts[0] if drafts else lines[0]).ticket
        return Proposal(
            order=" ".join(request.order.split()),
            ticket=sample,
            sizing=sizing,
            known=known,
            seen=snapshot,
            lines=lines,
            drafts=drafts,
            markets=markets,
            net=common_market(drafts, markets),
            price_from=str(intent.formula) if intent.formula else None,
        )

    async def finished(
        self,
        accounts: Sequence[Account],
        proposal: Proposal,
        overridden: Overridden,
        *,
        asks: bool = False,
    ) -> PlanResult:
        """Render, check and cap what is proposed; with ``asks`` the broker previews it as well."""
        drafts, markets = with_shared_tickets(proposal.drafts), proposal.markets
        prepared = self.rendered(drafts)
        costs = {d.account.alias: cost_in(d, markets[d.account.alias]) for d in drafts}
        lines = proposal.lines + [
            self.checked(d, prepared[alias], markets[alias], costs[alias])
            for d in drafts
            for alias in (d.account.alias,)
        ]
        lines = overridden.lift(lines)
        if asks:
            lines = await asked_broker(self._broker, lines, prepared, proposal.known.found)
            lines = overridden.lift(lines)
        lines = self.cap(proposal.ticket, lines, costs, markets, overridden)
        order = {account.alias: place for place, account in enumerate(accounts)}
        lines.sort(key=lambda line: order[line.account])
        plan = self._plan(proposal, lines, overridden.unused())
        plan = replace(
            plan,
            digest=digest(plan.sendable, overridden.used),
            limits=limits_hash(self._limits),
            overrides=tuple(sorted(overridden.used)),
            notional=_dollars_of(lines, costs),
        )
        return PlanResult(plan, prepared, markets, frozenset(proposal.seen.broadcasts))

    def recheck(self, result: PlanResult, snapshot: Snapshot) -> PlannedLine | None:
        """Check the accounts that got an order of ours since; return the first that may not go.

        While the desk is reducing every account is looked at.
        """
        news = {
            line.account
            for broadcast in snapshot.broadcasts.values()
            if broadcast.id not in result.known
            for line in broadcast.lines
            if line.state not in NEVER_LEFT
        }
        reducing = self._guard.is_reducing
        ours = snapshot.by_account() if news or reducing else {}
        for line in result.plan.sendable:
            if line.account not in news and not reducing:
                continue
            holdings = Holdings(
                snapshot.accounts[line.account],
                snapshot.balances[line.account],
                snapshot.positions.get(line.account, ()),
            )
            draft = draft_of(line.ticket, holdings, tuple(ours.get(line.account, ())))
            market = result.markets[line.account]
            again = self.checked(
                draft, result.prepared[line.account], market, cost_in(draft, market)
            )
            standing = judge(again.denials, parse_overrides(result.plan.overrides)).standing
            if standing:
                return replace(again, denials=standing)
        return None

    async def _read(self, accounts: Sequence[Account]) -> HoldingsAnswer:
        known, _ = await both(self._reader.holdings(accounts), self.renew(accounts))
        return known

    async def renew(self, accounts: Iterable[Account]) -> None:
        """Have tokens that last, and know of which logins there is none."""
        await self._lifetimes.renew(account.login for account in accounts)

    def render(self, lines: Sequence[PlannedLine]) -> dict[str, PreparedOrder]:
        """Render the orders of a kept plan again; the same plan gives the same bytes."""
        orders = [LineOrder(line.account, line.account, line.ticket) for line in lines]
        return {order.account: order for order in self._broker.prepare(orders).orders}

    def rendered(self, drafts: Sequence[Drafted]) -> dict[str, PreparedOrder]:
        """Render the orders of drafts, by account."""
        orders = [LineOrder(d.account.alias, d.account.alias, d.ticket) for d in drafts]
        return {order.account: order for order in self._broker.prepare(orders).orders}

    async def look(self, tickets: Sequence[Ticket], others: Iterable[str]) -> list[Market]:
        """Ask the market about tickets; ``others`` are symbols to be quoted with them."""
        now = self._clock.now()
        symbols = list(dict.fromkeys(x.instrument.symbol for t in tickets for x in t.legs))
        underlyings = [ticket.underlying for ticket in tickets]
        quotes, hours = await both(
            self._market.quotes(list(dict.fromkeys((*symbols, *underlyings, *others)))),
            self._market.hours(market_day(now)),
        )
        missing = [symbol for symbol in symbols if symbol not in quotes]
        if missing:
            raise UnknownSymbol(
                f"The broker lists no {', '.join(missing)}; check symbol, expiry and strikes"
                " (`swimdesk chain SYMBOL` shows what there is). Nothing was sent."
            )
        return [
            Market(
                quotes=quotes,
                closed=closed_reason(ticket, hours, now),
                expired=expired_reason(ticket, hours, now),
                facts=quote_facts(ticket, quotes, self._clock.now()),
            )
            for ticket in tickets
        ]

    def checked(
        self, draft: Drafted, order: PreparedOrder, market: Market, price: Cost
    ) -> PlannedLine:
        """Run every check over a draft with its rendered order."""
        now, lifetime = self._clock.now(), self._lifetimes.of(draft.account.login)
        facts = LineFacts(
            account=draft.account,
            ticket=draft.ticket,
            balances=draft.holdings.balances,
            holdings=draft.cover,
            cost=price,
            reserved=reserved_in(draft, market.quotes),
            in_underlying=in_underlying(draft.holdings.positions, draft.ticket.underlying)
            + opening_in(draft, market.quotes),
            balances_age_s=(now - draft.holdings.balances.as_of) // timedelta(seconds=1),
            penny_pilot=market.quotes[draft.ticket.legs[0].instrument.symbol].penny_pilot,
            quotes=market.facts,
            session=market.closed,
            expired=market.expired,
            token=lifetime.short,
            learned=self._abilities.of(draft.account),
            is_reducing=self._guard.is_reducing,
            duplicates=duplicate_denials(
                order.fingerprint, earlier_orders(draft.ours), now, self._limits
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
            buying_power=buying_power_of(draft),
            body_hash=order.body_hash,
            fingerprint=order.fingerprint,
            cautions=lifetime.cautions(draft.ticket, now),
        )

    def cap(
        self,
        ticket: Ticket,
        lines: list[PlannedLine],
        costs: Mapping[str, Cost],
        markets: Mapping[str, Market],
        overridden: Overridden,
    ) -> list[PlannedLine]:
        """Apply the checks of the whole broadcast: all lines or none."""
        sendable = [line for line in lines if line.verdict is Verdict.SEND]
        if not sendable:
            return lines
        quotes = markets[sendable[0].account].quotes
        sums = broadcast_facts(ticket, sendable, _dollars_of(lines, costs), quotes)
        found = check_broadcast(self._pace.beside(sums, sendable), self._limits)
        standing = overridden.judge(found)
        if not standing:
            return lines
        return [
            replace(line, verdict=Verdict.DENIED, denials=(*line.denials, *standing))
            if line.verdict is Verdict.SEND
            else line
            for line in lines
        ]

    def _plan(self, proposal: Proposal, lines: list[PlannedLine], notices: tuple[str, ...]) -> Plan:
        now = self._clock.now()
        return Plan(
            id=self._ids.mint(),
            order=proposal.order,
            ticket=proposal.ticket,
            created=now,
            expires=now + self._plan_life,
            lines=tuple(lines),
            digest="",
            sizing=str(proposal.sizing),
            remainder=proposal.sizing.remainder,
            notices=proposal.notices + notices,
            net=proposal.net,
            price_from=proposal.price_from,
        )


def _divided(
    ticket: Ticket,
    accounts: Sequence[Account],
    shares: Mapping[str, Allocated],
    known: HoldingsAnswer,
    ours: Mapping[str, Sequence[tuple[Broadcast, Line]]],
) -> tuple[list[PlannedLine], list[Drafted]]:
    """Tell the accounts that cannot have an order from the drafts of those that can."""
    lines: list[PlannedLine] = []
    drafts: list[Drafted] = []
    for account in accounts:
        early = _early_verdict(account, ticket, shares[account.alias], known.failed)
        if early is not None:
            lines.append(early)
            continue
        orders = tuple(ours.get(account.alias, ()))
        sized = ticket.sized(shares[account.alias].quantity)
        draft = draft_of(sized, known.found[account.alias], orders)
        if draft.ticket.effect is Effect.AUTO:
            lines.append(unresolved_line(draft))
        else:
            drafts.append(draft)
    return lines, drafts


def _standing(
    sizing: Sizing, ticket: Ticket, holdings: Holdings, ours: Ours, market: Market
) -> Standing:
    """Tell what an account brings to an allocation; a unit is priced only for budgets."""
    quantities = held(holdings.positions)
    if sizing.rule not in BUDGETS:
        return Standing(holdings.balances, quantities)
    unit = draft_of(ticket.sized(1), holdings, ours)
    loss = cost_in(unit, market).max_loss
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
        return unread_line(account, ticket, error)
    if share.quantity == 0:
        return bare_line(account, ticket, Verdict.SKIPPED, share.reason, ())
    return None


def _dollars_of(lines: Iterable[PlannedLine], costs: Mapping[str, Cost]) -> Decimal:
    sendable = (line for line in lines if line.verdict is Verdict.SEND)
    return sum((costs[line.account].notional for line in sendable), Decimal(0))
