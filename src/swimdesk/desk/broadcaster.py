"""From a plan to orders on the wire: write down, fire, write down what came back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from swimdesk.desk.breaker import why_stop
from swimdesk.desk.guard import Guard
from swimdesk.desk.inbox import Inbox
from swimdesk.desk.ports import (
    Broker,
    Burst,
    Clock,
    Outcome,
    OutcomeKind,
    Prepared,
)
from swimdesk.desk.recorder import Change, Recorder
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.errors import GuardError, HomeHeld, OrderDenied, TradingHalted
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

_FAILED = "the sender failed before this order left"

CANARY_LOOK_S = 5.0
"""How long the rest waits until the canary's orders were seen at the broker."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A broadcast, its orders in waves, and t0 in monotonic ns."""

    broadcast: Broadcast
    waves: tuple[Prepared, ...]
    first: Burst | None
    """The first wave, loaded before it was written down; None if it is still to be loaded."""
    t0_ns: int
    ready: Callable[[Prepared], Awaitable[None]]
    """Gets tokens and connections of a later wave ready just before it leaves."""
    left: Callable[[], None]
    """Called when the last byte of a wave has left."""
    answered: Callable[[], None]
    """Called whenever answers have been written down; a silent line must not hold up the rest."""
    stop_on_refuse: bool = False
    is_canary: bool = False
    """Whether the first wave is looked at before the next one leaves."""


