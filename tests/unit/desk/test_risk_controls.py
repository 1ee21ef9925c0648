"""Denials, overrides and the memory behind them, through a whole desk."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.fakes.broker import Act, FakeBroker
from tests.fakes.builders import (
    CONDOR,
    STOCK,
    a_position,
    an_account,
    roomy_limits,
    some_accounts,
    some_balances,
)
from tests.fakes.desk import Bench, a_desk
from tests.fakes.held import HeldBroker, a_held_broker
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import VirtualClock, run_virtual
from tests.unit.desk.closing import BUY, SELL, play, sent
from tests.unit.domain.test_holdings import positions

from swimdesk.desk.ports import Quote
from swimdesk.domain.plan import BrokerVerdict, BrokerWord
from swimdesk.domain.risk import RiskLimits, limits_hash
from swimdesk.errors import InputError, OrderDenied, PlanExpired
from swimdesk.views.models import PlanView
from swimdesk.views.requests import PlanRequest, Scope

ALL = Scope(everyone=True)
SHARES = "BUY +400 AAPL @100.00 LMT"
"""$40,000: above 20 % of the fake accounts' $120,000, within 50 % of it."""


def verdicts(plan: PlanView) -> dict[str, str]:
    """Return each account's denials, or that it would be sent."""
    return {
        line.account: " ".join(one.code for one in line.denials) or line.verdict
        for line in plan.lines
    }


async def preview(bench: Bench, order: str, *overrides: str, **more: object) -> PlanView:
    """Plan an order for all accounts with overrides."""
    request = PlanRequest(order, ALL, overrides=overrides, **more)  # type: ignore[arg-type]
    return await bench.desk.preview(request)


# --- typed and soft ------------------------------------------------------------------------------


def test_a_typed_figure_lifts_its_denial_and_is_kept_with_the_broadcast() -> None:
    async def scenario() -> None:
        limits = roomy_limits(max_notional_share=Decimal("0.2"))
        async with a_desk(2, limits=limits) as bench:
            plan = await preview(bench, SHARES)
            assert verdicts(plan) == {"A-01": "NOTIONAL_ORDER", "A-02": "NOTIONAL_ORDER"}
            (warning,) = plan.warnings
            assert (warning.grade, warning.accounts) == ("typed", 2)
            assert warning.override == "NOTIONAL_ORDER=40000"

            lifted = await preview(bench, SHARES, "NOTIONAL_ORDER=40000")
            assert set(verdicts(lifted).values()) == {"send"}
            assert [one.code for one in lifted.lines[0].lifted] == ["NOTIONAL_ORDER"]
            assert lifted.overrides == ("NOTIONAL_ORDER=40000",)
            assert lifted.limits == limits_hash(limits)
            assert lifted.notional == 80_000

            sent = await bench.submit(lifted)
            assert sent.overrides == ("NOTIONAL_ORDER=40000",)
            assert (sent.plan, sent.limits) == (lifted.plan, limits_hash(limits))
            kept = bench.journal.broadcasts[sent.broadcast]
            assert kept.overrides == ("NOTIONAL_ORDER=40000",)
            assert kept.notional == 80_000

    run_virtual(scenario())


def test_an_override_is_part_of_the_digest() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            plain = await preview(bench, SHARES)
            bench.broker.verdicts["A-01"] = BrokerVerdict(BrokerWord.REJECT, ("no",))
            lifted = await preview(bench, SHARES, "BROKER_PREVIEW", broker_preview=True)
            assert verdicts(plain) == verdicts(lifted) == {"A-01": "send"}
            assert plain.digest != lifted.digest

    run_virtual(scenario())


