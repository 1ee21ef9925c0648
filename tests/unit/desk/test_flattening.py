"""Flatten: what works is canceled, what is held then is closed, and nothing on top of a doubt."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from tests.fakes.broker import Act, CancelAct
from tests.fakes.desk import Bench
from tests.fakes.held import HeldBroker, a_held_broker
from tests.fakes.strangers import enter
from tests.unit.desk.closing import (
    ALL,
    BUY,
    CONDOR_NAME,
    HELD,
    OPEN_CONDOR,
    SELL,
    SHARES,
    flattened,
    part_of,
    play,
    sent,
    told,
)
from tests.unit.domain.test_holdings import positions

from swimdesk.desk.ports import BrokerOrderState
from swimdesk.errors import BrokerUnreachable, InputError, PlanExpired, StoreFull, TradingHalted
from swimdesk.views.requests import FlattenRequest, Scope


def test_plan_shows_what_would_be_canceled_and_closed_and_sends_nothing() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, BUY, "A-03")
        posts = broker.posts.copy()
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        assert told(plan) == [("A-01", CONDOR_NAME, 1, "close"), ("A-02", "SPY", 100, "close")]
        assert (plan.accounts, plan.orders, plan.carried_out) == (3, 2, False)
        assert [(one.account, one.state) for one in plan.cancels] == [("A-03", "working")]
        condor, shares = plan.parts
        assert condor.order is not None
        assert condor.order.startswith("BUY +1 IRON CONDOR SPY 100 18 DEC 26 620/625/580/575")
        assert condor.order.endswith("[TO CLOSE]")
        assert condor.cost is not None
        assert condor.cost > 0
        assert shares.cost == Decimal("-59999.00")
        assert plan.cost == condor.cost + shares.cost
        assert (broker.posts, broker.cancels) == (posts, [])

    play(a_held_broker(HELD, SHARES, ()), scenario)


def test_plan_names_the_orders_of_others_that_work_on() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        id_ = enter(broker, "A-01", "BUY +5 SPY @590.00 LMT")
        enter(broker, "A-01", "BUY +5 SPY @591.00 LMT", state=BrokerOrderState.CANCELED)
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        assert plan.others is not None
        assert [(one.account, one.order_id) for one in plan.others] == [("A-01", id_)]
        assert plan.cancels == ()

    play(a_held_broker(SHARES), scenario)


def test_plan_counts_what_is_to_be_canceled_as_gone() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, SELL)
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        assert told(plan) == [("A-01", "SPY", 100, "close")]
        assert plan.parts[0].reason is None

    play(a_held_broker(SHARES), scenario)


def test_all_that_is_held_is_closed_and_a_second_time_there_is_nothing_to_do() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await flattened(bench)
        assert {part.state for part in view.parts} == {"filled"}
        assert view.carried_out
        assert len(view.broadcasts) == 2, "one for each shape"
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}] * 3
        again = await bench.desk.flatten_plan(ALL, "@nat")
        assert (again.accounts, again.orders, again.parts, again.cancels) == (0, 0, (), ())

    both = HELD + SHARES
    play(a_held_broker(HELD, SHARES, both), scenario)


def test_quantities_are_those_of_each_account() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await flattened(bench)
        assert told(view) == [("A-01", "SPY", 100, "filled"), ("A-02", "SPY", 7, "filled")]
        assert len(view.broadcasts) == 1
        (shown,) = await bench.desk.broadcasts(5)
        assert shown.order == "CLOSE SPY @nat"

    play(a_held_broker(SHARES, positions(SPY=7)), scenario)


def test_open_orders_are_canceled_first_and_what_they_filled_is_closed_too() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, BUY, act=Act.PARTIAL)
        broker.cancel_acts = {"A-02": [CancelAct.FILL_FIRST]}
        view = await flattened(bench)
        assert [(one.outcome, one.state, one.filled) for one in view.cancels] == [
            ("taken", "canceled", 50),
            ("taken", "filled", 100),
        ]
        assert told(view) == [("A-01", "SPY", 50, "filled"), ("A-02", "SPY", 100, "filled")]
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}]
        assert broker.open_orders() == []

    play(a_held_broker((), ()), scenario)


def test_fill_that_positions_show_late_is_neither_missed_nor_closed_twice() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, SELL)
        broker.cancel_acts = {"A-01": [CancelAct.FILL_FIRST]}
        view = await flattened(bench)
        assert [one.state for one in view.cancels] == ["filled", "canceled"]
        assert told(view) == [("A-02", "SPY", 100, "filled")]
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}]

    broker = a_held_broker(SHARES, SHARES)
    broker.position_lag_s = 4.0
    play(broker, scenario)


def test_what_a_cancel_could_not_end_is_not_closed_a_second_time() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, "SELL -40 SPY @601.00 LMT")
        broker.cancel_acts = {"A-01": [CancelAct.LOSE], "A-02": [CancelAct.REFUSE]}
        view = await flattened(bench, wait_s=1.0)
        assert [(one.outcome, one.state) for one in view.cancels] == [
            ("unknown", "working"),
            ("refused", "working"),
        ]
        assert told(view) == [("A-01", "SPY", 60, "filled"), ("A-02", "SPY", 60, "filled")]
        for order in broker.open_orders():
            broker.fill(order.order_id)
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}]

    play(a_held_broker(SHARES, SHARES), scenario)


def test_structure_with_an_order_in_doubt_is_kept_back_and_named() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        lost = await sent(bench, OPEN_CONDOR, "A-01", act=Act.LOSE)
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        assert plan.accounts == 2
        view = await bench.desk.flatten(FlattenRequest(plan.plan, 2))
        assert told(view) == [
            ("A-01", f"order of broadcast {lost.broadcast}", 0, "kept_back"),
            ("A-01", CONDOR_NAME, 1, "kept_back"),
            ("A-01", "SPY", 100, "filled"),
            ("A-02", CONDOR_NAME, 1, "filled"),
        ]
        assert [part.in_doubt for part in view.parts] == [True, True, False, False]
        assert view.parts[1].reason == (
            f"an order of ours on it is in doubt, in broadcast {lost.broadcast}"
        )
        assert broker.posts["A-01"] == 2

    play(a_held_broker(HELD + SHARES, HELD), scenario)


def test_account_whose_read_fails_is_named_and_the_others_are_closed() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        await asyncio.sleep(1)
        broker.unreadable = {"A-01"}
        view = await bench.desk.flatten(FlattenRequest(plan.plan, 2))
        assert (part_of(view, "A-01").state, part_of(view, "A-02").state) == ("kept_back", "filled")
        assert part_of(view, "A-01").reason == "could not be read: no answer"
        broker.unreadable = {"A-01", "A-02"}
        with pytest.raises(BrokerUnreachable):
            await bench.desk.flatten_plan(ALL, "@nat")

    play(a_held_broker(SHARES, SHARES, per_login=1), scenario)


def test_reads_that_fail_behind_the_cancels_close_nothing() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, SELL)
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        broker.unreadable = {"A-01"}
        view = await bench.desk.flatten(FlattenRequest(plan.plan, 1))
        assert [one.state for one in view.cancels] == ["canceled"]
        assert part_of(view, "A-01").state == "kept_back"
        assert broker.posts["A-01"] == 1

    play(a_held_broker(SHARES), scenario)


def test_wrong_number_of_accounts_does_nothing_and_the_plan_stays() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, BUY, "A-02")
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        with pytest.raises(InputError, match="concerns 2 accounts, 1 was typed"):
            await bench.desk.flatten(FlattenRequest(plan.plan, 1))
        assert not broker.cancels
        assert not bench.journal.notes
        view = await bench.desk.flatten(FlattenRequest(plan.plan, 2))
        assert told(view) == [("A-01", "SPY", 100, "filled")]

    play(a_held_broker(SHARES, ()), scenario)


def test_plan_is_good_for_one_time_and_for_a_minute() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        plan, late = [await bench.desk.flatten_plan(ALL, "@nat") for _ in range(2)]
        request = FlattenRequest(plan.plan, 1)
        done = await asyncio.gather(
            *(bench.desk.flatten(request) for _ in range(3)), return_exceptions=True
        )
        assert [isinstance(one, PlanExpired) for one in done] == [False, True, True]
        assert broker.posts["A-01"] == 1
        await asyncio.sleep(60)
        with pytest.raises(PlanExpired, match="expired"):
            await bench.desk.flatten(FlattenRequest(late.plan, 1))
        with pytest.raises(PlanExpired, match="There is no plan"):
            await bench.desk.flatten(FlattenRequest("P-9", 1))

    play(a_held_broker(SHARES), scenario)


def test_two_plans_at_once_close_once() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        plans = [await bench.desk.flatten_plan(ALL, "@nat") for _ in range(2)]
        broker.position_lag_s = 3.0
        await asyncio.gather(*(bench.desk.flatten(FlattenRequest(p.plan, 1)) for p in plans))
        assert broker.posts["A-01"] == 1
        assert broker.holds("A-01") == {}

    play(a_held_broker(SHARES), scenario)


def test_order_by_hand_that_fills_while_closing_is_planned_keeps_its_account_back() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        by_hand = await bench.plan("SELL -100 SPY @599.50 LMT", scope=Scope(accounts=("A-01",)))

        async def sell_by_hand() -> None:
            await bench.submit(by_hand, broadcast="B-1")
            assert (await bench.desk.follow("B-1", 5)).counts["filled"] == 1

        await asyncio.sleep(1)
        broker.during_quotes = sell_by_hand
        view = await bench.desk.flatten(FlattenRequest(plan.plan, 2))
        assert [part.state for part in view.parts] == ["kept_back", "filled"]
        assert "an order of ours filled while" in (view.parts[0].reason or "")
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}]

    play(a_held_broker(SHARES, SHARES), scenario)


def test_fill_while_holdings_are_read_keeps_its_account_back() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        resting = await sent(bench, SELL, "A-01")
        broker.cancel_acts = {"A-01": [CancelAct.REFUSE]}
        plan = await bench.desk.flatten_plan(ALL, "@nat")

        async def fill() -> None:
            broker.fill(broker.open_orders()[0].order_id)
            assert (await bench.desk.follow(resting.broadcast, 30)).state == "settled"

        await asyncio.sleep(1)
        broker.during_holdings = fill
        view = await bench.desk.flatten(FlattenRequest(plan.plan, 2))
        assert [part.state for part in view.parts] == ["kept_back", "filled"]
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}]

    play(a_held_broker(SHARES, SHARES), scenario)


def test_halted_desk_neither_cancels_nor_closes_and_a_halt_meanwhile_closes_nothing() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, SELL)
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        bench.sentinel.text = "by hand"
        with pytest.raises(TradingHalted):
            await bench.desk.flatten(FlattenRequest(plan.plan, 1))
        assert not broker.cancels
        bench.sentinel.text = None
        flattening = asyncio.gather(bench.desk.flatten(FlattenRequest(plan.plan, 1)))
        await broker.cancel_arrived.wait()
        bench.sentinel.text = "by hand"
        (view,) = await flattening
        assert [one.state for one in view.cancels] == ["canceled"]
        assert part_of(view, "A-01").state == "kept_back"
        assert "Halted since" in (part_of(view, "A-01").reason or "")
        assert broker.posts["A-01"] == 1

    play(a_held_broker(SHARES), scenario)


def test_desk_that_is_reducing_flattens() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, BUY, "A-01", act=Act.PARTIAL)
        await bench.desk.reduce("too much")
        view = await flattened(bench)
        assert {part.state for part in view.parts} == {"filled"}
        assert [broker.holds(a.alias) for a in broker.accounts] == [{}, {}]

    play(a_held_broker((), HELD), scenario)


def test_what_is_begun_is_written_down_first_and_nothing_is_done_where_that_fails() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, BUY, "A-01")
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        bench.journal.failure = StoreFull("the disk is full")
        with pytest.raises(StoreFull):
            await bench.desk.flatten(FlattenRequest(plan.plan, plan.accounts))
        assert not broker.cancels
        bench.journal.failure = None
        await flattened(bench)
        (_, kind, text) = bench.journal.notes[0]
        assert kind == "flatten"
        assert "at @nat in 2 accounts: cancel A-01 BUY +100 SPY" in text
        assert text.endswith("close A-02 100 SPY")

    play(a_held_broker((), SHARES), scenario)


LEGS = positions(C620=-1, C625=1, C630=1)


def test_long_legs_wait_until_the_short_beside_them_is_closed() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await flattened(bench)
        assert [part.state for part in view.parts] == ["filled"] * 3
        first, *others = broker.ledger
        assert (first.fingerprint or "").startswith("BUY +1 SPY 100 18 DEC 26 620 CALL")
        assert all(one.entered > first.entered for one in others)
        assert broker.holds("A-01") == {}

    play(a_held_broker(LEGS), scenario)


def test_long_legs_stay_where_the_short_beside_them_is_not_closed() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        broker.acts = {"A-01": Act.REST}
        view = await flattened(bench)
        assert told(view) == [
            ("A-01", "SPY 18DEC26 620C", 1, "working"),
            ("A-01", "SPY 18DEC26 625C", 1, "kept_back"),
            ("A-01", "SPY 18DEC26 630C", 1, "kept_back"),
            ("A-02", "SPY", 100, "filled"),
        ]
        assert "a short beside it" in (view.parts[1].reason or "")
        assert broker.posts["A-01"] == 1

    play(a_held_broker(LEGS, SHARES), scenario)


def test_leg_that_two_structures_share_is_closed_no_further_than_it_is_held() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        await sent(bench, "BUY +1 SPY 100 18 DEC 26 620 CALL @1.00 LMT", "A-01")
        broker.cancel_acts = {"A-01": [CancelAct.REFUSE]}
        view = await flattened(bench, wait_s=1.0)
        states = {part.holding: part.state for part in view.parts}
        assert states["SPY VERT 18DEC26 620/640C"] == "filled"
        assert states["SPY 18DEC26 620C"] == "kept_back"
        broker.fill(broker.open_orders()[0].order_id)
        assert not broker.holds("A-01").keys() & {"SPY   261218C00620000"}

    play(a_held_broker(positions(C620=-2, C640=1, P560=1)), scenario)


def test_more_shapes_than_broadcasts_a_minute_are_closed_all_the_same() -> None:
    strikes = {f"P{550 + 5 * n}": 1 for n in range(9)}
    broker = a_held_broker(*(positions(**{name: 1}) for name in strikes))

    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await flattened(bench)
        assert [part.state for part in view.parts] == ["filled"] * 9
        assert len(view.broadcasts) == 9

    play(broker, scenario, broadcasts_per_minute=6)


def test_what_our_checks_deny_is_told_with_what_lifts_it() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        view = await flattened(bench)
        assert part_of(view, "A-01").state == "denied"
        (denial,) = part_of(view, "A-01").denials
        assert (denial.code, denial.override) == ("SIZE_SHARES", "SIZE_SHARES=100")
        assert not broker.posts
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        assert (plan.accounts, plan.orders) == (1, 0)
        view = await bench.desk.flatten(FlattenRequest(plan.plan, 1, (denial.override or "",)))
        assert part_of(view, "A-01").state == "filled"

    play(a_held_broker(SHARES), scenario, max_shares_per_order=50)


def test_no_override_lets_more_be_closed_than_is_held() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        with pytest.raises(InputError, match="SELL_MORE_THAN_HELD"):
            await bench.desk.flatten(FlattenRequest(plan.plan, 1, ("SELL_MORE_THAN_HELD=100",)))
        assert not broker.posts

    play(a_held_broker(SHARES), scenario)


def test_what_cannot_be_ordered_or_priced_is_named() -> None:
    fund = positions(SPY=1)[0]
    odd = type(fund)("SWVXX", Decimal("12.5"), Decimal(1), Decimal(12))

    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        broker.unknown_symbols = {"GONE"}
        plan = await bench.desk.flatten_plan(ALL, "@nat")
        assert told(plan) == [
            ("A-01", "GONE", 5, "kept_back"),
            ("A-01", "SWVXX (+12.5)", 0, "kept_back"),
        ]
        assert "The broker lists no GONE" in (plan.parts[0].reason or "")
        assert plan.parts[1].reason == "cannot be ordered here"
        assert plan.accounts == 0

    play(a_held_broker((*positions(GONE=5), odd)), scenario)


@pytest.mark.parametrize("price", ["", "@", "cheap", "@600.00 STP", "@nat [TO OPEN]"])
def test_price_that_is_none_for_closing_orders_is_refused(price: str) -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        with pytest.raises(InputError):
            await bench.desk.flatten_plan(ALL, price)

    play(a_held_broker(SHARES), scenario)


def test_market_orders_and_offsets_are_prices_too() -> None:
    async def scenario(bench: Bench, broker: HeldBroker) -> None:
        for price, written in (("@MKT", "@MKT"), ("@mid-0.05", "@599.95 LMT")):
            plan = await bench.desk.flatten_plan(Scope(accounts=("A-01",)), price)
            assert written in (plan.parts[0].order or "")

    play(a_held_broker(SHARES), scenario)
