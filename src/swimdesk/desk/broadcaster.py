"""From a plan to orders on the wire: write down, fire, write down what came back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from swimdesk.desk.guard import Guard
from swimdesk.desk.ports import (
    Broker,
    Clock,
    Outcome,
    OutcomeKind,
    Prepared,
)
from swimdesk.desk.recorder import Change, Recorder
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.errors import TradingHalted
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

_STOPPING = frozenset({LineState.REFUSED, LineState.IN_DOUBT, LineState.NOT_SENT})


@dataclass(frozen=True, slots=True)
class Launch:
    """A broadcast that is written down, its orders in waves, and t0 in monotonic ns."""

    broadcast: Broadcast
    waves: tuple[Prepared, ...]
    t0_ns: int
    answered: Callable[[], None]
    """Called whenever answers have been written down; a silent line must not hold up the rest."""
    stop_on_refuse: bool = False


class _Inbox:
    """Outcomes that have come and are not yet written down."""

    def __init__(self) -> None:
        self._outcomes: list[Outcome] = []
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._arrived.set()

    def close(self) -> None:
        self._closed = True
        self._arrived.set()

    async def take(self) -> list[Outcome] | None:
        """Wait for outcomes and take all there are; None when no more will come."""
        while not self._outcomes:
            if self._closed:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        taken, self._outcomes = self._outcomes, []
        return taken


class Broadcaster:
    """Send what was written down, exactly once, and never let one line stop another."""

    def __init__(self, broker: Broker, recorder: Recorder, guard: Guard, clock: Clock) -> None:
        self._broker = broker
        self._recorder = recorder
        self._guard = guard
        self._clock = clock

    async def send(self, launch: Launch) -> None:
        """Fire wave after wave; what a stop leaves over is reported as not sent."""
        left = list(launch.waves)
        while left:
            wave = left.pop(0)
            stop = await self._fire_wave(launch, wave, is_first=wave is launch.waves[0])
            if stop is not None:
                await self._drop(launch, left, stop)
                return

    async def _fire_wave(self, launch: Launch, wave: Prepared, *, is_first: bool) -> str | None:
        """Fire one wave; return why the next ones must not leave, if so."""
        refs = [order.ref for order in wave.orders]
        try:
            self._guard.check()
        except TradingHalted as e:
            await self._not_sent(launch.broadcast.id, refs, e.detail)
            return e.detail
        if not is_first:
            await self._mark_sending(launch.broadcast.id, refs)
            if self._recorder.store_failed:
                return "the results of the last wave could not be written down"
        states = await self._fire(launch, wave)
        if launch.stop_on_refuse and states & _STOPPING:
            return "an earlier wave had a line that was not accepted"
        return None

    async def _fire(self, launch: Launch, wave: Prepared) -> set[LineState]:
        inbox = _Inbox()
        drain = asyncio.create_task(self._drain(launch, inbox))
        try:
            await self._broker.fire(wave, self._on_sent, inbox.put)
        except Exception as e:  # per fan-out: a bug must not lose the other lines
            log.error("broadcast.fire_failed", broadcast=launch.broadcast.id, exc_info=e)
        finally:
            inbox.close()
            states = await drain
        states |= await self._doubt_unanswered(launch, wave)
        return states

    def _on_sent(self) -> None:
        log.debug("broadcast.sent", at_ns=self._clock.monotonic_ns())

    async def _drain(self, launch: Launch, inbox: _Inbox) -> set[LineState]:
        """Write outcomes down in as few commits as their arrival allows."""
        states: set[LineState] = set()
        while (outcomes := await inbox.take()) is not None:
            by_ref = {outcome.ref: outcome for outcome in outcomes}

            def decide(broadcast: Broadcast, by_ref: dict[str, Outcome] = by_ref) -> list[Change]:
                changes = [
                    Change(answered(line, by_ref[line.ref], launch.t0_ns))
                    for line in broadcast.lines
                    if line.ref in by_ref
                ]
                states.update(change.line.state for change in changes)
                return changes

            await self._recorder.update(launch.broadcast.id, decide)
            launch.answered()
        return states

    async def _doubt_unanswered(self, launch: Launch, wave: Prepared) -> set[LineState]:
        """A fired line without an outcome is nobody's knowledge; it must never look unsent."""
        refs = {order.ref for order in wave.orders}
        states: set[LineState] = set()

        def decide(broadcast: Broadcast) -> list[Change]:
            lost = [
                Change(
                    line.moved(
                        LineState.IN_DOUBT,
                        doubt=Doubt.UNKNOWN,
                        reason="the sender failed before it could tell what happened",
                    )
                )
                for line in broadcast.lines
                if line.ref in refs and line.state is LineState.SENDING
            ]
            states.update(change.line.state for change in lost)
            return lost

        await self._recorder.update(launch.broadcast.id, decide)
        return states

    async def _mark_sending(self, broadcast_id: str, refs: Sequence[str]) -> None:
        await self._move(broadcast_id, refs, LineState.SENDING, None)

    async def _not_sent(self, broadcast_id: str, refs: Sequence[str], reason: str) -> None:
        await self._move(broadcast_id, refs, LineState.NOT_SENT, reason)

    async def _drop(self, launch: Launch, waves: Sequence[Prepared], reason: str) -> None:
        refs = [order.ref for wave in waves for order in wave.orders]
        await self._not_sent(launch.broadcast.id, refs, reason)

    async def _move(
        self, broadcast_id: str, refs: Sequence[str], state: LineState, reason: str | None
    ) -> None:
        wanted = frozenset(refs)
        await self._recorder.update(
            broadcast_id,
            lambda broadcast: [
                Change(line.moved(state, reason=reason))
                for line in broadcast.lines
                if line.ref in wanted
            ],
        )


_AFTER: dict[OutcomeKind, LineState] = {
    OutcomeKind.ACCEPTED: LineState.ACCEPTED,
    OutcomeKind.REFUSED: LineState.REFUSED,
    OutcomeKind.NOT_SENT: LineState.NOT_SENT,
    OutcomeKind.UNKNOWN: LineState.IN_DOUBT,
}


def answered(line: Line, outcome: Outcome, t0_ns: int) -> Line:
    """Return the line after its outcome; taken without an id means in doubt, not failed."""
    state = _AFTER[outcome.kind]
    doubt = Doubt.UNKNOWN if state is LineState.IN_DOUBT else None
    if outcome.kind is OutcomeKind.ACCEPTED and outcome.order_id is None:
        state, doubt = LineState.IN_DOUBT, Doubt.PROBABLE
    moved = line.moved(state, doubt=doubt, order_id=outcome.order_id, reason=outcome.reason)
    return replace(
        moved,
        accepted=outcome.kind is OutcomeKind.ACCEPTED,
        correlation_id=outcome.correlation_id,
        sent_ns=_since(t0_ns, outcome.sent_ns),
        first_byte_ns=_since(t0_ns, outcome.first_byte_ns),
        acked_ns=_since(t0_ns, outcome.acked_ns),
    )


def _since(t0_ns: int, at_ns: int | None) -> int | None:
    return None if at_ns is None else at_ns - t0_ns
