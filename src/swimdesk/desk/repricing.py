"""What of our orders may be given another price: read now, checked like new orders, rendered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from swimdesk.desk.following import follow
from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, LineOrder, PreparedOrder
from swimdesk.desk.recorder import Change
from swimdesk.desk.replanning import Replanner
from swimdesk.desk.submitter import Parts, make_ready
from swimdesk.desk.together import both
from swimdesk.desk.underway import Underway
from swimdesk.domain.broadcast import Broadcast, Denial, Grade, Line
from swimdesk.domain.commands import Command, CommandKind, CommandOutcome
from swimdesk.domain.orderlang import parse, print_ticket
from swimdesk.domain.orders import PRICED, TERMINAL, LineState, OrderType
from swimdesk.domain.plan import PlannedLine
from swimdesk.domain.risk import DenialCode
from swimdesk.errors import BrokerUnreachable, InputError, OrderTextError

LOOK_BACK: Final = timedelta(minutes=1)
"""How far before the broadcast the lists are read, for clocks that differ."""

MOVED: Final = "it changed while the replacement was being checked; look at it and replace again"

_NOT_NOW: Final = {
    LineState.PLANNED: "this order has not left yet",
    LineState.SENDING: "the broker has not answered this order yet",
    LineState.ACCEPTED: "nobody has seen this order at the broker yet",
    LineState.IN_DOUBT: "in doubt, so it is not known which order to replace",
    LineState.CANCELING: "it is being canceled",
    LineState.REPLACING: "it is being replaced already",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a replacement: its command, and what is to be sent if anything is."""

    command: Command
    line: Line
    order: PreparedOrder | None = None


class Repricer:
    """Decide line by line whether an order is to be replaced; sends nothing."""

    def __init__(
        self,
        parts: Parts,
        replanner: Replanner,
        underway: Underway,
        discover: Callable[[], Awaitable[object]],
    ) -> None:
        self._parts = parts
        self._replanner = replanner
        self._discover = discover
        self._underway = underway

    async def steps(
        self, broadcast: Broadcast, refs: Sequence[str], price: Decimal, overrides: Sequence[str]
    ) -> tuple[Step, ...]:
        """Decide for every line whether it is replaced, from what the broker and the book say.

        What was overridden for the broadcast still is, unless its code is overridden anew.
        """
        await self._discover()
        lines = [self._now(broadcast).line(ref) for ref in refs]
        asked = [line for line in lines if self._objection(line, price) is None]
        unread = await self._look(broadcast, asked) if asked else {}
        lines = [self._now(broadcast).line(ref) for ref in refs]
        objections = {
            line.ref: self._objection(line, price)
            or (None if line.ref not in unread else (CommandOutcome.NOT_SENT, unread[line.ref]))
            for line in lines
        }
        heirs = {line.ref: _heir(line, price) for line in lines if objections[line.ref] is None}
        lifting = _together(broadcast.overrides, overrides)
        planned = await self._checked(tuple(heirs.values()), lifting)
        return tuple(
            self._denied(line, price, objections[line.ref])
            if line.ref not in heirs
            else self._step(line, price, planned[line.account])
            for line in lines
        )

    async def _checked(
        self, heirs: Sequence[Line], overrides: Sequence[str]
    ) -> Mapping[str, PlannedLine]:
        if not heirs:
            return {}
        accounts = [self._parts.book.snapshot.accounts[heir.account] for heir in heirs]
        planned, _ = await both(
            self._replanner.replan(heirs, self._parts.book, overrides),
            make_ready(self._parts.broker, accounts),
        )
        return {one.account: one for one in planned}

    def _denied(
        self, line: Line, price: Decimal, objection: tuple[CommandOutcome, str] | None
    ) -> Step:
        outcome, reason = objection or (CommandOutcome.NOT_SENT, MOVED)
        command = self._command(line, price)
        ended = replace(command, outcome=outcome, answered=command.at, reason=reason)
        return Step(ended, line)

    def _step(self, line: Line, price: Decimal, planned: PlannedLine) -> Step:
        if planned.denials:
            found = "; ".join(_told(one) for one in planned.denials)
            return self._denied(line, price, (CommandOutcome.DENIED, found))
        command = replace(self._command(line, price), order_id=line.order_id)
        request = LineOrder(command.id, line.account, planned.ticket)
        (order,) = self._parts.broker.prepare([request]).orders
        return Step(command, line, replace(order, replaces=line.order_id))

    def _command(self, line: Line, price: Decimal) -> Command:
        now = self._parts.clock.now()
        id_ = self._parts.ids.mint()
        return Command(id_, line.ref, line.account, CommandKind.REPLACE, now, price=price)

    def _now(self, broadcast: Broadcast) -> Broadcast:
        return self._parts.book.snapshot.broadcasts.get(broadcast.id, broadcast)

    def _objection(self, line: Line, price: Decimal) -> tuple[CommandOutcome, str] | None:
        """Return why a line is not replaced, as far as the book knows."""
        if line.state in TERMINAL:
            return CommandOutcome.ENDED, f"{line.state.value.replace('_', ' ')} already"
        reason = _NOT_NOW.get(line.state)
        if line.filled >= line.ticket.quantity:
            reason = "all that was ordered is filled; cancel it if its order still works"
        if self._underway.is_canceling(line.ref):
            reason = _NOT_NOW[LineState.CANCELING]
        now = self._parts.book.snapshot.accounts.get(line.account)
        if now is None or (now.login, now.last4) != (line.login, line.last4):
            reason = "this alias is another account than the one that the order was sent to"
        if reason is not None:
            return CommandOutcome.NOT_SENT, reason
        ticket = line.ticket
        if ticket.order_type not in PRICED or ticket.order_type is OrderType.LIMIT_ON_CLOSE:
            why = f"{DenialCode.NO_PRICE}: a {ticket.order_type} order has no price to replace"
            return CommandOutcome.DENIED, why
        if ticket.price == price:
            return CommandOutcome.DENIED, f"{DenialCode.SAME_PRICE}: {price} is its price already"
        return None

    async def _look(self, broadcast: Broadcast, lines: Sequence[Line]) -> Mapping[str, str]:
        """Read the orders now, so that only what is left of them is replaced.

        Returns why not, by ref, for lines whose order was not seen as one that works.
        """
        since = broadcast.created - LOOK_BACK
        read = await self._parts.broker.orders([line.account for line in lines], since)
        if not read.accounts:
            raise BrokerUnreachable("The orders could not be read, so none was replaced.")
        listed = {(order.account, order.order_id): order for order in read.orders}
        orders: dict[str, BrokerOrder] = {}
        unread: dict[str, str] = {}
        for line in lines:
            order = listed.get((line.account, line.order_id or ""))
            if line.account not in read.accounts:
                unread[line.ref] = "the orders of this account could not be read; try again"
            elif order is None:
                unread[line.ref] = f"order {line.order_id} is not in the broker's list"
            elif order.state is BrokerOrderState.REPLACED:
                unread[line.ref] = f"order {line.order_id} was replaced already"
            else:
                orders[line.ref] = order
        await self._parts.recorder.update(broadcast.id, lambda now: _followed(now, orders))
        return unread


