"""The order host of the bench over real sockets: every order answered and noted once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.unit.bench.test_orderwire import order

from swimdesk.bench.responding import Host, responder


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    async with responder(tmp_path, latency_ms=1) as host:
        yield host


@asynccontextmanager
async def connected(
    host: Host,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", host.place.port, ssl=host.place.trust(), server_hostname="127.0.0.1"
    )
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def answer(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode()


async def test_an_order_is_taken_and_noted_once(host: Host) -> None:
    async with connected(host) as (reader, writer):
        writer.write(order("A1"))
        said = await answer(reader)
    (seen,) = await host.take()
    assert said.startswith("HTTP/1.1 201 Created\r\n")
    assert f"/accounts/A1/orders/{seen.order_id}\r\n" in said
    assert seen.account == "A1"
    assert await host.take() == ()


async def test_an_answer_leaves_no_earlier_than_the_latency_after_its_order(host: Host) -> None:
    async with connected(host) as (reader, writer):
        writer.write(order("A1"))
        await answer(reader)
    (seen,) = await host.take()
    assert seen.answered_ns - seen.arrived_ns >= 1_000_000


async def test_arrivals_are_told_on_the_clock_of_the_sender(host: Host) -> None:
    async with connected(host) as (reader, writer):
        before_ns = time.monotonic_ns()
        writer.write(order("A1"))
        await answer(reader)
        after_ns = time.monotonic_ns()
    (seen,) = await host.take()
    assert before_ns <= seen.arrived_ns < seen.answered_ns
    assert seen.arrived_ns < after_ns


async def test_an_order_in_pieces_is_one_order(host: Host) -> None:
    whole = order("A1")
    async with connected(host) as (reader, writer):
        for piece in (whole[:3], whole[3:70], whole[70:-1], whole[-1:]):
            writer.write(piece)
            await writer.drain()
        await answer(reader)
    assert [one.account for one in await host.take()] == ["A1"]


async def test_several_orders_in_one_write_are_answered_one_by_one(host: Host) -> None:
    names = [f"A{place}" for place in range(5)]
    async with connected(host) as (reader, writer):
        writer.write(b"".join(map(order, names)))
        said = [await answer(reader) for _ in names]
    seen = await host.take()
    assert [one.account for one in seen] == names
    assert len({one.order_id for one in seen}) == len(names)
    assert all(
        f"/{one.account}/orders/{one.order_id}\r\n" in text
        for one, text in zip(seen, said, strict=True)
    )


async def test_connections_side_by_side_each_get_their_own_answer(host: Host) -> None:
    async def one(name: str) -> str:
        async with connected(host) as (reader, writer):
            writer.write(order(name))
            return await answer(reader)

    names = [f"A{place}" for place in range(20)]
    said = await asyncio.gather(*map(one, names))
    assert all(f"/{name}/orders/" in text for name, text in zip(names, said, strict=True))
    assert sorted(one.account for one in await host.take()) == sorted(names)


async def test_what_keeps_a_connection_warm_is_answered_and_not_noted(host: Host) -> None:
    async with connected(host) as (reader, writer):
        writer.write(b"GET /trader/v1/accounts/accountNumbers HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await answer(reader)).startswith("HTTP/1.1 200 OK\r\n")
        assert await reader.readexactly(2) == b"[]"
        writer.write(order("A1"))
        assert "201" in await answer(reader)
    assert [one.account for one in await host.take()] == ["A1"]


async def test_clients_that_leave_or_talk_no_tls_take_nothing_down(host: Host) -> None:
    async with connected(host) as (_, writer):
        writer.write(order("A1")[:-1])
    reader, plain = await asyncio.open_connection("127.0.0.1", host.place.port)
    plain.write(b"GET / HTTP/1.1\r\n\r\n")
    await reader.read()
    plain.close()
    await plain.wait_closed()
    async with connected(host) as (reader, writer):
        writer.write(order("A2"))
        await answer(reader)
    assert [one.account for one in await host.take()] == ["A2"]
