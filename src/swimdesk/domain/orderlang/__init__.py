"""The order language: text to ticket and back, in the form thinkorswim puts on the clipboard."""

from __future__ import annotations

from swimdesk.domain.orderlang.intent_text import is_intent, parse_intent
from swimdesk.domain.orderlang.printer import print_ticket
from swimdesk.domain.orderlang.reader import Parsed, parse, parse_order, parse_with_notices

__all__ = [
    "Parsed",
    "is_intent",
    "parse",
    "parse_intent",
    "parse_order",
    "parse_with_notices",
    "print_ticket",
]
