"""A burst at the port: remembers whether it was fired or discarded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from swimdesk.desk.ports import Outcome, Prepared

OnOutcome = Callable[[Outcome], None]
Outcomes = list[Outcome | None]


@dataclass(slots=True)
class FakeBurst:
    """Orders of one wave: taken when they leave, their outcomes told when it is fired."""

    prepared: Prepared
    take: Callable[[Prepared], Outcomes]
    tell: Callable[[Outcomes, OnOutcome], Awaitable[None]]
    is_fired: bool = False
    """Whether the orders have left."""
    is_awaited: bool = False
    is_discarded: bool = False
    outcomes: Outcomes = field(default_factory=list)

    def leave(self) -> None:
        """Hand the orders over, once."""
        assert not self.is_discarded
        if not self.is_fired:
            self.is_fired = True
            self.outcomes = self.take(self.prepared)

    async def fire(self, on_sent: Callable[[], None], on_outcome: OnOutcome) -> None:
        """Hand the orders over if they have not left, and tell what became of them, once."""
        assert not self.is_awaited
        self.is_awaited = True
        self.leave()
        on_sent()
        await self.tell(self.outcomes, on_outcome)

    def discard(self) -> None:
        """Note that these orders will not leave."""
        self.is_discarded = not self.is_fired
