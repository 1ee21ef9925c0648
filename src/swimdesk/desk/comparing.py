"""One complete comparison with the broker: its lists and positions against what is known here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from swimdesk.desk.book import Book
from swimdesk.desk.choosing import choose_seen, unread_logins
from swimdesk.desk.following import updated
from swimdesk.desk.foreign import WHOLE, morning_of
from swimdesk.desk.holding_watch import HoldingsCompared, HoldingWatch, by_account, told
from swimdesk.desk.origins import Origins, OriginsReader, foreign_note
from swimdesk.desk.ports import ENDED, Broker, BrokerOrder, Clock, Journal, OrderKey
from swimdesk.desk.reading import HoldingsReader
from swimdesk.desk.tracker import Tracker
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.decisions import Origin
from swimdesk.domain.orders import OPEN, UNRESOLVED
from swimdesk.errors import why_not_read
from swimdesk.telemetry.logs import get_log
from swimdesk.views.comparing import DifferenceView, ReconcileView, UnreadView
from swimdesk.views.requests import Scope

log = get_log(__name__)


class Difference(StrEnum):
    """In what this program and the broker differ."""

    MISSING = "missing"
    """An order of ours that is open here and that the broker neither lists nor shows."""
    DIFFERS = "differs"
    """A line whose state or filled quantity is not that of its order."""
    IN_DOUBT = "in_doubt"
    FOREIGN = "foreign"
    """An open order that nobody here sent, adopted or ignored."""
    FOREIGN_KEY = "foreign_key"
    """An order with the mark of our application that nothing here sent."""
    POSITION = "position"
    """A holding that is not what was held before and what was traded since."""


class ReconcileVerdict(StrEnum):
    """What a comparison comes to."""

    NO_DIFFERENCE = "no_difference"
    DIFFERENCES = "differences"
    IN_DOUBT = "in_doubt"
    UNREAD = "unread"
    """Nothing could be read, or what was read shows no difference and the rest is not known."""


@dataclass(frozen=True, slots=True)
class CompareParts:
    """What a comparison works with."""

    broker: Broker
    book: Book
    journal: Journal
    reader: HoldingsReader
    tracker: Tracker
    origins: OriginsReader
    watch: HoldingWatch
    clock: Clock


class Comparer:
    """Read everything once, apply it to the lines, and say what is left over."""

    def __init__(self, parts: CompareParts) -> None:
        self._parts = parts

    async def reconcile(self, scope: Scope) -> ReconcileView:
        """Compare orders and positions of these accounts, all where none are named.

        A login that cannot be read is told, and the others are compared; raises why where none can.
        """
        seen = await self._parts.reader.survey()
        accounts = await choose_seen(self._parts.reader, scope, seen)
        at = self._parts.clock.now()
        reads = await self._parts.tracker.read_now(accounts, at - WHOLE)
        lists = by_account(reads)
        read = [account for account in accounts if account.alias in lists]
        lines = await self._lines(lists, at)
        singly = await self._unlisted(lines, lists)
        holdings = await self._holdings(read, lists)
        origins = await self._parts.origins.of_orders(_counted(lists, at))
        unread = [
            *unread_logins(scope, seen),
            *self._unread(accounts, lists),
            *_unjudged(accounts, holdings),
        ]
        last4 = {account.alias: account.last4 for account in accounts}
        found = (
            *_of_lines(lines, {**_listed(lists), **singly}, last4),
            *_of_others(_counted(lists, at), origins, last4),
            *_of_holdings(holdings, last4),
        )
        return ReconcileView(
            at=at,
            verdict=_verdict(found, unread).value,
            accounts=len(read),
            orders=sum(map(len, lists.values())),
            lines=len(lines),
            differences=found,
            unread=tuple(unread),
        )

    async def _holdings(
        self, accounts: Sequence[Account], lists: Mapping[str, Sequence[BrokerOrder]]
    ) -> HoldingsCompared:
        return await self._parts.watch.compare(accounts, lists) if accounts else HoldingsCompared()

    async def _lines(
        self, lists: Mapping[str, Sequence[BrokerOrder]], at: datetime
    ) -> list[tuple[Broadcast, Line]]:
        """Return today's lines and all that are in memory, of accounts that were read."""
        known = {b.id: b for b in await self._parts.journal.since(morning_of(at))}
        known |= self._parts.book.snapshot.broadcasts
        return [(b, line) for b in known.values() for line in b.lines if line.account in lists]

    async def _unlisted(
        self, lines: Iterable[tuple[Broadcast, Line]], lists: Mapping[str, Sequence[BrokerOrder]]
    ) -> dict[OrderKey, BrokerOrder]:
        """Read by their ids the open orders that no list has: old ones, and those of this moment.

        One that cannot be read so either is left out.
        """
        listed = _listed(lists)
        found: dict[OrderKey, BrokerOrder] = {}
        for _, line in lines:
            key = (line.account, line.order_id or "")
            if line.state in OPEN and line.order_id and key not in listed:
                try:
                    order = await self._parts.broker.order(*key)
                except Exception as e:  # noqa: BLE001 - told as missing; the others are compared
                    log.warning("reconcile.order_not_read", error=why_not_read(e).detail)
                else:
                    found |= {} if order is None else {key: order}
        return found

    def _unread(
        self, accounts: Iterable[Account], lists: Mapping[str, object]
    ) -> Iterator[UnreadView]:
        for account in accounts:
            if account.alias not in lists:
                detail = self._parts.tracker.trouble(account.login)
                detail = detail or "its orders could not be read completely"
                yield UnreadView(account.alias, account.login, "orders", detail)


