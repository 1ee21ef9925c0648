"""What every candidate of the bench is: it makes ready, fires once, and comes to rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from swimdesk.bench.responding import Seen

ANSWERS_S: Final = 60.0
"""So long a burst may take until its last answer; a run that takes longer has lost some."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A burst as its sender knows it, in monotonic ns."""

    confirmed_ns: int
    """When it was asked for; for the floor that is when its first byte leaves."""
    started_ns: int
    """When the journal was done and the burst could begin."""
    handled_ns: int
    """When the last answer was read."""
    written_ns: int | None = None
    """When every outcome was in the journal; None where nothing is written down."""
    commit_ns: int = 0
    """How long the commit of the intents took."""


class Candidate(Protocol):
    """One way of sending the same orders."""

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts as their orders name them on the wire."""
        ...

    async def prepare(self) -> None:
        """Do what may be done before the confirm."""
        ...

    async def fire(self) -> Shot:
        """Send all orders and return once every answer was handled."""
        ...

    async def settle(self, seen: Sequence[Seen]) -> None:
        """Come to rest after a burst."""
        ...
