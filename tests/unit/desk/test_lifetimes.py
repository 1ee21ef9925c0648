"""How long the logins of a plan last: tokens that run out, orders that outlast a sign-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from tests.fakes.broker import FakeBroker
from tests.fakes.builders import CONDOR, STOCK, a_position, some_accounts
from tests.fakes.desk import Bench, a_desk
from tests.fakes.logins import FakeTokens
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.errors import BrokerUnreachable
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.models import PlanView

LOGIN, OTHER = "login-01", "login-02"


class NoEndpoint(FakeTokens):
    """The token endpoint is down: tokens live on, none is renewed."""

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Fail where a fresh token is wanted."""
        token = self.current(login, min_life_s=min_life_s)
        if token is None:
            raise BrokerUnreachable("the endpoint does not answer")
        return token


@asynccontextmanager
async def a_bench(tokens: FakeTokens) -> AsyncIterator[Bench]:
    accounts = some_accounts(4, per_login=2)
    broker = FakeBroker(tokens.clock, accounts)
    broker.positions["A-01"] = (a_position("AAPL", 100),)
    for login in (LOGIN, OTHER):
        tokens.sign_in(login)
    async with a_desk(accounts, broker=broker, clock=tokens.clock, tokens=tokens) as bench:
        yield bench


def denied(plan: PlanView) -> dict[str, list[str]]:
    """Return the codes of denials by account that is denied."""
    return {
        line.account: [one.code for one in line.denials]
        for line in plan.lines
        if line.verdict == "denied"
    }


def test_login_whose_token_ends_in_minutes_and_needs_a_person_is_denied_and_others_go() -> None:
    async def scenario() -> None:
        tokens = FakeTokens(VirtualClock())
        async with a_bench(tokens) as bench:
            tokens.let_end(LOGIN, in_s=299)
            plan = await bench.plan()
            assert denied(plan) == {"A-01": ["TOKEN_SHORT"], "A-02": ["TOKEN_SHORT"]}
            assert plan.counts["send"] == 2
            (warning,) = plan.warnings
            assert "ends in 4 min 5" in warning.detail
            assert "cannot be renewed" in warning.detail
            again = await bench.plan(overrides=("TOKEN_SHORT",))
            assert again.counts["send"] == 4

    run_virtual(scenario())


def test_token_is_to_last_five_minutes_beyond_the_last_moment_at_which_a_plan_is_sent() -> None:
    async def scenario() -> None:
        tokens = FakeTokens(VirtualClock())
        async with a_bench(tokens) as bench:
            tokens.let_end(LOGIN, in_s=359)
            assert set(denied(await bench.plan())) == {"A-01", "A-02"}
            tokens.let_end(LOGIN, in_s=361)
            assert denied(await bench.plan()) == {}

    run_virtual(scenario())


def test_token_that_is_short_is_renewed_for_a_plan() -> None:
    async def scenario() -> None:
        tokens = FakeTokens(VirtualClock())
        async with a_bench(tokens) as bench:
            tokens.let_end(LOGIN, in_s=100)
            held = tokens.held[LOGIN]
            assert held is not None
            held.renews = True
            assert denied(await bench.plan()) == {}
            assert tokens.current(LOGIN, min_life_s=1700) is not None

    run_virtual(scenario())


def test_no_order_is_denied_while_a_token_lives_and_only_its_endpoint_is_down() -> None:
    async def scenario() -> None:
        tokens = NoEndpoint(VirtualClock())
        async with a_bench(tokens) as bench:
            tokens.let_end(LOGIN, in_s=30)
            plan = await bench.plan()
            assert denied(plan) == {}
            (warning,) = plan.warnings
            assert (warning.code, warning.grade) == ("TOKEN_ENDS_SOON", "warning")
            assert warning.accounts == 2
            assert "does not answer" in warning.detail

    run_virtual(scenario())


def test_way_out_stays_open_in_a_login_that_is_about_to_end() -> None:
    async def scenario() -> None:
        tokens = FakeTokens(VirtualClock())
        async with a_bench(tokens) as bench:
            tokens.let_end(LOGIN, in_s=120)
            plan = await bench.plan("SELL -100 AAPL @187.50 LMT")
            assert "A-01" not in denied(plan)
            assert "A-02" in denied(plan)

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("order", "age", "warned"),
    [
        (f"{STOCK} GTC", timedelta(0), [LOGIN, OTHER]),
        (f"{STOCK} GTD 27 NOV 26", timedelta(0), []),
        (f"{STOCK} GTD 27 NOV 26", timedelta(days=4), [LOGIN]),
        (CONDOR, timedelta(days=6, hours=17), []),
        (CONDOR, timedelta(days=6, hours=20), [LOGIN]),
    ],
)
def test_order_that_rests_beyond_the_sign_in_of_its_login_is_told_and_goes(
    order: str, age: timedelta, warned: list[str]
) -> None:
    async def scenario() -> None:
        tokens = FakeTokens(VirtualClock())
        async with a_bench(tokens) as bench:
            tokens.sign_in(LOGIN, age=age)
            plan = await bench.plan(order, overrides=("GTC_ORDER=GTC",) if "GTC" in order else ())
            assert plan.counts["send"] == 4
            assert {one.code for one in plan.warnings} <= {"OUTLIVES_SIGN_IN"}
            assert sorted(one.detail.split()[5].strip(",") for one in plan.warnings) == warned

    run_virtual(scenario())


def test_caution_in_many_logins_takes_three_lines_that_name_them_all() -> None:
    async def scenario() -> None:
        clock = VirtualClock()
        tokens = FakeTokens(clock)
        accounts = some_accounts(8, per_login=2)
        for login in dict.fromkeys(one.login for one in accounts):
            tokens.sign_in(login)
        async with a_desk(accounts, clock=clock, tokens=tokens) as bench:
            plan = await bench.plan(f"{STOCK} GTC", overrides=("GTC_ORDER=GTC",))
            assert [one.accounts for one in plan.warnings] == [2, 2, 4]
            assert plan.warnings[-1].detail == "the same in 2 more logins: login-03, login-04"

    run_virtual(scenario())
