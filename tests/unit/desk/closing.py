"""What the tests of flatten and undo share: accounts that hold something, and how it is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeAlias

from tests.fakes.broker import Act
from tests.fakes.builders import roomy_limits
from tests.fakes.desk import Bench, a_desk
from tests.fakes.held import HeldBroker
from tests.fakes.virtual import run_virtual
from tests.unit.domain.test_holdings import CONDOR, positions

from swimdesk.views.closing import FlattenView, PartView, UndoView
from swimdesk.views.models import BroadcastView
from swimdesk.views.requests import FlattenRequest, Scope

ALL = Scope(everyone=True)
HELD = positions(**CONDOR)
CONDOR_NAME = "SPY IC 18DEC26 620/625/580/575"
SHARES = positions(SPY=100)
BUY = "BUY +100 SPY @599.00 LMT"
SELL = "SELL -100 SPY @601.00 LMT"
OPEN_CONDOR = "SELL -1 IRON CONDOR SPY 100 18 DEC 26 620/625/580/575 CALL/PUT @1.60 LMT"

Scenario: TypeAlias = Callable[[Bench, HeldBroker], Awaitable[None]]


def play(broker: HeldBroker, scenario: Scenario, **limits: object) -> None:
    """Play a scenario on a desk over the accounts of a broker."""
    chosen = roomy_limits(**{"max_notional_per_order": Decimal(1_000_000), **limits})

    async def main() -> None:
        async with a_desk(broker.accounts, broker=broker, limits=chosen) as bench:
            await scenario(bench, broker)

    run_virtual(main())


async def sent(
    bench: Bench, order: str, *accounts: str, act: Act = Act.REST, wait_s: float = 1.0
) -> BroadcastView:
    """Send an order to these accounts (all, without any), of which the broker makes this."""
    bench.broker.acts |= {a.alias: act for a in bench.broker.accounts}
    scope = Scope(accounts=accounts) if accounts else ALL
    shown = await bench.submit(await bench.plan(order, scope=scope))
    view = await bench.desk.follow(shown.broadcast, wait_s)
    bench.broker.acts.clear()
    return view


async def flattened(
    bench: Bench, scope: Scope = ALL, price: str = "@nat", *, wait_s: float = 10.0
) -> FlattenView:
    """Plan to flatten and carry it out."""
    plan = await bench.desk.flatten_plan(scope, price)
    return await bench.desk.flatten(FlattenRequest(plan.plan, plan.accounts, wait_s=wait_s))


def told(view: FlattenView | UndoView) -> list[tuple[str, str, int, str]]:
    """Tell every part as account, holding, quantity and state."""
    return [(part.account, part.holding, part.quantity, part.state) for part in view.parts]


def part_of(view: FlattenView | UndoView, account: str) -> PartView:
    """Return the one part of an account."""
    (part,) = (part for part in view.parts if part.account == account)
    return part
