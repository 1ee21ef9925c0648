"""A brokerage that cannot be reached, trusted, logged in to or traded with: nothing is sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.books import broadcast_ids
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage

from swimdesk.sim.clock import SystemClock
from swimdesk.sim.sessions import Sessions
from swimdesk.sim.tls import make_authority

pytestmark = pytest.mark.slow

SMALL = ("--profile", "uniform", "--accounts", "4", "--logins", "2", "--latency-ms", "5:20")
SHARES = "BUY +1 AAPL @1.00 LMT"


async def nothing_was_sent(stage: Stage) -> None:
    """Neither our journal nor the brokerage knows of an order."""
    assert not broadcast_ids(stage.home)
    assert await stage.posts() == 0


async def test_brokerage_that_is_gone_is_told(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    await stage.sim.stop()

    for command in (("send", order, "--all", "--yes"), ("balances",), ("quote", "SPY")):
        error = await stage.refusal(9, *command)
        assert error["code"] == "BROKER_UNREACHABLE"
        assert "127.0.0.1" in error["detail"]
    assert not broadcast_ids(stage.home)


async def test_brokerage_that_goes_away_under_a_daemon_is_told(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()

    async with stage.daemon():
        plan = await stage.ask("preview", order, "--all", "--save")
        await stage.sim.stop()
        document = await stage.ask("send", "--plan", plan["plan"], "--yes", code=9)

    # Warm connections were gone before the first byte of an order: nothing left.
    assert {line["state"] for line in document["lines"]} == {"not_sent"}


async def test_certificate_of_another_authority_is_refused(
    set_stage: SetStage, tmp_path: Path
) -> None:
    stage = await set_stage(*SMALL)
    stranger = make_authority(tmp_path, datetime.now(UTC)).ca_file
    (stage.home / "ca.pem").write_bytes(stranger.read_bytes())

    error = (await stage.send(SHARES)).error(code=9)

    assert "ca_file" in error["detail"]
    await nothing_was_sent(stage)


async def test_authority_that_is_no_certificate_is_a_wrong_setting(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    (stage.home / "ca.pem").write_text("not a certificate")

    error = (await stage.send(SHARES)).error(code=2)

    assert error["code"] == "CONFIG_INVALID"
    assert "ca_file" in error["detail"]
    await nothing_was_sent(stage)


# --- logins ----------------------------------------------------------------------------------


async def test_revoked_logins_have_to_sign_in_again(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    for login in ("login-01", "login-02"):
        await stage.sim.control("POST", "/revoke", {"login": login})

    error = (await stage.send(order)).error(code=6)

    assert error["code"] == "LOGIN_REQUIRED"
    assert "swimdesk login" in error["detail"]
    await nothing_was_sent(stage)


async def test_one_revoked_login_keeps_back_its_own_accounts_only(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    await stage.sim.control("POST", "/revoke", {"login": "login-01"})

    document = (await stage.send(order)).document(code=4)

    states = {line["account"]: line["state"] for line in document["lines"]}
    assert states["FAM-03"] == states["FAM-04"] == "filled"
    assert states["FAM-01"] == states["FAM-02"] == "denied"
    assert {d["code"] for x in document["lines"] for d in x["denials"]} == {"LOGIN_NOT_READY"}
    assert await stage.posts() == 2
    health = {one["login"]: one["state"] for one in (await stage.ask("status"))["logins"]}
    assert health["login-02"] == "ok"


async def test_access_tokens_that_have_expired_are_renewed(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    for tokens in token_files(stage.home):
        change(tokens, {"expires_at": int(datetime.now(UTC).timestamp()) - 60})

    document = (await stage.send(order, "--wait=0")).document()

    assert document["counts"]["accepted"] == 4
    assert (await stage.requests())["token"] == 2


async def test_refresh_tokens_that_are_refused_are_tried_once(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    over = int(datetime.now(UTC).timestamp()) - 60
    for tokens in token_files(stage.home):
        change(tokens, {"expires_at": over, "refresh_token": "xK3.another-grant's@"})

    error = (await stage.send(order)).error(code=6)

    assert error["code"] == "LOGIN_REQUIRED"
    assert (await stage.requests())["token"] == 2
    await nothing_was_sent(stage)


def token_files(home: Path) -> list[Path]:
    """List the token files of a home."""
    return sorted((home / "tokens").glob("*.json"))


def change(file: Path, token: dict[str, Any]) -> None:
    """Change keys of a token."""
    document = json.loads(file.read_text())
    document["token"].update(token)
    file.write_text(json.dumps(document))


# --- the market ------------------------------------------------------------------------------


def closed_session() -> str:
    """Name an equity session that is closed now and for the next minutes, whenever this runs."""
    sessions = Sessions.parse("real", SystemClock())
    moments = [datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (0, 5)]
    return next(
        session
        for session in ("NORMAL", "AM", "PM")
        if not any(sessions.is_open("equity", moment, session) for moment in moments)
    )


async def test_market_that_is_closed_takes_no_order(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL, "--market", "real")
    session = closed_session()
    order = SHARES if session == "NORMAL" else f"{SHARES} {session}"

    done = await stage.send(order)

    assert done.error(code=3)["code"] == "ORDER_DENIED"
    lines = done.document(code=3)["plan"]["lines"]
    assert {denial["code"] for line in lines for denial in line["denials"]} == {"SESSION_CLOSED"}
    await nothing_was_sent(stage)
