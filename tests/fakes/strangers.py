"""Orders that somebody else enters at the broker at the port; positions that follow all fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, Holdings, OrdersRead
from swimdesk.domain.orderlang import parse, print_ticket
from swimdesk.domain.orders import Effect
from swimdesk.domain.positions import Position
from tests.fakes.broker import FakeBroker
from tests.fakes.fills import fills_of, legs_of

OURS, BY_HAND = "TA_desk", "API_TOS:CHART"


def enter(
    broker: FakeBroker,
    account: str,
    text: str,
    *,
    state: BrokerOrderState = BrokerOrderState.WORKING,
    filled: int = 0,
    tag: str | None = BY_HAND,
    **changes: object,
) -> str:
    """Enter an order by hand, as from the broker's website; return its id."""
    ticket = parse(text).with_effect(Effect.OPEN)
    order_id = str(2005000000001 + len(broker.ledger))
    now = broker.clock.now()
    order = BrokerOrder(
        account=account,
        order_id=order_id,
        state=state,
        raw_status=state.upper(),
        entered=now.replace(microsecond=0),
        fingerprint=print_ticket(ticket),
        quantity=Decimal(ticket.quantity),
        filled=Decimal(filled),
        executions=fills_of(ticket, order_id, filled, now),
        tag=tag,
        description=text,
        legs=legs_of(ticket),
        ticket=ticket,
    )
    broker._tickets[print_ticket(ticket)] = ticket
    broker.ledger.append(replace(order, **changes))  # type: ignore[arg-type]
    return order_id


@dataclass(slots=True)
class HonestBroker(FakeBroker):
    """Its positions are what was held at first and every fill since, listed or not."""

    silent: dict[tuple[str, str], int] = field(default_factory=dict)
    """What was traded or came in by account and symbol without any order."""
    unlisted: set[str] = field(default_factory=set)
    """Orders whose fills are in the positions and that no list shows."""
    unreadable: set[str] = field(default_factory=set)
    """Orders that are not shown by their id either."""
    lists_are_cut: bool = False
    """Whether lists come without their end, and say so."""

    async def holdings(self, accounts: Sequence[str]) -> tuple[Holdings, ...]:
        """Give what was scripted, and what the ledger has filled."""
        found = await FakeBroker.holdings(self, accounts)
        return tuple(replace(one, positions=self._held(one)) for one in found)

    async def orders(self, accounts: Sequence[str], since: datetime) -> OrdersRead:
        """List what is not hidden."""
        read = await FakeBroker.orders(self, accounts, since)
        shown = tuple(order for order in read.orders if order.order_id not in self.unlisted)
        return replace(read, orders=shown, complete=not self.lists_are_cut)

    async def order(self, account: str, order_id: str) -> BrokerOrder | None:
        """Find one order, unless it is hidden."""
        return (
            None if order_id in self.unreadable else await FakeBroker.order(self, account, order_id)
        )

    def _held(self, one: Holdings) -> tuple[Position, ...]:
        alias = one.account.alias
        held = {position.symbol: position.quantity for position in one.positions}
        for (account, symbol), quantity in self.silent.items():
            if account == alias:
                held[symbol] = held.get(symbol, Decimal(0)) + quantity
        for order in self.ledger:
            sides = {leg.leg_id: leg.side for leg in order.legs}
            for fill in order.executions if order.account == alias else ():
                side = sides[fill.leg_id]
                assert side is not None
                held[fill.symbol] = held.get(fill.symbol, Decimal(0)) + side.sign * fill.quantity
        price = Decimal(100)
        return tuple(Position(s, n, price, n * price) for s, n in held.items() if n)
