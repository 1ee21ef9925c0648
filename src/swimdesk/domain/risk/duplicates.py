"""Whether an account has, or had moments ago, an order that looks the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from swimdesk.domain.broadcast import Denial, Grade
from swimdesk.domain.risk.controls import DenialCode, denial
from swimdesk.domain.risk.limits import RiskLimits

_NAMED = 3
"""So many working orders are named at the most."""


@dataclass(frozen=True, slots=True)
class LiveOrder:
    """One of our earlier orders in an account, as the duplicate check sees it."""

    fingerprint: str
    in_flight: bool
    """Whether it is sending, in doubt, or accepted under an unknown id."""
    sent: datetime
    traded: bool = True
    """Whether units of it were filled."""
    working: str | None = None
    """The broker's id of it while it may still trade."""


def duplicate_denials(
    fingerprint: str, earlier: Sequence[LiveOrder], now: datetime, limits: RiskLimits
) -> tuple[Denial, ...]:
    """Deny an order that looks like one in flight, sent moments ago, or working."""
    alike = sorted(
        (order for order in earlier if order.fingerprint == fingerprint),
        key=lambda order: order.sent,
        reverse=True,
    )
    for order in alike:
        if order.in_flight:
            text = f"the same order was sent {_age_s(order, now)} s ago and is not resolved"
            return (denial(DenialCode.DUPLICATE_IN_FLIGHT, text),)
    recent = _recent(alike, now, limits)
    if recent is not None and recent.grade is Grade.HARD:
        return (recent,)
    found = (recent, working_alike([order.working for order in alike if order.working]))
    return tuple(one for one in found if one is not None)


def working_alike(order_ids: Sequence[str]) -> Denial | None:
    """Ask about a second order beside those that are working already."""
    if not order_ids:
        return None
    more = len(order_ids) - _NAMED
    named = ", ".join(order_ids[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return denial(DenialCode.WORKING_ALIKE, f"the same order is working already: {named}")


def _recent(alike: Sequence[LiveOrder], now: datetime, limits: RiskLimits) -> Denial | None:
    """Judge the newest look-alike; later on only those count that traded and are over."""
    for order in alike:
        age_s = _age_s(order, now)
        is_hard = age_s < limits.duplicate_window_s
        is_over = order.traded and order.working is None
        if is_hard or (is_over and age_s < limits.duplicate_warn_s):
            window_s = limits.duplicate_window_s if is_hard else limits.duplicate_warn_s
            text = f"the same order was sent {age_s} s ago, window {window_s} s"
            return denial(DenialCode.DUPLICATE_RECENT, text, is_hard=is_hard)
    return None


def _age_s(order: LiveOrder, now: datetime) -> int:
    return (now - order.sent) // timedelta(seconds=1)
