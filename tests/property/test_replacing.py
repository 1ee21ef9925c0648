"""Whatever happens to replacements, and whenever: the desk tells what the broker's ledger has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.acts import ReplaceAct
from tests.fakes.broker import Act, CancelAct, FakeBroker
from tests.fakes.builders import STOCK, some_accounts
from tests.fakes.desk import Bench, a_desk, kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.ports import ENDED
from swimdesk.errors import SwimdeskError
from swimdesk.views.models import BroadcastView, LineView

ACCOUNTS = ("A-01", "A-02")
PRICES = tuple(Decimal(price) for price in ("187.40", "187.50", "187.60"))
SENT = frozenset({"taken", "refused", "unknown", None})
AT_WORK = frozenset({"working", "partial"})


@dataclass(frozen=True)
class Step:
    """One thing that happens; ``pause_s`` passes before the next one."""

    kind: str
    pause_s: float
    price: Decimal = PRICES[0]
    acts: tuple[ReplaceAct, ...] = ()
    cancel: CancelAct = CancelAct.TAKE
    units: int = 0


KINDS = ("replace", "replace", "replace", "cancel", "fill", "restart")
STEPS = st.builds(
    Step,
    kind=st.sampled_from(KINDS),
    pause_s=st.sampled_from([0.0, 0.02, 0.1, 0.4, 2.0, 30.0]),
    price=st.sampled_from(PRICES),
    acts=st.tuples(st.sampled_from(ReplaceAct), st.sampled_from(ReplaceAct)),
    cancel=st.sampled_from(sorted(set(CancelAct) - {CancelAct.BREAK})),
    units=st.sampled_from([10, 60, 100]),
)


class World:
    """A broker that goes on while desks come and go over one journal."""

    def __init__(self) -> None:
        self.broker = FakeBroker(VirtualClock(), some_accounts(2))
        self.broker.acts = dict.fromkeys(ACCOUNTS, Act.REST)
        self.journal = MemoryJournal()
        self.bench: Bench
        self.asked: list[asyncio.Future[BroadcastView]] = []

    async def start(self, stack: AsyncExitStack) -> None:
        self.bench = await stack.enter_async_context(
            a_desk(broker=self.broker, journal=self.journal)
        )

    async def act(self, step: Step, stack: AsyncExitStack) -> None:
        broker = self.broker
        if step.kind == "replace":
            for account, act in zip(ACCOUNTS, step.acts, strict=True):
                broker.replace_acts.setdefault(account, []).append(act)
            self.ask(self.bench.desk.replace("B-1", step.price, ()))
        elif step.kind == "cancel":
            broker.cancel_acts.setdefault(ACCOUNTS[0], []).append(step.cancel)
            self.ask(self.bench.desk.cancel("B-1/A-01"))
        elif step.kind == "fill":
            self.fill(step.units)
        else:
            await kill(self.bench)
            await self.start(stack)
        await asyncio.sleep(step.pause_s)

    def ask(self, work: Awaitable[BroadcastView]) -> None:
        self.asked.append(asyncio.ensure_future(work))

    def fill(self, units: int) -> None:
        """Let the market fill one of the orders at work, old or new."""
        live = [o for o in self.broker.ledger if o.state not in ENDED]
        for order in live[:1]:
            if order.filled < units <= order.quantity:
                self.broker.fill(order.order_id, units)


async def play(steps: Sequence[Step]) -> tuple[World, BroadcastView]:
    """Let all steps happen, then let everything that can be known become known."""
    world = World()
    async with AsyncExitStack() as stack:
        await world.start(stack)
        await world.bench.send(STOCK, wait_s=1, broadcast="B-1")
        for step in steps:
            await world.act(step, stack)
        world.broker.replace_acts.clear()
        for answer in await asyncio.gather(*world.asked, return_exceptions=True):
            assert isinstance(answer, BroadcastView | SwimdeskError | asyncio.CancelledError)
        await asyncio.sleep(400)
        return world, await world.bench.desk.broadcast("B-1")


def check(world: World, line: LineView) -> None:
    """Compare a line with all orders of its account, which all are its own."""
    orders = [order for order in world.broker.ledger if order.account == line.account]
    live = {order.order_id for order in orders if order.state not in ENDED}
    filled = sum(int(order.filled) for order in orders)
    assert line.filled <= filled
    if line.state == "in_doubt":
        return
    assert live == ({line.order_id} if line.state in AT_WORK else set())
    assert line.state in AT_WORK | {"filled", "canceled"}
    assert line.filled == filled
    named = {order.order_id for order in orders if order.state.value != "rejected"}
    assert named <= {line.order_id, *line.lineage}


@given(st.lists(STEPS, min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_desk_and_ledger_agree_in_the_end_and_nothing_is_sent_twice(steps: list[Step]) -> None:
    world, view = run_virtual(play(steps))
    for line in view.lines:
        check(world, line)
    asked = [c for c in view.commands if c.kind == "replace" and c.outcome in SENT]
    assert len(world.broker.puts) <= len(asked)
    ids = [order_id for line in view.lines for order_id in (line.order_id, *line.lineage)]
    assert len(ids) == len({*ids})
