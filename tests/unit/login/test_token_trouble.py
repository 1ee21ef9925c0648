"""The keeper of tokens when the endpoint is down, loses answers, or issues useless tokens."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta

import httpx
import pytest
from tests.fakes.tokens import Reply, TokenWorld, failing, page, status

from swimdesk.errors import BrokerRefused, BrokerUnreachable, LoginRequired
from swimdesk.telemetry.redaction import Secret


@pytest.mark.parametrize(
    "reply",
    [status(500), status(503), status(429), page, failing(httpx.ConnectError("no route"))],
)
async def test_endpoint_that_is_down_costs_no_token(world: TokenWorld, reply: Reply) -> None:
    world.endpoint.script = [reply]
    keeper = world.granted(30)
    assert (await keeper.access_token("smith", min_life_s=20)).reveal() == "a0"
    assert len(world.endpoint.asked) == 1
    world.clock.advance(5)
    assert (await keeper.access_token("smith")).reveal() == "a1"


async def test_token_too_short_for_the_wish_is_not_given_while_the_endpoint_is_down(
    world: TokenWorld,
) -> None:
    world.endpoint.script = [status(503)]
    keeper = world.granted(200)
    with pytest.raises(BrokerUnreachable, match="503"):
        await keeper.access_token("smith", min_life_s=300)
    assert keeper.current("smith") == Secret("a0")


async def test_ended_token_is_not_given_while_the_endpoint_is_down(world: TokenWorld) -> None:
    world.endpoint.script = [failing(httpx.ConnectError("no route"))]
    keeper = world.granted(0)
    with pytest.raises(BrokerUnreachable, match="no route"):
        await keeper.access_token("smith")
    assert world.kept() == ("a0", "r0")


async def test_endpoint_that_stays_down_is_asked_ever_more_rarely(world: TokenWorld) -> None:
    world.endpoint.script = [status(503)] * 100
    keeper = world.granted(0)
    asked_at: list[float] = []
    for second in range(300):
        before = len(world.endpoint.asked)
        with pytest.raises(BrokerUnreachable):
            await keeper.access_token("smith")
        if len(world.endpoint.asked) > before:
            asked_at.append(second)
        world.clock.advance(1)
    pauses = [late - early for early, late in itertools.pairwise(asked_at)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize(
    ("headers", "pause_s"), [({"Retry-After": "30"}, 30), ({"Retry-After": "soon"}, 5), ({}, 5)]
)
async def test_endpoint_that_has_too_much_to_do_is_left_alone_as_long_as_it_wishes(
    world: TokenWorld, headers: dict[str, str], pause_s: int
) -> None:
    world.endpoint.script = [lambda _: httpx.Response(429, headers=headers)]
    keeper = world.granted(0)
    for _ in range(pause_s):
        with pytest.raises(BrokerUnreachable):
            await keeper.access_token("smith")
        world.clock.advance(1)
    assert len(world.endpoint.asked) == 1
    assert (await keeper.access_token("smith")).reveal() == "a1"


async def test_answer_that_promises_an_endless_life_is_not_believed(world: TokenWorld) -> None:
    endless = {"access_token": "a1", "refresh_token": "r1", "expires_in": 10**15}
    world.endpoint.script = [lambda _: httpx.Response(200, json=endless)]
    keeper = world.granted(0)
    assert (await keeper.access_token("smith")).reveal() == "a1"
    assert world.kept() == ("a1", "r1")
    assert keeper.health()[0].access_expires == world.clock.now() + timedelta(seconds=1800)


async def test_refresh_token_that_no_file_can_hold_keeps_the_old_one(world: TokenWorld) -> None:
    blank = {"access_token": "a1", "refresh_token": " ", "expires_in": 1800}
    world.endpoint.script = [lambda _: httpx.Response(200, json=blank)]
    keeper = world.granted(0)
    await keeper.access_token("smith")
    assert world.kept() == ("a1", "r0")


async def test_endpoint_that_came_back_is_asked_soon_again(world: TokenWorld) -> None:
    world.endpoint.script = [status(503)] * 3
    keeper = world.granted(0)
    for pause_s in (1, 2, 4):
        with pytest.raises(BrokerUnreachable):
            await keeper.access_token("smith")
        world.clock.advance(pause_s)
    assert (await keeper.access_token("smith")).reveal() == "a1"
    world.clock.advance(1800)
    world.endpoint.script = [status(503)]
    with pytest.raises(BrokerUnreachable):
        await keeper.access_token("smith")
    world.clock.advance(1)
    assert (await keeper.access_token("smith")).reveal() == "a2"


async def test_lost_answer_is_asked_for_once_more(world: TokenWorld) -> None:
    world.endpoint.script = [failing(httpx.ReadTimeout("too slow"))]
    keeper = world.granted(0)
    assert (await keeper.access_token("smith")).reveal() == "a1"
    assert world.endpoint.asked == ["r0", "r0"]


async def test_lost_answer_of_a_rotating_endpoint_needs_a_sign_in(world: TokenWorld) -> None:
    world.endpoint.script = [world.endpoint.exchange_and_lose]
    keeper = world.granted(0)
    with pytest.raises(LoginRequired):
        await keeper.access_token("smith")
    assert world.endpoint.asked == ["r0", "r0"]


async def test_endpoint_that_loses_every_answer_is_not_asked_a_third_time(
    world: TokenWorld,
) -> None:
    world.endpoint.script = [failing(httpx.ReadTimeout("too slow"))] * 2
    keeper = world.granted(0)
    with pytest.raises(BrokerUnreachable):
        await keeper.access_token("smith")
    assert len(world.endpoint.asked) == 2


async def test_request_that_never_left_is_not_repeated(world: TokenWorld) -> None:
    world.endpoint.script = [failing(httpx.ConnectTimeout("no answer"))]
    keeper = world.granted(0)
    with pytest.raises(BrokerUnreachable):
        await keeper.access_token("smith")
    assert len(world.endpoint.asked) == 1


async def test_rejected_token_is_replaced_once_for_all_who_saw_it(world: TokenWorld) -> None:
    keeper = world.granted(1800)
    tokens = await asyncio.gather(
        *(keeper.replace_rejected("smith", Secret("a0")) for _ in range(48))
    )
    late = await keeper.replace_rejected("smith", Secret("a0"))
    assert {token.reveal() for token in (*tokens, late)} == {"a1"}
    assert world.endpoint.asked == ["r0"]


async def test_rejected_token_is_no_longer_current(world: TokenWorld) -> None:
    world.endpoint.script = [status(503)]
    keeper = world.granted(1800)
    with pytest.raises(BrokerUnreachable):
        await keeper.replace_rejected("smith", Secret("a0"))
    assert keeper.current("smith") is None
    with pytest.raises(BrokerUnreachable):
        await keeper.access_token("smith")
    assert len(world.endpoint.asked) == 1
    world.clock.advance(2)
    assert (await keeper.access_token("smith")).reveal() == "a1"


async def test_rejected_and_refused_login_needs_a_sign_in(world: TokenWorld) -> None:
    keeper = world.granted(1800, refresh="dead")
    with pytest.raises(LoginRequired):
        await keeper.replace_rejected("smith", Secret("a0"))


async def test_sign_in_elsewhere_is_found_after_a_rejection(world: TokenWorld) -> None:
    keeper = world.granted(1800, refresh="dead")
    world.write(1800, "imported", "r0")
    token = await keeper.replace_rejected("smith", Secret("a0"))
    assert token.reveal() == "imported"


async def test_broker_that_rejects_every_token_is_not_asked_without_end(world: TokenWorld) -> None:
    keeper = world.granted(1800)
    token = Secret("a0")
    for _ in range(3):
        token = await keeper.replace_rejected("smith", token)
    for _ in range(5):
        with pytest.raises(BrokerRefused, match="just issued"):
            await keeper.replace_rejected("smith", token)
        await keeper.access_token("smith")
    assert len(world.endpoint.asked) == 3
    world.clock.advance(60)
    assert (await keeper.replace_rejected("smith", token)).reveal() == "a4"


async def test_endpoint_that_issues_the_rejected_token_again_is_no_help(world: TokenWorld) -> None:
    again = httpx.Response(200, json={"access_token": "a0", "expires_in": 1800})
    world.endpoint.script = [lambda _: again]
    keeper = world.granted(1800)
    with pytest.raises(BrokerUnreachable, match="issues the token again"):
        await keeper.replace_rejected("smith", Secret("a0"))
    assert keeper.current("smith") is None
