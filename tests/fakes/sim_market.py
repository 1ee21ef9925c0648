"""The simulated market's endpoints in process, on a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from swimdesk.sim.clock import ManualClock
from swimdesk.sim.market import Market
from swimdesk.sim.marketdata import MarketDataHandlers
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.sessions import Sessions

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CALL = "SPXW  261211C06200000"


def a_broker(mode: str = "open", start: datetime = MONDAY) -> tuple[MarketDataHandlers, Market]:
    """Return the handlers and the market they read."""
    clock = ManualClock(start)
    market = Market(7, clock, Sessions.parse(mode, clock))
    return MarketDataHandlers(market), market


def ask(
    path: str, query: Mapping[str, str] | None = None, handlers: MarketDataHandlers | None = None
) -> SimResponse:
    """Send a GET below the market data base."""
    request = SimRequest("GET", f"/marketdata/v1/{path}", query or {})
    return (handlers or a_broker()[0]).handle(request)


def body_of(response: SimResponse, status: int = 200) -> dict[str, Any]:
    """Return the JSON object of a response that must have that status."""
    assert response.status == status, response.body
    body = json.loads(response.body)
    assert isinstance(body, dict)
    return body


def chain(**query: str) -> dict[str, Any]:
    """Return a chain by its query."""
    return body_of(ask("chains", query))


def contracts(expiry_map: dict[str, dict[str, list[dict[str, Any]]]]) -> Iterator[dict[str, Any]]:
    """Yield every contract of an expiry map."""
    for strikes in expiry_map.values():
        for listed in strikes.values():
            yield from listed
