"""The keeper of tokens: one refresh for all who wait, nothing lost before it is saved."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from tests.fakes.tokens import (
    SIGNED_IN,
    TokenWorld,
    fill_disk,
    refusal,
    status,
    while_disk_fills,
)

from swimdesk.desk.ports import LoginState, TokenSource
from swimdesk.errors import BrokerUnreachable, LoginRequired, StoreFull, UnknownReference
from swimdesk.login.token_files import Grant
from swimdesk.telemetry.redaction import Secret


async def test_keeper_is_the_token_source_of_the_desk(world: TokenWorld) -> None:
    source: TokenSource = world.granted(1800)
    assert source.current("smith") == Secret("a0")


async def test_living_token_is_given_without_asking(world: TokenWorld) -> None:
    keeper = world.granted(60)
    assert (await keeper.access_token("smith")).reveal() == "a0"
    assert world.endpoint.asked == []


async def test_token_in_its_last_minute_is_replaced_and_saved(world: TokenWorld) -> None:
    keeper = world.granted(59)
    assert (await keeper.access_token("smith")).reveal() == "a1"
    assert world.kept() == ("a1", "r1")
    assert keeper.current("smith") == Secret("a1")


async def test_wanted_life_brings_the_refresh_forward(world: TokenWorld) -> None:
    keeper = world.granted(299)
    assert (await keeper.access_token("smith", min_life_s=299)).reveal() == "a0"
    assert (await keeper.access_token("smith", min_life_s=300)).reveal() == "a1"


async def test_rotated_refresh_token_is_the_next_one_sent(world: TokenWorld) -> None:
    keeper = world.granted(0)
    await keeper.access_token("smith")
    world.clock.advance(1800)
    await keeper.access_token("smith")
    assert world.endpoint.asked == ["r0", "r1"]


async def test_refreshing_does_not_move_the_end_of_the_sign_in(world: TokenWorld) -> None:
    keeper = world.granted(0)
    world.clock.advance(3600)
    await keeper.access_token("smith")
    (health,) = keeper.health()
    assert health.refresh_expires == SIGNED_IN + timedelta(days=7)
    assert health.access_expires == world.clock.now() + timedelta(seconds=1800)


async def test_many_callers_share_one_refresh(world: TokenWorld) -> None:
    keeper = world.granted(0)
    tokens = await asyncio.gather(*(keeper.access_token("smith") for _ in range(48)))
    assert {token.reveal() for token in tokens} == {"a1"}
    assert world.endpoint.asked == ["r0"]


async def test_many_callers_share_one_failure(world: TokenWorld) -> None:
    world.endpoint.script = [refusal]
    keeper = world.granted(0)
    results = await asyncio.gather(
        *(keeper.access_token("smith") for _ in range(5)), return_exceptions=True
    )
    assert [type(result) for result in results] == [LoginRequired] * 5
    assert len(world.endpoint.asked) == 1


async def test_caller_that_leaves_does_not_end_the_refresh(world: TokenWorld) -> None:
    world.endpoint.gate.clear()
    keeper = world.granted(0)
    async with asyncio.TaskGroup() as group:
        leader = group.create_task(keeper.access_token("smith"))
        follower = group.create_task(keeper.access_token("smith"))
        await world.endpoint.reached.wait()
        leader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leader
        world.endpoint.gate.set()
    assert leader.cancelled()
    assert follower.result().reveal() == "a1"
    assert world.endpoint.asked == ["r0"]


async def test_closing_waits_until_exchanged_tokens_are_saved(world: TokenWorld) -> None:
    world.endpoint.gate.clear()
    keeper = world.granted(0)
    async with asyncio.TaskGroup() as group:
        caller = group.create_task(keeper.access_token("smith"))
        await world.endpoint.reached.wait()
        caller.cancel()
        closing = group.create_task(keeper.aclose())
        world.endpoint.gate.set()
        await closing
    assert world.kept() == ("a1", "r1")


async def test_new_token_is_not_used_before_it_is_saved(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = world.granted(0)
    with monkeypatch.context() as patch:
        world.endpoint.script = [while_disk_fills(patch, world.endpoint.exchange)]
        with pytest.raises(StoreFull):
            await keeper.access_token("smith")
        assert keeper.current("smith") is None
        assert world.kept() == ("a0", "r0")
    # The endpoint has exchanged the token already: the new one must not be lost.
    assert (await keeper.access_token("smith")).reveal() == "a1"
    assert world.kept() == ("a1", "r1")
    assert world.endpoint.asked == ["r0"]


async def test_token_at_hand_is_given_while_new_ones_cannot_be_saved(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = world.granted(30)
    world.endpoint.script = [while_disk_fills(monkeypatch, world.endpoint.exchange)]
    assert (await keeper.access_token("smith", min_life_s=20)).reveal() == "a0"
    with pytest.raises(StoreFull):
        await keeper.access_token("smith", min_life_s=40)
    world.clock.advance(30)
    with pytest.raises(StoreFull):
        await keeper.access_token("smith")


async def test_unsaved_token_that_has_ended_meanwhile_is_exchanged(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = world.granted(0)
    with monkeypatch.context() as patch:
        world.endpoint.script = [while_disk_fills(patch, world.endpoint.exchange)]
        with pytest.raises(StoreFull):
            await keeper.access_token("smith")
    world.clock.advance(1800)
    assert (await keeper.access_token("smith")).reveal() == "a2"
    assert world.endpoint.asked == ["r0", "r1"]


async def test_full_disk_spends_no_refresh_token(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = world.granted(0)
    with monkeypatch.context() as patch:
        fill_disk(patch)
        with pytest.raises(StoreFull):
            await keeper.access_token("smith")
        await keeper.aclose()
    # The program was ended meanwhile, and the next one begins with what is on disk.
    assert world.endpoint.asked == []
    assert (await world.keeper().access_token("smith")).reveal() == "a1"


async def test_unsaved_tokens_are_saved_at_the_end_where_there_is_room_again(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = world.granted(0)
    with monkeypatch.context() as patch:
        world.endpoint.script = [while_disk_fills(patch, world.endpoint.exchange)]
        with pytest.raises(StoreFull):
            await keeper.access_token("smith")
    await keeper.aclose()
    assert world.kept() == ("a1", "r1")


async def test_end_with_unsaved_tokens_and_no_room_is_an_end_all_the_same(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = world.granted(0)
    with monkeypatch.context() as patch:
        world.endpoint.script = [while_disk_fills(patch, world.endpoint.exchange)]
        with pytest.raises(StoreFull):
            await keeper.access_token("smith")
        await keeper.aclose()
    assert world.kept() == ("a0", "r0")


async def test_store_that_was_put_back_is_not_taken_for_newer_tokens(world: TokenWorld) -> None:
    keeper = world.granted(0)
    await keeper.access_token("smith")
    world.write(0, "a0", "r0")
    world.clock.advance(1800)
    assert (await keeper.access_token("smith")).reveal() == "a2"
    assert world.endpoint.asked == ["r0", "r1"]


async def test_import_may_go_back_to_tokens_that_were_traded(world: TokenWorld) -> None:
    again = {"access_token": "a1", "expires_in": 1800}
    world.endpoint.script = [lambda _: httpx.Response(200, json=again)]
    keeper = world.granted(0)
    await keeper.access_token("smith")
    world.write(0, "elses", "dead")
    world.clock.advance(1800)
    with pytest.raises(LoginRequired):
        await keeper.access_token("smith")
    world.write(1800, "imported", "r0")
    assert (await keeper.access_token("smith")).reveal() == "imported"


async def test_refused_refresh_names_the_login_and_the_way_out(world: TokenWorld) -> None:
    keeper = world.granted(0, refresh="dead")
    with pytest.raises(LoginRequired) as caught:
        await keeper.access_token("smith")
    assert "login smith" in caught.value.detail
    assert "`swimdesk login smith`" in caught.value.detail
    assert "dead" not in caught.value.detail


async def test_refused_refresh_token_is_never_sent_again(world: TokenWorld) -> None:
    keeper = world.granted(0, refresh="dead")
    for _ in range(3):
        with pytest.raises(LoginRequired):
            await keeper.access_token("smith")
    assert world.endpoint.asked == ["dead"]
    assert keeper.health()[0].state is LoginState.SIGN_IN_NEEDED


async def test_wrong_application_is_told_apart(world: TokenWorld) -> None:
    world.endpoint.script = [lambda _: httpx.Response(401, json={"error": "invalid_client"})]
    keeper = world.granted(0)
    with pytest.raises(LoginRequired, match="check app_key and app_secret") as caught:
        await keeper.access_token("smith")
    assert "swimdesk login" not in caught.value.detail


async def test_import_beside_a_running_keeper_is_found_before_asking(world: TokenWorld) -> None:
    keeper = world.granted(0, refresh="dead")
    world.write(1800, "imported", "r0")
    assert (await keeper.access_token("smith")).reveal() == "imported"
    assert world.endpoint.asked == []


async def test_import_while_ours_is_refused_is_found(world: TokenWorld) -> None:
    world.endpoint.gate.clear()
    keeper = world.granted(0, refresh="dead")
    async with asyncio.TaskGroup() as group:
        caller = group.create_task(keeper.access_token("smith"))
        await world.endpoint.reached.wait()
        world.write(0, "imported", "r0")
        world.endpoint.gate.set()
    assert caller.result().reveal() == "a1"
    assert world.endpoint.asked == ["dead", "r0"]


async def test_ended_token_of_a_sibling_is_refreshed_in_turn(world: TokenWorld) -> None:
    keeper = world.granted(0, refresh="dead")
    world.write(0, "imported", "r0")
    assert (await keeper.access_token("smith")).reveal() == "a1"
    assert world.endpoint.asked == ["r0"]


async def test_short_token_of_a_sibling_is_refreshed_when_more_life_is_wanted(
    world: TokenWorld,
) -> None:
    keeper = world.granted(0, refresh="dead")
    world.write(100, "imported", "r0")
    assert (await keeper.access_token("smith", min_life_s=300)).reveal() == "a1"


async def test_import_after_a_sign_in_was_needed_is_taken_up(world: TokenWorld) -> None:
    keeper = world.granted(0, refresh="dead")
    with pytest.raises(LoginRequired):
        await keeper.access_token("smith")
    world.write(1800, "imported", "r0")
    assert (await keeper.access_token("smith")).reveal() == "imported"
    assert keeper.health()[0].state is LoginState.OK


async def test_login_without_tokens_says_so_until_they_are_imported(world: TokenWorld) -> None:
    keeper = world.keeper()
    assert keeper.current("smith") is None
    with pytest.raises(LoginRequired, match="no tokens yet"):
        await keeper.access_token("smith")
    assert keeper.health()[0].state is LoginState.NO_TOKEN
    world.write(1800, "imported", "r0")
    assert (await keeper.access_token("smith")).reveal() == "imported"
    assert world.endpoint.asked == []


async def test_logins_are_refreshed_apart(world: TokenWorld) -> None:
    world.write(0, "a0", "r0")
    keeper = world.keeper("smith", "jones")
    results = await asyncio.gather(
        keeper.access_token("smith"), keeper.access_token("jones"), return_exceptions=True
    )
    assert results[0] == Secret("a1")
    assert isinstance(results[1], LoginRequired)
    assert [health.login for health in keeper.health()] == ["smith", "jones"]


async def test_unknown_login_is_told(world: TokenWorld) -> None:
    with pytest.raises(UnknownReference, match="no login jones"):
        await world.granted(1800).access_token("jones")


async def test_damaged_file_of_one_login_leaves_the_others_alone(world: TokenWorld) -> None:
    world.files.save("jones", Grant(Secret("x"), Secret("y"), SIGNED_IN, SIGNED_IN))
    world.files.path("jones").write_text("{", encoding="utf-8")
    world.write(1800, "a0", "r0")
    keeper = world.keeper("smith", "jones")
    assert keeper.current("smith") == Secret("a0")
    jones = keeper.health()[1]
    assert (jones.login, jones.state) == ("jones", LoginState.NO_TOKEN)
    assert "damaged" in jones.detail
    assert not jones.would_sign_in


@pytest.mark.parametrize(
    ("age", "state", "words"),
    [
        (timedelta(days=5), LoginState.OK, ""),
        (timedelta(days=6, hours=1), LoginState.EXPIRING, "before 2026-11-30 15:00"),
        (timedelta(days=7), LoginState.SIGN_IN_NEEDED, "seven days"),
    ],
)
async def test_health_follows_the_sign_in(
    world: TokenWorld, age: timedelta, state: LoginState, words: str
) -> None:
    keeper = world.granted(1800)
    world.clock.advance(age.total_seconds())
    (health,) = keeper.health()
    assert health.state is state
    assert words in health.detail
    assert health.refresh_expires == SIGNED_IN + timedelta(days=7)


async def test_health_tells_of_an_endpoint_that_is_down(world: TokenWorld) -> None:
    world.endpoint.script = [status(503)]
    keeper = world.granted(30)
    await keeper.access_token("smith")
    assert "503" in keeper.health()[0].detail
    assert not keeper.health()[0].would_sign_in
    world.clock.advance(2)
    await keeper.access_token("smith")
    assert keeper.health()[0].detail == ""
    assert keeper.health()[0].would_sign_in


async def test_a_sign_in_helps_where_the_token_was_refused_and_not_where_the_application_was(
    world: TokenWorld,
) -> None:
    unknown = httpx.Response(401, json={"error": "invalid_client", "error_description": "unknown"})
    world.endpoint.script = [status(503), lambda _: unknown, refusal]
    keeper = world.granted(0, refresh="dead")
    for trouble, helps in ((BrokerUnreachable, False), (LoginRequired, False)):
        with pytest.raises(trouble):
            await keeper.access_token("smith")
        assert keeper.health()[0].would_sign_in is helps
        world.clock.advance(60)
    world.write(0, "a1", "dead-too")
    with pytest.raises(LoginRequired):
        await keeper.access_token("smith")
    assert keeper.health()[0].would_sign_in


async def test_refusal_without_words_about_the_token_asks_a_person_and_no_machine(
    world: TokenWorld,
) -> None:
    world.endpoint.script = [status(403)]
    keeper = world.granted(0, refresh="alive")
    with pytest.raises(LoginRequired, match="swimdesk login smith"):
        await keeper.access_token("smith")
    assert not keeper.health()[0].would_sign_in


async def test_tokens_are_not_shown_by_the_keeper(world: TokenWorld) -> None:
    keeper = world.granted(1800, access="I0.secret-access@", refresh="secret-refresh@")
    assert "smith" in repr(vars(keeper))
    assert "secret-" not in repr(vars(keeper)) + repr(keeper.health())
