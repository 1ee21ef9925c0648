"""One complete comparison: what differs is told, what cannot be read is no evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from tests.fakes.broker import Act
from tests.fakes.builders import STOCK, a_position, some_accounts
from tests.fakes.desk import Bench, a_desk
from tests.fakes.strangers import OURS, HonestBroker, enter
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.cli.exits import reconcile_exit_code_of
from swimdesk.errors import BrokerError, ExitCode, LoginRequired, ProtocolDrift
from swimdesk.views.comparing import ReconcileView, UnreadView
from swimdesk.views.requests import ResolveRequest, Scope

ONE, OTHER = "A-01", "A-02"
ALL = Scope(everyone=True)
AFTER_A_LOOK_S = 2.0
"""A comparison has looked at positions once, and not a second time."""

BY_HAND = "BUY +7 MSFT @400.00 LMT"
GARBAGE = ProtocolDrift("accounts: the answer is not a list")


def honest(scenario: Callable[[Bench, HonestBroker], Awaitable[None]], accounts: int = 2) -> None:
    """Play on a desk before a broker whose positions follow every fill."""

    async def main() -> None:
        clock = VirtualClock()
        broker = HonestBroker(clock, some_accounts(accounts, per_login=1))
        broker.positions = {ONE: (a_position("AAPL", 10),)}
        async with a_desk(broker.accounts, broker=broker, clock=clock) as bench:
            await scenario(bench, broker)

    run_virtual(main())


def kinds(view: ReconcileView) -> list[tuple[str, str]]:
    return [(one.kind, one.account) for one in view.differences]


def test_what_was_sent_filled_and_held_makes_no_difference() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        first = await bench.desk.reconcile(ALL)
        assert (first.verdict, first.accounts, first.lines) == ("no_difference", 2, 0)
        broker.acts = {OTHER: Act.PARTIAL}
        await bench.send(STOCK, wait_s=2)
        enter(broker, ONE, BY_HAND, state=broker.ledger[0].state, filled=7)
        view = await bench.desk.reconcile(ALL)
        assert (view.verdict, view.differences, view.unread) == ("no_difference", (), ())
        assert (view.orders, view.lines) == (3, 2)

    honest(scenario)


def test_read_is_applied_to_the_lines_before_they_are_compared() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.acts = {ONE: Act.REST, OTHER: Act.REST}
        sent = await bench.send(STOCK, wait_s=1)
        await bench.desk.supervisor.close()  # nobody else reads
        broker.fill(broker.ledger[0].order_id)
        assert (await bench.desk.reconcile(ALL)).verdict == "no_difference"
        view = await bench.desk.broadcast(sent.broadcast)
        assert [line.state for line in view.lines] == ["filled", "working"]

    honest(scenario)


def test_open_order_of_ours_that_is_neither_listed_nor_readable_is_missing() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.acts = {ONE: Act.REST, OTHER: Act.REST}
        sent = await bench.send(STOCK, wait_s=1)
        broker.unlisted = {broker.ledger[0].order_id}
        assert (await bench.desk.reconcile(ALL)).verdict == "no_difference", "its id shows it"
        broker.unreadable = broker.unlisted
        view = await bench.desk.reconcile(ALL)
        (found,) = view.differences
        assert (found.kind, found.broadcast) == ("missing", sent.broadcast)
        assert (found.order_id, found.expected) == (broker.ledger[0].order_id, "working, 0 filled")

    honest(scenario)


def test_fill_after_an_end_that_nobody_reads_for_any_more_differs() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.acts = {ONE: Act.REST, OTHER: Act.REST}
        sent = await bench.send(STOCK, wait_s=1)
        await bench.desk.cancel(sent.broadcast)
        await bench.desk.follow(sent.broadcast, 30)
        broker.fill(broker.ledger[0].order_id, 40)
        view = await bench.desk.reconcile(ALL)
        (found,) = view.differences
        assert (found.kind, found.expected, found.found) == (
            "differs", "canceled, 0 filled", "canceled, 40 filled",
        )  # fmt: skip
        assert view.verdict == "differences"

    honest(scenario)


def test_lines_in_doubt_are_told_and_decide_the_verdict() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.acts = {ONE: Act.LOSE}
        sent = await bench.send(STOCK, wait_s=1)
        view = await bench.desk.reconcile(ALL)
        assert (view.verdict, kinds(view)) == ("in_doubt", [("in_doubt", ONE)])
        assert view.differences[0].broadcast == sent.broadcast
        await asyncio.sleep(200)
        await bench.desk.resolve(ResolveRequest(f"{sent.broadcast}/{ONE}", "absent", "asked"))
        assert (await bench.desk.reconcile(ALL)).verdict == "no_difference"

    honest(scenario)


def test_open_orders_of_others_differ_until_they_are_adopted_or_ignored() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        kept, passed = enter(broker, ONE, BY_HAND), enter(broker, OTHER, BY_HAND)
        view = await bench.desk.reconcile(ALL)
        assert (view.verdict, kinds(view)) == (
            "differences",
            [("foreign", ONE), ("foreign", OTHER)],
        )
        await bench.desk.adopt(ONE, kept, "mine")
        await bench.desk.ignore(OTHER, passed, "a friend's")
        assert (await bench.desk.reconcile(ALL)).verdict == "no_difference"

    honest(scenario)


def test_order_with_our_mark_that_nothing_here_sent_differs_even_after_its_end() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        await bench.send(STOCK, wait_s=1)
        enter(broker, ONE, BY_HAND, tag=OURS, state=broker.ledger[0].state, filled=7)
        view = await bench.desk.reconcile(ALL)
        assert kinds(view) == [("foreign_key", ONE)]
        assert "application key" in view.differences[0].detail

    honest(scenario)


def test_holding_that_no_fill_explains_is_told_once_and_alarms() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        await bench.desk.reconcile(ALL)
        await bench.send(STOCK, wait_s=1)
        broker.silent = {(ONE, "AAPL"): -10, (ONE, "MSFT"): 3}
        view = await bench.desk.reconcile(ALL)
        assert [(one.symbol, one.expected, one.found) for one in view.differences] == [
            ("AAPL", "110", "100"), ("MSFT", "0", "3"),
        ]  # fmt: skip
        assert len((await bench.desk.status()).alarms) == 2
        assert (await bench.desk.reconcile(ALL)).verdict == "no_difference"

    honest(scenario)


def test_fill_that_comes_while_positions_are_read_is_no_difference() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.acts = {ONE: Act.REST, OTHER: Act.REST}
        await bench.desk.reconcile(ALL)
        await bench.send(STOCK, wait_s=1)
        loop = asyncio.get_running_loop()
        loop.call_later(0.075, broker.fill, broker.ledger[0].order_id)
        view = await bench.desk.reconcile(ALL)
        assert (view.verdict, view.unread) == ("no_difference", ())

    honest(scenario)


def test_account_that_cannot_be_read_is_named_and_the_others_are_compared() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        await bench.desk.reconcile(ALL)
        broker.unreadable_logins = {"login-02"}
        view = await bench.desk.reconcile(ALL)
        assert (view.verdict, view.accounts) == ("unread", 2)
        assert [(one.account, one.what) for one in view.unread] == [(OTHER, "positions")]

    honest(scenario)


def test_login_whose_accounts_cannot_be_read_is_named_and_the_others_are_compared() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.undiscovered = {"login-02": GARBAGE}
        enter(broker, ONE, BY_HAND)
        view = await bench.desk.reconcile(ALL)
        assert (view.verdict, view.accounts, kinds(view)) == ("differences", 1, [("foreign", ONE)])
        assert view.unread == (UnreadView(None, "login-02", "accounts", GARBAGE.detail),)
        assert reconcile_exit_code_of(replace(view, differences=())) is ExitCode.PARTIAL
        only = await bench.desk.reconcile(Scope(accounts=(ONE,)))
        assert only.unread == ()
        with pytest.raises(ProtocolDrift):
            await bench.desk.reconcile(Scope(accounts=(OTHER,)))

    honest(scenario)


def test_accounts_that_a_comparison_went_without_are_not_missing_from_what_is_sent() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.undiscovered = {"login-02": GARBAGE}
        await bench.desk.reconcile(ALL)
        with pytest.raises(ProtocolDrift):
            await bench.plan(STOCK)
        broker.undiscovered = {}
        assert {line.account for line in (await bench.plan(STOCK)).lines} == {ONE, OTHER}
        assert (await bench.desk.reconcile(ALL)).accounts == 2

    honest(scenario)


def test_login_that_was_known_to_be_out_stops_no_order_of_others_when_it_fails_otherwise() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.undiscovered = {"login-02": LoginRequired("sign in again")}
        assert [line.account for line in (await bench.plan(STOCK)).lines] == [ONE]
        broker.undiscovered = {"login-02": GARBAGE}
        assert (await bench.desk.reconcile(ALL)).unread[0].detail == GARBAGE.detail
        assert [line.account for line in (await bench.plan(STOCK)).lines] == [ONE]

    honest(scenario)


@pytest.mark.parametrize("error", [GARBAGE, LoginRequired("sign in again")])
def test_comparison_without_a_login_that_can_be_read_says_why(error: BrokerError) -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.undiscovered = {"login-01": error, "login-02": error}
        with pytest.raises(type(error)):
            await bench.desk.reconcile(ALL)

    honest(scenario)


def test_bug_in_one_logins_reads_leaves_the_others_compared() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        await bench.desk.reconcile(ALL)
        broker.undiscovered = {"login-02": RuntimeError("11110001")}
        view = await bench.desk.reconcile(ALL)
        assert (view.verdict, view.accounts) == ("unread", 1)
        assert [(one.account, one.login, one.what) for one in view.unread] == [
            (OTHER, "login-02", "orders")
        ]
        assert "RuntimeError at unread.py:" in view.unread[0].detail

    honest(scenario)


def test_difference_whose_fills_cannot_be_read_again_is_not_taken_for_none() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        await bench.desk.reconcile(ALL)
        broker.silent = {(ONE, "MSFT"): 3}
        asyncio.get_running_loop().call_later(AFTER_A_LOOK_S, setattr, broker, "reads_fail", True)
        view = await bench.desk.reconcile(ALL)
        assert (view.verdict, view.differences) == ("unread", ())
        assert [(one.account, one.what) for one in view.unread] == [(ONE, "positions")]
        assert (await bench.desk.status()).alarms == ()

    honest(scenario)


def test_positions_that_cannot_be_read_again_are_not_judged_as_they_were() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        await bench.desk.reconcile(ALL)
        broker.silent = {(ONE, "MSFT"): 3, (OTHER, "MSFT"): 3}
        fails = asyncio.get_running_loop().call_later(
            AFTER_A_LOOK_S, setattr, broker, "unreadable_logins", {"login-01"}
        )
        view = await bench.desk.reconcile(ALL)
        assert fails.when() < asyncio.get_running_loop().time()
        assert (view.verdict, kinds(view)) == ("differences", [("position", OTHER)])
        assert [(one.account, one.what) for one in view.unread] == [(ONE, "positions")]
        assert "no answer" in view.unread[0].detail
        assert "MSFT" not in bench.journal.held[ONE].quantities

    honest(scenario)


@pytest.mark.parametrize("is_open", [True, False])
def test_where_nothing_can_be_read_nothing_is_said(is_open: bool) -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        broker.acts = {ONE: Act.REST} if is_open else {}
        await bench.send(STOCK, wait_s=1)
        broker.reads_fail = True
        view = await bench.desk.reconcile(ALL)
        assert (view.verdict, view.accounts, view.differences) == ("unread", 0, ())
        assert {one.account for one in view.unread} == {ONE, OTHER}
        assert "no answer" in view.unread[0].detail

    honest(scenario)


def test_only_the_accounts_asked_for_are_compared() -> None:
    async def scenario(bench: Bench, broker: HonestBroker) -> None:
        enter(broker, ONE, BY_HAND)
        view = await bench.desk.reconcile(Scope(accounts=(OTHER,)))
        assert (view.verdict, view.accounts) == ("no_difference", 1)

    honest(scenario)
