"""The desk here and the desk over the socket: front ends cannot tell which they hold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.contract.facades import ALL, Play, planned, refusal
from tests.fakes.broker import Act
from tests.fakes.builders import CONDOR, STOCK
from tests.fakes.desk import Bench

from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import (
    BrokerUnreachable,
    InputError,
    OrderTextError,
    PlanExpired,
    TradingHalted,
    UnknownReference,
    UnknownSymbol,
    WhereTextError,
)
from swimdesk.views.present import broadcast_view
from swimdesk.views.requests import (
    PlanRequest,
    Scope,
    SubmitRequest,
)


def test_status_tells_who_owns_the_home_and_that_it_may_trade(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        status = await desk.status()
        assert status == await bench.desk.status()
        assert status.mode == "paper"
        assert status.guard.state == "active"

    play(scenario)


def test_accounts_are_listed_as_the_scope_says(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        everyone = await desk.accounts(Scope())
        chosen = await desk.accounts(Scope(accounts=("A-02",)))
        assert [view.account for view in everyone] == ["A-01", "A-02", "A-03", "A-04"]
        assert chosen == everyone[1:2]
        error = await refusal(desk.accounts(Scope(groups=("aunts",))), UnknownReference)
        assert "aunts" in error.detail

    play(scenario)


def test_holdings_are_accounts_balances_and_positions_of_one_read(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        view = await desk.holdings(ALL)
        assert view.accounts == await desk.accounts(ALL)
        assert [one.account for one in view.balances] == ["A-01", "A-02", "A-03", "A-04"]
        assert (view.positions, view.unread) == ((), ())

    play(scenario)


def test_balances_and_positions_are_those_of_the_accounts(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        balances = await desk.balances(ALL)
        assert [view.account for view in balances] == ["A-01", "A-02", "A-03", "A-04"]
        assert all(view.as_of.tzinfo is not None for view in balances)
        assert await desk.positions(ALL) == ()

    play(scenario)


def test_quotes_name_the_symbols_that_are_not_known(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.unknown_symbols.add("NOPE")
        (quote,) = await desk.quotes(("AAPL",))
        assert quote.symbol == "AAPL"
        error = await refusal(desk.quotes(("AAPL", "NOPE")), UnknownSymbol)
        assert "NOPE" in error.detail

    play(scenario)


def test_chain_of_an_expiry_that_is_not_listed_is_refused(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        chain = await desk.chain("SPX", None, 4)
        assert chain.expiry == chain.expiries[0]
        assert await desk.chain("SPX", chain.expiry, 4) == chain
        await refusal(desk.chain("SPX", "2026-01-01", 4), UnknownSymbol)

    play(scenario)


def test_preview_plans_and_sends_nothing(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        plan = await desk.preview(PlanRequest(CONDOR, ALL))
        assert [line.account for line in plan.lines] == ["A-01", "A-02", "A-03", "A-04"]
        assert plan.counts["accounts"] == 4
        assert not bench.broker.posts

    play(scenario)


def test_order_text_that_is_not_understood_names_the_column(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        error = await refusal(desk.preview(PlanRequest("SELL -1 IRON CROW", ALL)), OrderTextError)
        assert error.column is not None
        assert error.column > 1
        await refusal(desk.preview(PlanRequest(CONDOR, Scope())), InputError)

    play(scenario)


def test_broadcast_is_submitted_followed_and_found_again(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        begun = await desk.submit(SubmitRequest(await planned(desk), "B-1"))
        assert begun.broadcast == "B-1"
        ended = await desk.follow("B-1", 60.0)
        assert ended.state == "settled"
        assert [line.state for line in ended.lines] == ["filled"] * 4
        assert await desk.broadcast("B-1") == ended
        assert [row.broadcast for row in await desk.broadcasts(5)] == ["B-1"]
        assert {order.broadcast for order in await desk.orders(ALL)} == {"B-1"}
        assert sum(bench.broker.posts.values()) == 4

    play(scenario)


def test_following_ends_with_the_time_while_an_order_rests(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.acts["A-03"] = Act.REST
        await desk.submit(SubmitRequest(await planned(desk), "B-1"))
        shown = await desk.follow("B-1", 5.0)
        assert shown.state == "working"
        assert [line.account for line in shown.lines if line.state == "working"] == ["A-03"]

    play(scenario)


def test_key_that_was_used_shows_the_first_broadcast(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        await desk.submit(SubmitRequest(await planned(desk), "B-1", key="morning"))
        ended = await desk.follow("B-1", 60.0)
        again = await planned(desk)
        assert await desk.submit(SubmitRequest(again, "B-2", key="morning")) == ended
        other = await planned(desk, STOCK)
        told = await refusal(desk.submit(SubmitRequest(other, "B-3", key="morning")), InputError)
        assert "B-1" in told.detail
        assert sum(bench.broker.posts.values()) == 4

    play(scenario)


def test_plan_is_good_for_one_broadcast(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        plan = await planned(desk)
        await desk.submit(SubmitRequest(plan, "B-1"))
        await refusal(desk.submit(SubmitRequest(plan, "B-2")), PlanExpired)
        assert sum(bench.broker.posts.values()) == 4

    play(scenario)


def test_broadcast_that_is_not_there_is_a_reference_error(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        await refusal(desk.broadcast("B-9"), UnknownReference)
        await refusal(desk.follow("B-9", 1.0), UnknownReference)

    play(scenario)


def test_halted_desk_sends_nothing_until_it_is_resumed(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        plan = await planned(desk)
        halted = await desk.halt("lunch")
        assert (halted.state, halted.reason) == ("halted", "lunch")
        assert halted.since is not None
        await refusal(desk.submit(SubmitRequest(plan, "B-1")), TradingHalted)
        assert not bench.broker.posts
        assert (await desk.resume()).state == "active"
        await desk.submit(SubmitRequest(await planned(desk), "B-2"))
        assert (await desk.follow("B-2", 60.0)).state == "settled"

    play(scenario)


def test_condition_on_accounts_goes_through_and_is_refused_with_its_column(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        found = await desk.accounts(Scope(where="alias != 'A-02' and bp > 20k"))
        assert [view.account for view in found] == ["A-01", "A-03", "A-04"]
        plan = await desk.preview(PlanRequest(CONDOR, Scope(where="alias = 'A-03'")))
        assert [line.account for line in plan.lines] == ["A-03"]
        error = await refusal(desk.balances(Scope(where="bp > lots")), WhereTextError)
        assert error.column == 6

    play(scenario)


def test_remainder_rule_goes_through_and_stands_in_the_plan(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        order = "BUY +1 AAPL @187.50 LMT"
        plan = await desk.preview(PlanRequest(order, ALL, "equal:6", remainder="drop"))
        assert (plan.sizing, plan.remainder) == ("equal:6", "drop")
        assert [line.quantity for line in plan.lines] == [1, 1, 1, 1]
        plan = await desk.preview(PlanRequest(order, ALL, "risk:1k"))
        assert (plan.sizing, plan.remainder) == ("risk:1000", None)
        assert [line.quantity for line in plan.lines] == [5, 5, 5, 5]
        await refusal(
            desk.preview(PlanRequest(order, ALL, "risk:1k", remainder="drop")), InputError
        )

    play(scenario)


def test_cancel_takes_back_what_is_open_even_while_halted(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.acts = dict.fromkeys(("A-01", "A-02"), Act.REST)
        plan = await planned(desk, STOCK)
        sent = await desk.submit(SubmitRequest(plan, broadcast="B-1"))
        await desk.follow(sent.broadcast, 2)
        await desk.halt("lunch")
        asked = await desk.cancel("B-1")
        assert [one.outcome for one in asked.commands] == ["taken", "taken", "ended", "ended"]
        view = await desk.follow("B-1/A-02", 30)
        assert [line.state for line in view.lines] == ["canceled", "canceled", "filled", "filled"]
        assert view.commands == asked.commands
        assert await desk.broadcast("B-1") == view

    play(scenario)


def test_cancel_names_what_it_does_not_know(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        await refusal(desk.cancel("01J-NEVER"), UnknownReference)
        await desk.submit(SubmitRequest(await planned(desk), broadcast="B-1"))
        error = await refusal(desk.cancel("B-1/A-09"), UnknownReference)
        assert "A-09" in error.detail
        await refusal(desk.follow("B-1/A-09", 1), UnknownReference)

    play(scenario)


def test_cancel_of_everything_takes_back_what_is_open_of_every_broadcast(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.acts = dict.fromkeys(("A-01", "A-02"), Act.REST)
        for number, order in enumerate((STOCK, CONDOR), start=1):
            plan = await planned(desk, order)
            await desk.submit(SubmitRequest(plan, broadcast=f"B-{number}"))
            await desk.follow(f"B-{number}", 2)
        await desk.halt("lunch")
        views = await desk.cancel_all()
        assert sorted(view.broadcast for view in views) == ["B-1", "B-2"]
        assert [len(view.commands) for view in views] == [2, 2]
        assert {c.outcome for view in views for c in view.commands} == {"taken"}
        for number in (1, 2):
            view = await desk.follow(f"B-{number}", 30)
            assert [line.state for line in view.lines][:2] == ["canceled", "canceled"]
        assert await desk.cancel_all() == ()

    play(scenario)


def test_replace_gives_open_orders_another_price(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.acts = dict.fromkeys(("A-01", "A-02"), Act.REST)
        await desk.submit(SubmitRequest(await planned(desk, STOCK), broadcast="B-1"))
        await desk.follow("B-1", 2)
        asked = await desk.replace("B-1", Decimal("187.60"), ())
        assert [one.outcome for one in asked.commands] == ["taken", "taken", "ended", "ended"]
        view = await desk.follow_replacement("B-1", 30)
        assert [line.state for line in view.lines] == ["working", "working", "filled", "filled"]
        assert [len(line.lineage) for line in view.lines] == [1, 1, 0, 0]
        assert "@187.60" in view.lines[0].order
        assert await desk.broadcast("B-1") == view
        orders = await desk.orders(ALL)
        assert {order.broadcast for order in orders} == {"B-1"}, "replaced ones are ours as well"

    play(scenario)


def test_replace_is_refused_while_halted_and_names_what_it_does_not_know(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        await refusal(desk.replace("01J-NEVER", Decimal(1), ()), UnknownReference)
        await desk.submit(SubmitRequest(await planned(desk), broadcast="B-1"))
        await refusal(desk.replace("B-1/A-09", Decimal(1), ()), UnknownReference)
        await desk.halt("lunch")
        await refusal(desk.replace("B-1", Decimal(1), ()), TradingHalted)

    play(scenario)


def test_the_proof_is_the_same_wherever_it_is_read(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.acts = {"A-03": Act.LOSE}
        sent = await desk.submit(SubmitRequest(await planned(desk), broadcast="B-1"))
        shown = await desk.follow(sent.broadcast, 60.0)
        stored = broadcast_view(bench.journal.broadcasts["B-1"])
        assert shown.timing_ms == stored.timing_ms
        assert [line.latency_ms for line in shown.lines] == [
            line.latency_ms for line in stored.lines
        ]
        took = shown.timing_ms
        assert took.confirmed is not None
        assert took.latency_max == pytest.approx(bench.broker.latency_s * 1000)
        assert None not in (took.journal, took.first_write, took.ack_skew, took.overhead)

    play(scenario)


def test_trail_of_a_line_tells_each_step_and_the_read_it_rests_on(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.acts["A-02"] = Act.TAKE_AND_LOSE_ANSWER
        await desk.submit(SubmitRequest(await planned(desk), broadcast="B-1"))
        await desk.follow("B-1", 300.0)
        trail = await desk.trail("B-1/A-02")
        assert [step.state for step in trail.steps] == ["sending", "in_doubt", "in_doubt", "filled"]
        assert [step.read is None for step in trail.steps] == [True, True, False, False]
        assert trail.steps[2].doubt == "probable"
        assert [one.alike for one in trail.steps[2].shown] == [True]
        assert trail.steps[3].order_id == trail.steps[3].shown[0].order_id
        assert trail.steps[3].complete
        await refusal(desk.trail("B-1"), InputError)
        await refusal(desk.trail("B-1/A-09"), UnknownReference)

    play(scenario)


def test_fairness_is_told_of_accounts_that_were_served_together(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        assert await desk.fairness(20) == ()
        for number, order in enumerate((STOCK, CONDOR), start=1):
            await desk.submit(SubmitRequest(await planned(desk, order), broadcast=f"B-{number}"))
            await desk.follow(f"B-{number}", 30.0)
        served = await desk.fairness(20)
        assert [(one.account, one.broadcasts) for one in served] == [
            ("A-01", 2), ("A-02", 2), ("A-03", 2), ("A-04", 2),
        ]  # fmt: skip
        assert {one.broadcasts for one in await desk.fairness(1)} == {1}

    play(scenario)


def test_a_watcher_hears_at_first_all_then_only_what_moved(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        everything = await desk.watch("", 0.0)
        assert everything.whole
        await desk.balances(ALL)
        read = await desk.watch(everything.token, 5.0)
        assert not read.whole
        assert [view.account for view in read.accounts] == ["A-01", "A-02", "A-03", "A-04"]
        assert len(read.holdings) == 4
        sent = await desk.submit(SubmitRequest(await planned(desk), "B-1"))
        opened = await desk.watch(read.token, 5.0)
        assert [view.broadcast for view in opened.broadcasts] == [sent.broadcast]
        assert len(opened.broadcasts[0].lines) == 4
        await desk.follow(sent.broadcast, 60.0)
        known = {line.account: line for line in opened.broadcasts[0].lines}
        latest = opened
        while (news := await desk.watch(latest.token, 0.0)).token != latest.token:
            known |= {line.account: line for b in news.broadcasts for line in b.lines}
            latest = news
        shown = await desk.broadcast(sent.broadcast)
        assert tuple(known.values()) == shown.lines

    play(scenario)


def test_a_watcher_of_a_quiet_desk_hears_nothing_new_when_its_time_is_over(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        first = await desk.watch("", 0.0)
        quiet = await desk.watch(first.token, 3.0)
        assert (quiet.token, quiet.whole, quiet.broadcasts) == (first.token, False, ())

    play(scenario)


def test_a_watcher_with_a_token_of_another_life_hears_everything(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        await desk.balances(ALL)
        answer = await desk.watch("another-1", 60.0)
        assert answer.whole
        assert len(answer.holdings) == 4

    play(scenario)


def test_status_tells_since_when_accounts_cannot_be_read(play: Play) -> None:
    async def scenario(desk: DeskFacade, bench: Bench) -> None:
        bench.broker.unreadable_logins |= {account.login for account in bench.broker.accounts}
        await refusal(desk.balances(ALL), BrokerUnreachable)
        reading = (await desk.status()).reading
        assert reading is not None
        assert reading.failing_since is not None
        assert "4 accounts not read" in reading.detail

    play(scenario)
