"""Figures as the console shows them; pure."""

from __future__ import annotations

import textwrap
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

EASTERN: Final = ZoneInfo("America/New_York")
"""The exchange's time: every clock on the screen shows it."""

NOTHING: Final = "-"

_SHORT: Final = ((Decimal(1_000_000_000), "B"), (Decimal(1_000_000), "M"), (Decimal(10_000), "k"))


def clock(moment: datetime) -> str:
    """Return the time of day at the exchange."""
    return f"{moment.astimezone(EASTERN):%H:%M:%S}"


def money(amount: Decimal | None, *, cents: bool = False) -> str:
    """Return dollars with thousands separated, whole unless cents are asked for."""
    if amount is None:
        return NOTHING
    return f"{amount:,.2f}" if cents else f"{amount:,.0f}"


def short_money(amount: Decimal | None) -> str:
    """Return dollars in few characters: 1.28M, 612k."""
    if amount is None:
        return NOTHING
    for unit, letter in _SHORT:
        if abs(amount) >= unit:
            scale = Decimal(1000) if letter == "k" else unit
            return f"{amount / scale:,.{0 if letter == 'k' else 2}f}{letter}"
    return f"{amount:,.0f}"


def price(value: Decimal | None) -> str:
    """Return a price with at least two decimals."""
    if value is None:
        return NOTHING
    shown = f"{value:,.4f}".rstrip("0")
    whole, _, part = shown.partition(".")
    return f"{whole}.{part:0<2}"


def signed(value: Decimal, *, cents: bool = False) -> str:
    """Return an amount with its sign always there."""
    return f"{value:+,.2f}" if cents else f"{value:+,.0f}"


def milliseconds(value: float | None) -> str:
    """Return a span of milliseconds: one decimal below ten."""
    if value is None:
        return NOTHING
    return f"{value:.1f}ms" if value < 10 else f"{value:.0f}ms"


def age(span: timedelta) -> str:
    """Return how long ago something was, in its largest unit or two: 12s, 4m05s, 3h20m, 5d03h."""
    seconds = max(int(span.total_seconds()), 0)
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days}d{hours:02d}h"
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def countdown(span: timedelta) -> str:
    """Return the time left as minutes and seconds."""
    seconds = max(int(span.total_seconds()), 0)
    return f"{seconds // 60:02d}:{seconds % 60:02d}"


def ending(identifier: str, length: int = 8) -> str:
    """Return the end of an id, which is what tells it apart."""
    return identifier if len(identifier) <= length else identifier[-length:]


def hanging(text: str, width: int, indent: str = "  ") -> list[str]:
    """Return the text in lines of a width, those after the first indented; words stay whole."""
    return textwrap.wrap(text, max(width, 8), subsequent_indent=indent) or [""]
