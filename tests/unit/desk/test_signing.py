"""Signing in: when a sign-in may begin, and how its new grant keeps out of the way of orders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.fakes.broker import Act, CancelAct, FakeBroker
from tests.fakes.builders import some_accounts
from tests.fakes.desk import Bench, a_desk, kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.logins import CALLBACK, FakeLogins, FakeTokens
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.desk.evidence import Horizons
from swimdesk.desk.signing import LIFE, SETTLE_S, SignInTerms
from swimdesk.domain.broadcast import Broadcast
from swimdesk.errors import (
    BrokerUnreachable,
    InputError,
    SignInFailed,
    SignInRefused,
    StoreError,
    UnknownReference,
)
from swimdesk.views.requests import Scope
from swimdesk.views.signing import BeginSignIn, FailSignIn, FinishSignIn, SignInStart

LOGIN, OTHER = "login-01", "login-02"
ASSISTED = BeginSignIn(LOGIN, "assisted")


class SlowJournal(MemoryJournal):
    """A journal that takes half a second to write a broadcast down."""

    async def open_broadcast(self, broadcast: Broadcast) -> None:
        """Take its time."""
        await asyncio.sleep(0.5)
        await super().open_broadcast(broadcast)


@dataclass
class SignInBench:
    """A desk with two logins of two accounts each."""

    bench: Bench
    logins: FakeLogins
    tokens: FakeTokens

    async def begin(self, login: str = LOGIN, mark: str | None = None) -> SignInStart:
        return await self.bench.desk.begin_sign_in(BeginSignIn(login, "assisted", mark))

    async def finish(self, start: SignInStart, code: str = "C0.code@") -> None:
        callback = f"{CALLBACK}?state={start.state}&code={code}"
        await self.bench.desk.finish_sign_in(FinishSignIn(start.attempt, callback))

    async def signed_in(self, login: str = LOGIN) -> None:
        await self.finish(await self.begin(login))

    @property
    def notes(self) -> list[str]:
        return [text for _, kind, text in self.bench.journal.notes if kind == "sign-in"]


@asynccontextmanager
async def a_bench(
    journal: MemoryJournal | None = None, *, is_read: bool = True, **acts: Act
) -> AsyncIterator[SignInBench]:
    clock = VirtualClock()
    accounts = some_accounts(4, per_login=2)
    broker = FakeBroker(clock, accounts)
    broker.acts |= {name.replace("_", "-"): act for name, act in acts.items()}
    tokens = FakeTokens(clock)
    for login in (LOGIN, OTHER):
        tokens.sign_in(login)
    logins = FakeLogins(tokens)
    terms = SignInTerms({LOGIN: "assisted"}, {LOGIN: (accounts[0].last4,)})
    async with a_desk(
        accounts,
        broker=broker,
        clock=clock,
        tokens=tokens,
        logins=logins,
        sign_in=terms,
        journal=journal,
        horizons=Horizons(timedelta(seconds=20), timedelta(seconds=60)),
    ) as bench:
        if is_read:
            await bench.desk.accounts(Scope(everyone=True))
        yield SignInBench(bench, logins, tokens)


# --- from the beginning to the new grant ---------------------------------------------------------


def test_sign_in_trades_the_code_that_came_back_for_a_new_grant_and_is_noted_without_secrets() -> (
    None
):
    async def scenario() -> None:
        async with a_bench() as on:
            start = await on.begin()
            assert start.state in start.authorize_url
            assert start.callback_url == CALLBACK
            (view, _) = await on.bench.desk.logins()
            assert view.signing_since is not None
            assert (view.way, view.sign_ins_left) == ("assisted", 1)
            await on.finish(start)
            assert on.logins.redeemed == [(LOGIN, "C0.code@")]
            (view, _) = await on.bench.desk.logins()
            assert (view.state, view.signing_since) == ("ok", None)
            assert view.accounts == ("A-01", "A-02")
            told = "\n".join(on.notes)
            assert "begun" in told
            assert "signed in" in told
            assert start.state not in told
            assert "C0.code" not in told

    run_virtual(scenario())


def test_consent_is_to_name_the_configured_accounts_and_those_seen_before() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            first, second = some_accounts(4, per_login=2)[:2]
            assert (await on.begin()).accounts == (first.last4, second.last4)

    run_virtual(scenario())


def test_account_that_the_new_grant_does_not_show_is_an_alarm() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            start = await on.begin()
            lost = on.bench.broker.accounts[1]
            on.bench.broker.accounts = (on.bench.broker.accounts[0], *on.bench.broker.accounts[2:])
            await on.finish(start)
            await asyncio.sleep(1)
            (alarm,) = (await on.bench.desk.status()).alarms
            assert f"…{lost.last4}" in alarm

    run_virtual(scenario())


def test_callback_of_another_sign_in_is_refused_and_the_right_one_may_still_come() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            start = await on.begin()
            wrong = FinishSignIn(start.attempt, f"{CALLBACK}?state=another&code=C0.x@")
            with pytest.raises(SignInFailed):
                await on.bench.desk.finish_sign_in(wrong)
            assert on.logins.redeemed == []
            await on.finish(start)
            assert len(on.logins.redeemed) == 1

    run_virtual(scenario())


@pytest.mark.parametrize(
    "error", [SignInFailed("no"), BrokerUnreachable("gone"), StoreError("full")]
)
def test_grant_that_could_not_be_had_ends_the_sign_in(
    error: SignInFailed | BrokerUnreachable | StoreError,
) -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            on.logins.errors.append(error)
            start = await on.begin()
            with pytest.raises(type(error)):
                await on.finish(start)
            with pytest.raises(SignInFailed, match="no sign-in"):
                await on.finish(start)
            assert error.detail in on.notes[-1]

    run_virtual(scenario())


def test_code_is_traded_once_however_often_the_callback_comes() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            on.logins.gate.clear()
            start = await on.begin()
            first = asyncio.create_task(on.finish(start))
            await on.logins.is_redeeming.wait()
            with pytest.raises(SignInFailed, match="being finished"):
                await on.finish(start)
            on.logins.gate.set()
            await first
            assert len(on.logins.redeemed) == 1

    run_virtual(scenario())


def test_code_is_traded_to_the_end_when_nobody_waits_for_it_any_more() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            on.logins.gate.clear()
            waiting = asyncio.create_task(on.finish(await on.begin()))
            await on.logins.is_redeeming.wait()
            waiting.cancel()
            await asyncio.sleep(0)
            on.logins.gate.set()
            await asyncio.sleep(1)
            assert "signed in" in on.notes[-1]

    run_virtual(scenario())


# --- when one may begin --------------------------------------------------------------------------


def test_unknown_login_and_unknown_way_are_named() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            with pytest.raises(UnknownReference, match="login-01, login-02"):
                await on.begin("nobody")
            with pytest.raises(InputError, match="magic"):
                await on.bench.desk.begin_sign_in(BeginSignIn(LOGIN, "magic"))

    run_virtual(scenario())


def test_second_sign_in_of_a_login_waits_until_the_first_is_over_and_others_do_not() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            first = await on.begin()
            with pytest.raises(SignInRefused, match="under way"):
                await on.begin()
            await on.begin(OTHER)
            await asyncio.sleep(LIFE.total_seconds())
            await on.begin()
            with pytest.raises(SignInFailed, match="no sign-in"):
                await on.finish(first)

    run_virtual(scenario())


def test_third_sign_in_within_an_hour_is_refused_also_after_a_restart() -> None:
    async def scenario() -> None:
        journal = MemoryJournal(now=VirtualClock().now)
        async with a_bench(journal) as on:
            await on.signed_in()
            await asyncio.sleep(600)
            await on.signed_in()
            with pytest.raises(SignInRefused, match="16:00:0"):
                await on.begin()
            await kill(on.bench)
        async with a_bench(journal) as on:
            with pytest.raises(SignInRefused, match="within the last hour"):
                await on.begin()
            await on.begin(OTHER)
            await asyncio.sleep(3001)
            await on.begin()

    run_virtual(scenario())


def test_sign_in_that_cannot_be_counted_does_not_begin() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            on.bench.journal.failure = StoreError("full")
            with pytest.raises(StoreError):
                await on.begin()
            on.bench.journal.failure = None
            (view, _) = await on.bench.desk.logins()
            assert view.signing_since is None

    run_virtual(scenario())


def test_password_that_was_refused_is_never_typed_again_and_another_one_is() -> None:
    async def scenario() -> None:
        journal = MemoryJournal(now=VirtualClock().now)
        async with a_bench(journal) as on:
            start = await on.begin(mark="mark-1")
            wrong = FailSignIn(start.attempt, "the broker says\x1b[2J no", is_wrong_password=True)
            await on.bench.desk.fail_sign_in(wrong)
            assert "\x1b" not in on.notes[-1]
            assert "password" in (await on.bench.desk.status()).alarms[0]
            await kill(on.bench)
        async with a_bench(journal) as on:
            with pytest.raises(SignInRefused, match="refused this password"):
                await on.begin(mark="mark-1")
            await on.begin(mark="mark-2")

    run_virtual(scenario())


# --- beside orders -------------------------------------------------------------------------------


def test_sign_in_does_not_begin_while_an_order_of_the_login_has_no_answer() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.HANG) as on:
            plan = await on.bench.plan()
            await on.bench.submit(plan)
            await asyncio.sleep(1)
            with pytest.raises(SignInRefused, match=r"A-01 \(sending\)"):
                await on.begin()
            await on.begin(OTHER)

    run_virtual(scenario())


def test_orders_that_rest_bar_no_sign_in() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.REST, A_02=Act.REST) as on:
            await on.bench.send(wait_s=3)
            await on.signed_in()

    run_virtual(scenario())


def test_doubt_bars_a_sign_in_until_the_horizon_is_over_and_not_for_ever() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.TAKE_AND_LOSE_ANSWER) as on:
            on.bench.broker.reads_fail = True
            await on.bench.send(wait_s=3)
            with pytest.raises(SignInRefused, match=r"A-01 \(in doubt\)"):
                await on.begin()
            await asyncio.sleep(60)
            assert (await on.bench.desk.status()).in_doubt_lines == 1
            await on.begin()

    run_virtual(scenario())


def test_cancel_under_way_bars_a_sign_in() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.REST) as on:
            on.bench.broker.cancel_delay_s = 1000
            shown = await on.bench.send(wait_s=3)
            on.bench.broker.cancel_acts["A-01"] = [CancelAct.TAKE]
            asking = asyncio.create_task(on.bench.desk.cancel(f"{shown.broadcast}/A-01"))
            await on.bench.broker.cancel_arrived.wait()
            with pytest.raises(SignInRefused, match="cancel in A-01 is under way"):
                await on.begin()
            await asking
            with pytest.raises(SignInRefused, match=r"A-01 \(canceling\)"):
                await on.begin()
            await asyncio.sleep(60)
            await on.begin()

    run_virtual(scenario())


def test_login_that_can_do_nothing_any_more_signs_in_whatever_is_open() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.TAKE_AND_LOSE_ANSWER) as on:
            on.bench.broker.reads_fail = True
            await on.bench.send(wait_s=3)
            on.tokens.held[LOGIN] = None
            await on.signed_in()

    run_virtual(scenario())


def test_new_grant_waits_for_orders_that_are_on_their_way_when_the_callback_comes() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            start = await on.begin()
            on.bench.broker.latency_s = 2.0
            await on.bench.submit(await on.bench.plan())
            finishing = asyncio.create_task(on.finish(start))
            await asyncio.sleep(1)
            assert on.logins.redeemed == []
            await finishing
            assert len(on.logins.redeemed) == 1

    run_virtual(scenario())


def test_orders_that_do_not_settle_in_time_keep_the_grant_that_there_is() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.HANG) as on:
            start = await on.begin()
            await on.bench.submit(await on.bench.plan())
            began = asyncio.get_running_loop().time()
            with pytest.raises(SignInRefused, match="the grant that it has was kept"):
                await on.finish(start)
            assert asyncio.get_running_loop().time() - began < SETTLE_S + 1
            assert on.logins.redeemed == []

    run_virtual(scenario())


def test_no_order_of_the_login_leaves_while_its_grant_is_replaced_and_others_do() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            on.logins.gate.clear()
            mine = await on.bench.plan(scope=Scope(accounts=("A-01",)))
            other = await on.bench.plan(
                "BUY +100 AAPL @187.50 LMT", scope=Scope(accounts=("A-03",))
            )
            finishing = asyncio.create_task(on.finish(await on.begin()))
            await on.logins.is_redeeming.wait()
            sending = asyncio.create_task(on.bench.submit(mine))
            await on.bench.submit(other)
            await asyncio.sleep(1)
            assert on.bench.broker.posts == {"A-03": 1}
            on.logins.gate.set()
            await finishing
            await sending
            await asyncio.sleep(1)
            assert on.bench.broker.posts == {"A-01": 1, "A-03": 1}

    run_virtual(scenario())


def test_broadcast_that_began_before_the_callback_came_is_not_overtaken_by_the_new_grant() -> None:
    """Between the plan being taken and the orders in the book only the gate knows of them."""

    async def scenario() -> None:
        async with a_bench(SlowJournal(now=VirtualClock().now)) as on:
            plan = await on.bench.plan()
            start = await on.begin()
            sending = asyncio.create_task(on.bench.submit(plan))
            await asyncio.sleep(0.1)
            assert on.bench.broker.posts == {}
            finishing = asyncio.create_task(on.finish(start))
            await sending
            assert on.logins.redeemed == []
            await finishing
            assert on.bench.broker.posts.total() == 4

    run_virtual(scenario())


def test_cancel_waits_for_the_new_grant_only_for_a_while() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.REST, A_02=Act.REST) as on:
            shown = await on.bench.send(wait_s=3)
            on.logins.gate.clear()
            finishing = asyncio.create_task(on.finish(await on.begin()))
            await on.logins.is_redeeming.wait()
            canceling = asyncio.create_task(on.bench.desk.cancel(f"{shown.broadcast}/A-02"))
            await asyncio.sleep(1)
            assert on.bench.broker.cancels == []
            await asyncio.sleep(3)
            assert [account for account, _ in on.bench.broker.cancels] == ["A-02"]
            await canceling
            on.logins.gate.set()
            await finishing

    run_virtual(scenario())


def test_replacement_leaves_only_with_the_new_grant() -> None:
    async def scenario() -> None:
        async with a_bench(A_01=Act.REST, A_02=Act.REST) as on:
            shown = await on.bench.send(wait_s=3)
            on.logins.gate.clear()
            finishing = asyncio.create_task(on.finish(await on.begin()))
            await on.logins.is_redeeming.wait()
            line = f"{shown.broadcast}/A-01"
            replacing = asyncio.create_task(on.bench.desk.replace(line, Decimal("1.55")))
            await asyncio.sleep(5)
            assert on.bench.broker.puts == []
            on.logins.gate.set()
            await finishing
            await replacing
            assert [account for account, _ in on.bench.broker.puts] == ["A-01"]

    run_virtual(scenario())


def test_accounts_that_an_earlier_process_saw_are_expected_when_nothing_can_be_read_any_more() -> (
    None
):
    async def scenario() -> None:
        journal = MemoryJournal(now=VirtualClock().now)
        async with a_bench(journal) as on:
            expected = (await on.begin()).accounts
            await kill(on.bench)
        async with a_bench(journal, is_read=False) as on:
            on.bench.broker.accounts = on.bench.broker.accounts[2:]
            on.tokens.held[LOGIN] = None
            assert len(expected) == 2
            assert (await on.begin()).accounts == expected

    run_virtual(scenario())


def test_sign_in_that_never_came_back_is_noted() -> None:
    async def scenario() -> None:
        async with a_bench() as on:
            await on.begin()
            await asyncio.sleep(LIFE.total_seconds())
            await on.bench.desk.logins()
            await asyncio.sleep(1)
            assert "never came back" in on.notes[-1]

    run_virtual(scenario())
