"""Orders that nobody here sent: shown, and by the operator's word followed or told no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from swimdesk.desk.book import Book
from swimdesk.desk.choosing import choose
from swimdesk.desk.following import follow
from swimdesk.desk.hours import EASTERN, market_day
from swimdesk.desk.origins import Origins, OriginsReader, foreign_view
from swimdesk.desk.ports import (
    ENDED,
    Broker,
    BrokerOrder,
    Clock,
    Ids,
    Journal,
    LineOrder,
    OrdersRead,
)
from swimdesk.desk.reading import HoldingsReader
from swimdesk.desk.recorder import Change, Recorder
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.decisions import Decision, DecisionKind, Origin
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orders import LineState, Ticket
from swimdesk.errors import (
    BrokerError,
    CannotAdopt,
    InputError,
    InvariantBroken,
    UnknownReference,
)
from swimdesk.views.comparing import ForeignView
from swimdesk.views.requests import Scope

WHOLE: Final = timedelta(days=59)
"""How far back the broker's lists are read where every open order counts; it gives no more."""

LOCAL: Final = "local"
"""The agent of decisions that come without another."""


@dataclass(frozen=True, slots=True)
class ForeignParts:
    """What the handling of foreign orders works with; ``watch`` is told what to read soon."""

    broker: Broker
    journal: Journal
    book: Book
    recorder: Recorder
    reader: HoldingsReader
    origins: OriginsReader
    clock: Clock
    ids: Ids
    mode: str
    watch: Callable[[str], None]


class Foreigners:
    """List orders of others, adopt them, ignore them; nothing here sends an order."""

    def __init__(self, parts: ForeignParts) -> None:
        self._parts = parts
        self._turn = asyncio.Lock()

    async def listed(self, scope: Scope) -> tuple[ForeignView, ...]:
        """Read the open and today's foreign orders, newest first; BrokerError if not all of it."""
        parts = self._parts
        chosen = {account.alias: account for account in await choose(parts.reader, scope)}
        if not chosen:
            return ()
        now = parts.clock.now()
        read = await read_whole(parts.broker, chosen, now - WHOLE)
        morning = morning_of(now)
        counted = [o for o in read.orders if o.entered >= morning or o.state not in ENDED]
        origins = await parts.origins.of_orders(counted)
        others = {Origin.FOREIGN, Origin.IGNORED}
        shown = [order for order in counted if origins.of(order) in others]
        shown.sort(key=lambda order: order.entered, reverse=True)
        return tuple(foreign_view(chosen[order.account], order, origins) for order in shown)

    async def adopt(self, alias: str, order_id: str, reason: str) -> Broadcast:
        """Follow an open order of somebody else from now on; CannotAdopt says why not."""
        check_reason(reason)
        async with self._turn:
            account = await self._account(alias)
            origins = await self._parts.origins.known([(alias, order_id)])
            if (alias, order_id) in origins.adopted:
                return await self._adopted(origins, alias, order_id)
            order = await self._order(account, order_id)
            origins = await self._parts.origins.of_orders([order])
            _check_foreign(order, origins)
            ticket = self._ticket(order)
            broadcast = self._broadcast(account, order, ticket)
            (line,) = broadcast.lines
            decision = self._decision(DecisionKind.ADOPT, order, reason, line.ref)
            try:
                await self._parts.journal.adopt(broadcast, decision)
            except InvariantBroken as error:
                raise CannotAdopt(f"Order {order_id} of {alias} is ours by now.") from error
            self._parts.recorder.opened(broadcast)
        await self._parts.recorder.update(broadcast.id, lambda now: _followed(now, order))
        self._parts.watch(broadcast.id)
        return broadcast

    async def ignore(self, alias: str, order_id: str, reason: str) -> ForeignView:
        """Tell an order of somebody else as a difference no more."""
        check_reason(reason)
        async with self._turn:
            account = await self._account(alias)
            order = await self._order(account, order_id)
            origins = await self._parts.origins.of_orders([order])
            if origins.of(order) is not Origin.IGNORED:
                _check_foreign(order, origins)
                decision = self._decision(DecisionKind.IGNORE, order, reason)
                await self._parts.journal.decide(decision)
            return foreign_view(account, order, await self._parts.origins.of_orders([order]))

    # --- inside ------------------------------------------------------------------------------

    async def _account(self, alias: str) -> Account:
        (account,) = await choose(self._parts.reader, Scope(accounts=(alias,)))
        return account

    async def _order(self, account: Account, order_id: str) -> BrokerOrder:
        order = await self._parts.broker.order(account.alias, order_id)
        if order is None or order.account != account.alias:
            raise UnknownReference(
                f"The broker knows no order {order_id} of {account.alias};"
                " `swimdesk foreign` lists those of others."
            )
        return order

    async def _adopted(self, origins: Origins, alias: str, order_id: str) -> Broadcast:
        id_ = origins.ours.get((alias, order_id), "")
        known = self._parts.book.snapshot.broadcasts.get(id_)
        known = known or await self._parts.journal.broadcast(id_)
        if known is None:
            raise InvariantBroken(f"order {order_id} of {alias} was adopted without a broadcast")
        return known

    def _ticket(self, order: BrokerOrder) -> Ticket:
        """Return the ticket that makes the same order; CannotAdopt where none of ours does."""
        if order.state in ENDED:
            raise CannotAdopt(
                f"Order {order.order_id} of {order.account} is {order.raw_status} already: there"
                " is nothing to follow; `swimdesk ignore` keeps it from being told."
            )
        ticket = order.ticket
        if ticket is not None:
            request = LineOrder(self._parts.ids.mint(), order.account, ticket)
            (prepared,) = self._parts.broker.prepare([request]).orders
            if prepared.fingerprint == order.fingerprint:
                return ticket
        raise CannotAdopt(
            f"Order {order.order_id} of {order.account} ({order.description or 'no description'})"
            " is no ticket of this program, so it cannot be followed; `swimdesk ignore` keeps it"
            " from being told."
        )

    def _broadcast(self, account: Account, order: BrokerOrder, ticket: Ticket) -> Broadcast:
        line = Line(
            ref=self._parts.ids.mint(),
            account=account.alias,
            login=account.login,
            last4=account.last4,
            ticket=ticket,
            state=LineState.ACCEPTED,
            order_id=order.order_id,
            accepted=True,
            fingerprint=order.fingerprint,
        )
        return Broadcast(
            id=self._parts.ids.mint(),
            order=print_ticket(ticket),
            mode=self._parts.mode,
            created=order.entered,
            lines=(line,),
            agent=LOCAL,
            origin=Origin.ADOPTED,
        )

    def _decision(
        self, kind: DecisionKind, order: BrokerOrder, reason: str, ref: str | None = None
    ) -> Decision:
        now = self._parts.clock.now()
        return Decision(now, LOCAL, kind, order.account, reason, ref, order.order_id)


