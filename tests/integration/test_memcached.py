"""Market data through a real memcached: shared, killed, evicted, poisoned, hung, never needed."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from tests.fakes.market import CountedMarket, HandClock
from tests.fakes.memcached import Memcached, memcached

from swimdesk.market.cache import TIMEOUT_S, MemcachedCache
from swimdesk.market.cached_data import CachedMarketData

DAY = date(2026, 12, 18)
PAPER = "paper https://127.0.0.1:8443"
LIVE = "live https://127.0.0.1:8443"
PATIENCE_S = 10.0
"""So that a busy machine is not taken for a memcached that hangs."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Memcached]:
    with memcached(tmp_path) as running:
        yield running


class Desk:
    """One desk's market data over a memcached."""

    def __init__(self, address: str, namespace: str, timeout_s: float) -> None:
        self.clock = HandClock()
        self.market = CountedMarket()
        self.cache = MemcachedCache(address, namespace, self.clock, timeout_s=timeout_s)
        self.data = CachedMarketData(self.market, self.cache)

    async def read_hours(self) -> int:
        """Read the hours, which must be right, and return how often the broker was asked so far."""
        assert await self.data.hours(DAY) == await CountedMarket().hours(DAY)
        return self.market.calls["hours"]

    async def read_expiries(self) -> int:
        """Read expirations likewise."""
        assert await self.data.expiries("$SPX") == await CountedMarket().expiries("$SPX")
        return self.market.calls["expiries"]


@asynccontextmanager
async def desk(
    address: str, namespace: str = PAPER, *, timeout_s: float = PATIENCE_S
) -> AsyncIterator[Desk]:
    one = Desk(address, namespace, timeout_s)
    try:
        yield one
    finally:
        await one.cache.aclose()


async def test_two_desks_ask_the_broker_once(server: Memcached) -> None:
    async with desk(server.address) as one, desk(server.address) as two:
        assert [await one.read_hours(), await one.read_hours(), await two.read_hours()] == [1, 1, 0]
        assert [await two.read_expiries(), await one.read_expiries()] == [1, 0]


async def test_paper_and_live_never_share(server: Memcached) -> None:
    async with desk(server.address, PAPER) as paper, desk(server.address, LIVE) as live:
        assert [await paper.read_hours(), await live.read_hours()] == [1, 1]
        assert len(server.names()) == 2


async def test_names_of_keys_tell_nothing(server: Memcached) -> None:
    async with desk(server.address) as one:
        await one.read_hours()
        await one.read_expiries()
    for key in server.names():
        program, _, hashed = key.partition(":")
        assert program == "swimdesk"
        assert len(bytes.fromhex(hashed)) == 32


async def test_values_are_json_with_a_time_to_live(server: Memcached) -> None:
    async with desk(server.address) as one:
        await one.read_hours()
    (key,) = server.names()
    with server.stranger() as stranger:
        assert stranger.get(key).startswith(b'["hours 2026-12-18",{"EQ":{"market":"EQUITY"')
        life_s = int(stranger.raw_command(f"mg {key} t", b"\r\n").removeprefix(b"HD t"))
    assert 0 < life_s <= 60


async def test_killed_on_the_way_and_back_again(server: Memcached) -> None:
    async with desk(server.address) as one:
        assert [await one.read_hours(), await one.read_hours()] == [1, 1]
        server.kill()
        assert [await one.read_hours(), await one.read_hours()] == [2, 3]

        server.start()
        one.clock.pass_(4.9)
        assert await one.read_hours() == 4  # still left alone
        assert server.names() == []
        one.clock.pass_(0.1)
        assert [await one.read_hours(), await one.read_hours()] == [5, 5]


async def test_not_there_at_the_start(tmp_path: Path) -> None:
    server = Memcached(tmp_path / "mc")
    async with desk(server.address) as one:
        assert [await one.read_hours(), await one.read_hours()] == [1, 2]
        server.start()
        try:
            one.clock.pass_(5)
            assert [await one.read_hours(), await one.read_hours()] == [3, 3]
        finally:
            server.kill()


