"""Orders that leave their price to the market: one figure in plan, confirmation and order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from tests.fakes.broker import FakeBroker
from tests.fakes.builders import some_accounts
from tests.fakes.desk import a_desk
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.ports import Quote
from swimdesk.errors import QuoteUnusable
from swimdesk.views.requests import Scope

VERTICAL = "SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL {}"
SHORT, LONG = "SPY   261218C00600000", "SPY   261218C00605000"
MARKETS = {SHORT: ("4.00", "4.10"), LONG: ("2.60", "2.68"), "SPY": ("595.10", "595.14")}


@dataclass
class QuotedBroker(FakeBroker):
    """A fake broker with scripted markets."""

    markets: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    delayed: bool = False

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Quote what was scripted."""
        found = await super().quotes(symbols)
        return {
            symbol: replace(
                quote,
                realtime=not self.delayed,
                bid=_decimal(self.markets[symbol][0]),
                ask=_decimal(self.markets[symbol][1]),
            )
            if symbol in self.markets
            else quote
            for symbol, quote in found.items()
        }


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def a_broker(**markets: tuple[str | None, str | None]) -> QuotedBroker:
    """Build a broker that quotes the vertical, with changes."""
    return QuotedBroker(VirtualClock(), some_accounts(3), markets=MARKETS | markets)


@pytest.mark.parametrize(
    ("order", "price"),
    [
        (VERTICAL.format("@mid"), "@1.41"),
        (VERTICAL.format("@mid-0.02"), "@1.39"),
        (VERTICAL.format("@nat"), "@1.32"),
        (VERTICAL.format("@nat-0.01"), "@1.31"),
        ("BUY +1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @nat", "@1.50"),
        ("SPY VERT 18DEC26 600/605C +1 @mid+0.05", "@1.46"),
        ("BUY +2 SPY 100 18 DEC 26 600 CALL @mid", "@4.05"),
        ("SPY +100 @mid", "@595.12"),
        ("BUY +1 COVERED SPY 100 18 DEC 26 600 CALL/SPY @nat", "@591.14"),
    ],
)
def test_price_is_resolved_once_for_all_accounts(order: str, price: str) -> None:
    async def scenario() -> None:
        broker = a_broker()
        async with a_desk(broker.accounts, broker=broker) as bench:
            plan = await bench.plan(order)
            assert f" {price} LMT" in plan.order
            assert {f" {price} LMT" in line.order for line in plan.lines} == {True}
            assert plan.price_from == f"@{order.partition('@')[2]}"

    run_virtual(scenario())


def test_plan_tells_the_market_in_the_sign_of_the_order() -> None:
    async def scenario() -> None:
        broker = a_broker()
        async with a_desk(broker.accounts, broker=broker) as bench:
            sold = await bench.plan(VERTICAL.format("@1.40"))
            market = (sold.net_bid, sold.net_mid, sold.net_ask)
            assert market == (Decimal("1.32"), Decimal("1.41"), Decimal("1.50"))
            assert sold.price_from is None
            assert sold.quote_age_s is not None
            bought = await bench.plan(VERTICAL.format("@1.40").replace("SELL -1", "BUY +1"))
            assert (bought.net_bid, bought.net_mid, bought.net_ask) == market
            covered = await bench.plan("BUY +1 COVERED SPY 100 18 DEC 26 600 CALL/SPY @590")
            assert (covered.net_bid, covered.net_ask) == (Decimal("591.00"), Decimal("591.14"))

    run_virtual(scenario())


def test_resolved_price_is_what_is_sent_when_the_market_has_moved() -> None:
    async def scenario() -> None:
        broker = a_broker()
        async with a_desk(broker.accounts, broker=broker) as bench:
            plan = await bench.plan(VERTICAL.format("@mid"), save=True)
            broker.markets[SHORT] = ("5.00", "5.10")
            shown = await bench.submit(plan)
            view = await bench.desk.follow(shown.broadcast, 5.0)
            assert view.order == plan.order
            assert {" @1.41 LMT" in line.order for line in view.lines} == {True}
            assert len(broker.posts) == 3

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("market", "sentence"),
    [
        ((None, "4.10"), f"{SHORT} has no bid and ask"),
        (("4.00", None), f"{SHORT} has no bid and ask"),
        (("0", "0"), f"{SHORT} has no bid and ask"),
        (("4.20", "4.10"), f"{SHORT} is crossed, 4.20 bid and 4.10 asked"),
    ],
)
def test_market_without_a_price_is_said_and_a_written_price_still_planned(
    market: tuple[str | None, str | None], sentence: str
) -> None:
    async def scenario() -> None:
        broker = a_broker(**{SHORT: market})
        async with a_desk(broker.accounts, broker=broker) as bench:
            with pytest.raises(QuoteUnusable) as refused:
                await bench.plan(VERTICAL.format("@mid"))
            assert refused.value.detail == (
                f"@mid has no market to follow: {sentence}. Write a price."
            )
            plan = await bench.plan(VERTICAL.format("@1.40"))
            assert (plan.net_bid, plan.net_mid, plan.net_ask) == (None, None, None)
            assert plan.quote_age_s is None

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("order", "markets", "sentence"),
    [
        (VERTICAL.format("@mid"), {SHORT: ("12.00", "12.10")}, "can cost 5 at most"),
        (VERTICAL.format("@mid"), {LONG: ("4.50", "4.60")}, "which these strikes rule out"),
        ("SELL -1 SPY 18 DEC 26 600 CALL @nat-9", {}, "a single leg is above zero"),
    ],
)
def test_price_that_nobody_would_have_typed_is_refused(
    order: str, markets: dict[str, tuple[str, str]], sentence: str
) -> None:
    async def scenario() -> None:
        broker = a_broker(**markets)
        async with a_desk(broker.accounts, broker=broker) as bench:
            with pytest.raises(QuoteUnusable, match=sentence):
                await bench.plan(order)

    run_virtual(scenario())


def test_delayed_quotes_price_nothing() -> None:
    async def scenario() -> None:
        broker = a_broker()
        broker.delayed = True
        async with a_desk(broker.accounts, broker=broker) as bench:
            with pytest.raises(QuoteUnusable, match="the quote is delayed"):
                await bench.plan(VERTICAL.format("@mid"))

    run_virtual(scenario())


def test_sizing_by_risk_knows_the_resolved_price() -> None:
    async def scenario() -> None:
        broker = a_broker()
        async with a_desk(broker.accounts, broker=broker) as bench:
            scope = Scope(accounts=(broker.accounts[0].alias,))
            plan = await bench.plan(VERTICAL.format("@mid"), sizing="risk:720", scope=scope)
            assert plan.lines[0].quantity == 1  # 500 - 141 and fees, twice is 721.68

    run_virtual(scenario())