def _check_foreign(order: BrokerOrder, origins: Origins) -> None:
    """Refuse an order that is ours, or may be."""
    which = f"Order {order.order_id} of {order.account}"
    broadcast = origins.broadcast_of(order)
    if broadcast is not None:
        raise CannotAdopt(f"{which} is ours: it belongs to broadcast {broadcast}.")
    may_be = origins.may_be(order)
    if may_be:
        raise CannotAdopt(
            f"{which} may be the order of {may_be[0]}, of which the order is not known yet;"
            f" `swimdesk resolve {may_be[0]} --as placed:{order.order_id}` says that it is."
        )


def _followed(now: Broadcast, order: BrokerOrder) -> list[Change]:
    (line,) = now.lines
    change = follow(line, order)
    return [change] if change.line != line else []


def check_reason(reason: str) -> None:
    """Refuse a decision without a reason; InputError."""
    if not reason.strip():
        raise InputError("Say why, with --reason: it is written down with the decision.")


def morning_of(now: datetime) -> datetime:
    """Return when the exchange's calendar day began."""
    return datetime.combine(market_day(now), time.min, EASTERN).astimezone(UTC)


async def read_whole(broker: Broker, accounts: Collection[str], since: datetime) -> OrdersRead:
    """Read the order lists of these accounts since then; BrokerError unless all of it came."""
    read = await broker.orders(list(accounts), since)
    missing: Sequence[str] = sorted({*accounts} - read.accounts)
    if missing or not read.complete:
        raise BrokerError(
            f"The order lists of {', '.join(missing) or 'some accounts'} could not be read"
            " completely, so nothing is shown; try again."
        )
    return read
