"""Signing in: from the beginning to the new grant, and when one may begin."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.fakes.builders import some_accounts
from tests.fakes.desk import kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.logins import CALLBACK
from tests.fakes.virtual import JumpingClock, VirtualClock, run_virtual
from tests.unit.desk.signing import LOGIN, OTHER, SlowNotes, a_bench

from swimdesk.desk.signing import LIFE
from swimdesk.errors import (
    BrokerUnreachable,
    InputError,
    SignInFailed,
    SignInRefused,
    StoreError,
    UnknownReference,
)
from swimdesk.views.signing import BeginSignIn, FailSignIn, FinishSignIn

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


def test_third_sign_in_within_an_hour_is_refused_though_the_clock_was_set_back_by_hours() -> None:
    async def scenario() -> None:
        clock = JumpingClock()
        journal = MemoryJournal(now=clock.now)
        async with a_bench(journal, clock=clock) as on:
            await on.signed_in()
            await on.signed_in()
            clock.ahead = timedelta(hours=-3)
            (view, _) = await on.bench.desk.logins()
            assert view.sign_ins_left == 0
            with pytest.raises(SignInRefused, match="within the last hour"):
                await on.begin()
            await kill(on.bench)
        async with a_bench(journal, clock=clock) as on:
            with pytest.raises(SignInRefused, match="within the last hour"):
                await on.begin()
            await kill(on.bench)
            await asyncio.sleep(3601)
        async with a_bench(journal, clock=clock) as on:
            await on.begin()

    run_virtual(scenario())


def test_sign_ins_are_not_forgotten_for_one_that_a_wrong_clock_dated_hours_ahead() -> None:
    async def scenario() -> None:
        clock = JumpingClock()
        async with a_bench(clock=clock) as on:
            await on.signed_in()
            clock.ahead = timedelta(hours=9)
            await on.signed_in()
            clock.ahead = timedelta(0)
            with pytest.raises(SignInRefused, match="within the last hour"):
                await on.begin()

    run_virtual(scenario())


def test_sign_in_that_nobody_ends_is_over_in_time_though_the_clock_was_set_back() -> None:
    async def scenario() -> None:
        clock = JumpingClock()
        async with a_bench(clock=clock) as on:
            await on.begin()
            clock.ahead = timedelta(hours=-3)
            await asyncio.sleep(60)
            with pytest.raises(SignInRefused, match=r"over at 12:10:0"):
                await on.begin()
            await asyncio.sleep(LIFE.total_seconds() - 60)
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


def test_password_that_a_person_set_anew_may_be_typed_again_until_it_is_refused_again() -> None:
    async def scenario() -> None:
        journal = MemoryJournal(now=VirtualClock().now)
        for setting in ("", ".first", ".second"):
            async with a_bench(journal) as on:
                await asyncio.sleep(3600)
                start = await on.begin(mark=f"digest{setting}")
                wrong = FailSignIn(start.attempt, "no", is_wrong_password=True)
                await on.bench.desk.fail_sign_in(wrong)
                # A note of the setting that is lost takes nothing back.
                for mark in ("digest", f"digest{setting}"):
                    with pytest.raises(SignInRefused, match="vault set login/"):
                        await on.begin(mark=mark)
                await kill(on.bench)

    run_virtual(scenario())


def test_password_that_was_refused_is_remembered_however_slow_the_disk_is() -> None:
    """Whoever tells of it does not wait for ever."""

    async def scenario() -> None:
        async with a_bench(SlowNotes(now=VirtualClock().now)) as on:
            start = await on.begin(mark="mark-1")
            wrong = FailSignIn(start.attempt, "no", is_wrong_password=True)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5):
                    await on.bench.desk.fail_sign_in(wrong)
            with pytest.raises(SignInRefused, match="refused this password"):
                await on.begin(mark="mark-1")

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