def test_a_figure_lifts_where_it_is_enough_and_nothing_above_the_ceiling() -> None:
    async def scenario() -> None:
        accounts = some_accounts(3)
        broker = FakeBroker(VirtualClock(), accounts)
        worths = {"A-01": 150_000, "A-02": 100_000, "A-03": 79_999}
        broker.balances = {
            alias: replace(some_balances(), liquidation_value=Decimal(worth))
            for alias, worth in worths.items()
        }
        limits = roomy_limits(
            max_notional_share=Decimal("0.2"), ceiling_notional_share=Decimal("0.5")
        )
        async with a_desk(accounts, broker=broker, limits=limits) as bench:
            plan = await preview(bench, SHARES, "NOTIONAL_ORDER=40000")
            assert verdicts(plan) == {"A-01": "send", "A-02": "send", "A-03": "NOTIONAL_ORDER"}
            assert plan.lines[2].denials[0].grade == "hard"
            less = await preview(bench, SHARES, "NOTIONAL_ORDER=39999")
            assert set(verdicts(less).values()) == {"NOTIONAL_ORDER"}
            assert "NOTIONAL_ORDER" in less.notices[0]

    run_virtual(scenario())


def test_an_override_that_is_none_is_refused_before_anything_is_read() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            await bench.plan()
            reads = bench.broker.holdings_reads
            with pytest.raises(InputError, match="cannot be overridden"):
                await preview(bench, STOCK, "OPTION_LEVEL")
            assert bench.broker.holdings_reads == reads

    run_virtual(scenario())


def test_a_lifted_denial_stays_lifted_when_another_plan_left_in_between() -> None:
    async def scenario() -> None:
        limits = roomy_limits(max_notional_share=Decimal("0.2"))
        async with a_desk(1, limits=limits) as bench:
            lifted = await preview(bench, SHARES, "NOTIONAL_ORDER=40000")
            await bench.submit(await preview(bench, "BUY +1 MSFT @100.00 LMT"))
            assert (await bench.submit(lifted)).overrides == ("NOTIONAL_ORDER=40000",)

    run_virtual(scenario())


def test_selling_more_than_is_held_goes_out_as_a_closing_sale_once_it_is_typed() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            order = "SELL -100 AAPL @100.00 LMT"
            plan = await preview(bench, order)
            assert plan.lines[0].denials[0].override == "SELL_MORE_THAN_HELD=100"
            lifted = await preview(bench, order, "SELL_MORE_THAN_HELD=100")
            assert (lifted.lines[0].verdict, lifted.lines[0].effect) == ("send", "close")

    run_virtual(scenario())


def test_at_most_five_warnings_and_the_last_says_what_is_left_out() -> None:
    async def scenario() -> None:
        tight = RiskLimits(
            max_shares_per_order=1,
            max_notional_per_order=Decimal(1),
            max_position_share=Decimal("0.0001"),
            collar_equity=Decimal("0.001"),
            quote_max_age_s=1,
        )
        accounts = (an_account("A-01", closing_only=True), an_account("A-02", last4="0002"))
        async with a_desk(accounts, limits=tight) as bench:
            bench.broker.balances["A-02"] = some_balances("1")
            plan = await preview(bench, "BUY +2 AAPL @101.001 LMT GTC")
            codes = [one.code for one in plan.warnings]
            assert len(codes) == 5
            assert codes[-1] == "MORE"
            assert {one.grade for one in plan.warnings[:2]} == {"hard"}
            shown = " ".join(one.detail for one in plan.warnings) + " ".join(codes)
            assert all(one.code in shown for line in plan.lines for one in line.denials)

    run_virtual(scenario())


def test_what_is_held_and_what_is_about_to_open_counts_for_one_underlying() -> None:
    async def scenario() -> None:
        limits = roomy_limits(max_position_share=Decimal("0.25"))
        async with a_desk(1, limits=limits) as bench:
            bench.broker.positions["A-01"] = (a_position("AAPL", 100), a_position("MSFT", 900))
            bench.broker.acts["A-01"] = Act.REST
            await bench.submit(await preview(bench, "BUY +100 AAPL @100.00 LMT"))
            # $10,000 held, $10,000 working; 25 % of $120,000 are $30,000.
            fits = await preview(bench, "BUY +100 AAPL @99.99 LMT")
            assert verdicts(fits) == {"A-01": "send"}
            denied = await preview(bench, "BUY +101 AAPL @100.00 LMT")
            assert denied.lines[0].denials[0].override == "POSITION_SHARE=30100"
            lifted = await preview(bench, "BUY +101 AAPL @100.00 LMT", "POSITION_SHARE=30100")
            assert verdicts(lifted) == {"A-01": "send"}

    run_virtual(scenario())


