"""Values as text for people and for tab-separated output; nothing in it can steer a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal


def plain(text: str) -> str:
    """Return the text on one line, with control characters written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def cell(value: object) -> str:
    """Return a value for programs: exact figures, times as UTC to the second."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, tuple):
        return ",".join(cell(item) for item in value)
    return plain(str(value))


def shown(value: object) -> str:
    """Return a value for a person: thousands grouped, times short, nothing as a dash."""
    if value is None or value == "" or value == ():
        return "-"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, tuple):
        return ", ".join(shown(item) for item in value)
    return cell(value)


def is_figure(value: object) -> bool:
    """Tell whether a value stands to the right in its column."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