def _counted(lists: Mapping[str, Sequence[BrokerOrder]], at: datetime) -> list[BrokerOrder]:
    """Return the orders that may be a difference by themselves: open ones, and today's."""
    morning = morning_of(at)
    return [
        order
        for orders in lists.values()
        for order in orders
        if order.state not in ENDED or order.entered >= morning
    ]


def _unjudged(accounts: Iterable[Account], holdings: HoldingsCompared) -> Iterator[UnreadView]:
    logins = {account.alias: account.login for account in accounts}
    for alias, detail in sorted(holdings.unjudged.items()):
        yield UnreadView(alias, logins[alias], "positions", detail)


def _verdict(found: Sequence[DifferenceView], unread: Sequence[UnreadView]) -> ReconcileVerdict:
    kinds = {one.kind for one in found}
    if Difference.IN_DOUBT in kinds:
        return ReconcileVerdict.IN_DOUBT
    if kinds:
        return ReconcileVerdict.DIFFERENCES
    return ReconcileVerdict.UNREAD if unread else ReconcileVerdict.NO_DIFFERENCE


def _listed(lists: Mapping[str, Sequence[BrokerOrder]]) -> dict[OrderKey, BrokerOrder]:
    return {(o.account, o.order_id): o for orders in lists.values() for o in orders}


# --- what differs ------------------------------------------------------------------------------


def _of_lines(
    lines: Iterable[tuple[Broadcast, Line]],
    listed: Mapping[OrderKey, BrokerOrder],
    last4: Mapping[str, str],
) -> Iterator[DifferenceView]:
    for broadcast, line in lines:
        order = listed.get((line.account, line.order_id or ""))
        if line.state in UNRESOLVED:
            doubt = f" ({line.doubt.value.replace('_', ' ')})" if line.doubt else ""
            detail = (
                f"{line.state.value.replace('_', ' ')}{doubt}: {line.reason or 'no answer yet'}"
            )
            yield _view(Difference.IN_DOUBT, broadcast, line, last4, None, detail)
        elif order is not None and not line.is_being_replaced:
            now = updated(line, order)
            if (now.state, now.filled) != (line.state, line.filled):
                expected, found = _told(line), _told(now)
                detail = f"order {order.order_id} is {found}, this line is {expected}"
                yield _view(Difference.DIFFERS, broadcast, line, last4, found, detail)
        elif order is None and line.state in OPEN:
            detail = f"order {line.order_id or 'without an id'} is neither listed nor readable"
            yield _view(Difference.MISSING, broadcast, line, last4, None, detail)


def _told(line: Line) -> str:
    return f"{line.state.value}, {line.filled} filled"


def _view(
    kind: Difference,
    broadcast: Broadcast,
    line: Line,
    last4: Mapping[str, str],
    found: str | None,
    detail: str,
) -> DifferenceView:
    return DifferenceView(
        kind=kind.value,
        account=line.account,
        last4=last4[line.account],
        broadcast=broadcast.id,
        order_id=line.order_id,
        symbol=None,
        expected=_told(line),
        found=found,
        detail=detail,
    )


def _of_others(
    orders: Iterable[BrokerOrder], origins: Origins, last4: Mapping[str, str]
) -> Iterator[DifferenceView]:
    for order in orders:
        is_key = origins.is_unexplained(order)
        is_open = order.state not in ENDED
        if origins.of(order) is not Origin.FOREIGN or not (is_key or is_open):
            continue
        note = foreign_note(order, origins)
        yield DifferenceView(
            kind=(Difference.FOREIGN_KEY if is_key else Difference.FOREIGN).value,
            account=order.account,
            last4=last4[order.account],
            broadcast=None,
            order_id=order.order_id,
            symbol=None,
            expected=None,
            found=f"{order.raw_status}, {order.filled:f} filled",
            detail=f"{order.description or 'an order'}; {note or 'nobody here sent it'}",
        )


def _of_holdings(holdings: HoldingsCompared, last4: Mapping[str, str]) -> Iterator[DifferenceView]:
    for alias, mismatches in sorted(holdings.mismatches.items()):
        for one in mismatches:
            yield DifferenceView(
                kind=Difference.POSITION.value,
                account=alias,
                last4=last4[alias],
                broadcast=None,
                order_id=None,
                symbol=one.symbol,
                expected=f"{one.expected:f}",
                found=f"{one.found:f}",
                detail=told(alias, one),
            )
