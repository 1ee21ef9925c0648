"""How long the broker may stay silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for an answer, by what was asked, in seconds."""

    order_s: float = 25.0
    """A new order or one that replaces another; cutting earlier only makes doubts."""
    cancel_s: float = 10.0
    """Asking again is harmless."""
    read_s: float = 20.0


USUAL: Final = Timeouts()
