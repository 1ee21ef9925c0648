"""What the operator decides where the broker's lists leave it open, and where orders come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Origin(StrEnum):
    """Who sent an order, and whether this desk follows it."""

    OURS = "ours"
    ADOPTED = "adopted"
    """Sent by somebody else, followed by the operator's word."""
    FOREIGN = "foreign"
    IGNORED = "ignored"
    """Foreign, and not to be told as a difference any more."""


class DecisionKind(StrEnum):
    """What a decision is about."""

    RESOLVE = "resolve"
    ADOPT = "adopt"
    IGNORE = "ignore"


class Verdict(StrEnum):
    """What the operator says of a line in doubt."""

    PLACED = "placed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision as it is written down; ``ref`` is the line that it moved or made, if any."""

    at: datetime
    agent: str
    kind: DecisionKind
    account: str
    reason: str
    ref: str | None = None
    order_id: str | None = None
    verdict: Verdict | None = None
