"""A broadcast: the parent of one order per account, and what its lines add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter

from swimdesk.domain.decisions import Origin
from swimdesk.domain.orders import (
    OPEN,
    TERMINAL,
    Doubt,
    Effect,
    LineState,
    Ticket,
    may_move,
)
from swimdesk.domain.replacing import EarlierOrder, Replacement, Standing
from swimdesk.errors import InvariantBroken


class BroadcastState(StrEnum):
    """Where a broadcast stands as a whole."""

    PLANNED = "planned"
    SENDING = "sending"
    WORKING = "working"
    SETTLED = "settled"
    IN_DOUBT = "in_doubt"


class Grade(StrEnum):
    """How firmly a risk check says no."""

    HARD = "hard"
    """Nothing lifts it in a running desk."""
    TYPED = "typed"
    """Whoever types the figure that was shown may go on."""
    SOFT = "soft"
    """An acknowledgement is enough."""


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a risk check said no: a stable code and the figures that led to it.

    ``override`` is what lifts it: ``CODE=FIGURE`` (typed), ``CODE`` (soft), None for a hard one.
    ``figure`` is exact, the figure in ``override`` is rounded up to be typed.
    """

    code: str
    detail: str
    grade: Grade = Grade.HARD
    override: str | None = None
    figure: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One account's part of a broadcast; carries its own ticket.

    ``ref`` is ours, minted and written down before sending. Times are nanoseconds since confirm.
    Order id, price and fingerprint are those of the order that works; units filled by all orders
    of the line count.
    """

    ref: str
    account: str
    login: str
    last4: str
    ticket: Ticket
    state: LineState
    doubt: Doubt | None = None
    order_id: str | None = None
    accepted: bool = False
    """Whether the broker took the order at some moment (cumulative, unlike the state)."""
    filled: int = 0
    average: Decimal | None = None
    reason: str | None = None
    denials: tuple[Denial, ...] = ()
    fingerprint: str | None = None
    body_hash: str | None = None
    correlation_id: str | None = None
    sent_ns: int | None = None
    first_byte_ns: int | None = None
    acked_ns: int | None = None
    earlier: tuple[EarlierOrder, ...] = ()
    """The orders that it had before, as they ended."""
    replacement: Replacement | None = None
    """The latest that was asked for and is not this line's order."""

    @property
    def is_being_replaced(self) -> bool:
        """Whether an order asked for in place of this line's may be at the broker."""
        asked = self.replacement is not None and self.replacement.standing is Standing.ASKED
        return asked and self.state not in TERMINAL

    @property
    def has_closed_nothing(self) -> bool:
        """Whether it was to close and was canceled or expired unfilled: to send it again is new."""
        is_over = self.state in (LineState.CANCELED, LineState.EXPIRED)
        return is_over and not self.filled and self.ticket.effect is Effect.CLOSE

    @property
    def order_ids(self) -> frozenset[str]:
        """Every order that is known to be, or to have been, this line's."""
        known = {one.order_id for one in self.earlier}
        return frozenset(known if self.order_id is None else known | {self.order_id})

    @property
    def may_trade(self) -> int:
        """Units that may still trade; while a replacement is in doubt those of both orders."""
        left = self._left
        if self.state is LineState.IN_DOUBT and self.is_being_replaced and self.replacement:
            left += self.replacement.quantity
        return left

    @property
    def _left(self) -> int:
        """Units that its order may still fill: more than is missing, where an order before it
        filled while it was being replaced."""
        heirs = [one.heir for one in self.earlier if one.heir is not None]
        if not heirs:
            return max(self.ticket.quantity - self.filled, 0)
        own = self.filled - sum(one.filled for one in self.earlier)
        return max(heirs[-1] - own, 0)

    def moved(self, state: LineState, **changes: object) -> Line:
        """Return this line in another state; InvariantBroken if the table forbids the move."""
        if not may_move(self.state, state):
            raise InvariantBroken(
                f"line {self.ref} of {self.account} cannot go from {self.state} to {state}"
            )
        values = [*_LINE_VALUES(self)]
        for name, value in changes.items():
            values[_LINE_PLACES[name]] = value
        values[_LINE_PLACES["state"]] = state
        return Line(*values)


