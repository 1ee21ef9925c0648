"""The property machine: everything that may be done to a desk, in any order (reliability V8)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from swimdesk.desk.desk import Desk
from swimdesk.desk.ports import ENDED, BrokerOrder, BrokerOrderState
from swimdesk.domain.broadcast import Line
from swimdesk.domain.orders import LineState
from swimdesk.errors import SwimdeskError
from swimdesk.views.requests import PlanRequest, ResolveRequest, Scope, SubmitRequest
from tests.chaos.machine_checks import Checks, lines_shown
from tests.chaos.machine_home import ACCOUNTS, Home
from tests.fakes.acts import ReplaceAct
from tests.fakes.broker import Act, CancelAct
from tests.fakes.virtual import START

ORDERS = (
    "BUY +100 AAPL @187.50 LMT",
    "BUY +100 AAPL @187.60 LMT",
    "BUY +40 MSFT @99.00 LMT",
    "BUY +10 SPY @99.00 LMT",
)
PRICES = (Decimal("187.50"), Decimal("187.60"), Decimal("187.70"))
SETTLES_S = 50.0
"""So long after all trouble everything that can be known is known."""

FLUSHED_S = 30.0
"""So long after the last request nothing is under way any more."""

picks = st.integers(0, 11)
acts = st.lists(
    st.sampled_from((*Act, *[Act.REST] * 5)), min_size=len(ACCOUNTS), max_size=len(ACCOUNTS)
)


class DeskMachine(RuleBasedStateMachine):
    """A desk, its operator, a brokerage, and whoever else trades there."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Home()
        self.home.start()
        self.checks = Checks(self.home)
        self.sent: list[str] = []

    # --- the operator ------------------------------------------------------------------------

    @initialize(order=st.sampled_from(ORDERS), acts=acts)
    def send_first(self, order: str, acts: list[Act]) -> None:
        """Begin with something to follow."""
        self.send(order, acts, "all")

    @rule(order=st.sampled_from(ORDERS), acts=acts, waves=st.sampled_from(("all", "all", "1")))
    def send(self, order: str, acts: list[Act], waves: str) -> None:
        """Send an order to every account; each does with it what is drawn."""
        for account, act in zip(ACCOUNTS, acts, strict=True):
            has_orders = any(one.account == account.alias for one in self.home.broker.ledger)
            is_possible = act is not Act.NAME_AN_EARLIER_ORDER_OF_OURS or has_orders
            self.home.broker.acts[account.alias] = act if is_possible else Act.REST

        async def plan_and_send(desk: Desk) -> None:
            plan = await desk.preview(PlanRequest(order, Scope(everyone=True)))
            broadcast = self.home.ids.mint()
            await desk.submit(SubmitRequest(plan.plan, broadcast, waves=waves))
            self.sent.append(broadcast)

        self._ask(plan_and_send)

    @precondition(lambda self: self.sent)
    @rule(pick=picks, act=st.sampled_from(CancelAct))
    def cancel(self, pick: int, act: CancelAct) -> None:
        """Cancel a broadcast or a line."""
        self.home.broker.cancel_acts = {a.alias: [act] for a in ACCOUNTS if act is not _BROKEN}
        self._ask(lambda desk: desk.cancel(self._reference(pick)))

    @precondition(lambda self: self.sent)
    @rule(pick=picks, price=st.sampled_from(PRICES), act=st.sampled_from(ReplaceAct))
    def replace(self, pick: int, price: Decimal, act: ReplaceAct) -> None:
        """Replace what works of a broadcast or a line."""
        self.home.broker.replace_acts = {a.alias: [act] for a in ACCOUNTS}
        self._ask(lambda desk: desk.replace(self._reference(pick), price))

    @precondition(lambda self: self._doubtful())
    @rule(pick=picks, order=picks, is_absent=st.booleans())
    def resolve(self, pick: int, order: int, is_absent: bool) -> None:
        """Say what a line in doubt is: truly, or so that a look at the order contradicts it."""
        doubtful = self._doubtful()
        reference, line = doubtful[pick % len(doubtful)]
        sayable = [id_ for id_ in self.home.broker.made if self._may_say(line, id_)]
        if not is_absent and not sayable:
            return
        verdict = "absent" if is_absent else f"placed:{sayable[order % len(sayable)]}"
        self._ask(lambda desk: desk.resolve(ResolveRequest(reference, verdict, "I have looked")))

    @precondition(lambda self: self.sent)
    @rule(order=st.sampled_from(ORDERS), is_killed=st.booleans())
    def halt_and_send(self, order: str, is_killed: bool) -> None:
        """Stop all sending, try to send all the same, and allow it again."""
        self.home.ask(lambda desk: desk.halt("the operator said so"))
        self.checks.is_halted = True
        if is_killed:
            self.kill_and_start()
        self.send(order, [Act.REST] * len(ACCOUNTS), "all")
        self.home.pass_time(0.5)
        self.checks.is_halted = False
        self.home.ask(lambda desk: desk.resume())

    @precondition(lambda self: self.sent)
    @rule()
    def kill_and_start(self) -> None:
        """Let the process die and start another; it takes up what was written (I10)."""
        self.home.kill()
        before = {line.ref: line for line in lines_shown(self.home)}
        self.checks.begin_life()
        self.home.start()
        for line in lines_shown(self.home):
            expected = _taken_up(before[line.ref])
            found = (line.state, line.order_id, line.filled)
            assert found == expected, f"I10: {line.ref} is taken up as {found}, was {expected}"

    # --- the brokerage -----------------------------------------------------------------------

    @rule(seconds=st.sampled_from((0.02, 0.2, 1.0, 3.0, 9.0, 20.0)))
    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.home.pass_time(seconds)

    @precondition(lambda self: self.sent)
    @rule(word=st.sampled_from(("fine", "fine", "failing", "half", "late")))
    def read(self, word: str) -> None:
        """Let reads be as they are from now on."""
        self._reads_are(word)
        self.home.pass_time(1.0)

    @precondition(lambda self: self._working())
    @rule(pick=picks, parts=st.sampled_from((1, 2, 2)))
    def fill(self, pick: int, parts: int) -> None:
        """Let the market fill an order, whole or in part."""
        order = self._working()[pick % len(self._working())]
        units = int(order.quantity) if parts == 1 else max(int(order.quantity) // 2, 1)
        self._do(lambda: self.home.broker.fill(order.order_id, units))

    @precondition(lambda self: self._working())
    @rule(
        pick=picks,
        state=st.sampled_from(
            (BrokerOrderState.CANCELED, BrokerOrderState.EXPIRED, BrokerOrderState.REJECTED)
        ),
    )
    def end(self, pick: int, state: BrokerOrderState) -> None:
        """Let the broker end an order."""
        order = self._working()[pick % len(self._working())]
        self._do(lambda: self.home.broker.end(order.order_id, state))

    @precondition(lambda self: self.home.broker.on_the_way)
    @rule(pick=picks)
    def arrive_late(self, pick: int) -> None:
        """Let a request arrive after all that was lost."""
        self._do(lambda: self.home.broker.arrive(pick))

    @precondition(lambda self: self.home.broker.ledger)
    @rule(pick=picks, where=picks, is_other=st.booleans())
    def trade_by_hand(self, pick: int, where: int, is_other: bool) -> None:
        """Let somebody place what we place: with another mark, or long before we do."""
        like = self.home.broker.ledger[pick % len(self.home.broker.ledger)].fingerprint
        if like is None or "another" in like:
            return
        account = ACCOUNTS[where % len(ACCOUNTS)].alias
        if not is_other and self._is_awaited(account, like):
            return  # nobody could tell it from ours
        tag = "API_TOS:TRADE_ALL" if is_other else "TA_desk"
        self._do(lambda: self.home.broker.place_by_hand(account, like, tag))
        if not is_other:
            self._reads_are("fine")
            self.home.pass_time(21.0)

    # --- after every step, and at the end ----------------------------------------------------

    @invariant()
    def everything_holds(self) -> None:
        """I1 to I9."""
        self.checks.look()

    def teardown(self) -> None:
        """End all trouble, and see what becomes known; twice, from the same file (I10)."""
        try:
            self._reads_are("fine")
            self.home.pass_time(FLUSHED_S)
            self.home.kill()
            again = self._twin()
            try:
                self.checks.begin_life()
                for one in (self.home, again):
                    one.start()
                    one.pass_time(SETTLES_S)
                self.checks.at_the_end()
                assert lines_shown(again) == lines_shown(self.home), "I10: decided otherwise"
            finally:
                again.close()
        finally:
            self.checks.close()
            self.home.close()

    def _twin(self) -> Home:
        async def now() -> timedelta:
            return self.home.clock.now() - START

        twin = Home(START + self.home.run(now()), self.home.broker)
        for file in self.home.folder.glob("desk.db*"):
            shutil.copy(file, twin.folder / file.name)
        twin.sentinel.text = self.home.sentinel.text
        return twin

    # --- inside ------------------------------------------------------------------------------

    def _ask(self, work: Callable[[Desk], Coroutine[Any, Any, object]]) -> None:
        with suppress(SwimdeskError):
            self.home.ask(work)

    def _do(self, work: Callable[[], object]) -> None:
        async def done() -> None:
            work()
            await asyncio.sleep(0)

        self.home.run(done())

    def _reads_are(self, word: str) -> None:
        broker = self.home.broker
        broker.reads_fail, broker.shows_half = word == "failing", word == "half"
        broker.list_lag_s = 4.0 if word == "late" else 0.0

    def _reference(self, pick: int) -> str:
        broadcast = self.sent[pick % len(self.sent)]
        return broadcast if pick % 2 else f"{broadcast}/{ACCOUNTS[pick % len(ACCOUNTS)].alias}"

    def _working(self) -> list[BrokerOrder]:
        return [
            one
            for one in self.home.broker.ledger
            if one.state not in ENDED and one.order_id in self.home.broker.made
        ]

    def _order(self, order_id: str) -> BrokerOrder:
        return self.home.broker.order_of(order_id)

    def _doubtful(self) -> list[tuple[str, Line]]:
        return [
            (f"{id_}/{line.account}", line)
            for id_, broadcast in self.home.desk.book.snapshot.broadcasts.items()
            for line in broadcast.lines
            if line.state is LineState.IN_DOUBT
        ]

    def _may_say(self, line: Line, order_id: str) -> bool:
        """Tell whether the order is the line's, or anybody sees that it is not."""
        order, asked = self._order(order_id), line.replacement
        looks = {line.fingerprint, asked.fingerprint if asked else None}
        is_own = self.checks.line_of(order_id) == line.ref
        return order.account == line.account and (is_own or order.fingerprint not in looks)

    def _is_awaited(self, account: str, fingerprint: str) -> bool:
        return any(
            line.account == account and (line.state in _AWAITED or line.is_being_replaced)
            for line in lines_shown(self.home)
        )


_BROKEN = CancelAct.BREAK
_AWAITED = frozenset(
    {LineState.SENDING, LineState.ACCEPTED, LineState.IN_DOUBT, LineState.PLANNED}
    | {LineState.ABSENT, LineState.REFUSED, LineState.NOT_SENT}
)


def _taken_up(line: Line) -> tuple[LineState, str | None, int]:
    """Return how a line is taken up by the next process."""
    asked = line.replacement
    is_unanswered = (
        line.state is LineState.REPLACING
        and line.is_being_replaced
        and asked is not None
        and not asked.taken
    )
    state = line.state
    if state is LineState.SENDING or is_unanswered:
        state = LineState.IN_DOUBT
    elif state is LineState.PLANNED:
        state = LineState.NOT_SENT
    return state, line.order_id, line.filled
