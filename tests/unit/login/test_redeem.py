"""A new sign-in replaces every token of its login, whatever is under way."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from tests.fakes.tokens import (
    CALLBACK,
    Reply,
    TokenWorld,
    failing,
    fill_disk,
    page,
    refusal,
    status,
    while_disk_fills,
)

from swimdesk.desk.ports import Logins, LoginState
from swimdesk.errors import BrokerUnreachable, LoginRequired, SignInFailed, StoreFull
from swimdesk.login.carrying import BrokerLogins
from swimdesk.telemetry.redaction import Secret

CODE = Secret("C0.code@")


async def test_new_sign_in_is_saved_and_used_and_begins_its_seven_days(world: TokenWorld) -> None:
    keeper = world.granted(0, refresh="dead")
    world.clock.advance(8 * 86400)
    await keeper.redeem("smith", CODE)
    assert world.endpoint.codes == ["C0.code@"]
    assert world.kept() == ("a1", "r1")
    assert keeper.current("smith") == Secret("a1")
    (health,) = keeper.health()
    assert (health.state, health.detail) == (LoginState.OK, "")
    assert health.refresh_expires is not None
    assert (health.refresh_expires - world.clock.now()).days == 7


async def test_keeper_carries_the_sign_ins_of_the_desk(world: TokenWorld) -> None:
    logins: Logins = BrokerLogins(
        world.keeper(),
        api_url="https://127.0.0.1:1",
        app_key=Secret("KEY"),
        callback_url=CALLBACK,
    )
    url = logins.authorize_url("smith", "st-1").reveal()
    assert "client_id=KEY" in url
    assert "state=st-1" in url
    code = logins.code_of(Secret(f"{logins.callback_url}/?code=C0.x%40&state=st-1"), "st-1")
    await logins.redeem("smith", code)
    assert world.endpoint.codes == ["C0.x@"]
    assert world.kept() == ("a1", "r1")
    assert "KEY" not in repr(logins)


async def test_first_sign_in_needs_no_earlier_one(world: TokenWorld) -> None:
    keeper = world.keeper()
    await keeper.redeem("smith", CODE)
    assert (await keeper.access_token("smith")).reveal() == "a1"


async def test_sign_in_after_a_refusal_is_used(world: TokenWorld) -> None:
    keeper = world.granted(0, refresh="dead")
    with pytest.raises(LoginRequired):
        await keeper.access_token("smith")
    await keeper.redeem("smith", CODE)
    assert (await keeper.access_token("smith")).reveal() == "a1"
    world.clock.advance(1800)
    assert (await keeper.access_token("smith")).reveal() == "a2"


async def test_refresh_that_ends_after_the_sign_in_is_dropped(world: TokenWorld) -> None:
    world.endpoint.gate.clear()
    old = httpx.Response(200, json={"access_token": "old-a", "refresh_token": "old-r"})
    world.endpoint.script = [lambda _: old]
    keeper = world.granted(0)
    async with asyncio.TaskGroup() as group:
        caller = group.create_task(keeper.access_token("smith"))
        await world.endpoint.reached.wait()
        await keeper.redeem("smith", CODE)
        world.endpoint.gate.set()
    assert caller.result().reveal() == "a1"
    assert world.kept() == ("a1", "r1")
    assert keeper.current("smith") == Secret("a1")


async def test_refusal_of_the_old_grant_does_not_touch_the_new_one(world: TokenWorld) -> None:
    world.endpoint.gate.clear()
    world.endpoint.script = [refusal]
    keeper = world.granted(0)
    async with asyncio.TaskGroup() as group:
        caller = group.create_task(keeper.access_token("smith"))
        await world.endpoint.reached.wait()
        await keeper.redeem("smith", CODE)
        world.endpoint.gate.set()
    assert caller.result().reveal() == "a1"
    assert keeper.health()[0].state is LoginState.OK


async def test_who_wants_a_token_during_a_sign_in_waits_for_it(world: TokenWorld) -> None:
    world.endpoint.code_gate.clear()
    keeper = world.granted(0)
    async with asyncio.TaskGroup() as group:
        group.create_task(keeper.redeem("smith", CODE))
        await world.endpoint.code_reached.wait()
        caller = group.create_task(keeper.access_token("smith"))
        world.endpoint.code_gate.set()
    assert caller.result().reveal() == "a1"
    assert world.endpoint.asked == []


async def test_two_codes_are_redeemed_one_after_the_other(world: TokenWorld) -> None:
    keeper = world.granted(0)
    await asyncio.gather(keeper.redeem("smith", CODE), keeper.redeem("smith", Secret("C0.next@")))
    assert world.endpoint.codes == ["C0.code@", "C0.next@"]
    assert world.kept() == ("a2", "r2")


async def test_caller_that_leaves_does_not_lose_the_sign_in(world: TokenWorld) -> None:
    world.endpoint.code_gate.clear()
    keeper = world.granted(0)
    caller = asyncio.ensure_future(keeper.redeem("smith", CODE))
    await world.endpoint.code_reached.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    world.endpoint.code_gate.set()
    await keeper.aclose()
    assert world.kept() == ("a1", "r1")


async def test_refused_code_leaves_what_was_there(world: TokenWorld) -> None:
    world.endpoint.code_script = [refusal]
    keeper = world.granted(1800)
    with pytest.raises(SignInFailed, match=r"login smith: .*unsupported_token_type.*new sign-in"):
        await keeper.redeem("smith", CODE)
    assert world.kept() == ("a0", "r0")
    assert keeper.current("smith") == Secret("a0")
    assert keeper.health()[0].state is LoginState.OK


async def test_wrong_application_is_told_apart(world: TokenWorld) -> None:
    world.endpoint.code_script = [lambda _: httpx.Response(401, json={"error": "invalid_client"})]
    with pytest.raises(SignInFailed, match="check app_key and app_secret"):
        await world.keeper().redeem("smith", CODE)


async def test_answer_without_a_refresh_token_is_no_sign_in(world: TokenWorld) -> None:
    world.endpoint.code_script = [lambda _: httpx.Response(200, json={"access_token": "x"})]
    keeper = world.granted(1800)
    with pytest.raises(SignInFailed, match="lacks a refresh token"):
        await keeper.redeem("smith", CODE)
    assert world.kept() == ("a0", "r0")


@pytest.mark.parametrize("reply", [status(503), page, failing(httpx.ReadTimeout("too slow"))])
async def test_code_without_an_answer_is_spent(world: TokenWorld, reply: Reply) -> None:
    world.endpoint.code_script = [reply]
    keeper = world.granted(1800)
    with pytest.raises(BrokerUnreachable, match="never sent twice"):
        await keeper.redeem("smith", CODE)
    assert len(world.endpoint.codes) == 1
    assert keeper.current("smith") == Secret("a0")


async def test_unsaved_sign_in_is_saved_by_the_next_who_wants_a_token(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = world.granted(1800)
    with monkeypatch.context() as patch:
        world.endpoint.code_script = [while_disk_fills(patch, lambda _: world.endpoint.tokens())]
        with pytest.raises(StoreFull):
            await keeper.redeem("smith", CODE)
        assert keeper.current("smith") is None
        assert world.kept() == ("a0", "r0")
    assert (await keeper.access_token("smith")).reveal() == "a1"
    assert world.kept() == ("a1", "r1")
    assert world.endpoint.asked == []


async def test_full_disk_spends_no_code_and_leaves_the_grant_from_before(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = world.granted(1800)
    with monkeypatch.context() as patch:
        fill_disk(patch)
        with pytest.raises(StoreFull):
            await keeper.redeem("smith", CODE)
    assert world.endpoint.codes == []
    assert keeper.current("smith") == Secret("a0")
    assert world.kept() == ("a0", "r0")


async def test_damaged_file_is_replaced_by_a_sign_in(world: TokenWorld) -> None:
    keeper = world.granted(1800)
    world.files.path("smith").write_text("{", encoding="utf-8")
    await keeper.redeem("smith", CODE)
    assert world.kept() == ("a1", "r1")


async def test_grant_from_before_that_comes_back_into_the_store_is_not_taken_up(
    world: TokenWorld,
) -> None:
    keeper = world.granted(0)
    await keeper.redeem("smith", CODE)
    world.write(0, "a0", "r0")
    world.clock.advance(1800)
    assert (await keeper.access_token("smith")).reveal() == "a2"
    assert world.endpoint.asked == ["r1"]


async def test_code_and_tokens_are_not_shown(world: TokenWorld) -> None:
    world.endpoint.code_script = [refusal]
    with pytest.raises(SignInFailed) as caught:
        await world.keeper().redeem("smith", CODE)
    assert "C0." not in caught.value.detail
