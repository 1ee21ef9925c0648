"""Signing in: the desk here and over the socket behave alike, and neither tells a secret."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.facades import Reach, in_process, over_the_socket, planned, refusal
from tests.fakes.broker import Act
from tests.fakes.desk import a_desk
from tests.fakes.logins import CALLBACK, FakeLogins, FakeTokens
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.errors import SignInFailed, SignInRefused, UnknownReference
from swimdesk.views.requests import SubmitRequest
from swimdesk.views.signing import BeginSignIn, FailSignIn, FinishSignIn

LOGIN = "login-01"
BEGIN = BeginSignIn(LOGIN, "manual")


@pytest.mark.parametrize(
    "reach", [in_process, over_the_socket], ids=lambda reach: str(reach.__name__)
)
def test_sign_in_is_begun_refused_failed_and_finished(reach: Reach) -> None:
    async def scenario() -> None:
        clock = VirtualClock()
        tokens = FakeTokens(clock)
        tokens.sign_in(LOGIN)
        logins = FakeLogins(tokens)
        async with a_desk(clock=clock, tokens=tokens, logins=logins) as bench, reach(bench) as desk:
            await refusal(desk.begin_sign_in(BeginSignIn("nobody", "manual")), UnknownReference)
            bench.broker.acts["A-01"] = Act.HANG
            await desk.submit(SubmitRequest(await planned(desk), "B-1"))
            await asyncio.sleep(1)
            barred = await refusal(desk.begin_sign_in(BEGIN), SignInRefused)
            assert "B-1 is not settled in A-01" in barred.detail
            await asyncio.sleep(600)
            first = await desk.begin_sign_in(BEGIN)
            await refusal(desk.begin_sign_in(BEGIN), SignInRefused)
            failed = await desk.fail_sign_in(FailSignIn(first.attempt, "stopped"))
            assert failed.signing_since is None
            start = await desk.begin_sign_in(BEGIN)
            wrong = FinishSignIn(start.attempt, f"{CALLBACK}?state=wrong&code=C0.secret@")
            error = await refusal(desk.finish_sign_in(wrong), SignInFailed)
            assert "C0.secret" not in error.detail
            right = FinishSignIn(start.attempt, f"{CALLBACK}?state={start.state}&code=C0.secret@")
            for one in (start, right):
                assert "C0.secret" not in repr(one)
                assert start.state not in repr(one)
            await desk.finish_sign_in(right)
            assert logins.redeemed == [(LOGIN, "C0.secret@")]
            (view,) = await desk.logins()
            assert (view.state, view.sign_ins_left) == ("ok", 0)
            assert (await desk.status()).logins == (view,)

    run_virtual(scenario())
