"""Cancel what is open: written down first, asked all at once, decided by what reads then show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from swimdesk.desk.binding import UNVERIFIED
from swimdesk.desk.book import Book
from swimdesk.desk.evidence import whole_second_before
from swimdesk.desk.following import follow
from swimdesk.desk.handover import Handover
from swimdesk.desk.ports import Broker, BrokerOrder, CancelOutcome, Clock, Ids, Journal
from swimdesk.desk.recorder import Change, Recorder
from swimdesk.desk.underway import Underway
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.commands import Command, CommandKind, CommandOutcome
from swimdesk.domain.orders import OPEN, TERMINAL, LineState
from swimdesk.domain.replacing import Replacement
from swimdesk.errors import StoreError, SwimdeskError, UnknownReference
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

LOOK_S: Final = 2.0
"""How long a cancel waits for the first look at an order whose id came in an answer."""

_NOT_YET: Final = {
    LineState.PLANNED: "this order has not left yet; `swimdesk halt` keeps later waves from it",
    LineState.SENDING: "the broker has not answered this order yet; cancel again once it has",
}
_FAILED: Final = "the sender failed before it could tell what happened"


def line_in(broadcast: Broadcast, account: str) -> Line:
    """Return the line of an account; UnknownReference if the broadcast has none there."""
    for line in broadcast.lines:
        if line.account == account:
            return line
    raise UnknownReference(
        f"Broadcast {broadcast.id} has no line in {account or 'an account without a name'};"
        f" `swimdesk broadcasts {broadcast.id}` lists them."
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A command, the line that it is on as it was then, and the broadcast of that."""

    broadcast_id: str
    line: Line
    command: Command


@dataclass(frozen=True, slots=True)
class _Answered:
    """A command that is over, and what came back for it."""

    broadcast_id: str
    command: Command
    outcome: CancelOutcome