# A burst moves thousands of lines, and ``dataclasses.replace`` takes twice as long for each.
_LINE_PLACES = {one.name: place for place, one in enumerate(fields(Line))}
_LINE_VALUES = attrgetter(*_LINE_PLACES)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One ticket sent to many accounts at one moment."""

    id: str
    order: str
    mode: str
    created: datetime
    lines: tuple[Line, ...]
    key: str | None = None
    agent: str = "local"
    plan_digest: str = ""
    seed: int = 0
    """How many broadcasts went before; decides the order of sending."""
    journal_ns: int | None = None
    plan: str | None = None
    """The plan that was sent."""
    limits: str = ""
    """Which limits it was checked against (``limits_hash``)."""
    overrides: tuple[str, ...] = ()
    """What the operator typed or acknowledged, and what was lifted by it."""
    notional: Decimal | None = None
    """Dollars over all lines that were to be sent; None where it was not written down."""
    confirmed: datetime | None = None
    """The wall time of t0, from which stamps count; None where it was not written down."""
    preimage: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False, hash=False)
    """By account the orders that were at the broker before it was made: none of them is of it."""
    origin: Origin = Origin.OURS
    """An adopted one holds a single order that somebody else entered at ``created``."""
    confirmed_ns: int | None = None
    """The monotonic time of t0; None where it was not written down."""
    _places: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Where each ref stands in ``lines``; filled when it is first asked for."""

    @property
    def state(self) -> BroadcastState:
        """What the lines say together; doubt beats everything."""
        states = {line.state for line in self.lines}
        if LineState.IN_DOUBT in states:
            return BroadcastState.IN_DOUBT
        if LineState.SENDING in states:
            return BroadcastState.SENDING
        if states & OPEN:
            return BroadcastState.WORKING
        if LineState.PLANNED in states:
            return BroadcastState.PLANNED
        return BroadcastState.SETTLED

    @property
    def is_settled(self) -> bool:
        """Whether every line has reached an end."""
        return all(line.state in TERMINAL for line in self.lines)

    def came_after(self, account: str, order_id: str) -> bool:
        """Tell whether an order is none of those that were at the broker before."""
        return order_id not in self.preimage.get(account, ())

    def with_lines(self, changed: Iterable[Line]) -> Broadcast:
        """Return this broadcast with the given lines in place of those with the same ref."""
        places, lines = self._by_ref(), [*self.lines]
        for line in changed:
            place = places.get(line.ref)
            if place is not None:
                lines[place] = line
        broadcast = replace(self, lines=tuple(lines))
        # Lines keep their places: where each stands is found out once for all that follows.
        object.__setattr__(broadcast, "_places", places)
        return broadcast

    def line(self, ref: str) -> Line:
        """Return the line with our reference; KeyError if it is not of this broadcast."""
        return self.lines[self._by_ref()[ref]]

    def _by_ref(self) -> dict[str, int]:
        if not self._places:
            self._places.update((line.ref, place) for place, line in enumerate(self.lines))
        return self._places


def counts(lines: Iterable[Line]) -> dict[str, int]:
    """Count lines as the JSON promise does: ``accepted`` cumulative, the others where lines are."""
    lines = tuple(lines)
    now = Counter(line.state for line in lines)
    shown = (
        LineState.DENIED, LineState.SKIPPED, LineState.ACCEPTED, LineState.REFUSED,
        LineState.NOT_SENT, LineState.IN_DOUBT, LineState.WORKING, LineState.PARTIAL,
        LineState.FILLED, LineState.REJECTED, LineState.CANCELED, LineState.EXPIRED,
    )  # fmt: skip
    totals = {"accounts": len(lines)} | {state.value: now[state] for state in shown}
    totals["accepted"] = sum(line.accepted for line in lines)
    return totals


@dataclass(frozen=True, slots=True)
class Fills:
    """Average, best and worst price over the accounts that filled; best is ours, by side."""

    average: Decimal | None = None
    best: Decimal | None = None
    worst: Decimal | None = None
    dispersion_bps: Decimal | None = None


def fills(lines: Iterable[Line]) -> Fills:
    """Compare fill prices over accounts; dispersion is (best - worst) / average in basis points."""
    done = [line for line in lines if line.filled and line.average is not None]
    if not done:
        return Fills()
    units = sum(line.filled for line in done)
    prices = [line.average for line in done if line.average is not None]
    total = sum(
        (line.average * line.filled for line in done if line.average is not None), Decimal(0)
    )
    average = total / units
    low, high = min(prices), max(prices)
    best, worst = (high, low) if done[0].ticket.side.sign < 0 else (low, high)
    spread = abs(high - low) / abs(average) * 10_000 if average else None
    return Fills(average, best, worst, spread)
