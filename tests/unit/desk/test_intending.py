"""CLOSE, ROLL and FLAT through a whole desk: one order per account, by what it holds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.fakes.broker import Act
from tests.fakes.builders import an_account, some_accounts
from tests.fakes.desk import a_desk
from tests.fakes.virtual import VirtualClock, run_virtual
from tests.unit.desk.test_quoted import QuotedBroker
from tests.unit.domain.test_holdings import CONDOR, positions

from swimdesk.errors import InputError, OrderTextError, QuoteUnusable
from swimdesk.views.models import PlanView

OTHER = {"C630": -3, "C640": 3, "P570": -3, "P560": 3}
BIDS = {"C620": "1.00", "C625": "0.70", "P580": "1.20", "P575": "0.80"}


def a_broker(**held: dict[str, int]) -> QuotedBroker:
    """Build a broker with an account per holding: ``A_01`` is account A-01."""
    broker = QuotedBroker(VirtualClock(), some_accounts(len(held)))
    for account, quantities in zip(broker.accounts, held.values(), strict=True):
        broker.positions[account.alias] = positions(**quantities)
    for name, bid in BIDS.items():
        (one,) = positions(**{name: 1})
        broker.markets[one.symbol] = (bid, str(Decimal(bid) + Decimal("0.10")))
    return broker


def told(plan: PlanView) -> list[tuple[str, str, int]]:
    """Return per account the verdict, the order and its quantity."""
    return [(line.verdict, line.order, line.quantity) for line in plan.lines]


CLOSED = "BUY +{} IRON CONDOR SPY 100 18 DEC 26 {} CALL/PUT @0.80 LMT [TO CLOSE]"


def test_each_account_closes_what_it_holds() -> None:
    async def scenario() -> None:
        broker = a_broker(
            a=CONDOR, b=OTHER, c={}, d=CONDOR | {f"{k}_JAN": v for k, v in CONDOR.items()}
        )
        async with a_desk(broker.accounts, broker=broker) as bench:
            plan = await bench.plan("CLOSE  SPY IC @0.80", overrides=("PRICE_COLLAR=1",))
            one, other = CLOSED.format(1, "620/625/580/575"), CLOSED.format(3, "630/640/570/560")
            assert told(plan)[2:] == [("skipped", one, 0), ("denied", one, 0)]
            assert [line.order for line in plan.lines[:2]] == [one, other]
            assert plan.lines[2].reason == "holds no IRON CONDOR SPY"
            assert [d.code for d in plan.lines[3].denials] == ["INTENT_UNCLEAR"]
            assert plan.order == "CLOSE SPY IC @0.80"
            assert (plan.net_bid, plan.price_from) == (None, None)

    run_virtual(scenario())


def test_close_at_mid_is_priced_sent_and_followed() -> None:
    async def scenario() -> None:
        broker = a_broker(a=CONDOR, b={name: 2 * q for name, q in CONDOR.items()}, c={})
        async with a_desk(broker.accounts, broker=broker) as bench:
            plan = await bench.plan("CLOSE SPY IC 18DEC26 @mid", save=True)
            market = (plan.net_bid, plan.net_mid, plan.net_ask)
            assert market == (Decimal("0.50"), Decimal("0.70"), Decimal("0.90"))
            assert plan.price_from == "@mid"
            assert [line.verdict for line in plan.lines] == ["send", "send", "skipped"]
            shown = await bench.submit(plan)
            view = await bench.desk.follow(shown.broadcast, 5.0)
            assert [(line.state, line.filled) for line in view.lines[:2]] == [
                ("filled", 1),
                ("filled", 2),
            ]
            assert view.lines[2].state == "skipped"
            assert {" @0.70 LMT" in line.order for line in view.lines} == {True}
            assert view.order == "CLOSE SPY IC 18DEC26 @mid"

    run_virtual(scenario())


def test_part_of_what_is_held_is_closed() -> None:
    async def scenario() -> None:
        broker = a_broker(a={name: 5 * q for name, q in CONDOR.items()}, b=CONDOR)
        async with a_desk(broker.accounts, broker=broker) as bench:
            plan = await bench.plan("CLOSE SPY IC @mid", sizing="pct:50")
            assert [line.quantity for line in plan.lines] == [2, 0]
            with pytest.raises(InputError, match="take what is held, or a part of it"):
                await bench.plan("CLOSE SPY IC @mid", sizing="equal:9")

    run_virtual(scenario())


def test_what_a_working_order_closes_is_not_closed_again() -> None:
    async def scenario() -> None:
        broker = a_broker(a=CONDOR, b=CONDOR)
        broker.acts = dict.fromkeys((a.alias for a in broker.accounts), Act.REST)
        async with a_desk(broker.accounts, broker=broker) as bench:
            await bench.submit(await bench.plan("CLOSE SPY IC @mid"))
            with pytest.raises(InputError, match=r"working orders of ours close its SPY IC"):
                await bench.plan("CLOSE SPY IC @mid")

    run_virtual(scenario())


def test_nothing_to_do_anywhere_is_said_account_by_account() -> None:
    async def scenario() -> None:
        broker = a_broker(a={}, b={"SPY": 5})
        async with a_desk(broker.accounts, broker=broker) as bench:
            with pytest.raises(InputError) as refused:
                await bench.plan("CLOSE SPY IC @0.40")
            one, other = (account.alias for account in broker.accounts)
            assert refused.value.detail == (
                f"CLOSE IRON CONDOR SPY: nothing to do: {one} holds no IRON CONDOR SPY; {other}"
                " holds no IRON CONDOR SPY, but SPY (+5 shares)."
            )

    run_virtual(scenario())


def test_account_that_could_not_be_read_is_denied_and_the_others_close() -> None:
    async def scenario() -> None:
        accounts = (an_account("A-01", login="one"), an_account("A-02", login="two"))
        broker = QuotedBroker(VirtualClock(), accounts)
        broker.positions = {"A-01": positions(SPY=5), "A-02": positions(SPY=7)}
        broker.unreadable_logins = {"two"}
        async with a_desk(accounts, broker=broker) as bench:
            plan = await bench.plan("FLAT SPY")
            assert [line.verdict for line in plan.lines] == ["send", "denied"]
            assert [d.code for d in plan.lines[1].denials] == ["NOT_READ"]

    run_virtual(scenario())


def test_roll_closes_and_opens_in_one_order() -> None:
    async def scenario() -> None:
        broker = a_broker(a={"C620": -2, "C625": 2}, b={})
        async with a_desk(broker.accounts, broker=broker) as bench:
            plan = await bench.plan("ROLL SPY VERT 18DEC26 TO 15JAN27 @0")
            line = plan.lines[0]
            assert (line.verdict, line.effect, line.quantity) == ("send", "open/close", 2)
            shown = await bench.submit(plan)
            view = await bench.desk.follow(shown.broadcast, 5.0)
            assert view.lines[0].state == "filled"

    run_virtual(scenario())


def test_intent_that_is_not_understood_and_market_that_gives_no_price_are_errors() -> None:
    async def scenario() -> None:
        broker = a_broker(a=CONDOR)
        async with a_desk(broker.accounts, broker=broker) as bench:
            with pytest.raises(OrderTextError, match="column 10"):
                await bench.plan("ROLL SPY IC 18DEC26 TO 15JAN27 @0.30")
            broker.markets[positions(C620=1)[0].symbol] = (None, None)
            with pytest.raises(QuoteUnusable, match="has no bid and ask"):
                await bench.plan("CLOSE SPY IC @mid")

    run_virtual(scenario())