class Broadcaster:
    """Send what was written down, exactly once, and never let one line stop another."""

    def __init__(self, broker: Broker, recorder: Recorder, guard: Guard, clock: Clock) -> None:
        self._broker = broker
        self._recorder = recorder
        self._guard = guard
        self._clock = clock
        self._stopping = False

    def stop(self) -> None:
        """Let no further wave leave; what is on its way finishes."""
        self._stopping = True

    def start(self, launch: Launch) -> bool:
        """Let the first wave leave in this very moment; tell whether it did.

        ``send`` comes next in any case: it waits for the answers, or says why nothing left.
        """
        first = launch.waves[0]
        if launch.first is None or self._why_kept_back(launch, first) is not None:
            return False
        launch.first.leave()
        return True

    async def send(self, launch: Launch, *, has_started: bool = False) -> None:
        """Fire wave after wave; what a stop leaves over is reported as not sent."""
        left = list(launch.waves)
        loaded = launch.first
        stop: str | None = _FAILED
        try:
            while left:
                is_first = left[0] is launch.waves[0]
                if not (is_first and has_started):
                    stop = await self._admit(launch, left[0], is_first=is_first)
                    if stop is not None:
                        return
                stop = _FAILED
                burst = loaded or self._broker.load(left[0])
                loaded, wave = None, left.pop(0)
                await self._fire(launch, wave, burst)
                stop = await self._why_stop(launch, wave) if left else None
                if stop is not None:
                    return
        finally:
            if loaded is not None:
                loaded.discard()
            refs = [order.ref for wave in left for order in wave.orders]
            if refs:
                await self._not_sent(launch.broadcast.id, refs, stop or "the desk was stopped")

    async def _why_stop(self, launch: Launch, wave: Prepared) -> str | None:
        """Return why what became of the waves so far keeps the next one back."""
        refs, id_ = {order.ref for order in wave.orders}, launch.broadcast.id
        is_seen = True
        if launch.is_canary:
            is_seen = await self._recorder.until(
                id_,
                lambda now: all(
                    line.state is not LineState.ACCEPTED for line in now.lines if line.ref in refs
                ),
                CANARY_LOOK_S,
            )
        reason = why_stop(self._recorder.current(id_).lines, stop_on_refuse=launch.stop_on_refuse)
        if reason is None and launch.stop_on_refuse and not is_seen:
            return "the order of the canary was not seen at the broker in time"
        return reason

    async def _admit(self, launch: Launch, wave: Prepared, *, is_first: bool) -> str | None:
        """Return why a wave must not leave; otherwise its lines are written down as sending."""
        if not is_first:
            stop = self._why_halted(launch, wave)
            if stop is not None:
                return stop
            await launch.ready(wave)
            stop = self._why_halted(launch, wave)
            if stop is not None:
                return stop
            try:
                await self._mark_sending(launch, wave)
            except (GuardError, HomeHeld, OrderDenied) as e:
                return e.detail
        return self._why_kept_back(launch, wave)

    def _why_kept_back(self, launch: Launch, wave: Prepared) -> str | None:
        """Return why this wave may not leave in this moment."""
        halted = self._why_halted(launch, wave)
        if halted is not None:
            return halted
        if self._recorder.store_failed:
            return "the results of the last wave could not be written down"
        return "the desk is stopping" if self._stopping else None

    def _why_halted(self, launch: Launch, wave: Prepared) -> str | None:
        sent = launch.broadcast
        tickets = (sent.line(order.ref).ticket for order in wave.orders)
        try:
            self._guard.check_leaving(tickets, sent.overrides)
        except (TradingHalted, OrderDenied) as e:
            return e.detail
        return None

    async def _fire(self, launch: Launch, wave: Prepared, burst: Burst) -> None:
        inbox = Inbox(expected=len(wave.orders))
        drain = asyncio.create_task(self._drain(launch, inbox))
        try:
            await burst.fire(launch.left, inbox.put)
        except Exception as e:  # per fan-out: a bug must not lose the other lines
            log.error("broadcast.fire_failed", broadcast=launch.broadcast.id, exc_info=e)
        finally:
            inbox.close()
            await drain
            await self._doubt_unanswered(launch, wave)

    async def _drain(self, launch: Launch, inbox: Inbox) -> None:
        """Write outcomes down in as few commits as their arrival allows."""
        while (outcomes := await inbox.take()) is not None:
            try:
                await self._write_down(launch, outcomes)
            except Exception as e:  # per fan-out: one bad answer must not lose the others
                log.error("broadcast.answers_failed", broadcast=launch.broadcast.id, exc_info=e)
                await self._write_singly(launch, outcomes)
            launch.answered()

    async def _write_singly(self, launch: Launch, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            try:
                await self._write_down(launch, [outcome])
            except Exception as e:  # the line stays sending and becomes doubtful below
                log.error("broadcast.answer_failed", ref=outcome.ref, exc_info=e)
                await self._recorder.alarm(f"an answer of {launch.broadcast.id} could not be kept")

    async def _write_down(self, launch: Launch, outcomes: Sequence[Outcome]) -> None:
        def decide(broadcast: Broadcast) -> list[Change]:
            found = [(broadcast.line(outcome.ref), outcome) for outcome in outcomes]
            return [
                Change(answered(line, outcome, launch.t0_ns))
                for line, outcome in found
                if line.state is LineState.SENDING
            ]

        await self._recorder.update(launch.broadcast.id, decide)

    async def _doubt_unanswered(self, launch: Launch, wave: Prepared) -> None:
        """A fired line without an outcome is nobody's knowledge; it must never look unsent."""
        refs = {order.ref for order in wave.orders}
        reason = "the sender failed before it could tell what happened"
        await self._recorder.update(
            launch.broadcast.id,
            lambda broadcast: [
                Change(line.moved(LineState.IN_DOUBT, doubt=Doubt.UNKNOWN, reason=reason))
                for line in broadcast.lines
                if line.ref in refs and line.state is LineState.SENDING
            ],
        )

    async def _mark_sending(self, launch: Launch, wave: Prepared) -> None:
        """Commit a later wave as sending; the time is provisional until the answer brings it."""
        wanted = {order.ref for order in wave.orders}
        sent_ns = self._clock.monotonic_ns() - launch.t0_ns
        await self._recorder.update(
            launch.broadcast.id,
            lambda broadcast: [
                Change(line.moved(LineState.SENDING, sent_ns=sent_ns))
                for line in broadcast.lines
                if line.ref in wanted
            ],
        )

    async def _not_sent(self, broadcast_id: str, refs: Sequence[str], reason: str) -> None:
        wanted = frozenset(refs)
        await self._recorder.update(
            broadcast_id,
            lambda broadcast: [
                Change(line.moved(LineState.NOT_SENT, reason=reason, sent_ns=None))
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
    return line.moved(
        state,
        doubt=doubt,
        order_id=outcome.order_id,
        reason=outcome.reason,
        accepted=outcome.kind is OutcomeKind.ACCEPTED,
        correlation_id=outcome.correlation_id,
        sent_ns=_since(t0_ns, outcome.sent_ns),
        first_byte_ns=_since(t0_ns, outcome.first_byte_ns),
        acked_ns=_since(t0_ns, outcome.acked_ns),
    )


def _since(t0_ns: int, at_ns: int | None) -> int | None:
    return None if at_ns is None else at_ns - t0_ns