def _together(earlier: Sequence[str], overrides: Sequence[str]) -> tuple[str, ...]:
    codes = {text.partition("=")[0].strip().upper() for text in overrides}
    return (*(text for text in earlier if text.partition("=")[0] not in codes), *overrides)


def _told(one: Denial) -> str:
    """Say why not, and what would lift it."""
    option = {Grade.TYPED: "--override", Grade.SOFT: "--ack"}.get(one.grade)
    how = f" ({option} {one.override})" if option and one.override else ""
    return f"{one.code}: {one.detail}{how}"


def check_price(line: Line, price: Decimal) -> None:
    """Refuse a price with which no such order can be written down; InputError."""
    if line.ticket.order_type not in PRICED:
        return
    if not price.is_finite() or (price <= 0 and not line.ticket.is_multi_leg):
        raise InputError(f"{price} is no price for {print_ticket(line.ticket)}.")
    wanted = line.ticket.repriced(price)
    try:
        is_readable = parse(print_ticket(wanted)) == wanted
    except OrderTextError as error:
        raise InputError(f"At {price} this is no order: {error.detail}") from error
    if not is_readable:
        raise InputError(f"{price} is no price for {print_ticket(line.ticket)}.")


def _heir(line: Line, price: Decimal) -> Line:
    """Return the line as its new order would be: what is left of it, at the new price."""
    left = line.ticket.quantity - line.filled
    return replace(line, ticket=line.ticket.repriced(price).sized(left))


def _followed(now: Broadcast, orders: Mapping[str, BrokerOrder]) -> list[Change]:
    changes = []
    for ref, order in orders.items():
        line = now.line(ref)
        if line.order_id == order.order_id and not line.is_being_replaced:
            change = follow(line, order)
            if change.line != line:
                changes.append(change)
    return changes
