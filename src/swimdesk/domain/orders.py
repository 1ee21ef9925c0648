"""Orders in the field's words: sides, effects, legs, tickets, and the states of a line as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from swimdesk.domain.instruments import Equity, Instrument


class Side(StrEnum):
    """Which way an order or a leg trades."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Effect(StrEnum):
    """Whether an order opens or closes a position; ``auto`` is resolved per account in the plan.

    The last two are those of a roll: one half of the legs closes, the other opens.
    """

    AUTO = "auto"
    OPEN = "open"
    CLOSE = "close"
    CLOSE_OPEN = "close/open"
    OPEN_CLOSE = "open/close"


_HALVES = {
    Effect.CLOSE_OPEN: (Effect.CLOSE, Effect.OPEN),
    Effect.OPEN_CLOSE: (Effect.OPEN, Effect.CLOSE),
}
ROLLING = frozenset(_HALVES)
"""The effects of a roll: of the legs named first, then of those named second."""


class OrderType(StrEnum):
    """How the price of an order binds."""

    LIMIT = "LMT"
    MARKET = "MKT"
    STOP = "STP"
    STOP_LIMIT = "STPLMT"
    MARKET_ON_CLOSE = "MOC"
    LIMIT_ON_CLOSE = "LOC"


PRICED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_ON_CLOSE})
STOPPED = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


class TimeInForce(StrEnum):
    """How long an order lives; GTD is good till a day that is given with it."""

    DAY = "DAY"
    GTC = "GTC"
    GTD = "GTD"
    FOK = "FOK"
    IOC = "IOC"


class Session(StrEnum):
    """In which trading session an order works; ``EXT`` is all of them (the broker's SEAMLESS)."""

    NORMAL = "NORMAL"
    EXT = "EXT"
    AM = "AM"
    PM = "PM"


class StructureKind(StrEnum):
    """What the legs of a ticket form together; the value is the word of the order language."""

    EQUITY = "EQUITY"
    OPTION = "OPTION"
    VERTICAL = "VERTICAL"
    BACKRATIO = "BACKRATIO"
    STRADDLE = "STRADDLE"
    STRANGLE = "STRANGLE"
    CALENDAR = "CALENDAR"
    DIAGONAL = "DIAGONAL"
    BUTTERFLY = "BUTTERFLY"
    UNBALANCED_BUTTERFLY = "~BUTTERFLY"
    CONDOR = "CONDOR"
    UNBALANCED_CONDOR = "~CONDOR"
    IRON_CONDOR = "IRON CONDOR"
    UNBALANCED_IRON_CONDOR = "~IRON CONDOR"
    IRON_BUTTERFLY = "IRON BUTTERFLY"
    DOUBLE_DIAGONAL = "DBL DIAG"
    VERTICAL_ROLL = "VERT ROLL"
    COVERED = "COVERED"
    COLLAR = "COLLAR"
    CUSTOM = "CUSTOM"


