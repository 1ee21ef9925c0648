"""What the tests of replacing share: a broadcast that rests, and how its parts are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeAlias

from tests.fakes.broker import Act
from tests.fakes.builders import STOCK
from tests.fakes.desk import Bench, a_desk
from tests.fakes.virtual import run_virtual

from swimdesk.desk.ports import BrokerOrderState
from swimdesk.domain.risk import RiskLimits
from swimdesk.views.models import BroadcastView, LineView

Scenario: TypeAlias = Callable[[Bench, str], Awaitable[None]]

ALL = ("A-01", "A-02", "A-03", "A-04")
PRICE = Decimal("187.60")
AT_PRICE = "BUY +100 AAPL @187.60 LMT [TO OPEN]"
ONE = "A-01"


def on_resting(
    scenario: Scenario, acts: dict[str, Act] | None = None, limits: RiskLimits | None = None
) -> None:
    """Play a scenario on a broadcast whose orders rest, or do as scripted, and are followed."""

    async def main() -> None:
        async with a_desk(limits=limits) as bench:
            bench.broker.acts = dict.fromkeys(ALL, Act.REST) | (acts or {})
            view = await bench.send(STOCK, wait_s=1)
            await scenario(bench, view.broadcast)

    run_virtual(main())


async def replaced(
    bench: Bench, reference: str, price: Decimal = PRICE, wait_s: float = 30.0
) -> BroadcastView:
    """Replace and follow until it is known which orders work."""
    await bench.desk.replace(reference, price, ())
    return await bench.desk.follow_replacement(reference, wait_s)


def outcomes(view: BroadcastView) -> list[str | None]:
    return [command.outcome for command in view.commands]


def states(view: BroadcastView) -> list[str]:
    return [line.state for line in view.lines]


def first(view: BroadcastView) -> LineView:
    return next(line for line in view.lines if line.account == ONE)


def live_at(bench: Bench, account: str = ONE) -> list[str]:
    """List the orders that work in an account, by the broker's own ledger."""
    alive = {BrokerOrderState.WORKING, BrokerOrderState.REPLACING, BrokerOrderState.CANCELING}
    return [o.order_id for o in bench.broker.ledger if o.account == account and o.state in alive]
