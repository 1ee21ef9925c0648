"""What the adapter's tests share: a clock, the broker's recorded payloads, tickets."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.domain.orders import Effect, Leg, OrderType, Side, StructureKind, Ticket

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
EXPIRY = date(2026, 12, 18)
PAYLOADS = Path(__file__).parents[4] / "shared" / "schwab-payloads"


def payloads(pattern: str) -> list[Path]:
    """Return the recorded payloads of that name; none where the folder is not at hand."""
    return sorted(PAYLOADS.glob(pattern)) if PAYLOADS.is_dir() else []


@dataclass
class StoppedClock:
    """Wall time that a test moves; monotonic time is the machine's, moved along with it."""

    at: datetime = NOW
    moved_ns: int = 0

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.moved_ns += int(seconds * 1e9)

    def now(self) -> datetime:
        return self.at

    def monotonic_ns(self) -> int:
        return time.monotonic_ns() + self.moved_ns


def option(strike: str, right: Right = Right.PUT, root: str = "ABCD") -> OptionContract:
    return OptionContract(root, EXPIRY, right, Decimal(strike))


def vertical(
    side: Side = Side.SELL,
    price: str | None = "0.85",
    quantity: int = 2,
    effect: Effect = Effect.OPEN,
    order_type: OrderType = OrderType.LIMIT,
) -> Ticket:
    """Return a put vertical 100/95: the first strike takes the side of the ticket."""
    legs = (Leg(option("100"), side), Leg(option("95"), side.opposite))
    return Ticket(
        side,
        quantity,
        StructureKind.VERTICAL,
        legs,
        order_type,
        Decimal(price) if price is not None else None,
        effect=effect,
    )


def iron_condor(
    side: Side = Side.SELL, price: str = "1.60", effect: Effect = Effect.OPEN
) -> Ticket:
    """Return an SPXW condor 6200/6220/5820/5800, legs in the order of the order language."""
    strikes = (
        ("6200", Right.CALL, side),
        ("6220", Right.CALL, side.opposite),
        ("5820", Right.PUT, side),
        ("5800", Right.PUT, side.opposite),
    )
    legs = tuple(Leg(option(k, right, "SPXW"), leg_side) for k, right, leg_side in strikes)
    return Ticket(
        side, 1, StructureKind.IRON_CONDOR, legs, OrderType.LIMIT, Decimal(price), effect=effect
    )