# --- the broadcast as a whole --------------------------------------------------------------------


def test_a_broadcast_above_its_limit_is_typed_or_stops_as_a_whole() -> None:
    async def scenario() -> None:
        limits = roomy_limits(max_notional_per_broadcast=Decimal(40_000))
        async with a_desk(2, limits=limits) as bench:
            assert set(verdicts(await preview(bench, SHARES)).values()) == {"NOTIONAL_BROADCAST"}
            lifted = await preview(bench, SHARES, "NOTIONAL_BROADCAST=80000")
            assert set(verdicts(lifted).values()) == {"send"}
            assert lifted.overrides == ("NOTIONAL_BROADCAST=80000",)
            huge = await preview(bench, "BUY +401 AAPL @100.00 LMT", "NOTIONAL_BROADCAST=80200")
            assert {line.denials[0].grade for line in huge.lines} == {"hard"}

    run_virtual(scenario())


def test_an_unusual_broadcast_is_asked_about_also_after_a_restart() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        limits = roomy_limits(unusual_multiple=Decimal(10), max_notional_per_order=Decimal(10**6))
        async with a_desk(1, limits=limits, journal=journal) as bench:
            for price in range(90, 95):
                await bench.submit(await preview(bench, f"BUY +10 AAPL @{price}.00 LMT"))
        async with a_desk(1, limits=limits, journal=journal) as bench:
            usual = await preview(bench, "BUY +100 AAPL @90.00 LMT")
            assert verdicts(usual) == {"A-01": "send"}
            typo = await preview(bench, "BUY +110 AAPL @90.00 LMT")
            assert typo.lines[0].denials[0].override == "UNUSUAL_SIZE=9900"

    run_virtual(scenario())


def test_the_same_broadcast_again_is_hard_for_a_minute() -> None:
    async def scenario() -> None:
        limits = roomy_limits(duplicate_window_s=0, broadcast_repeat_window_s=60)
        async with a_desk(2, limits=limits) as bench:
            first, second = await preview(bench, STOCK), await preview(bench, STOCK)
            await bench.submit(first)
            await asyncio.sleep(20)
            with pytest.raises(OrderDenied, match="DUPLICATE_BROADCAST"):
                await bench.submit(second)
            assert set(verdicts(await preview(bench, STOCK)).values()) == {"DUPLICATE_BROADCAST"}
            other = await preview(bench, STOCK.replace("+100", "+101"))
            assert set(verdicts(other).values()) == {"send"}
            await asyncio.sleep(40)
            assert set(verdicts(await preview(bench, STOCK)).values()) == {"send"}

    run_virtual(scenario())


def test_broadcasts_that_follow_too_fast_are_stopped_when_they_are_sent() -> None:
    async def scenario() -> None:
        async with a_desk(1, limits=roomy_limits(broadcasts_per_minute=2)) as bench:
            plans = [await preview(bench, f"BUY +{n} AAPL @100.00 LMT") for n in (1, 2, 3)]
            await bench.submit(plans[0])
            await bench.submit(plans[1])
            with pytest.raises(OrderDenied, match="BROADCAST_RATE"):
                await bench.submit(plans[2])
            await asyncio.sleep(61)
            again = await preview(bench, "BUY +3 AAPL @100.00 LMT")
            assert verdicts(again) == {"A-01": "send"}

    run_virtual(scenario())


