"""Replace what works by the same at another price: read, checked, written down, asked once.

A request to replace makes an order, so it is sent like one: never while halted, never twice, by
nobody. Which of the two orders works afterwards is for reads to say (``succession``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from swimdesk.desk.canceler import line_in
from swimdesk.desk.following import UNVERIFIED, follow
from swimdesk.desk.inbox import Inbox
from swimdesk.desk.ports import (
    BrokerOrder,
    BrokerOrderState,
    LineOrder,
    Outcome,
    OutcomeKind,
    Prepared,
    PreparedOrder,
)
from swimdesk.desk.recorder import Change
from swimdesk.desk.submitter import Parts, check_may_send, make_ready
from swimdesk.desk.together import both
from swimdesk.desk.underway import Underway
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.commands import Command, CommandKind, CommandOutcome
from swimdesk.domain.orderlang import parse, print_ticket
from swimdesk.domain.orders import OPEN, PRICED, TERMINAL, Doubt, LineState, OrderType
from swimdesk.domain.plan import PlannedLine
from swimdesk.domain.replacing import Replacement, Standing
from swimdesk.domain.risk import DenialCode
from swimdesk.errors import (
    BrokerUnreachable,
    InputError,
    InvariantBroken,
    OrderTextError,
    StoreError,
    TradingHalted,
)
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

LOOK_BACK: Final = timedelta(minutes=1)
"""How far before the broadcast the lists are read, for clocks that differ."""

_FAILED: Final = "the sender failed before it could tell what happened"
_MOVED: Final = "it changed while the replacement was being checked; look at it and replace again"

_OUTCOMES: Final = {
    OutcomeKind.ACCEPTED: CommandOutcome.TAKEN,
    OutcomeKind.REFUSED: CommandOutcome.REFUSED,
    OutcomeKind.NOT_SENT: CommandOutcome.NOT_SENT,
    OutcomeKind.UNKNOWN: CommandOutcome.UNKNOWN,
}

_NOT_NOW: Final = {
    LineState.PLANNED: "this order has not left yet",
    LineState.SENDING: "the broker has not answered this order yet",
    LineState.ACCEPTED: "nobody has seen this order at the broker yet",
    LineState.IN_DOUBT: "in doubt, so it is not known which order to replace",
    LineState.CANCELING: "it is being canceled",
    LineState.REPLACING: "it is being replaced already",
}


@dataclass(frozen=True, slots=True)
class _Step:
    """One line of a replacement: its command, and what is to be sent if anything is."""

    command: Command
    line: Line
    order: PreparedOrder | None = None


class Replacer:
    """Ask the broker for other orders in place of ours; ``watch`` is told what to read soon."""

    def __init__(self, parts: Parts, underway: Underway, watch: Callable[[str], None]) -> None:
        self._parts = parts
        self._underway = underway
        self._watch = watch
        self._turn = asyncio.Lock()

    async def replace(
        self, broadcast: Broadcast, account: str | None, price: Decimal
    ) -> tuple[Command, ...]:
        """Replace what works of all lines, or of that account's; TradingHalted, BrokerError.

        StoreError means that nothing was asked. Returns once every request was answered or given
        up, with a command per line that says why where nothing was sent.
        """
        check_may_send(self._parts.guard, self._parts.recorder)
        lines = broadcast.lines if account is None else (line_in(broadcast, account),)
        for line in lines:
            _check_price(line, price)
        async with self._turn:
            steps = await self._steps(broadcast, [line.ref for line in lines], price)
            await self._parts.journal.begin_commands([step.command for step in steps])
            ended = await self._send(broadcast.id, [step for step in steps if step.order])
        return tuple(ended.get(step.command.id, step.command) for step in steps)

    # --- before ------------------------------------------------------------------------------

    async def _steps(
        self, broadcast: Broadcast, refs: Sequence[str], price: Decimal
    ) -> tuple[_Step, ...]:
        """Decide for every line whether it is replaced, from what the broker and the book say."""
        lines = [self._now(broadcast).line(ref) for ref in refs]
        asked = [line for line in lines if self._objection(line, price) is None]
        unread = await self._look(broadcast, asked) if asked else {}
        lines = [self._now(broadcast).line(ref) for ref in refs]
        objections = {
            line.ref: self._objection(line, price)
            or (None if line.ref not in unread else (CommandOutcome.NOT_SENT, unread[line.ref]))
            for line in lines
        }
        heirs = {line.ref: _heir(line, price) for line in lines if objections[line.ref] is None}
        planned = await self._checked(tuple(heirs.values()))
        return tuple(
            self._denied(line, price, objections[line.ref])
            if line.ref not in heirs
            else self._step(line, price, planned[line.account])
            for line in lines
        )

    async def _checked(self, heirs: Sequence[Line]) -> Mapping[str, PlannedLine]:
        if not heirs:
            return {}
        accounts = [self._parts.book.snapshot.accounts[heir.account] for heir in heirs]
        planned, _ = await both(
            self._parts.planner.replan(heirs, self._parts.book),
            make_ready(self._parts.broker, accounts),
        )
        return {one.account: one for one in planned}

    def _denied(
        self, line: Line, price: Decimal, objection: tuple[CommandOutcome, str] | None
    ) -> _Step:
        outcome, reason = objection or (CommandOutcome.NOT_SENT, _MOVED)
        command = self._command(line, price)
        ended = replace(command, outcome=outcome, answered=command.at, reason=reason)
        return _Step(ended, line)

    def _step(self, line: Line, price: Decimal, planned: PlannedLine) -> _Step:
        if planned.denials:
            found = "; ".join(f"{one.code}: {one.detail}" for one in planned.denials)
            return self._denied(line, price, (CommandOutcome.DENIED, found))
        command = replace(self._command(line, price), order_id=line.order_id)
        request = LineOrder(command.id, line.account, planned.ticket)
        (order,) = self._parts.broker.prepare([request]).orders
        return _Step(command, line, replace(order, replaces=line.order_id))

    def _command(self, line: Line, price: Decimal) -> Command:
        now = self._parts.clock.now()
        id_ = self._parts.ids.mint()
        return Command(id_, line.ref, line.account, CommandKind.REPLACE, now, price=price)

    def _now(self, broadcast: Broadcast) -> Broadcast:
        return self._parts.book.snapshot.broadcasts.get(broadcast.id, broadcast)

    def _objection(self, line: Line, price: Decimal) -> tuple[CommandOutcome, str] | None:
        """Return why a line is not replaced, as far as the book knows."""
        if line.state in TERMINAL:
            return CommandOutcome.ENDED, f"{line.state.value.replace('_', ' ')} already"
        reason = _NOT_NOW.get(line.state)
        if self._underway.is_canceling(line.ref):
            reason = _NOT_NOW[LineState.CANCELING]
        now = self._parts.book.snapshot.accounts.get(line.account)
        if now is not None and (now.login, now.last4) != (line.login, line.last4):
            reason = "this alias is another account than the one that the order was sent to"
        if reason is not None:
            return CommandOutcome.NOT_SENT, reason
        ticket = line.ticket
        if ticket.order_type not in PRICED or ticket.order_type is OrderType.LIMIT_ON_CLOSE:
            why = f"{DenialCode.NO_PRICE}: a {ticket.order_type} order has no price to replace"
            return CommandOutcome.DENIED, why
        if ticket.price == price:
            return CommandOutcome.DENIED, f"{DenialCode.SAME_PRICE}: {price} is its price already"
        return None

    async def _look(self, broadcast: Broadcast, lines: Sequence[Line]) -> Mapping[str, str]:
        """Read the orders now, so that only what is left of them is replaced.

        Returns why not, by ref, for lines whose order was not seen as one that works.
        """
        since = broadcast.created - LOOK_BACK
        read = await self._parts.broker.orders([line.account for line in lines], since)
        if not read.accounts:
            raise BrokerUnreachable("The orders could not be read, so none was replaced.")
        listed = {(order.account, order.order_id): order for order in read.orders}
        orders: dict[str, BrokerOrder] = {}
        unread: dict[str, str] = {}
        for line in lines:
            order = listed.get((line.account, line.order_id or ""))
            if line.account not in read.accounts:
                unread[line.ref] = "the orders of this account could not be read; try again"
            elif order is None:
                unread[line.ref] = f"order {line.order_id} is not in the broker's list"
            elif order.state is BrokerOrderState.REPLACED:
                unread[line.ref] = f"order {line.order_id} was replaced already"
            else:
                orders[line.ref] = order
        await self._parts.recorder.update(broadcast.id, lambda now: _followed(now, orders))
        return unread

    # --- sending -----------------------------------------------------------------------------

    async def _send(self, broadcast_id: str, steps: Sequence[_Step]) -> dict[str, Command]:
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
        self, broadcast_id: str, steps: Sequence[_Step], ended: dict[str, Command]
    ) -> list[_Step]:
        """Mark lines as being replaced, in one commit; give those up that must not leave now."""
        marked: dict[str, _Step] = {}

        def mark(now: Broadcast) -> list[Change]:
            marked.update((step.line.ref, step) for step in steps if self._is_as_planned(now, step))
            at = self._parts.clock.now()
            return [Change(_marked(now.line(ref), step, at)) for ref, step in marked.items()]

        await self._parts.recorder.update(broadcast_id, mark)
        moved = [step for step in steps if step.line.ref not in marked]
        await self._give_up(broadcast_id, moved, _MOVED, ended)
        try:
            check_may_send(self._parts.guard, self._parts.recorder)
        except (TradingHalted, StoreError) as error:
            await self._give_up(broadcast_id, list(marked.values()), error.detail, ended)
            return []
        return list(marked.values())

    def _is_as_planned(self, now: Broadcast, step: _Step) -> bool:
        """Tell whether a line still is what was checked: a fill or a cancel may have come."""
        line, planned = now.line(step.line.ref), step.line
        return (
            line.state in OPEN - {LineState.CANCELING, LineState.REPLACING}
            and line.state not in UNVERIFIED
            and not self._underway.is_canceling(line.ref)
            and (line.order_id, line.filled) == (planned.order_id, planned.filled)
        )

    async def _give_up(
        self, broadcast_id: str, steps: Sequence[_Step], reason: str, ended: dict[str, Command]
    ) -> None:
        outcomes = [Outcome(step.command.id, OutcomeKind.NOT_SENT, reason=reason) for step in steps]
        await self._write_down(broadcast_id, steps, outcomes, ended)

    async def _fire(
        self, broadcast_id: str, steps: Sequence[_Step], ended: dict[str, Command], burst: str
    ) -> None:
        inbox = Inbox()
        drain = asyncio.create_task(self._drain(broadcast_id, steps, inbox, ended))
        prepared = Prepared(tuple(step.order for step in steps if step.order is not None))
        try:
            await self._parts.broker.fire(prepared, lambda: self._parts.calm.end(burst), inbox.put)
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
        steps: Sequence[_Step],
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
        steps: Sequence[_Step],
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


def _check_price(line: Line, price: Decimal) -> None:
    """Refuse a price with which no such order can be written down; InputError."""
    if line.ticket.order_type not in PRICED:
        return
    if not price.is_finite() or (price <= 0 and not line.ticket.is_multi_leg):
        raise InputError(f"{price} is no price for {print_ticket(line.ticket)}.")
    wanted = line.ticket.repriced(price)
    try:
        is_readable = parse(print_ticket(wanted)) == wanted
    except OrderTextError as error:
        raise InputError(f"At {price} this is no order: {error.detail}") from error
    if not is_readable:
        raise InputError(f"{price} is no price for {print_ticket(line.ticket)}.")


def _heir(line: Line, price: Decimal) -> Line:
    """Return the line as its new order would be: what is left of it, at the new price."""
    left = max(line.ticket.quantity - line.filled, 1)
    return replace(line, ticket=line.ticket.repriced(price).sized(left))


def _followed(now: Broadcast, orders: Mapping[str, BrokerOrder]) -> list[Change]:
    changes = []
    for ref, order in orders.items():
        line = now.line(ref)
        if line.order_id == order.order_id and not line.is_being_replaced:
            change = follow(line, order)
            if change.line != line:
                changes.append(change)
    return changes


def _marked(line: Line, step: _Step, at: datetime) -> Line:
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
    )
    return line.moved(LineState.REPLACING, replacement=asked, reason=None)


def _after(line: Line, step: _Step, outcome: Outcome) -> Line | None:
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
