"""When tokens are renewed: ahead of their end, spread, not twice, and never at the wrong moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from tests.fakes.tokens import (
    SIGNED_IN,
    FakeAccessCache,
    Reply,
    TokenWorld,
    failing,
    refusal,
    status,
)

from swimdesk.desk.ports import LoginState
from swimdesk.errors import BrokerUnreachable, LoginRequired, StoreError
from swimdesk.login import tokens
from swimdesk.login.token_files import Grant
from swimdesk.login.tokens import TokenKeeper
from swimdesk.telemetry.redaction import Secret


async def renewed_at(world: TokenWorld, keeper: TokenKeeper) -> float:
    """Use the login every second; return how much life was left when it was renewed."""
    ends = world.clock.now() + timedelta(seconds=1800)
    for _ in range(1800):
        await keeper.access_token("smith")
        await keeper.aclose()
        if world.endpoint.asked:
            break
        world.clock.advance(1)
    return (ends - world.clock.now()).total_seconds()


@pytest.mark.parametrize(("draw", "left_s"), [(0.0, 319.0), (0.5, 339.0), (0.99, 359.0)])
async def test_token_in_use_is_renewed_five_minutes_ahead_and_spread(
    world: TokenWorld, draw: float, left_s: float
) -> None:
    world.write(1800, "a0", "r0")
    assert await renewed_at(world, world.keeper(draw=draw)) == left_s


async def test_old_token_is_used_while_the_next_is_fetched(world: TokenWorld) -> None:
    world.endpoint.gate.clear()
    keeper = world.granted(1800)
    world.clock.advance(1500)
    for _ in range(5):
        assert (await keeper.access_token("smith")).reveal() == "a0"
    world.endpoint.gate.set()
    await keeper.aclose()
    assert keeper.current("smith") == Secret("a1")
    assert world.endpoint.asked == ["r0"]


async def test_living_token_is_not_held_back_by_an_endpoint_that_hangs(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "PATIENCE_S", 0.01)
    world.endpoint.gate.clear()
    keeper = world.granted(200)
    assert (await keeper.access_token("smith", min_life_s=100)).reveal() == "a0"
    with pytest.raises(BrokerUnreachable, match="waited for"):
        await keeper.access_token("smith", min_life_s=300)
    world.endpoint.gate.set()
    await keeper.aclose()
    assert keeper.current("smith") == Secret("a1")
    assert world.endpoint.asked == ["r0"]


async def test_tokens_of_a_short_life_are_not_renewed_at_every_use(world: TokenWorld) -> None:
    short = {"access_token": "short", "refresh_token": "r1", "expires_in": 200}
    world.endpoint.script = [lambda _: httpx.Response(200, json=short)]
    keeper = world.granted(0)
    for _ in range(10):
        await keeper.access_token("smith")
        await keeper.aclose()
        world.clock.advance(9)
    assert world.endpoint.asked == ["r0"]


def issues(life_s: int) -> Reply:
    """Return what issues tokens of such a life, and the same refresh token."""
    return lambda _: httpx.Response(200, json={"access_token": "short", "expires_in": life_s})


async def test_tokens_of_seconds_are_not_asked_for_at_every_use(world: TokenWorld) -> None:
    world.endpoint.script = [issues(30)] * 50
    keeper = world.granted(0)
    for _ in range(30):
        assert (await keeper.access_token("smith")).reveal() == "short"
        await keeper.aclose()
        world.clock.advance(1)
    assert len(world.endpoint.asked) == 2


async def test_tokens_too_short_for_the_wish_are_told_and_not_asked_for_again(
    world: TokenWorld,
) -> None:
    world.endpoint.script = [issues(200)] * 50
    keeper = world.granted(0)
    for _ in range(5):
        with pytest.raises(BrokerUnreachable, match="less than 300 s"):
            await keeper.access_token("smith", min_life_s=300)
        world.clock.advance(20)
    assert world.endpoint.asked == ["r0"]
    assert keeper.current("smith") == Secret("short")


async def test_refused_login_keeps_its_token_until_that_dies(world: TokenWorld) -> None:
    keeper = world.granted(1800, refresh="dead")
    world.clock.advance(1500)
    await keeper.access_token("smith")
    await keeper.aclose()
    assert keeper.health()[0].state is LoginState.SIGN_IN_NEEDED
    assert (await keeper.access_token("smith", min_life_s=60)).reveal() == "a0"
    with pytest.raises(LoginRequired):
        await keeper.access_token("smith", min_life_s=301)
    world.clock.advance(300)
    with pytest.raises(LoginRequired):
        await keeper.access_token("smith")
    assert world.endpoint.asked == ["dead"]


async def test_lost_answer_then_refusal_then_a_siblings_tokens(world: TokenWorld) -> None:
    def taken_by_a_sibling(refresh: str) -> httpx.Response:
        world.write(1800, "sibling", "r7")
        return refusal(refresh)

    world.endpoint.script = [failing(httpx.ReadTimeout("too slow")), taken_by_a_sibling]
    keeper = world.granted(0)
    assert (await keeper.access_token("smith")).reveal() == "sibling"
    assert world.endpoint.asked == ["r0", "r0"]


async def test_unreadable_store_keeps_the_endpoint_from_being_asked(world: TokenWorld) -> None:
    keeper = world.granted(30)
    world.files.path("smith").write_text("{", encoding="utf-8")
    assert (await keeper.access_token("smith", min_life_s=20)).reveal() == "a0"
    world.clock.advance(30)
    with pytest.raises(StoreError, match="damaged"):
        await keeper.access_token("smith")
    assert world.endpoint.asked == []


async def test_unsaved_tokens_do_not_overwrite_a_newer_sign_in(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = world.granted(0)
    with monkeypatch.context() as patch:

        def unwritable(login: str, _: Grant) -> None:
            raise StoreError(f"{login} cannot be saved")

        patch.setattr(world.files, "save", unwritable)
        with pytest.raises(StoreError):
            await keeper.access_token("smith")
    ends = world.clock.now() + timedelta(seconds=1800)
    newer = Grant(Secret("new-a"), Secret("new-r"), ends, SIGNED_IN + timedelta(hours=1))
    world.files.save("smith", newer)
    assert (await keeper.access_token("smith")).reveal() == "new-a"
    assert world.kept() == ("new-a", "new-r")


# --- a clock that jumps


async def test_laptop_that_slept_nine_hours_renews_once(world: TokenWorld) -> None:
    keeper = world.granted(1800)
    world.clock.advance(9 * 3600)
    assert keeper.current("smith") is None
    given = await asyncio.gather(*(keeper.access_token("smith") for _ in range(48)))
    assert {token.reveal() for token in given} == {"a1"}
    assert world.endpoint.asked == ["r0"]


async def test_sign_in_that_ended_in_the_sleep_asks_for_a_person(world: TokenWorld) -> None:
    world.clock.advance(6.9 * 86400)
    keeper = world.granted(1800)
    world.endpoint.accepted.clear()
    world.clock.advance(9 * 3600)
    for _ in range(10):
        with pytest.raises(LoginRequired, match="run `swimdesk login smith`"):
            await keeper.access_token("smith")
        world.clock.advance(60)
    assert world.endpoint.asked == ["r0"]


async def test_ended_sign_in_without_a_network_asks_for_a_person_too(world: TokenWorld) -> None:
    world.endpoint.script = [failing(httpx.ConnectError("no route"))] * 20
    keeper = world.granted(1800)
    world.clock.advance(7 * 86400)
    with pytest.raises(LoginRequired, match="seven days"):
        await keeper.access_token("smith")
    assert len(world.endpoint.asked) == 1


async def test_endpoint_that_was_down_before_the_sleep_is_asked_after_it(
    world: TokenWorld,
) -> None:
    world.endpoint.script = [status(503)] * 6
    keeper = world.granted(0)
    for _ in range(6):
        with pytest.raises(BrokerUnreachable):
            await keeper.access_token("smith")
        world.clock.advance(60)
    world.clock.advance(9 * 3600)
    assert (await keeper.access_token("smith")).reveal() == "a1"


async def test_clock_that_is_set_back_ends_the_pause_of_an_endpoint_that_was_down(
    world: TokenWorld,
) -> None:
    world.endpoint.script = [failing(httpx.ConnectError("no route"))]
    keeper = world.granted(1800)
    with pytest.raises(BrokerUnreachable):
        await keeper.replace_rejected("smith", Secret("a0"))
    world.clock.advance(-9 * 3600)
    assert (await keeper.replace_rejected("smith", Secret("a0"))).reveal() == "a1"


async def test_token_that_a_clock_set_back_makes_live_for_hours_is_renewed(
    world: TokenWorld,
) -> None:
    keeper = world.granted(0)
    await keeper.access_token("smith")
    world.clock.advance(-9 * 3600)
    await keeper.access_token("smith", min_life_s=300)
    await keeper.aclose()
    assert keeper.current("smith") == Secret("a2")
    assert keeper.health()[0].access_expires == world.clock.now() + timedelta(seconds=1800)


async def test_clock_that_is_set_back_ends_the_rest_after_useless_tokens(
    world: TokenWorld,
) -> None:
    keeper = world.granted(1800)
    token = Secret("a0")
    for _ in range(3):
        token = await keeper.replace_rejected("smith", token)
    world.clock.advance(-9 * 3600)
    assert (await keeper.replace_rejected("smith", token)).reveal() == "a4"


# --- the cache of access tokens


async def test_token_of_the_cache_spares_the_first_refresh(world: TokenWorld) -> None:
    world.cache = FakeAccessCache()
    world.cache.kept["smith"] = (Secret("cached"), world.clock.now() + timedelta(seconds=1000))
    keeper = world.granted(0)
    assert (await keeper.access_token("smith")).reveal() == "cached"
    assert world.endpoint.asked == []
    world.clock.advance(1000)
    assert (await keeper.access_token("smith")).reveal() == "a1"
    assert world.cache.asked == ["smith"]


@pytest.mark.parametrize("left_s", [-5.0, 0.0, 20.0])
async def test_cached_token_about_to_end_is_a_miss(world: TokenWorld, left_s: float) -> None:
    world.cache = FakeAccessCache()
    world.cache.kept["smith"] = (Secret("cached"), world.clock.now() + timedelta(seconds=left_s))
    assert (await world.granted(0).access_token("smith")).reveal() == "a1"


async def test_living_token_of_the_store_needs_no_cache(world: TokenWorld) -> None:
    world.cache = FakeAccessCache()
    await world.granted(1800).access_token("smith")
    assert world.cache.asked == []


async def test_rejected_token_is_not_taken_from_the_cache_again(world: TokenWorld) -> None:
    world.cache = FakeAccessCache()
    keeper = world.granted(1800)
    world.cache.kept["smith"] = (Secret("a0"), world.clock.now() + timedelta(seconds=1801))
    assert (await keeper.replace_rejected("smith", Secret("a0"))).reveal() == "a1"


async def test_new_tokens_are_left_in_the_cache_after_they_are_saved(world: TokenWorld) -> None:
    world.cache = FakeAccessCache()
    keeper = world.granted(0)
    await keeper.access_token("smith")
    ends = world.clock.now() + timedelta(seconds=1800)
    assert world.cache.kept["smith"] == (Secret("a1"), ends)
    await keeper.redeem("smith", Secret("C0.code@"))
    assert world.cache.kept["smith"] == (Secret("a2"), ends)


async def test_unsaved_tokens_are_not_left_in_the_cache(
    world: TokenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.cache = FakeAccessCache()
    keeper = world.granted(0)

    def unwritable(login: str, _: Grant) -> None:
        raise StoreError(f"{login} cannot be saved")

    monkeypatch.setattr(world.files, "save", unwritable)
    with pytest.raises(StoreError):
        await keeper.access_token("smith")
    assert world.cache.kept == {}