@dataclass(frozen=True, slots=True)
class Leg:
    """One instrument of a ticket with its own side; ``ratio`` per unit of the structure, > 0."""

    instrument: Instrument
    side: Side
    ratio: int = 1

    def __post_init__(self) -> None:
        if self.ratio < 1:
            raise ValueError(f"a leg's ratio is at least 1, was {self.ratio}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """The operator's intent, free of accounts.

    ``quantity`` counts units of the structure (shares for an equity). ``price`` is per unit and
    signed as written: with SELL a positive price is a credit, with BUY a debit, negative flips.
    """

    side: Side
    quantity: int
    kind: StructureKind
    legs: tuple[Leg, ...]
    order_type: OrderType
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    session: Session = Session.NORMAL
    effect: Effect = Effect.AUTO
    good_till: date | None = None
    """The last day of a GTD order."""

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise ValueError(f"a ticket's quantity is at least 1, was {self.quantity}")
        if not self.legs:
            raise ValueError("a ticket has at least one leg")
        if (self.price is not None) != (self.order_type in PRICED):
            raise ValueError(f"{self.order_type} and price {self.price} do not go together")
        if (self.stop_price is not None) != (self.order_type in STOPPED):
            raise ValueError(f"{self.order_type} and stop {self.stop_price} do not go together")
        if (self.good_till is not None) != (self.time_in_force is TimeInForce.GTD):
            raise ValueError(f"{self.time_in_force} and day {self.good_till} do not go together")

    @property
    def is_equity(self) -> bool:
        """Whether this is a plain stock or fund order."""
        return self.kind is StructureKind.EQUITY

    @property
    def is_multi_leg(self) -> bool:
        """Whether the price is a net of several legs."""
        return len(self.legs) > 1

    @property
    def shares(self) -> Leg | None:
        """The leg of shares, where there is one."""
        return next((leg for leg in self.legs if isinstance(leg.instrument, Equity)), None)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effect of each leg; those of a roll differ between its halves."""
        first, second = _HALVES.get(self.effect, (self.effect, self.effect))
        half = len(self.legs) // 2
        return (first,) * half + (second,) * (len(self.legs) - half)

    def legs_of(self, effect: Effect) -> tuple[Leg, ...]:
        """Return the legs that have an effect."""
        return tuple(leg for leg, own in zip(self.legs, self.effects, strict=True) if own is effect)

    def weight(self, leg: Leg) -> Decimal:
        """Return how often the price of a leg goes into the price of a unit, unsigned."""
        return Decimal(leg.ratio * leg.instrument.multiplier) / self.multiplier

    @property
    def underlying(self) -> str:
        """The quote symbol that drives this ticket's price (``SPY``, ``$SPX``)."""
        return self.legs[0].instrument.underlying

    @property
    def multiplier(self) -> int:
        """Dollars per point of price and unit: 1 for stock, 100 as soon as there are options."""
        return 1 if self.is_equity else 100

    @property
    def credit(self) -> Decimal | None:
        """Cash received per unit in price points; negative is a debit; None without a price."""
        return None if self.price is None else -self.side.sign * self.price

    def sized(self, quantity: int) -> Ticket:
        """Return this ticket for another number of units."""
        return replace(self, quantity=quantity)

    def repriced(self, price: Decimal | None) -> Ticket:
        """Return this ticket at another price."""
        return replace(self, price=price)

    def with_effect(self, effect: Effect) -> Ticket:
        """Return this ticket with its effect resolved."""
        return replace(self, effect=effect)


def equity_ticket(
    side: Side,
    quantity: int,
    symbol: str,
    price: Decimal | None = None,
    time_in_force: TimeInForce = TimeInForce.DAY,
) -> Ticket:
    """Build a stock ticket: limit with a price, else market."""
    return Ticket(
        side,
        quantity,
        StructureKind.EQUITY,
        (Leg(Equity(symbol), side),),
        OrderType.MARKET if price is None else OrderType.LIMIT,
        price,
        time_in_force=time_in_force,
    )


class LineState(StrEnum):
    """Where one account's part of a broadcast stands; words of the JSON promise."""

    PLANNED = "planned"
    DENIED = "denied"
    SKIPPED = "skipped"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    IN_DOUBT = "in_doubt"
    ABSENT = "absent"
    WORKING = "working"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELING = "canceling"
    CANCELED = "canceled"
    REPLACING = "replacing"
    REPLACED = "replaced"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Doubt(StrEnum):
    """How much is known about a line in doubt."""

    UNKNOWN = "unknown"
    PROBABLE = "probable"
    CONFLICT = "conflict"
    ABSENT_CANDIDATE = "absent_candidate"


_S = LineState
_ENDS = frozenset({_S.FILLED, _S.CANCELED, _S.REJECTED, _S.EXPIRED, _S.REPLACED})
_AT_BROKER = frozenset({_S.WORKING, _S.PARTIAL, _S.CANCELING, _S.REPLACING}) | _ENDS

TERMINAL = _ENDS | {_S.DENIED, _S.SKIPPED, _S.REFUSED, _S.NOT_SENT, _S.ABSENT}
"""States that a line normally does not leave."""

OPEN = frozenset(
    {_S.ACCEPTED, _S.WORKING, _S.PARTIAL, _S.CANCELING, _S.REPLACING},
)
"""The broker has the order and it may still trade."""

UNRESOLVED = frozenset({_S.SENDING, _S.IN_DOUBT})
"""Nobody knows yet; counts as live for risk and blocks the same fingerprint."""

LIVE = OPEN | UNRESOLVED | {_S.PLANNED}
"""Everything that counts as exposure: a line of a later wave is about to leave."""

TRANSITIONS: dict[LineState, frozenset[LineState]] = {
    _S.PLANNED: frozenset({_S.SENDING, _S.DENIED, _S.SKIPPED, _S.NOT_SENT}),
    _S.DENIED: frozenset(),
    _S.SKIPPED: frozenset(),
    _S.SENDING: frozenset({_S.ACCEPTED, _S.REFUSED, _S.NOT_SENT, _S.IN_DOUBT}),
    _S.ACCEPTED: _AT_BROKER | {_S.IN_DOUBT},
    _S.REFUSED: frozenset({_S.IN_DOUBT}),
    _S.NOT_SENT: frozenset({_S.IN_DOUBT}),
    _S.IN_DOUBT: _AT_BROKER | {_S.ACCEPTED, _S.ABSENT},
    _S.ABSENT: frozenset({_S.IN_DOUBT}),
    _S.WORKING: _AT_BROKER,
    _S.PARTIAL: _AT_BROKER,
    _S.CANCELING: _AT_BROKER,
    _S.REPLACING: _AT_BROKER | {_S.IN_DOUBT},
    _S.FILLED: frozenset(),
    _S.CANCELED: frozenset({_S.FILLED}),
    _S.REJECTED: frozenset({_S.FILLED}),
    _S.EXPIRED: frozenset({_S.FILLED}),
    _S.REPLACED: frozenset({_S.FILLED}),
}
"""Legal moves of a line. A fill after an end happens at real brokers: legal, and alarming."""


def may_move(old: LineState, new: LineState) -> bool:
    """Tell whether a line may go from one state to the other; staying is always legal."""
    return old is new or new in TRANSITIONS[old]


def is_alarming(old: LineState, new: LineState) -> bool:
    """Tell whether a legal move contradicts what was reported as final before."""
    return old in TERMINAL and new is not old