def test_broadcasts_of_a_day_are_counted_over_restarts() -> None:
    async def scenario() -> None:
        journal, limits = MemoryJournal(), roomy_limits(broadcasts_per_day=2)
        for n in (1, 2):
            async with a_desk(1, limits=limits, journal=journal) as bench:
                await bench.submit(await preview(bench, f"BUY +{n} AAPL @100.00 LMT"))
        async with a_desk(1, limits=limits, journal=journal) as bench:
            plan = await preview(bench, "BUY +3 AAPL @100.00 LMT")
            assert verdicts(plan) == {"A-01": "BROADCAST_RATE"}

    run_virtual(scenario())


def test_more_than_a_share_of_the_volume_is_typed() -> None:
    async def scenario() -> None:
        async with a_desk(2) as bench:
            now = bench.broker.clock.now()
            bench.broker.prices["AAPL"] = Quote(
                "AAPL", Decimal(100), Decimal(100), now, Decimal(100), Decimal(100),
                average_volume=Decimal(3900),
            )  # fmt: skip
            plan = await preview(bench, "BUY +98 AAPL @100.00 LMT")
            assert plan.lines[0].denials[0].override == "VOLUME_SHARE=196"
            lifted = await preview(bench, "BUY +98 AAPL @100.00 LMT", "VOLUME_SHARE=196")
            assert set(verdicts(lifted).values()) == {"send"}

    run_virtual(scenario())