async def test_evicted_by_others(server: Memcached) -> None:
    async with desk(server.address) as one:
        await one.read_expiries()
        (key,) = server.names()
        with server.stranger() as stranger:
            # Of the same size, for memcached makes room among equals.
            rubbish = b"x" * len(stranger.get(key))
            for batch in range(20):
                stranger.set_many({f"swimdesk:{batch:032}{i:032}": rubbish for i in range(1000)})
            assert stranger.get(key) is None
        assert [await one.read_expiries(), await one.read_expiries()] == [2, 2]


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        (b"", 0),
        (b"null", 0),
        (b"\xff\xfe", 0),
        (b"x" * 900_000, 0),
        (b"[" * 100_000, 0),
        (b'["hours 2026-12-18",{}]', 0),
        (pickle.dumps({"EQ": None}), 1),
    ],
)
async def test_poisoned(server: Memcached, value: bytes, flags: int) -> None:
    async with desk(server.address) as one:
        await one.read_hours()
        (key,) = server.names()
        with server.stranger() as stranger:
            good = stranger.get(key)
            assert stranger.set(key, value, flags=flags)
            assert await one.read_hours() == 2
            assert stranger.get(key) == good
        assert await one.read_hours() == 2


async def test_many_at_once(server: Memcached) -> None:
    async with desk(server.address) as one:
        await one.read_hours()
        assert set(await asyncio.gather(*(one.read_hours() for _ in range(50)))) == {1}


async def test_open_to_other_users_is_not_used(tmp_path: Path) -> None:
    with memcached(tmp_path, mask="0777") as server:
        async with desk(server.address) as one:
            assert [await one.read_hours(), await one.read_hours()] == [1, 2]
        assert server.names() == []


class Impostor:
    """Something else on a loopback port: answers each command alike, or not at all."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self.connections = 0
        self.commands: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while line := await reader.readline():
            self.commands.append(line)
            if self._answer is not None:
                writer.write(self._answer)
        writer.close()


@asynccontextmanager
async def impostor(answer: bytes | None) -> AsyncIterator[tuple[Impostor, str]]:
    behind = Impostor(answer)
    server = await asyncio.start_server(behind, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield behind, f"{host}:{port}"


async def test_answer_that_never_ends_is_given_up() -> None:
    left = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"STAT pid 1\r\n")
                await writer.drain()
                await asyncio.sleep(0.001)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server, asyncio.timeout(PATIENCE_S):
        host, port = server.sockets[0].getsockname()
        async with desk(f"{host}:{port}", timeout_s=TIMEOUT_S) as one:
            assert [await one.read_hours() for _ in range(3)] == [1, 2, 3]
        await left.wait()


NO_SOCKET = b"STAT domain_socket NULL\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"VALUE\r\n",
        b"SERVER_ERROR out of memory\r\n",
        b"END\r\n",
        NO_SOCKET + b"STAT inter NULL\r\nEND\r\n",
        NO_SOCKET + b"STAT inter 127.0.0.1,10.0.0.7\r\nEND\r\n",
        NO_SOCKET + b"STAT inter \xff\r\nEND\r\n",
    ],
    ids=["silent", "http", "half", "full", "unsaid", "everywhere", "reachable", "odd"],
)
async def test_what_is_no_private_memcached_is_asked_once_and_left_alone(
    answer: bytes | None,
) -> None:
    timeout_s = TIMEOUT_S if answer is None else PATIENCE_S
    async with impostor(answer) as (behind, address), desk(address, timeout_s=timeout_s) as one:
        assert [await one.read_hours() for _ in range(3)] == [1, 2, 3]
        assert behind.connections == 1
        assert behind.commands == [b"stats settings\r\n"]
        one.clock.pass_(5)
        assert await one.read_hours() == 4
        assert behind.connections == 2


@pytest.mark.parametrize("inter", [b"127.0.0.1", b"127.0.0.1:11311,::1", b"localhost"])
async def test_a_private_port_is_used_until_it_talks_nonsense(inter: bytes) -> None:
    answer = NO_SOCKET + b"STAT inter " + inter + b"\r\nEND\r\n"
    async with impostor(answer) as (behind, address), desk(address) as one:
        assert await one.read_hours() == 1
        kinds = [command.split()[0] for command in behind.commands]
        assert kinds == [b"stats", b"get"]  # its answer to the second made no sense
