from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.fakes.sim_core import BrokenCore, ScriptedControl, ScriptedCore
from tests.fakes.sim_server import serving

from swimdesk.errors import InputError
from swimdesk.sim.latency import Latency
from swimdesk.sim.listening import listen
from swimdesk.sim.messages import SimResponse, Transport
from swimdesk.sim.server import SimServer
from swimdesk.sim.tls import issue, make_authority

ORDERS = "/trader/v1/accounts/AB12/orders"
REPLY = SimResponse(200, b'{"answer": "whole"}', {"Schwab-Client-CorrelId": "one"})


async def test_request_reaches_the_core_as_sent(tmp_path: Path) -> None:
    core = ScriptedCore({ORDERS: SimResponse(201, headers={"Location": "https://there/1"})})
    async with serving(core, tmp_path) as served, served.client() as client:
        reply = await client.post(
            ORDERS,
            params={"a": "1 2", "b": "", "a%": "+"},
            content=b"body",
            headers={"X-One": "Two"},
        )
    (request,) = core.requests
    assert (request.method, request.path, request.body) == ("POST", ORDERS, b"body")
    assert request.query == {"a": "1 2", "b": "", "a%": "+"}
    assert request.headers["x-one"] == "Two"
    assert reply.status_code == 201
    assert reply.headers["location"] == "https://there/1"
    assert reply.content == b""
    assert reply.headers["content-length"] == "0"
    assert "content-type" not in reply.headers
    assert "server" not in reply.headers


async def test_body_is_json_unless_the_core_says_otherwise(tmp_path: Path) -> None:
    html = SimResponse(403, b"<html>", {"Content-Type": "text/html"})
    core = ScriptedCore({"/html": html, "/json": REPLY})
    async with serving(core, tmp_path) as served, served.client() as client:
        assert (await client.get("/html")).headers["content-type"] == "text/html"
        reply = await client.get("/json")
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["schwab-client-correlid"] == "one"
    assert reply.json() == {"answer": "whole"}


@pytest.mark.parametrize("size", [1024, 200_000])
async def test_long_body_is_compressed_for_who_asks(tmp_path: Path, size: int) -> None:
    long, short = SimResponse(200, b"x" * size), SimResponse(404, b"x" * 1023)
    core = ScriptedCore({"/long": long, "/short": short})
    async with serving(core, tmp_path) as served, served.client() as client:
        asked = await client.get("/long", headers={"accept-encoding": "deflate, gzip;q=0.5"})
        refused = await client.get("/long", headers={"accept-encoding": "gzip;q=0"})
        brief = await client.get("/short")
    assert asked.headers["content-encoding"] == "gzip"
    assert int(asked.headers["content-length"]) < size
    for reply in (refused, brief):
        assert "content-encoding" not in reply.headers
    assert (asked.content, refused.content, brief.content) == (long.body, long.body, short.body)


async def test_one_connection_carries_many_requests(tmp_path: Path) -> None:
    async with serving(ScriptedCore(), tmp_path) as served, served.client() as client:
        for _ in range(5):
            await client.get("/trader/v1/accounts")
        counts = served.server.traffic.as_json()
    assert counts["connections"] == {"accepted": 1, "open": 1, "requests_per_open": [5]}
    assert counts["requests"] == {"accounts": 5}
    assert counts["statuses"] == {"200": 5}


async def test_latency_holds_every_answer_but_not_the_control(tmp_path: Path) -> None:
    core, control = ScriptedCore(), ScriptedControl()
    async with (
        serving(core, tmp_path, latency_ms=(600_000, 600_000), control=control) as served,
        served.client() as client,
    ):
        waiting = asyncio.create_task(client.get("/trader/v1/accounts"))
        while not core.requests:
            await client.get("/control/counts")
        assert (await client.get("/control/counts")).status_code == 200
        assert not waiting.done()
        assert served.server.traffic.requests == {"accounts": 1}
        await served.server.stop()
        assert (await waiting).status_code == 200
    assert {request.path for request in control.requests} == {"/control/counts"}


async def test_48_requests_are_in_flight_at_once(tmp_path: Path) -> None:
    core = ScriptedCore({ORDERS: SimResponse(201, extra_delay_ms=600_000)})
    async with serving(core, tmp_path, latency_ms=(100, 100)) as served, served.client() as client:
        traffic = served.server.traffic
        sent = [asyncio.create_task(client.post(ORDERS)) for _ in range(48)]
        while traffic.in_flight < 48:
            await client.get("/poll")
        assert traffic.requests["order_place"] == 48
        await served.server.stop()
        replies = await asyncio.gather(*sent)
    assert {reply.status_code for reply in replies} == {201}


