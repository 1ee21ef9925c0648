"""Figures as people type them: commas between thousands, ``k`` and ``m`` at the end."""

from __future__ import annotations

import re
from decimal import Decimal

FIGURE = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?[kKmM]?")
"""Also fits signs and letters without a digit; ``read_figure`` tells those apart."""

_SUFFIXES = {"k": 1_000, "m": 1_000_000}


def read_figure(text: str) -> Decimal | None:
    """Return the number that a text like ``20,000``, ``20k``, ``.5`` or ``-1.5m`` says, or None."""
    if not FIGURE.fullmatch(text) or not any(c.isdigit() for c in text):
        return None
    times = _SUFFIXES.get(text[-1].lower(), 1)
    return Decimal(text.rstrip("kKmM").replace(",", "")) * times