# --- quotes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "limit", "market"),
    [
        ({}, "send", "send"),
        ({"realtime": False}, "QUOTE_STALE", "QUOTE_STALE"),
        ({"is_normal": False}, "QUOTE_STALE", "QUOTE_STALE"),
        (
            {"is_normal": False, "is_halted": True},
            "SECURITY_HALTED QUOTE_STALE", "SECURITY_HALTED QUOTE_STALE",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_quote(change: dict[str, object], limit: str, market: str) -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            usual = (await bench.broker.quotes(["AAPL"]))["AAPL"]
            bench.broker.prices["AAPL"] = replace(usual, **change)  # type: ignore[arg-type]
            assert verdicts(await preview(bench, "BUY +1 AAPL @100.00 LMT")) == {"A-01": limit}
            acked = await preview(bench, "BUY +1 AAPL @100.00 LMT", "QUOTE_STALE")
            assert (acked.lines[0].verdict == "send") is ("SECURITY" not in limit)
            at_market = await preview(bench, "BUY +1 AAPL @MKT", "QUOTE_STALE")
            assert verdicts(at_market) == {"A-01": market}

    run_virtual(scenario())


# --- the broker's own preview --------------------------------------------------------------------


def test_the_brokers_preview_denies_what_it_rejects_and_takes_silence_for_no_yes() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.verdicts = {
                "A-01": BrokerVerdict(BrokerWord.REJECT, ("not enough buying power",)),
                "A-02": BrokerVerdict(BrokerWord.ALERT, ("settled funds",)),
                "A-03": BrokerVerdict(BrokerWord.UNREAD, ("no answer",)),
            }
            plain = await preview(bench, CONDOR)
            assert not bench.broker.previewed
            assert {line.broker for line in plain.lines} == {None}
            plan = await preview(bench, CONDOR, broker_preview=True)
            assert sorted(bench.broker.previewed) == ["A-01", "A-02", "A-03", "A-04"]
            assert verdicts(plan) == {
                "A-01": "BROKER_PREVIEW", "A-02": "send", "A-03": "send", "A-04": "send",
            }  # fmt: skip
            said = [line.broker for line in plan.lines if line.broker]
            assert [one.verdict for one in said] == ["reject", "alert", "unread", "accept"]
            assert said[3].commission == Decimal("2.60")
            assert said[3].effect == -10_000
            assert plan.lines[0].denials[0].detail == "not enough buying power"
            assert not bench.broker.posts

    run_virtual(scenario())


# --- lessons -------------------------------------------------------------------------------------


def test_a_reject_about_the_account_is_remembered_shown_and_taken_back_by_a_fill() -> None:
    async def scenario() -> None:
        journal = MemoryJournal()
        broker = FakeBroker(VirtualClock(), some_accounts(2))
        broker.acts["A-01"] = Act.REJECT
        broker.reject_text = "The account is not approved for this level of options trading."
        async with a_desk(2, journal=journal, broker=broker) as bench:
            await bench.send(CONDOR)
        broker.acts.clear()
        later = CONDOR.replace("@1.60", "@1.65")
        async with a_desk(2, journal=journal, broker=broker) as bench:
            shown = {one.account: one.learned for one in await bench.desk.accounts(ALL)}
            assert shown["A-02"] is None
            learned = shown["A-01"]
            assert learned is not None
            assert (learned.lack, learned.order) == ("option_level", CONDOR + " [TO OPEN]")
            assert learned.order_id == broker.ledger[0].order_id
            plan = await preview(bench, later)
            assert verdicts(plan) == {"A-01": "LEARNED_REJECT", "A-02": "send"}
            assert learned.order_id in plan.lines[0].denials[0].detail
            assert set(verdicts(await preview(bench, STOCK)).values()) == {"send"}
            tried = await bench.submit(await preview(bench, later, "LEARNED_REJECT"))
            await bench.desk.follow(tried.broadcast, 10)
            again = {one.account: one.learned for one in await bench.desk.accounts(ALL)}
            assert again == {"A-01": None, "A-02": None}

    run_virtual(scenario())


def test_a_reject_about_the_order_teaches_nothing() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.broker.acts["A-01"] = Act.REJECT
            await bench.send(CONDOR)
            assert (await bench.desk.accounts(ALL))[0].learned is None

    run_virtual(scenario())


# --- plans that are over -------------------------------------------------------------------------


@pytest.mark.parametrize("save", [True, False])
def test_a_used_plan_names_the_broadcast_it_became(save: bool) -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            plan = await bench.plan(save=save)
            first = await bench.submit(plan)
            with pytest.raises(PlanExpired, match=first.broadcast):
                await bench.submit(plan)

    run_virtual(scenario())


def test_a_key_with_another_order_is_a_mistake_that_names_the_first_broadcast() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            first = await bench.submit(await bench.plan(), key="morning")
            with pytest.raises(InputError, match=first.broadcast):
                await bench.submit(await bench.plan(STOCK), key="morning")
            again = await bench.submit(await bench.plan(), key="morning")
            assert again.broadcast == first.broadcast
            at_mid = await bench.submit(await bench.plan("BUY +1 AAPL @mid"), key="noon")
            usual = (await bench.broker.quotes(["AAPL"]))["AAPL"]
            bench.broker.prices["AAPL"] = replace(usual, bid=Decimal(103), ask=Decimal(103))
            moved = await bench.submit(await bench.plan("BUY +1 AAPL @mid"), key="noon")
            assert moved.broadcast == at_mid.broadcast
            with pytest.raises(InputError, match=at_mid.broadcast):
                await bench.submit(await bench.plan("BUY +2 AAPL @mid"), key="noon")

    run_virtual(scenario())


def test_a_plan_that_nobody_may_send_is_not_saved() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.broker.is_open = False
            plan = await bench.plan(save=True)
            assert not plan.saved
            assert "save_plan" not in bench.journal.writes

    run_virtual(scenario())


def test_status_shows_which_limits_are_in_force() -> None:
    async def scenario() -> None:
        limits = roomy_limits(max_shares_per_order=7)
        async with a_desk(1, limits=limits) as bench:
            assert (await bench.desk.status()).limits == limits_hash(limits)

    run_virtual(scenario())


def test_closing_order_that_was_canceled_unfilled_may_be_sent_again_at_once() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        first = await sent(bench, SELL)
        await bench.desk.cancel(first.broadcast)
        await bench.desk.follow(first.broadcast, 5)
        assert set(verdicts(await bench.plan(SELL)).values()) == {"send"}
        opening = await sent(bench, BUY)
        await bench.desk.cancel(opening.broadcast)
        await bench.desk.follow(opening.broadcast, 5)
        assert "DUPLICATE_RECENT" in verdicts(await bench.plan(BUY)).values()

    play(a_held_broker(positions(SPY=100)), scenario, duplicate_window_s=30)
