"""The operator's word on a line in doubt: weighed against a read made for it, then written down.

A person may know more than the lists, but never the contrary: what a read contradicts is refused,
and what it cannot support yet (incomplete, too early) is put off; nothing is changed then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from swimdesk.desk.ages import age_of
from swimdesk.desk.book import Book
from swimdesk.desk.canceler import line_in
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.foreign import check_reason
from swimdesk.desk.origins import REMEMBERED, OriginsReader
from swimdesk.desk.ports import Broker, BrokerOrder, Clock, Journal, OrdersRead, ReadScope
from swimdesk.desk.reading import HoldingsReader
from swimdesk.desk.reconciler import could_show
from swimdesk.desk.recorder import Change, Recorder
from swimdesk.desk.tracker import LOOK_BACK, Tracker
from swimdesk.desk.verdicts import Case, judge_absent, judge_placed
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.decisions import Decision, DecisionKind, Verdict
from swimdesk.domain.orders import LineState
from swimdesk.errors import InputError, InvariantBroken, NoEvidence, NotInDoubt, VerdictContradicted
from swimdesk.views.requests import ResolveRequest

_NOT_COMPARED: Final = " (its details could not be compared with what was sent)"


@dataclass(frozen=True, slots=True)
class ResolveParts:
    """What resolving works with."""

    broker: Broker
    journal: Journal
    book: Book
    recorder: Recorder
    reader: HoldingsReader
    tracker: Tracker
    origins: OriginsReader
    clock: Clock
    horizons: Horizons


def parse_verdict(text: str) -> tuple[Verdict, str | None]:
    """Read ``placed:ORDER_ID`` or ``absent``; InputError for anything else."""
    word, colon, order_id = text.strip().partition(":")
    if word == Verdict.PLACED and order_id.strip():
        return Verdict.PLACED, order_id.strip()
    if word == Verdict.ABSENT and not colon:
        return Verdict.ABSENT, None
    raise InputError(f"{text[:60]!r} is no verdict; expected placed:ORDER_ID or absent.")


class Resolver:
    """Settle lines in doubt as the operator says, one at a time."""

    def __init__(self, parts: ResolveParts) -> None:
        self._parts = parts
        self._turn = asyncio.Lock()

    async def resolve(self, broadcast: Broadcast, account: str, request: ResolveRequest) -> None:
        """Write a verdict down with the line that it settles.

        NotInDoubt, VerdictContradicted or NoEvidence leave everything as it is; a verdict that
        stands already changes nothing either.
        """
        verdict, order_id = parse_verdict(request.verdict)
        check_reason(request.reason)
        line_in(broadcast, account)
        async with self._turn:
            if await self._stands(self._line(broadcast, account), verdict, order_id):
                return
            _check_in_doubt(self._line(broadcast, account))
            read = await self._look(broadcast, account)
            line = self._line(broadcast, account)
            if line.state is not LineState.IN_DOUBT and line.order_id == order_id:
                return  # the read has said so itself
            _check_in_doubt(line)
            change, decision = await self._judged(broadcast, line, read, request)
            await self._write(broadcast, line, change, decision)
        if verdict is Verdict.PLACED:
            self._parts.tracker.watch(broadcast.id)

    # --- inside ------------------------------------------------------------------------------

    def _line(self, broadcast: Broadcast, account: str) -> Line:
        now = self._parts.book.snapshot.broadcasts.get(broadcast.id, broadcast)
        return line_in(now, account)

    async def _stands(self, line: Line, verdict: Verdict, order_id: str | None) -> bool:
        """Tell whether this was said of the line before, and still holds."""
        if line.state is LineState.IN_DOUBT:
            return False
        is_absent = line.state is LineState.ABSENT
        if is_absent is not (verdict is Verdict.ABSENT) or line.order_id != order_id:
            return False
        decisions = await self._parts.journal.decisions(self._parts.clock.now() - REMEMBERED)
        said = [one for one in decisions if one.ref == line.ref]
        return bool(said) and (said[-1].verdict, said[-1].order_id) == (verdict, order_id)

    async def _look(self, broadcast: Broadcast, account: str) -> OrdersRead:
        """Read the account's orders since the broadcast, for this line; NoEvidence if not whole."""
        found = await self._parts.reader.survey()
        named = [one for one in found.accounts if one.alias == account]
        began = self._parts.clock.now()
        reads = await self._parts.tracker.read_now(named, broadcast.created - LOOK_BACK)
        line = self._line(broadcast, account)
        for read in reads:
            if could_show(broadcast, line, ReadScope.of(read, began)):
                return read
        raise NoEvidence(
            f"The orders of {account} could not be read completely, which proves nothing; nothing"
            f" was changed. Try again in a moment.{self._trouble(line)}"
        )

    def _trouble(self, line: Line) -> str:
        detail = self._parts.tracker.trouble(line.login)
        return f" ({detail})" if detail else ""

    async def _judged(
        self, broadcast: Broadcast, line: Line, read: OrdersRead, request: ResolveRequest
    ) -> tuple[Change, Decision]:
        """Return what a verdict changes, and the verdict as it is written down."""
        _, order_id = parse_verdict(request.verdict)
        orders = [order for order in read.orders if order.account == line.account]
        keys = {(order.account, order.order_id) for order in orders}
        if order_id is None:
            case = Case(broadcast, line, orders, await self._parts.origins.known(keys))
            self._check_horizon(case)
            unlisted = await self._unlisted(line, orders)
            change = judge_absent(case, request.reason.strip(), unlisted)
            return change, self._decision(line, request)
        named = await self._named(line, order_id, orders)
        keys.add((line.account, order_id))
        case = Case(broadcast, line, orders, await self._parts.origins.known(keys))
        change = judge_placed(case, order_id, named)
        is_compared = named is not None and named.fingerprint is not None
        return change, self._decision(line, request, "" if is_compared else _NOT_COMPARED)

    def _check_horizon(self, case: Case) -> None:
        """Refuse to call an order absent while it may just not be listed yet; NoEvidence."""
        now, steady_ns = self._parts.clock.now(), self._parts.clock.monotonic_ns()
        age = age_of(case.broadcast, case.line, now, steady_ns)
        ends = now + self._parts.horizons.absent - age
        if not case.line.is_being_replaced and now < ends:
            raise NoEvidence(
                f"An order that the broker took may be missing from its lists until"
                f" {ends:%H:%M:%S} UTC; nothing was changed. Say so again after that."
            )

    async def _named(
        self, line: Line, order_id: str, orders: Sequence[BrokerOrder]
    ) -> BrokerOrder | None:
        listed = next((order for order in orders if order.order_id == order_id), None)
        found = listed or await self._parts.broker.order(line.account, order_id)
        return found if found is not None and found.account == line.account else None

    async def _unlisted(self, line: Line, orders: Sequence[BrokerOrder]) -> BrokerOrder | None:
        """Return the order whose id an answer gave to the line, where no list has it."""
        if line.order_id is None or line.order_id in {order.order_id for order in orders}:
            return None
        return await self._parts.broker.order(line.account, line.order_id)

    def _decision(self, line: Line, request: ResolveRequest, note: str = "") -> Decision:
        verdict, order_id = parse_verdict(request.verdict)
        return Decision(
            at=self._parts.clock.now(),
            agent=request.agent,
            kind=DecisionKind.RESOLVE,
            account=line.account,
            reason=f"{request.reason.strip()}{note}",
            ref=line.ref,
            order_id=order_id,
            verdict=verdict,
        )

    async def _write(
        self, broadcast: Broadcast, line: Line, change: Change, decision: Decision
    ) -> None:
        def decide(now: Broadcast) -> list[Change]:
            return [change] if now.line(line.ref) == line else _moved(line)

        try:
            await self._parts.recorder.decide(broadcast.id, decide, decision)
        except InvariantBroken as error:
            raise VerdictContradicted(
                f"Order {decision.order_id} belongs to another line by now; nothing was changed."
            ) from error


def _moved(line: Line) -> NoReturn:
    raise NoEvidence(
        f"{line.account} changed while this was being decided; nothing was changed. Look again."
    )


def _check_in_doubt(line: Line) -> None:
    if line.state is not LineState.IN_DOUBT:
        order = f", its order is {line.order_id}" if line.order_id else ""
        raise NotInDoubt(
            f"{line.account} is {line.state.value.replace('_', ' ')}{order}; only a line in doubt"
            " takes a verdict, and nothing was changed."
        )
