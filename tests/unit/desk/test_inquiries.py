"""Reads that go by what cannot be read: the rest is shown, and what is missing is named."""

from __future__ import annotations

import asyncio

import pytest
from tests.fakes.builders import STOCK, some_accounts
from tests.fakes.desk import Bench, a_desk
from tests.fakes.virtual import run_virtual

from swimdesk.errors import BrokerUnreachable, LoginRequired, SwimdeskError
from swimdesk.views.comparing import UnreadView
from swimdesk.views.holding import HoldingsView
from swimdesk.views.requests import Scope

ALL = Scope(everyone=True)
TWO_LOGINS = some_accounts(4, per_login=2)
NO_TOKENS = LoginRequired("it has no tokens yet")


def aliases(view: HoldingsView) -> list[str]:
    assert [one.account for one in view.balances] == [one.account for one in view.accounts]
    return [one.account for one in view.accounts]


async def refused(bench: Bench, scope: Scope, kind: type[SwimdeskError]) -> None:
    with pytest.raises(kind):
        await bench.desk.holdings(scope)


def test_login_without_tokens_is_named_and_the_others_are_shown() -> None:
    async def scenario() -> None:
        async with a_desk(TWO_LOGINS) as bench:
            bench.broker.undiscovered = {"login-01": NO_TOKENS}
            view = await bench.desk.holdings(ALL)
            assert aliases(view) == ["A-03", "A-04"]
            assert view.unread == (UnreadView(None, "login-01", "accounts", NO_TOKENS.detail),)
            only = await bench.desk.holdings(Scope(accounts=("A-03",)))
            assert (aliases(only), only.unread) == (["A-03"], ())
            # What is named may be of the login that was not read.
            await refused(bench, Scope(accounts=("A-01",)), LoginRequired)

    run_virtual(scenario())


def test_accounts_that_cannot_be_read_any_more_are_named_and_never_shown_from_before() -> None:
    async def scenario() -> None:
        async with a_desk(TWO_LOGINS) as bench:
            assert (await bench.desk.holdings(ALL)).unread == ()
            bench.broker.unreadable_logins = {"login-02"}
            await asyncio.sleep(20)
            view = await bench.desk.holdings(ALL)
            assert aliases(view) == ["A-01", "A-02"]
            assert [(one.account, one.what) for one in view.unread] == [
                ("A-03", "holdings"),
                ("A-04", "holdings"),
            ]
            await refused(bench, Scope(accounts=("A-03",)), BrokerUnreachable)
            await refused(bench, Scope(where="bp > 1"), BrokerUnreachable)
            bench.broker.unreadable_logins = {"login-01", "login-02"}
            await asyncio.sleep(20)
            await refused(bench, ALL, BrokerUnreachable)

    run_virtual(scenario())


def test_no_login_with_tokens_is_the_error_itself() -> None:
    async def scenario() -> None:
        async with a_desk(TWO_LOGINS) as bench:
            bench.broker.undiscovered = {"login-01": NO_TOKENS, "login-02": NO_TOKENS}
            await refused(bench, ALL, LoginRequired)

    run_virtual(scenario())


def test_plan_stays_strict_where_a_list_of_accounts_is_broken() -> None:
    async def scenario() -> None:
        async with a_desk(TWO_LOGINS) as bench:
            bench.broker.undiscovered = {"login-01": BrokerUnreachable("no answer")}
            assert len((await bench.desk.holdings(ALL)).unread) == 1
            with pytest.raises(BrokerUnreachable):
                await bench.plan(STOCK)

    run_virtual(scenario())
