"""Checks of a broadcast as a whole: what they deny stops all of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.risk.controls import DenialCode, denial
from swimdesk.domain.risk.limits import RiskLimits

BROADCAST_CEILING = 2
"""So many times its limit the dollars of a broadcast may be typed to."""
COMPARED = 20
"""So many earlier broadcasts say what is usual."""
FEWEST_COMPARED = 5
"""Fewer say nothing."""


@dataclass(frozen=True, slots=True)
class BroadcastFacts:
    """What is known of a broadcast: its sums over the lines to be sent, and what went before."""

    notional: Decimal
    units: int
    symbol: str = ""
    shares: int = 0
    """Shares of ``symbol`` over all accounts; 0 for options."""
    average_volume: Decimal | None = None
    """Average daily volume of the last 10 days; None where the broker names none."""
    earlier: tuple[Decimal, ...] = ()
    """Notional of earlier broadcasts that cost anything, newest first."""
    alike_age_s: int | None = None
    """How long ago exactly these orders were sent; None if they were not."""
    last_minute: int = 0
    last_day: int = 0
    closes: bool = False
    """Whether all lines close: the way out is never held up by how much went before."""


def check_broadcast(facts: BroadcastFacts, limits: RiskLimits) -> tuple[Denial, ...]:
    """Run every check over a broadcast and return all denials."""
    found = (
        *pace(facts, limits),
        _notional(facts, limits),
        _unusual(facts, limits),
        _volume(facts, limits),
    )
    return tuple(one for one in found if one is not None)


def pace(facts: BroadcastFacts, limits: RiskLimits) -> tuple[Denial, ...]:
    """Deny what repeats a broadcast or follows too many: asked again when it is sent."""
    found: list[Denial | None] = [_repeated(facts, limits)]
    if not facts.closes:
        found += [
            _too_many("minute", facts.last_minute, limits.broadcasts_per_minute),
            _too_many("day", facts.last_day, limits.broadcasts_per_day),
        ]
    return tuple(one for one in found if one is not None)


def _notional(facts: BroadcastFacts, limits: RiskLimits) -> Denial | None:
    most = limits.max_notional_per_broadcast
    if facts.notional <= most:
        return None
    return denial(
        DenialCode.NOTIONAL_BROADCAST,
        f"{facts.units} units, ${facts.notional:,.2f} over all accounts, limit ${most:,.2f}",
        facts.notional,
        most * BROADCAST_CEILING,
    )


def _unusual(facts: BroadcastFacts, limits: RiskLimits) -> Denial | None:
    compared = facts.earlier[:COMPARED]
    if facts.closes or len(compared) < FEWEST_COMPARED:
        return None
    usual = median(compared)
    if facts.notional <= limits.unusual_multiple * usual:
        return None
    return denial(
        DenialCode.UNUSUAL_SIZE,
        f"{facts.units} units, ${facts.notional:,.2f} over all accounts, more than"
        f" {limits.unusual_multiple:f} times the usual ${usual:,.2f}",
        facts.notional,
    )


def _volume(facts: BroadcastFacts, limits: RiskLimits) -> Denial | None:
    if facts.average_volume is None or facts.shares <= 0:
        return None
    most = facts.average_volume * limits.max_volume_share
    if facts.shares <= most:
        return None
    return denial(
        DenialCode.VOLUME_SHARE,
        f"{facts.shares:,} shares of {facts.symbol} over all accounts, limit {most:,.0f}"
        f" ({limits.max_volume_share:.0%} of the average day of the last 10)",
        facts.shares,
    )


def _repeated(facts: BroadcastFacts, limits: RiskLimits) -> Denial | None:
    age_s, window_s = facts.alike_age_s, limits.broadcast_repeat_window_s
    if age_s is None or age_s >= window_s:
        return None
    return denial(
        DenialCode.DUPLICATE_BROADCAST,
        f"exactly these orders were sent {age_s} s ago, window {window_s} s",
    )


def _too_many(span: str, found: int, most: int) -> Denial | None:
    if found < most:
        return None
    text = f"{found} broadcasts in the last {span}, limit {most}"
    return denial(DenialCode.BROADCAST_RATE, text)
