"""The order language: text to ticket and back, in the form thinkorswim puts on the clipboard."""

from __future__ import annotations

from datetime import date

from swimdesk.domain.orderlang.intent_text import is_intent, parse_intent
from swimdesk.domain.orderlang.printer import print_ticket
from swimdesk.domain.orderlang.reader import Parsed, parse, parse_order, parse_with_notices

__all__ = [
    "Parsed",
    "check_order",
    "is_intent",
    "parse",
    "parse_intent",
    "parse_order",
    "parse_with_notices",
    "print_ticket",
]


def check_order(text: str, *, today: date | None = None) -> None:
    """Raise OrderTextError where a text is neither an order nor CLOSE, ROLL or FLAT."""
    if is_intent(text):
        parse_intent(text, today=today)
    else:
        parse_order(text, today=today)
