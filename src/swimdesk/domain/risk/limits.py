"""The figures of the limits file, and the hash by which one set of them is told from another."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal

HASH_LENGTH = 8


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """The limits file: money in dollars, shares of something as fractions, spans in seconds."""

    max_shares_per_order: int = 1000
    max_contracts_per_order: int = 50
    max_notional_per_order: Decimal = Decimal(50_000)
    max_notional_share: Decimal = Decimal("0.20")
    ceiling_notional_share: Decimal = Decimal("0.50")
    max_notional_per_broadcast: Decimal = Decimal(500_000)
    max_position_share: Decimal = Decimal("0.25")
    max_volume_share: Decimal = Decimal("0.05")
    unusual_multiple: Decimal = Decimal(10)
    collar_equity: Decimal = Decimal("0.05")
    collar_option: Decimal = Decimal("0.20")
    collar_equity_floor: Decimal = Decimal("0.05")
    collar_option_floor: Decimal = Decimal("0.10")
    max_market_spread: Decimal = Decimal("0.01")
    max_extended_spread: Decimal = Decimal("0.05")
    quote_max_age_s: int = 5
    quote_max_age_extended_s: int = 30
    balances_max_age_s: int = 60
    duplicate_window_s: int = 30
    duplicate_warn_s: int = 600
    broadcast_repeat_window_s: int = 60
    broadcasts_per_minute: int = 6
    broadcasts_per_day: int = 200


def limits_hash(limits: RiskLimits) -> str:
    """Return eight hexadecimal digits that change with any limit; ``0.20`` and ``0.2`` are one."""
    figures = {f.name: _canonical(getattr(limits, f.name)) for f in dataclasses.fields(limits)}
    text = json.dumps(figures, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def _canonical(figure: Decimal | int) -> str:
    return f"{Decimal(figure).normalize():f}"
