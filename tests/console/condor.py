"""A console with a condor that has a market."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from swimdesk.console.panels.ticket import TicketPanel
from swimdesk.console.session import Stage as Staged
from swimdesk.desk.ports import Quote
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orders import Ticket
from swimdesk.views.models import PlanView
from tests.console.stage import Stage
from tests.fakes.builders import CONDOR

MARKET: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "SPXW  261211C06200000": ("1.05", "1.15"),
        "SPXW  261211C06220000": ("0.62", "0.70"),
        "SPXW  261211P05820000": ("1.98", "2.08"),
        "SPXW  261211P05800000": ("0.81", "0.89"),
        "$SPX": ("6010.40", "6010.44"),
    }
)
"""Mid 1.62, natural 1.44: on the structure's step of .05 these are 1.60 and 1.45."""


def quote(stage: Stage, market: Mapping[str, tuple[str, str]] = MARKET) -> None:
    """Let the broker quote these bids and asks as of now."""
    now = stage.clock.now()
    for symbol, (bid, ask) in market.items():
        mid = (Decimal(bid) + Decimal(ask)) / 2
        stage.broker.prices[symbol] = Quote(symbol, mid, mid, now, Decimal(bid), Decimal(ask))


async def plan_condor(stage: Stage, order: str = f"{CONDOR} all") -> None:
    """Stage the condor on its market and wait for its plan and its quotes."""
    quote(stage)
    await stage.plan(order)
    await stage.until(lambda: stage.console.trading.quoting.latest is not None, "quotes")


def staged(stage: Stage) -> Staged:
    """Return the staged order."""
    found = stage.console.session.stage
    assert found is not None
    return found


def ticket_of(stage: Stage) -> Ticket:
    """Return what is planned."""
    plan = staged(stage).plan
    assert plan is not None
    return parse(plan.order)


def panel_of(stage: Stage) -> TicketPanel:
    """Return the ticket's screen."""
    panel = stage.console.panel
    assert isinstance(panel, TicketPanel)
    return panel


async def replanned(stage: Stage) -> PlanView:
    """Wait until the keys rest and the changed order is planned."""
    await stage.until(lambda: staged(stage).plan is not None, "a plan of the changed order")
    plan = staged(stage).plan
    assert plan is not None
    return plan
