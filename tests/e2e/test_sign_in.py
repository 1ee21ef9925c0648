"""A real browser signs a login in while a broadcast over it and others is out: orders go first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.e2e.commands import Running
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage, view_of
from tests.e2e.waiting import until, until_told
from tests.signin.processes import command_lines

from swimdesk.views.models import BroadcastView

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

THREE = ("--profile", "uniform", "--accounts", "6", "--logins", "3")
PUSH = "approval in the broker's mobile app"
HORIZON = "[risk]\nbind_horizon_s = 40"


def the_login(stage: Stage) -> dict[str, Any]:
    """Return the login that signs in with a person's help, as the brokerage tells of it."""
    found: dict[str, Any] = stage.sim.description["logins"][1]
    return found


def grant_of(stage: Stage, login: str) -> dict[str, Any]:
    """Return when a login signed in, and the tokens that it has from there."""
    found: dict[str, Any] = json.loads((stage.home / "tokens" / f"{login}.json").read_text())
    return found


async def waiting_for_the_phone(stage: Stage, login: str) -> Running:
    """Begin to sign in, up to the moment in which only the phone is waited for."""
    await stage.sim.control("PUT", "/sign-ins", {"plans": {login: {"second_factor": "push"}}})
    signing = await stage.start("login", login, "--json")
    await until(lambda: signing.is_over or PUSH in signing.err, "the phone is waited for")
    assert not signing.is_over, (await signing.finished()).out
    return signing


async def approve(stage: Stage, login: str) -> None:
    async def tapped() -> bool:
        answer = await stage.sim.control("POST", "/push", {"login": login, "approve": True})
        return bool(answer["answered"])

    await until_told(tapped, "the phone is tapped on")


async def fault(stage: Stage, account: str, **rule: Any) -> None:
    await stage.sim.control("PUT", "/faults", {"rules": [{"account": account[-4:], **rule}]})


async def shown(stage: Stage, broadcast: str) -> BroadcastView:
    return view_of(await stage.ask("broadcasts", broadcast))


def states(view: BroadcastView, login: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the states of a login's lines, and those of all others."""
    last4s = {number[-4:] for number in login["accounts"]}
    mine = [line.state for line in view.lines if line.last4 in last4s]
    return mine, [line.state for line in view.lines if line.last4 not in last4s]


async def test_new_grant_waits_for_the_orders_of_its_login_and_changes_no_line(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*THREE)
    known = the_login(stage)
    login, account = known["name"], known["accounts"][0]
    before = grant_of(stage, login)
    order, other = await stage.condors(2)
    await fault(stage, account, fault="list_lag", delay_s=8)

    async with stage.daemon():
        signing = await waiting_for_the_phone(stage, login)
        sent = view_of((await stage.send(order, "--wait=1")).document())
        assert "accepted" in states(sent, known)[0]
        await approve(stage, login)

        async def is_replaced() -> bool:
            is_new = grant_of(stage, login)["token"] != before["token"]
            if not is_new:
                return signing.is_over
            assert "accepted" not in states(await shown(stage, sent.broadcast), known)[0]
            return True

        await until_told(is_replaced, "the new grant, or why there is none", every_s=0.2)
        assert (await signing.finished()).document()["state"] == "ok"
        late = await shown(stage, sent.broadcast)
        assert states(late, known) == (["filled"] * 2, ["filled"] * 4)
        # The new grant trades.
        again = view_of((await stage.send(other)).document())
        assert states(again, known) == (["filled"] * 2, ["filled"] * 4)
        found = await stage.audit()

    assert found.is_clean, found
    assert set((await stage.posts_by_account()).values()) == {2}
    assert (await stage.sim.control("GET", "/sign-ins"))[login]["sign_ins"] == 1


async def test_sign_in_is_refused_while_an_order_has_no_answer_and_goes_through_once_it_is_settled(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*THREE)
    stage.configure(HORIZON)
    known = the_login(stage)
    login, account = known["name"], known["accounts"][0]
    before = grant_of(stage, login)
    order = await stage.condor()
    await fault(stage, account, fault="hang_after")

    async with stage.daemon():
        signing = await waiting_for_the_phone(stage, login)
        sending = await stage.start_send(order, "unsettled", "--wait=1")
        await until_told(stage.all_posted(6), "every order is at the brokerage")
        await approve(stage, login)
        refused = (await signing.finished()).error(6)
        assert refused["code"] == "SIGN_IN_REFUSED"
        assert "is not settled in" in refused["detail"]
        assert "the grant that it has was kept" in refused["detail"]
        assert grant_of(stage, login) == before
        # From now on it stays in doubt until the scenario lets it be read.
        await fault(stage, "*", operation="list", every=True, fault="503_before")
        early = view_of((await sending.finished()).document(code=5))
        assert states(early, known)[1] == ["filled"] * 4

        barred = await stage.refusal(6, "login", login)
        assert barred["code"] == "SIGN_IN_REFUSED"
        assert f"{early.broadcast} is not settled in" in barred["detail"]
        assert (await stage.sim.control("GET", "/sign-ins"))[login]["passwords"] == 1
        await stage.sim.control("PUT", "/faults", {"name": "none"})

        async def is_settled() -> bool:
            return (await shown(stage, early.broadcast)).state == "settled"

        await until_told(is_settled, "the order without an answer is found", within_s=90)
        signing = await waiting_for_the_phone(stage, login)
        await approve(stage, login)
        assert (await signing.finished()).document()["state"] == "ok"
        assert states(await shown(stage, early.broadcast), known)[0] == ["filled"] * 2
        found = await stage.audit()

    assert found.is_clean, found
    assert grant_of(stage, login)["token"] != before["token"]
    assert set((await stage.posts_by_account()).values()) == {1}
    assert command_lines(stage.sim.description["base_url"].rpartition("//")[2]) == []
