"""Whose orders the broker lists: ours, adopted, ignored by the operator's word, or foreign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from swimdesk.desk.book import Book
from swimdesk.desk.evidence import whole_second_before
from swimdesk.desk.ports import ENDED, BrokerOrder, Clock, Journal, OrderKey
from swimdesk.desk.reconciler import listed_since
from swimdesk.desk.tracker import TAG
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.decisions import Decision, DecisionKind, Origin
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orders import LineState
from swimdesk.views.comparing import ForeignView

REMEMBERED: Final = timedelta(days=200)
"""How far back decisions count: no order lives longer than the broker's 180 days."""

_WITHOUT_ORDER: Final = frozenset({LineState.SENDING, LineState.ACCEPTED, LineState.IN_DOUBT})
"""States of a line whose order may be listed without being known as its own."""


@dataclass(frozen=True, slots=True)
class Origins:
    """What is known of whose orders are whose, at one moment."""

    ours: Mapping[OrderKey, str]
    """The broadcast of every order of ours, adopted ones among them."""
    adopted: frozenset[OrderKey]
    ignored: Mapping[OrderKey, Decision]
    lines: Mapping[str, Sequence[tuple[Broadcast, Line]]]
    """The lines in memory, by account."""
    tag: str | None
    """How the broker marks orders of our application, once that is known."""

    def of(self, order: BrokerOrder) -> Origin:
        """Tell whose an order is."""
        key = (order.account, order.order_id)
        if key in self.adopted:
            return Origin.ADOPTED
        if key in self.ours:
            return Origin.OURS
        return Origin.IGNORED if key in self.ignored else Origin.FOREIGN

    def broadcast_of(self, order: BrokerOrder) -> str | None:
        """Return the broadcast of one of our orders."""
        return self.ours.get((order.account, order.order_id))

    def has_our_mark(self, order: BrokerOrder) -> bool:
        """Tell whether the broker marks an order as one of our application."""
        return self.tag is not None and order.tag == self.tag

    def may_be(self, order: BrokerOrder) -> tuple[str, ...]:
        """Return our lines (``B/ALIAS``) without a known order that this one looks like."""
        if order.fingerprint is None or (order.account, order.order_id) in self.ours:
            return ()
        if None not in (self.tag, order.tag) and order.tag != self.tag:
            return ()
        return tuple(
            f"{broadcast.id}/{line.account}"
            for broadcast, line in self.lines.get(order.account, ())
            if _looks_like(order, broadcast, line)
        )

    def is_unexplained(self, order: BrokerOrder) -> bool:
        """Tell whether an order carries our mark and yet nothing here can have sent it."""
        is_foreign = self.of(order) is Origin.FOREIGN
        return is_foreign and self.has_our_mark(order) and not self.may_be(order)


def _looks_like(order: BrokerOrder, broadcast: Broadcast, line: Line) -> bool:
    asked = line.replacement
    if line.is_being_replaced and asked is not None and asked.fingerprint == order.fingerprint:
        return order.entered >= whole_second_before(asked.asked)
    is_new = broadcast.came_after(order.account, order.order_id)
    is_nameless = line.state in _WITHOUT_ORDER and not line.is_being_replaced
    return (
        is_nameless
        and is_new
        and line.fingerprint == order.fingerprint
        and order.entered >= listed_since(broadcast)
    )


class OriginsReader:
    """Put together what the journal and the book know of whose orders are whose."""

    def __init__(self, journal: Journal, book: Book, clock: Clock) -> None:
        self._journal = journal
        self._book = book
        self._clock = clock

    async def known(self, keys: Iterable[OrderKey]) -> Origins:
        """Return what is known about these orders."""
        ours: dict[OrderKey, str] = {}
        rest = {*keys} - _in_memory(self._book.snapshot.by_account()).keys()
        if rest:
            ours |= await self._journal.owners(rest)
        decisions = await self._journal.decisions(self._clock.now() - REMEMBERED)
        tag = await self._journal.fact(TAG)
        # Last: what was bound meanwhile is in the book.
        lines = self._book.snapshot.by_account()
        ours |= _in_memory(lines)
        return Origins(ours, _adopted(decisions), _ignored(decisions), lines, tag)

    async def of_orders(self, orders: Iterable[BrokerOrder]) -> Origins:
        """Return what is known about these orders."""
        return await self.known((order.account, order.order_id) for order in orders)


def _in_memory(lines: Mapping[str, Sequence[tuple[Broadcast, Line]]]) -> dict[OrderKey, str]:
    return {
        key: broadcast.id
        for found in lines.values()
        for broadcast, line in found
        for key in _orders_of(line)
    }


def _orders_of(line: Line) -> Iterator[OrderKey]:
    yield from ((line.account, order_id) for order_id in line.order_ids)
    asked = line.replacement
    if line.is_being_replaced and asked is not None and asked.order_id is not None:
        yield line.account, asked.order_id


def _adopted(decisions: Sequence[Decision]) -> frozenset[OrderKey]:
    return frozenset(
        (one.account, one.order_id)
        for one in decisions
        if one.kind is DecisionKind.ADOPT and one.order_id is not None
    )


def _ignored(decisions: Sequence[Decision]) -> dict[OrderKey, Decision]:
    return {
        (one.account, one.order_id): one
        for one in decisions
        if one.kind is DecisionKind.IGNORE and one.order_id is not None
    }


def foreign_view(account: Account, order: BrokerOrder, origins: Origins) -> ForeignView:
    """Show an order that nobody here sent, and what it may be."""
    return ForeignView(
        account=account.alias,
        last4=account.last4,
        order_id=order.order_id,
        status=order.raw_status,
        entered=order.entered,
        description=order.description,
        quantity=order.quantity,
        filled=order.filled,
        is_open=order.state not in ENDED,
        order=None if order.ticket is None else print_ticket(order.ticket),
        origin=origins.of(order).value,
        has_our_mark=origins.has_our_mark(order),
        may_be=origins.may_be(order),
        note=foreign_note(order, origins),
    )


def foreign_note(order: BrokerOrder, origins: Origins) -> str | None:
    """Say what a person has to know of an order that nobody here sent."""
    may_be = origins.may_be(order)
    ignored = origins.ignored.get((order.account, order.order_id))
    if ignored is not None:
        return f"ignored: {ignored.reason}"
    if may_be:
        return f"it may be the order of {' or '.join(may_be)}, of which the order is not known"
    if origins.is_unexplained(order):
        return (
            "it carries the mark of this program, yet nothing here sent it: somebody else uses"
            " the application key"
        )
    return None
