"""Replace what works by the same at another price: written down, asked once, decided by reads.

A request to replace makes an order, so it is sent like one: never while halted, never twice, by
nobody. Which of the two orders works afterwards is for reads to say (``succession``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from swimdesk.desk.binding import UNVERIFIED
from swimdesk.desk.canceler import line_in
from swimdesk.desk.inbox import Inbox
from swimdesk.desk.ports import Outcome, OutcomeKind, Prepared
from swimdesk.desk.recorder import Change
from swimdesk.desk.replanning import Replanner
from swimdesk.desk.repricing import MOVED, Repricer, Step, check_price
from swimdesk.desk.submitter import Parts, check_may_send
from swimdesk.desk.underway import Underway
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.commands import Command, CommandOutcome
from swimdesk.domain.orders import OPEN, Doubt, LineState
from swimdesk.domain.replacing import Replacement, Standing
from swimdesk.domain.risk import parse_overrides
from swimdesk.errors import InvariantBroken, OrderDenied, StoreError, TradingHalted
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

_FAILED: Final = "the sender failed before it could tell what happened"

_OUTCOMES: Final = {
    OutcomeKind.ACCEPTED: CommandOutcome.TAKEN,
    OutcomeKind.REFUSED: CommandOutcome.REFUSED,
    OutcomeKind.NOT_SENT: CommandOutcome.NOT_SENT,
    OutcomeKind.UNKNOWN: CommandOutcome.UNKNOWN,
}


class Replacer:
    """Ask the broker for other orders in place of ours; ``watch`` is told what to read soon."""

    def __init__(
        self,
        parts: Parts,
        replanner: Replanner,
        underway: Underway,
        discover: Callable[[], Awaitable[object]],
        watch: Callable[[str], None],
    ) -> None:
        self._parts = parts
        self._underway = underway
        self._watch = watch
        self._repricer = Repricer(parts, replanner, underway, discover)
        self._turn = asyncio.Lock()

    async def replace(
        self,
        broadcast: Broadcast,
        account: str | None,
        price: Decimal,
        overrides: Sequence[str] = (),
    ) -> tuple[Command, ...]:
        """Replace what works of all lines, or of that account's; TradingHalted, BrokerError.

        StoreError means that nothing was asked. Returns once every request was answered or given
        up, with a command per line that says why where nothing was sent.
        """
        check_may_send(self._parts.guard, self._parts.recorder)
        lines = broadcast.lines if account is None else (line_in(broadcast, account),)
        parse_overrides(overrides)
        for line in lines:
            check_price(line, price)
        async with self._parts.handover.leaving({line.login for line in lines}), self._turn:
            refs = [line.ref for line in lines]
            steps = await self._repricer.steps(broadcast, refs, price, overrides)
            await self._parts.journal.begin_commands([step.command for step in steps])
            ended = await self._send(broadcast.id, [step for step in steps if step.order])
        return tuple(ended.get(step.command.id, step.command) for step in steps)

    # --- sending -----------------------------------------------------------------------------

    async def _send(self, broadcast_id: str, steps: Sequence[Step]) -> dict[str, Command]:
        """Write down what is about to be replaced, then ask for all of it at once."""
        ended: dict[str, Command] = {}
        if not steps:
            return ended
        burst = f"replace {steps[0].command.id}"
        self._parts.calm.begin(burst)
        try:
            with self._underway.replacing(step.line.ref for step in steps):
                leaving = await self._admit(broadcast_id, steps, ended)
                if leaving:
                    await self._fire(broadcast_id, leaving, ended, burst)
        finally:
            self._parts.calm.end(burst)
            self._watch(broadcast_id)
        return ended

    async def _admit(
        self, broadcast_id: str, steps: Sequence[Step], ended: dict[str, Command]
    ) -> list[Step]:
        """Mark lines as being replaced, in one commit; give those up that must not leave now."""
        marked: dict[str, Step] = {}

        def mark(now: Broadcast) -> list[Change]:
            marked.update((step.line.ref, step) for step in steps if self._is_as_planned(now, step))
            at, at_ns = self._parts.clock.now(), self._parts.clock.monotonic_ns()
            return [Change(_marked(now.line(r), step, at, at_ns)) for r, step in marked.items()]

        await self._parts.recorder.update(broadcast_id, mark)
        moved = [step for step in steps if step.line.ref not in marked]
        await self._give_up(broadcast_id, moved, MOVED, ended)
        overrides = self._parts.recorder.current(broadcast_id).overrides
        leaving = list(marked.values())
        # Until none is given up any more: what is left leaves in the moment it was looked at.
        while (reason := self._why_not_now(leaving, overrides)) is not None:
            given_up = [step for step in leaving if self._why_not_now([step], overrides)]
            leaving = [step for step in leaving if step not in given_up]
            await self._give_up(broadcast_id, given_up, reason, ended)
        return leaving

    def _why_not_now(self, steps: Sequence[Step], overrides: Sequence[str]) -> str | None:
        """Return why one of these must not leave in this moment."""
        if not steps:
            return None
        try:
            check_may_send(self._parts.guard, self._parts.recorder)
            self._parts.guard.check_leaving([step.line.ticket for step in steps], overrides)
        except (TradingHalted, StoreError, OrderDenied) as error:
            return error.detail
        return None

    def _is_as_planned(self, now: Broadcast, step: Step) -> bool:
        """Tell whether a line still is what was checked: a fill or a cancel may have come."""
        line, planned = now.line(step.line.ref), step.line
        return (
            line.state in OPEN - {LineState.CANCELING, LineState.REPLACING}
            and line.state not in UNVERIFIED
            and not self._underway.is_canceling(line.ref)
            and (line.order_id, line.filled) == (planned.order_id, planned.filled)
        )

    async def _give_up(
        self, broadcast_id: str, steps: Sequence[Step], reason: str, ended: dict[str, Command]
    ) -> None:
        outcomes = [Outcome(step.command.id, OutcomeKind.NOT_SENT, reason=reason) for step in steps]
        await self._write_down(broadcast_id, steps, outcomes, ended)

    async def _fire(
        self, broadcast_id: str, steps: Sequence[Step], ended: dict[str, Command], burst: str
    ) -> None:
        inbox = Inbox(expected=len(steps))
        prepared = Prepared(tuple(step.order for step in steps if step.order is not None))
        drain = asyncio.create_task(self._drain(broadcast_id, steps, inbox, ended))
        try:
            # At once: the kill switch was looked at, and nobody shall throw it in between.
            loaded = self._parts.broker.load(prepared)
            await loaded.fire(lambda: self._parts.calm.end(burst), inbox.put)
        except Exception as e:  # per fan-out: a bug must not lose the other lines
            log.error("replace.fire_failed", broadcast=broadcast_id, exc_info=e)
        finally:
            inbox.close()
            await drain
        silent = [step for step in steps if step.command.id not in ended]
        lost = [Outcome(s.command.id, OutcomeKind.UNKNOWN, reason=_FAILED) for s in silent]
        await self._write_down(broadcast_id, silent, lost, ended)

    async def _drain(
        self,
        broadcast_id: str,
        steps: Sequence[Step],
        inbox: Inbox,
        ended: dict[str, Command],
    ) -> None:
        while (outcomes := await inbox.take()) is not None:
            try:
                await self._write_down(broadcast_id, steps, outcomes, ended)
            except Exception as e:  # per fan-out: reads find out what became of these
                log.error("replace.answers_failed", broadcast=broadcast_id, exc_info=e)
                await self._parts.recorder.alarm(
                    f"answers to replacements of {broadcast_id} could not be kept ({e})"
                )

    # --- after -------------------------------------------------------------------------------

    async def _write_down(
        self,
        broadcast_id: str,
        steps: Sequence[Step],
        outcomes: Sequence[Outcome],
        ended: dict[str, Command],
    ) -> None:
        """Write what became of requests: the commands first, then the lines."""
        by_id = {step.command.id: step for step in steps}
        answers = {o.ref: o for o in outcomes if o.ref in by_id and o.ref not in ended}
        if not answers:
            return
        now = self._parts.clock.now()
        for id_, outcome in answers.items():
            ended[id_] = replace(
                by_id[id_].command,
                outcome=_OUTCOMES[outcome.kind],
                answered=now,
                reason=outcome.reason,
                new_order_id=outcome.order_id,
            )
        try:
            await self._parts.journal.end_commands([ended[id_] for id_ in answers])
        except StoreError as e:
            # What the broker said is true whether or not our disk is full.
            text = f"the outcome of a replacement was not written: {e.detail}"
            await self._parts.recorder.alarm(text)
        await self._parts.recorder.update(
            broadcast_id,
            lambda b: [
                Change(changed)
                for id_, outcome in answers.items()
                if (changed := _after(b.line(by_id[id_].line.ref), by_id[id_], outcome)) is not None
            ],
        )
        for id_ in answers:
            self._underway.answered(by_id[id_].line.ref)


def _marked(line: Line, step: Step, at: datetime, at_ns: int) -> Line:
    """Return a line of which another order is about to take the place."""
    command, order = step.command, step.order
    if order is None or command.price is None:
        raise InvariantBroken("a line without an order is to be replaced")
    asked = Replacement(
        ref=command.id,
        price=command.price,
        quantity=step.line.ticket.quantity - step.line.filled,
        fingerprint=order.fingerprint,
        body_hash=order.body_hash,
        asked=at,
        asked_ns=at_ns,
    )
    return line.moved(LineState.REPLACING, replacement=asked, reason=None)


def _after(line: Line, step: Step, outcome: Outcome) -> Line | None:
    """Return a line after its request's outcome; None where reads have been faster."""
    asked = line.replacement
    if asked is None or asked.ref != step.command.id or not line.is_being_replaced:
        return None
    if outcome.kind is OutcomeKind.ACCEPTED:
        named = None if outcome.order_id == line.order_id else outcome.order_id
        return replace(line, replacement=replace(asked, taken=True, order_id=named))
    said = f"replacement {outcome.kind.value.replace('_', ' ')}: {outcome.reason or 'no reason'}"
    if outcome.kind is OutcomeKind.UNKNOWN:
        return line.moved(LineState.IN_DOUBT, doubt=Doubt.UNKNOWN, reason=said)
    before = LineState.PARTIAL if line.filled else LineState.WORKING
    if outcome.kind is OutcomeKind.NOT_SENT:
        return line.moved(before, replacement=step.line.replacement, reason=said)
    refused = replace(asked, standing=Standing.REFUSED, reason=said)
    return line.moved(before, replacement=refused, reason=said)
