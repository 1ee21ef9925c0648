"""A wave of orders at the lane, in the desk's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from swimdesk.desk.ports import Outcome
from swimdesk.schwab.lane import LaneBurst
from swimdesk.schwab.lane.poll import guarded
from swimdesk.schwab.outcomes import Answer, outcome_of


class OrderBurst:
    """Implements the desk's port Burst: answers of the lane become outcomes of orders."""

    def __init__(
        self,
        lane_burst: LaneBurst,
        unsendable: Sequence[Answer],
        hashes: Mapping[str, str],
        deadline_s: float,
    ) -> None:
        """``unsendable`` is what could not even be made into a request.

        ``hashes`` are what each account was called in its request, by alias.
        """
        self._lane_burst = lane_burst
        self._unsendable = unsendable
        self._hashes = hashes
        self._deadline_s = deadline_s

    def leave(self) -> None:
        """Write every order once, without waiting; without effect the second time."""
        self._lane_burst.leave()

    async def fire(
        self, on_sent: Callable[[], None], on_outcome: Callable[[Outcome], None]
    ) -> None:
        """Let the orders leave if they have not; report each outcome once, return when all have."""

        hash_of = self._hashes.get

        def report(answer: Answer) -> None:
            on_outcome(outcome_of(answer, hash_of(answer.account)))

        def after_last_write() -> None:
            guarded(on_sent)
            for answer in self._unsendable:
                guarded(report, answer)

        await self._lane_burst.fire(after_last_write, report, self._deadline_s)

    def discard(self) -> None:
        """Let nothing of this leave, ever; without effect once it has left."""
        self._lane_burst.discard()
