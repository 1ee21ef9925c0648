"""Spans of time in two units, as people count down."""

from __future__ import annotations

from datetime import timedelta


def time_left(span: timedelta) -> str:
    """Return a span in its two largest units: 3d 04h, 4h 05m, 12m 30s; nothing below zero."""
    seconds = max(int(span.total_seconds()), 0)
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days}d {hours:02d}h"
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s"