async def test_reset_breaks_the_connection_without_an_answer(tmp_path: Path) -> None:
    core = ScriptedCore({ORDERS: SimResponse(201, transport=Transport.RESET)})
    async with serving(core, tmp_path) as served:
        async with served.client() as client:
            with pytest.raises(httpx.ReadError) as caught:
                await client.post(ORDERS)
            assert (await client.get("/next")).status_code == 200
        assert not isinstance(caught.value, httpx.RemoteProtocolError)
        assert [request.path for request in core.requests] == [ORDERS, "/next"]


async def test_reset_is_a_tcp_reset_and_not_an_end_of_stream(tmp_path: Path) -> None:
    core = ScriptedCore({"/gone": SimResponse(200, transport=Transport.RESET)})
    async with serving(core, tmp_path) as served:
        url = httpx.URL(served.base_url)
        context = ssl.create_default_context(cafile=str(served.ca_file))
        reader, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
        writer.write(b"GET /gone HTTP/1.1\r\nHost: sim\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        with pytest.raises(ConnectionResetError):
            await writer.wait_closed()


async def test_hang_never_answers_and_keeps_the_connection(tmp_path: Path) -> None:
    core = ScriptedCore({ORDERS: SimResponse(201, transport=Transport.HANG)})
    async with serving(core, tmp_path) as served:
        async with served.client(timeout_s=0.2) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post(ORDERS)
        assert len(core.requests) == 1


async def test_stopping_ends_connections_that_hang(tmp_path: Path) -> None:
    core = ScriptedCore({ORDERS: SimResponse(201, transport=Transport.HANG)})
    async with serving(core, tmp_path) as served, served.client() as client:
        hung = asyncio.create_task(client.post(ORDERS))
        while not core.requests:
            await client.get("/poll")
        await served.server.stop()
        with pytest.raises(httpx.TransportError):
            await hung


@pytest.mark.parametrize("body", [b"", b'{"answer": "a long one"}' * 50], ids=["empty", "long"])
async def test_cut_sends_half_an_answer_and_ends(tmp_path: Path, body: bytes) -> None:
    core = ScriptedCore({ORDERS: SimResponse(201, body, transport=Transport.CUT)})
    async with serving(core, tmp_path) as served, served.client() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(ORDERS)
        assert served.server.traffic.statuses == {201: 1}


async def test_another_authority_is_refused(tmp_path: Path) -> None:
    make_authority(tmp_path / "other", datetime.now(UTC))
    core = ScriptedCore()
    async with serving(core, tmp_path / "own") as served:
        wrong = ssl.create_default_context(cafile=str(tmp_path / "other" / "ca.pem"))
        async with httpx.AsyncClient(verify=wrong, trust_env=False) as client:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(served.base_url)
    assert core.requests == []


async def test_core_advances_when_something_falls_due(tmp_path: Path) -> None:
    core = ScriptedCore()
    async with serving(core, tmp_path) as served, served.client() as client:
        core.due_s = 0.0
        before = core.advances
        while core.advances < before + 3:
            await client.get("/poll")


async def test_bug_of_the_core_is_counted_and_not_taken_for_an_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    async with serving(BrokenCore(), tmp_path) as served, served.client() as client:
        assert (await client.get("/x")).status_code == 500
        assert served.server.traffic.failures == 1
        assert served.server.traffic.statuses == {}


async def test_failing_tick_ends_the_watch(tmp_path: Path) -> None:
    class FailingCore(ScriptedCore):
        def advance(self) -> None:
            raise ValueError("a bug")

    core = FailingCore()
    core.due_s = 0.0
    now = datetime.now(UTC)
    tls = issue(make_authority(tmp_path, now), tmp_path, now).ssl_context()
    server = SimServer(core, tls, latency=Latency((0, 0), seed=1))
    await server.start()
    with pytest.raises(ValueError, match="a bug"):
        await server.watch()
    with pytest.raises(ValueError, match="a bug"):
        await server.stop()


def test_port_in_use_is_said_in_a_sentence() -> None:
    with listen() as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} on 127.0.0.1"):
            listen(port)


def test_listener_is_bound_to_loopback_only() -> None:
    with listen() as listener:
        assert listener.family == socket.AF_INET
        assert listener.getsockname()[0] == "127.0.0.1"


async def test_no_answer_waits_for_the_client_to_acknowledge_its_first_part() -> None:
    told = asyncio.get_running_loop().create_future()

    def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        told.set_result(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with listen() as listener:
        async with await asyncio.start_server(accepted, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            is_at_once = await told
            writer.close()
            await writer.wait_closed()
    assert is_at_once
