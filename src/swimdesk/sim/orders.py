"""The brokerage's own order records: legs, executions, states."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import gcd
from typing import Any

from swimdesk.domain.instruments import INDEX_ROOTS, OPTION_MULTIPLIER, OptionContract

ZERO = Decimal(0)


class Status(StrEnum):
    """Order states that this brokerage uses, in the wire's words."""

    NEW = "NEW"
    PENDING_ACKNOWLEDGEMENT = "PENDING_ACKNOWLEDGEMENT"
    ACCEPTED = "ACCEPTED"
    PENDING_ACTIVATION = "PENDING_ACTIVATION"
    WORKING = "WORKING"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    REPLACED = "REPLACED"


TERMINAL = frozenset(
    {Status.FILLED, Status.CANCELED, Status.REJECTED, Status.EXPIRED, Status.REPLACED}
)

AT_CLOSE = frozenset({"MARKET_ON_CLOSE", "LIMIT_ON_CLOSE"})
"""Order types that trade in the closing auction only."""

OPENING = frozenset({"BUY", "SELL_SHORT", "BUY_TO_OPEN", "SELL_TO_OPEN"})
BUYING = frozenset({"BUY", "BUY_TO_COVER", "BUY_TO_OPEN", "BUY_TO_CLOSE"})
SHARE_INSTRUCTIONS = frozenset({"BUY", "SELL", "SELL_SHORT", "BUY_TO_COVER"})
OPTION_INSTRUCTIONS = frozenset({"BUY_TO_OPEN", "BUY_TO_CLOSE", "SELL_TO_OPEN", "SELL_TO_CLOSE"})


@dataclass(frozen=True, slots=True)
class SimLeg:
    """One leg as ordered; ``quantity`` counts shares or contracts of the whole order."""

    leg_id: int
    instruction: str
    symbol: str
    quantity: int
    contract: OptionContract | None
    """None for shares."""

    @property
    def is_buy(self) -> bool:
        """Tell whether the leg takes the instrument in."""
        return self.instruction in BUYING

    @property
    def is_opening(self) -> bool:
        """Tell whether the leg opens a position."""
        return self.instruction in OPENING

    @property
    def sign(self) -> int:
        """Plus one for a buy, minus one for a sale."""
        return 1 if self.is_buy else -1

    @property
    def multiplier(self) -> int:
        """Shares that one of these stands for."""
        return OPTION_MULTIPLIER if self.contract else 1

    @property
    def underlying(self) -> str:
        """The quote symbol of what the leg rests on."""
        return self.contract.underlying if self.contract else self.symbol


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What an order asks for: read from a valid body, never changed."""

    order_type: str
    session: str
    duration: str
    complex_type: str
    price: Decimal | None
    stop_price: Decimal | None
    legs: tuple[SimLeg, ...]
    cancel_at: datetime | None = None
    tax_lot_method: str | None = None
    special_instruction: str | None = None

    units: int = field(init=False)
    """The number of spread units: the greatest common divisor of the leg quantities."""
    unit_multiplier: int = field(init=False)
    """Shares behind a net price of 1: 100 as soon as an option is among the legs."""
    signed_limit: Decimal | None = field(init=False)
    """The most that one unit may cost per share (negative: the least it brings in)."""
    asset_class: str = field(init=False)
    """The market whose hours rule the order: equity, option or index_option."""
    unit: tuple[tuple[str, int], ...] = field(init=False)
    """What one unit buys (positive) and sells: the same for orders that share a net quote."""

    def __post_init__(self) -> None:
        """Work out once what the market asks of a resting order again and again."""
        units = gcd(*(leg.quantity for leg in self.legs))
        unit = tuple((leg.symbol, leg.sign * leg.quantity // units) for leg in self.legs)
        object.__setattr__(self, "units", units)
        object.__setattr__(self, "unit_multiplier", max(leg.multiplier for leg in self.legs))
        object.__setattr__(self, "signed_limit", self._signed_limit())
        object.__setattr__(self, "asset_class", self._asset_class())
        object.__setattr__(self, "unit", unit)

    def _signed_limit(self) -> Decimal | None:
        if self.price is None or self.order_type in ("MARKET", "STOP"):
            return None
        selling = self.order_type == "NET_CREDIT" or (
            len(self.legs) == 1 and not self.legs[0].is_buy
        )
        return -self.price if selling else self.price

    def _asset_class(self) -> str:
        contracts = [leg.contract for leg in self.legs if leg.contract]
        if not contracts:
            return "equity"
        return "index_option" if contracts[0].root in INDEX_ROOTS else "option"


@dataclass(frozen=True, slots=True)
class ExecutedLeg:
    """One leg of an activity: how much at which price."""

    leg: SimLeg
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Activity:
    """One fill (all legs together) or the cancellation of the rest."""

    activity_id: int
    kind: str
    """FILL or CANCELED."""
    units: int
    remaining_units: int
    at_s: int
    legs: tuple[ExecutedLeg, ...]


@dataclass(slots=True, eq=False)
class SimOrder:
    """One order record; times are epoch seconds, as coarse as the wire shows them."""

    order_id: int
    account_number: str
    terms: OrderTerms
    received: dict[str, Any]
    """The body as parsed from what came in."""
    entered_s: int
    status: Status = Status.ACCEPTED
    destination: str = "AutoRoute"
    filled_units: int = 0
    activities: list[Activity] = field(default_factory=list)
    closed_s: int | None = None
    reason: str | None = None
    replaces: int | None = None
    replaced_by: int | None = None
    reserve: Decimal = ZERO
    """Buying power still held back for the part that is not filled."""
    expires_s: int | None = None
    decided: bool = False
    """The asynchronous rules have let it through."""
    triggered: bool = False
    """The stop price was reached (orders without one: from the start)."""
    activated: bool = False
    """It has been at the market: its session was open."""
    fill_cap: int | None = None
    """Never fill more units than this (a fault)."""
    forced_reject: str | None = None
    """Reject with this text whatever the rules say (a fault)."""
    hidden_until_s: float = 0.0
    """Not shown by lists and reads before this monotonic time (a fault)."""
    shown_status: str | None = None
    """A status text that stands in for the real one (a fault)."""
    tag: str | None = None
    """How the order is marked; None: as all orders of the application that this brokerage knows."""
    rendered: bytes | None = None
    """The order as JSON, as long as it stays valid."""
    recorded: bytes | None = None
    """The same as the ledger writes it."""

    @property
    def units(self) -> int:
        """Units ordered."""
        return self.terms.units

    @property
    def is_terminal(self) -> bool:
        """Tell whether nothing more can happen to the order."""
        return self.status in TERMINAL

    @property
    def open_units(self) -> int:
        """Units that are neither filled nor given up."""
        return 0 if self.is_terminal else self.terms.units - self.filled_units

    def move_to(
        self, status: Status, *, at_s: int | None = None, reason: str | None = None
    ) -> None:
        """Change the state; a terminal one takes its closing time with it."""
        self.status = status
        if status in TERMINAL:
            self.closed_s = at_s
            self.reserve = ZERO
        if reason is not None:
            self.reason = reason
        self.changed()

    def changed(self) -> None:
        """Forget the texts that were made of the order."""
        self.rendered = self.recorded = None