class Canceler:
    """Ask the broker to cancel orders; ``watch`` is told of broadcasts that must be read soon."""

    def __init__(
        self,
        broker: Broker,
        journal: Journal,
        book: Book,
        recorder: Recorder,
        clock: Clock,
        ids: Ids,
        underway: Underway,
        handover: Handover,
        watch: Callable[[str], None],
    ) -> None:
        self._broker = broker
        self._journal = journal
        self._book = book
        self._recorder = recorder
        self._clock = clock
        self._ids = ids
        self._underway = underway
        self._handover = handover
        self._watch = watch
        self._writing = asyncio.Lock()
        self._answered: list[_Answered] = []
        """What is over and not written down yet."""

    async def cancel(self, broadcast: Broadcast, account: str | None) -> tuple[Command, ...]:
        """Cancel all lines, or the one of that account; StoreError means that nothing was asked.

        Returns once every request was answered or given up.
        """
        lines = broadcast.lines if account is None else (line_in(broadcast, account),)
        return await self.cancel_lines([(broadcast, line) for line in lines])

    async def cancel_lines(self, targets: Sequence[tuple[Broadcast, Line]]) -> tuple[Command, ...]:
        """Cancel lines of any broadcasts, all at once and written down in one commit."""
        with ExitStack() as held:
            # Before the first wait: no replacement begins behind a cancel that was asked for.
            for _, line in targets:
                held.enter_context(self._underway.canceling(line.ref))
            return await self._cancel_lines([(b, self._now(b, line)) for b, line in targets])

    def _now(self, broadcast: Broadcast, line: Line) -> Line:
        return self._book.snapshot.broadcasts.get(broadcast.id, broadcast).line(line.ref)

    async def _cancel_lines(self, targets: Sequence[tuple[Broadcast, Line]]) -> tuple[Command, ...]:
        asked = [_Asked(b.id, line, c) for b, line in targets for c in self._commands(line)]
        await self._journal.begin_commands([one.command for one in asked])
        ended = {one.command.id: one.command for one in asked}
        results = await asyncio.gather(
            *(self._carry_out(one, ended) for one in asked if one.command.outcome is None),
            *(self._chase(b.id, line, ended) for b, line in targets if line.is_being_replaced),
            return_exceptions=True,
        )
        for failure in results:
            if isinstance(failure, Exception):
                log.error("cancel.not_shown", exc_info=failure)
                await self._recorder.alarm(f"a cancel is not shown ({failure})")
            elif failure is not None:
                raise failure
        return tuple(ended.values())

    # --- before ------------------------------------------------------------------------------

    def _commands(self, line: Line) -> list[Command]:
        """Return the commands on a line: both orders are asked while one replaces the other."""
        command = self._command(line)
        asked = line.replacement if line.is_being_replaced else None
        if asked is None or asked.order_id is None or command.outcome is not None:
            return [command]
        return [command, replace(command, id=self._ids.mint(), order_id=asked.order_id)]

    def _command(self, line: Line) -> Command:
        """Return the command on a line, with its outcome where there is nothing to send."""
        now = self._clock.now()
        command = Command(self._ids.mint(), line.ref, line.account, CommandKind.CANCEL, now)
        if line.state in TERMINAL:
            reason = f"{line.state.value.replace('_', ' ')} already"
            return replace(command, outcome=CommandOutcome.ENDED, answered=now, reason=reason)
        objection = self._objection(line)
        if objection is not None:
            not_sent = CommandOutcome.NOT_SENT
            return replace(command, outcome=not_sent, answered=now, reason=objection)
        return replace(command, order_id=line.order_id)

    def _objection(self, line: Line) -> str | None:
        """Return why no request can be sent for a line that has not ended."""
        if line.state in _NOT_YET:
            return _NOT_YET[line.state]
        is_in_doubt = line.state is LineState.IN_DOUBT and not line.is_being_replaced
        if is_in_doubt or line.order_id is None:
            which = "there is no order to name"
            if line.order_id is not None:
                which = f"order {line.order_id} may be another's; if it is this one, first say so"
                which += f" (`swimdesk resolve`, placed:{line.order_id})"
            return f"in doubt, so {which}: {line.reason or 'no reason given'}"
        now = self._book.snapshot.accounts.get(line.account)
        if now is not None and (now.login, now.last4) != (line.login, line.last4):
            return "this alias is another account than the one that the order was sent to"
        return None

    # --- asking ------------------------------------------------------------------------------

    async def _chase(self, broadcast_id: str, line: Line, ended: dict[str, Command]) -> None:
        """Cancel the order that a request under way makes, as soon as its id is known."""
        await self._underway.replaced(line.ref)
        now = self._book.snapshot.broadcasts[broadcast_id].line(line.ref)
        asked = {command.order_id for command in ended.values() if command.ref == line.ref}
        new = now.replacement.order_id if now.replacement and now.is_being_replaced else None
        order_id = new or now.order_id
        if now.state in TERMINAL or order_id is None or order_id in asked:
            return
        command = replace(self._command(now), order_id=order_id)
        if command.outcome is None:
            await self._journal.begin_commands([command])
            ended[command.id] = command
            await self._carry_out(_Asked(broadcast_id, now, command), ended)

    async def _carry_out(self, asked: _Asked, ended: dict[str, Command]) -> None:
        broadcast_id, line, command = asked.broadcast_id, asked.line, asked.command
        try:
            outcome = await self._ask(broadcast_id, line, command)
        except Exception as e:  # per fan-out: a bug must not lose the other lines
            log.error("cancel.failed", ref=command.ref, exc_info=e)
            outcome = CancelOutcome(CommandOutcome.UNKNOWN, _FAILED)
            await self._recorder.alarm(f"{line.account}: a cancel failed ({type(e).__name__}: {e})")
        now = self._clock.now()
        ended[command.id] = replace(
            command, outcome=outcome.kind, answered=now, reason=outcome.reason
        )
        await self._keep(_Answered(broadcast_id, ended[command.id], outcome))

    async def _ask(self, broadcast_id: str, line: Line, command: Command) -> CancelOutcome:
        objection = None
        if line.replacement is not None and command.order_id == line.replacement.order_id:
            objection = await self._look_at_new(line.account, line.replacement)
        elif line.state in UNVERIFIED and not line.is_being_replaced:
            objection = await self._look(broadcast_id, line)
        if objection is not None:
            return CancelOutcome(CommandOutcome.NOT_SENT, objection)
        await self._handover.before_cancel(line.login)
        return await self._broker.cancel(line.account, command.order_id or "")

    async def _look(self, broadcast_id: str, line: Line) -> str | None:
        """See that the order named by an answer may be ours; return why it must not be canceled.

        Brokers were seen naming another order. An order that cannot be read in time is canceled
        all the same: the operator wants to be out, and its id did come with our account. One that
        looks like ours is not taken for ours here: only a list shows whether another does too.
        """
        order = await self._seen(line.account, line.order_id or "")
        if order is None:
            return None
        broadcast = self._recorder.current(broadcast_id)
        is_new = broadcast.came_after(line.account, order.order_id)
        seen = follow(line, order, whole_second_before(broadcast.created), is_new=is_new)

        def decide(now: Broadcast) -> list[Change]:
            return [seen] if now.line(line.ref) == line else []

        if seen.line.state is not LineState.IN_DOUBT:
            return None
        await self._recorder.update(broadcast_id, decide)
        return seen.line.reason

    async def _look_at_new(self, account: str, asked: Replacement) -> str | None:
        """See that the order named by a replacement's answer is what was sent."""
        order = await self._seen(account, asked.order_id or "")
        if order is None or order.fingerprint == asked.fingerprint:
            return None
        return f"the answer named order {asked.order_id}, which is not the replacement"

    async def _seen(self, account: str, order_id: str) -> BrokerOrder | None:
        """Read an order, None if it cannot be read in time."""
        try:
            async with asyncio.timeout(LOOK_S):
                return await self._broker.order(account, order_id)
        except (SwimdeskError, TimeoutError) as e:
            log.warning("cancel.not_looked_at", account=account, error=str(e))
            return None

    async def _keep(self, answered: _Answered) -> None:
        """Write an outcome down and what it makes of its line; returns once both are shown.

        What comes while others are written shares the next commits.
        """
        self._answered.append(answered)
        async with self._writing:
            answers, self._answered = self._answered, []
            if not answers:
                return
            await self._keep_outcomes([one.command for one in answers])
            together: dict[str, list[_Answered]] = {}
            for one in answers:
                together.setdefault(one.broadcast_id, []).append(one)
            update = self._recorder.update
            shown = await asyncio.gather(
                *(update(id_, partial(_changes, ones)) for id_, ones in together.items()),
                return_exceptions=True,
            )
            for id_ in together:
                self._watch(id_)
            # Only now: one broadcast that cannot be shown keeps no other from it.
            for failure in filter(None, shown):
                raise failure

    async def _keep_outcomes(self, commands: Sequence[Command]) -> None:
        """Write outcomes; what the broker said is true whether or not our disk is full."""
        try:
            await self._journal.end_commands(commands)
        except StoreError as e:
            count = f" ({len(commands)})" if len(commands) > 1 else ""
            await self._recorder.alarm(
                f"the outcome of a cancel was not written{count}: {e.detail}"
            )


def _changes(answers: Sequence[_Answered], now: Broadcast) -> list[Change]:
    """Return what outcomes change, one after the other where two are of one line."""
    lines: dict[str, Line] = {}
    for one in answers:
        ref = one.command.ref
        for change in _after(lines.get(ref) or now.line(ref), one.outcome):
            lines[ref] = change.line
    return [Change(line) for line in lines.values()]


def _after(line: Line, outcome: CancelOutcome) -> list[Change]:
    """Return what a request's outcome changes; an order that ended meanwhile keeps its end."""
    if line.state not in OPEN:
        return []
    if outcome.kind is not CommandOutcome.TAKEN:
        said = f"cancel {outcome.kind.value.replace('_', ' ')}: {outcome.reason or 'no reason'}"
        return [Change(replace(line, reason=said))]
    if line.is_being_replaced:
        return [Change(replace(line, reason="cancel taken; its order was being replaced"))]
    if line.state in UNVERIFIED:
        # Moving on would let the order pass for one that somebody has looked at.
        return [Change(replace(line, reason="cancel taken; its order was not seen yet"))]
    return [Change(line.moved(LineState.CANCELING, reason=None))]
