"""Sealed access tokens through a real memcached: killed, evicted, hung, full of nonsense."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from tests.fakes.market import HandClock
from tests.fakes.memcached import Memcached, memcached

from swimdesk.desk.ports import TokenCacheUse
from swimdesk.login.cache import SealedTokens
from swimdesk.market.cache import TIMEOUT_S, MemcachedCache
from swimdesk.telemetry.redaction import Secret

KEY = Secret(base64.b64encode(b"k" * 32).decode())
BROKERAGE = "paper https://127.0.0.1:8443"
TOKEN = Secret("I0.planted-access-token@")
PATIENCE_S = 10.0
"""So that a busy machine is not taken for a memcached that hangs."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Memcached]:
    with memcached(tmp_path) as running:
        yield running


class Desk:
    """One desk's tokens over a memcached."""

    def __init__(self, address: str, timeout_s: float) -> None:
        self.clock = HandClock()
        self.bytes = MemcachedCache(address, BROKERAGE, self.clock, timeout_s=timeout_s)
        self.tokens = SealedTokens(self.bytes, KEY, BROKERAGE, self.clock.now)

    async def put(self, login: str = "smith") -> None:
        await self.tokens.put(login, TOKEN, self.clock.now() + timedelta(minutes=30))

    async def has(self, login: str = "smith") -> bool:
        found = await self.tokens.get(login)
        assert found is None or found[0] == TOKEN
        return found is not None


@asynccontextmanager
async def desk(address: str, *, timeout_s: float = PATIENCE_S) -> AsyncIterator[Desk]:
    one = Desk(address, timeout_s)
    try:
        yield one
    finally:
        await one.bytes.aclose()


async def test_token_is_there_for_a_later_desk_and_unreadable_for_others(server: Memcached) -> None:
    async with desk(server.address) as one:
        await one.put()
    async with desk(server.address) as later:
        assert await later.has()
    (name,) = server.names()
    with server.stranger() as stranger:
        assert b"planted" not in stranger.get(name)
        life_s = int(stranger.raw_command(f"mg {name} t", b"\r\n").removeprefix(b"HD t"))
    assert "smith" not in name
    assert 1600 < life_s <= 1740


async def test_killed_in_between_is_a_miss_until_it_is_back(server: Memcached) -> None:
    async with desk(server.address) as one:
        await one.put()
        server.kill()
        assert [await one.has(), await one.has()] == [False, False]
        await one.put()
        server.start()
        one.clock.pass_(5)
        assert not await one.has()
        await one.put()
        assert await one.has()
        assert one.tokens.use() == TokenCacheUse(hits=1, absent=3)


async def test_flushed_by_somebody_is_a_miss(server: Memcached) -> None:
    async with desk(server.address) as one:
        await one.put()
        with server.stranger() as stranger:
            stranger.flush_all()
        assert not await one.has()
        assert one.tokens.use() == TokenCacheUse(absent=1)


async def test_replayed_for_another_login_is_a_miss(server: Memcached) -> None:
    async with desk(server.address) as one:
        await one.put("smith")
        (smith,) = server.names()
        await one.put("jones")
        (jones,) = set(server.names()) - {smith}
        with server.stranger() as stranger:
            stranger.set(jones, stranger.get(smith))
        assert [await one.has("smith"), await one.has("jones")] == [True, False]
        assert one.tokens.use() == TokenCacheUse(hits=1, refused=1)


async def test_hung_memcached_holds_up_nothing(tmp_path: Path) -> None:
    """It accepts and says nothing: the loop goes on turning, and the second question is not put."""
    held = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.close()

    async with await asyncio.start_unix_server(hang, tmp_path / "mc"):
        async with desk(f"unix:{tmp_path / 'mc'}", timeout_s=TIMEOUT_S) as one:
            asking = asyncio.create_task(one.has())
            turns = 0
            while not asking.done():
                turns += 1
                await asyncio.sleep(0)
            assert turns > 10
            assert [asking.result(), await one.has()] == [False, False]
            await one.put()
            assert one.tokens.use() == TokenCacheUse(absent=2)
        held.set()
