"""Structures and intents from the command line to the books: opened, rolled, closed by name."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage

pytestmark = pytest.mark.slow


def written(day: str) -> str:
    """Write an ISO day as orders for fingers do."""
    return f"{date.fromisoformat(day):%d%b%y}".lstrip("0").upper()


async def filled(stage: Stage, order: str, accounts: int = 3) -> dict[str, Any]:
    """Send an order that the market fills in all accounts and return its lines."""
    document = (await stage.send(order)).document()
    assert document["counts"]["filled"] == accounts, document
    return document


async def held(stage: Stage, symbol: str) -> dict[str, Decimal]:
    """Return what the first account holds of an underlying, by symbol."""
    rows = (await stage.ask("positions"))["positions"]
    first = min(row["account"] for row in rows) if rows else ""
    return {
        row["symbol"]: Decimal(row["quantity"])
        for row in rows
        if row["account"] == first and row["symbol"].startswith(symbol)
    }


async def strikes_below(stage: Stage, symbol: str, day: str) -> list[str]:
    """Return the strikes below the market, the nearest first."""
    chain = await stage.ask("chain", symbol, "--expiry", day, "--strikes", "30")
    found = {Decimal(row["strike"]) for row in chain["rows"]}
    below = sorted((k for k in found if k < Decimal(chain["last"])), reverse=True)
    return [f"{strike.normalize():f}" for strike in below]


async def days_of(stage: Stage, symbol: str) -> list[str]:
    """Return the expirations from a week ahead on."""
    expiries: list[str] = (await stage.ask("chain", symbol))["expiries"]
    first = date.fromisoformat(expiries[0]) + timedelta(days=7)
    return [day for day in expiries if date.fromisoformat(day) >= first]


async def test_vertical_is_opened_at_the_market_rolled_and_closed_by_name(
    set_stage: SetStage,
) -> None:
    stage = await set_stage("--profile", "uniform", "--accounts", "3", "--logins", "1")
    near, far, *_ = await days_of(stage, "SPY")
    short, _, long, *_ = await strikes_below(stage, "SPY", near)
    order = f"SPY VERT {written(near)} {short}/{long}P -2 @nat"

    plan = await stage.ask("preview", order, "--all")
    assert plan["price_from"] == "@nat"
    assert Decimal(plan["net_bid"]) < Decimal(plan["net_mid"]) < Decimal(plan["net_ask"])
    assert f"@{Decimal(plan['net_bid']):.2f} LMT" in plan["order"]

    # A step beyond what trades at once: the market moves while the orders travel.
    opened = await filled(stage, f"{order}-0.02")
    assert {line["effect"] for line in opened["lines"]} == {"open"}
    rolled = await filled(stage, f"ROLL SPY VERT {written(near)} TO {written(far)} @nat-0.02")
    assert {(line["effect"], line["quantity"]) for line in rolled["lines"]} == {("open/close", 2)}
    code = date.fromisoformat(far).strftime("%y%m%d")
    assert {symbol[6:12] for symbol in await held(stage, "SPY")} == {code}
    closed = await filled(stage, "CLOSE SPY VERT @nat+0.02")
    assert {line["effect"] for line in closed["lines"]} == {"close"}
    assert await held(stage, "SPY") == {}
    error = await stage.refusal(2, "preview", "CLOSE SPY VERT @nat", "--all")
    assert "holds no VERTICAL SPY" in error["detail"]
    assert (await stage.audit()).is_clean


async def test_covered_call_is_bought_and_sold_again_in_one_order_each(
    set_stage: SetStage,
) -> None:
    stage = await set_stage("--profile", "uniform", "--accounts", "2", "--logins", "1")
    day = (await days_of(stage, "AAPL"))[0]
    strike = (await strikes_below(stage, "AAPL", day))[0]
    opened = await filled(stage, f"AAPL COV {written(day)} {strike} +1 @nat+0.05", 2)
    assert sorted((await held(stage, "AAPL")).values()) == [-1, 100]
    average = Decimal(opened["lines"][0]["average"])
    assert 0 < average < Decimal(strike)
    closed = await filled(stage, "FLAT AAPL @nat-0.05", 2)
    assert "SELL -1 COVERED AAPL" in closed["lines"][0]["order"]
    assert await held(stage, "AAPL") == {}
    assert (await stage.audit()).is_clean
