"""Ordinary httpx requests over the lane: each fault has its error, and no order is disturbed."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.fakes.misbehaving import (
    Ending,
    MisbehavingServer,
    Script,
    misbehaving,
    response,
    unused_port,
)
from tests.fakes.stepped import stepped
from tests.integration.lane.steps import FINE, firing, staged
from tests.integration.lanes import (
    DEADLINE_S,
    Fired,
    Tls,
    accounts,
    fire,
    lane_to,
    request,
    server_side,
)

from swimdesk.desk.ports import OutcomeKind
from swimdesk.schwab.lane import Lane
from swimdesk.schwab.lane.idle import IDLE_LIMIT_S
from swimdesk.schwab.lane.transport import ACCOUNT, LaneTransport
from swimdesk.schwab.network import NoConnection
from swimdesk.schwab.outcomes import Answer, Fault

OF_A0 = {ACCOUNT: "A0"}
PATH = "/trader/v1/accounts/A0/orders"
TOLD = {"message": "so it is"}


def client_over(lane: Lane, port: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=LaneTransport(lane), base_url=f"https://127.0.0.1:{port}")


@asynccontextmanager
async def served(
    secure: Tls | None, script: Script
) -> AsyncIterator[tuple[httpx.AsyncClient, Lane, MisbehavingServer]]:
    """Serve A0 by this script; nothing is warm."""
    async with misbehaving(server_side(secure)) as server:
        server.scripts["A0"] = script
        lane = lane_to(server.port, secure)
        async with client_over(lane, server.port) as client:
            yield client, lane, server
        await lane.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("body", [None, b'{"a":1}', b"x" * 200_000], ids=["none", "small", "large"])
async def test_request_arrives_as_it_was_written(
    secure: Tls | None, method: str, body: bytes | None
) -> None:
    async with served(secure, Script(response(200, b"yes"))) as (client, _, server):
        answer = await client.request(method, PATH, content=body, extensions=OF_A0)
    assert (answer.status_code, answer.content) == (200, b"yes")
    (seen,) = server.seen.requests
    head, _, rest = seen.partition(b"\r\n\r\n")
    assert head.startswith(f"{method} {PATH} HTTP/1.1\r\nHost: 127.0.0.1".encode())
    assert rest == (body or b"")


async def test_body_that_is_a_stream_is_sent_whole_with_its_length(secure: Tls | None) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b'{"a":'
        yield b"1}"

    async with served(secure, Script(response(200))) as (client, _, server):
        await client.post(PATH, content=parts(), extensions=OF_A0)
    (seen,) = server.seen.requests
    head, _, rest = seen.lower().partition(b"\r\n\r\n")
    assert b"content-length: 7" in head
    assert b"transfer-encoding" not in head
    assert rest == b'{"a":1}'


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_packed_answer_is_unpacked_by_httpx(secure: Tls | None, chunked: bool) -> None:
    packed = gzip.compress(json.dumps(TOLD).encode())
    says = response(200, packed, {"Content-Encoding": "gzip"})
    if chunked:
        length = b"Content-Length: %d" % len(packed)
        says = says[: -len(packed)].replace(length, b"Transfer-Encoding: chunked")
        says += b"%x\r\n" % len(packed) + packed + b"\r\n0\r\n\r\n"
    async with served(secure, Script(says)) as (client, _, _):
        answer = await client.get(PATH, extensions=OF_A0)
    assert answer.json() == TOLD


async def test_answer_that_says_gzip_and_is_none_is_an_error_of_decoding() -> None:
    says = response(200, b"rubbish", {"Content-Encoding": "gzip"})
    async with served(None, Script(says)) as (client, _, _):
        with pytest.raises(httpx.DecodingError):
            await client.get(PATH, extensions=OF_A0)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        pytest.param(Script(ending=Ending.CLOSE), httpx.RemoteProtocolError, id="closed"),
        pytest.param(Script(ending=Ending.CUT), httpx.RemoteProtocolError, id="fin"),
        pytest.param(Script(ending=Ending.RESET), httpx.ReadError, id="rst"),
        pytest.param(Script(b"\x00" * 20), httpx.RemoteProtocolError, id="garbage"),
        pytest.param(Script(FINE[:20], Ending.CUT), httpx.RemoteProtocolError, id="cut"),
        pytest.param(
            Script(b"HTTP/1.1 100 Continue\r\n\r\n"), httpx.RemoteProtocolError, id="100"
        ),
        pytest.param(Script(), httpx.ReadTimeout, id="silence"),
        pytest.param(Script(FINE[:20]), httpx.ReadTimeout, id="half an answer"),
    ],
)  # fmt: skip
async def test_fault_has_its_error_and_the_request_is_not_sent_again(
    secure: Tls | None, script: Script, error: type[httpx.TransportError]
) -> None:
    timeout = httpx.Timeout(DEADLINE_S, read=0.05 if error is httpx.ReadTimeout else DEADLINE_S)
    async with served(secure, script) as (client, _, server):
        with pytest.raises(error) as caught:
            await client.get(PATH, extensions=OF_A0, timeout=timeout)
        server.scripts.clear()
        again = await client.get(PATH, extensions=OF_A0)
    assert not isinstance(caught.value, httpx.ConnectError)
    assert again.status_code == 201
    assert server.seen.connections == len(server.seen.requests) == 2


async def test_nobody_listening_is_an_error_of_connecting(secure: Tls | None) -> None:
    port = unused_port()
    lane = lane_to(port, secure)
    async with client_over(lane, port) as client:
        with pytest.raises(httpx.ConnectError, match="refuses the connection") as caught:
            await client.get(PATH, extensions=OF_A0)
    assert isinstance(caught.value.__cause__, NoConnection)
    await lane.close()


async def test_request_that_names_no_account_goes_nowhere(secure: Tls | None) -> None:
    async with served(secure, Script()) as (client, _, server):
        with pytest.raises(httpx.UnsupportedProtocol):
            await client.get(PATH)
    assert server.seen.connections == 0


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0"], ids=["crlf", "lf", "cr", "nul"])
async def test_header_that_would_end_its_line_is_sent_nowhere(secure: Tls | None, end: str) -> None:
    headers = {"Authorization": f"Bearer s3cret{end}X: y"}
    async with served(secure, Script(response(200))) as (client, _, server):
        with pytest.raises(httpx.LocalProtocolError) as caught:
            await client.get(PATH, headers=headers, extensions=OF_A0)
    assert "s3cret" not in str(caught.value)
    assert server.seen.connections == 0


async def test_request_leaves_the_last_connection_to_the_next_order(secure: Tls | None) -> None:
    async with staged(secure) as stage:
        asking = asyncio.create_task(stage.lane.ask(request("A0"), DEADLINE_S))
        other = await stage.server.peer()
        await other.request()
        async with firing(stage.lane.load([request("A0")])) as fired:
            await stage.next.request()
            await stage.next.say(FINE)
        await other.say(FINE)
        assert (await asking).response is not None
    assert fired.kinds() == {"A0": OutcomeKind.ACCEPTED}


async def test_connection_of_a_request_is_the_accounts_spare_from_then_on(
    secure: Tls | None,
) -> None:
    async with served(secure, Script(response(200))) as (client, lane, server):
        await lane.warm(["A0"])
        for _ in range(3):
            await client.get(PATH, extensions=OF_A0)
        assert (await fire(lane, ["A0", "A0"])).kinds() == {"A0": OutcomeKind.UNKNOWN}
    assert server.seen.connections == 2
    assert len(server.seen.requests) == 5


@pytest.mark.parametrize("names", [accounts(45), ["A0"] * 45], ids=["45 accounts", "one account"])
async def test_45_requests_at_once_wait_for_none_of_each_other(
    secure: Tls | None, names: list[str]
) -> None:
    async with misbehaving(server_side(secure)) as server:
        lane = lane_to(server.port, secure)
        async with client_over(lane, server.port) as client:
            found = await asyncio.gather(
                *(client.get(f"/accounts/{n}/", extensions={ACCOUNT: n}) for n in names)
            )
        await lane.close()
    assert {one.status_code for one in found} == {201}
    assert server.seen.connections == len(server.seen.requests) == 45


def sockets() -> int:
    """Count the open sockets of this process."""
    gc.collect()
    links = (path for path in Path("/proc/self/fd").iterdir())
    return sum(str(link).startswith("socket:") for link in map(read_link, links))


def read_link(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:
        return ""


async def test_caller_who_gives_up_during_the_handshake_leaves_no_socket_behind(tls: Tls) -> None:
    async with stepped(tls.server) as server:
        server.answers.clear()
        lane = lane_to(server.port, tls)
        before = sockets()
        asking = [asyncio.create_task(lane.ask(request(a), DEADLINE_S)) for a in accounts(3)]
        await server.came.wait()
        for one in asking:
            one.cancel()
        assert {type(e) for e in await asyncio.gather(*asking, return_exceptions=True)} == {
            asyncio.CancelledError
        }
        assert sockets() - before == len(server.peers)
        await lane.close()


async def test_caller_who_gives_up_before_the_answer_ends_the_connection(
    secure: Tls | None,
) -> None:
    async with staged(secure) as stage:
        before = sockets()
        asking = asyncio.create_task(stage.lane.ask(request("A0"), DEADLINE_S))
        other = await stage.server.peer()
        await other.request()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await other.is_left()
        assert sockets() - before == 1
        async with firing(stage.lane.load([request("A0")])) as fired:
            await stage.next.request()
            await stage.next.say(FINE)
    assert fired.kinds() == {"A0": OutcomeKind.ACCEPTED}


async def test_caller_who_gives_up_after_the_answer_takes_no_order_along(
    secure: Tls | None,
) -> None:
    async with stepped(server_side(secure)) as server:
        lane = lane_to(server.port, secure)
        asking = asyncio.create_task(lane.ask(request("A0"), DEADLINE_S))
        peer = await server.peer()
        await peer.request()
        peer.say_at_once(FINE)
        # Reads the answer; the order takes the connection before the caller had a turn.
        loaded = lane.load([request("A0")])
        asking.cancel()
        async with firing(loaded) as fired:
            assert await peer.request() == request("A0").wire
            await peer.say(FINE)
        await asyncio.gather(asking, return_exceptions=True)
        await lane.close()
    assert fired.kinds() == {"A0": OutcomeKind.ACCEPTED}
    assert len(server.peers) == 1


async def test_caller_who_gives_up_just_before_the_answer_takes_no_order_along(
    secure: Tls | None,
) -> None:
    async with staged(secure, spares=True) as stage:
        assert stage.spare is not None
        asking = asyncio.create_task(stage.lane.ask(request("A0"), DEADLINE_S))
        await stage.spare.request()
        fired = Fired()

        async def load_and_fire() -> None:
            # Reads the answer; the caller, who has given up by then, has its turn afterwards.
            loaded = stage.lane.load([request("A0")])
            await loaded.fire(fired.on_sent, fired.answers.append, DEADLINE_S)

        sending = asyncio.create_task(load_and_fire())
        stage.spare.say_at_once(FINE)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert (fired.sent, fired.answers) == (1, [])
        await stage.next.request()
        await stage.next.say(FINE)
        await sending
    assert fired.kinds() == {"A0": OutcomeKind.ACCEPTED}


async def test_spare_that_idled_for_too_long_is_not_asked_over(secure: Tls | None) -> None:
    async with staged(secure, spares=True) as stage:
        assert stage.spare is not None
        stage.clock.advance(IDLE_LIMIT_S + 1)
        asking = asyncio.create_task(stage.lane.ask(request("A0"), DEADLINE_S))
        await stage.spare.is_left()
        assert stage.spare.heard == b""
        other = await stage.server.peer()
        await other.request()
        await other.say(FINE)
        assert (await asking).response is not None
        assert stage.next.heard == b""


async def test_spare_that_has_ended_is_not_asked_over(secure: Tls | None) -> None:
    async with staged(secure, spares=True) as stage:
        assert stage.spare is not None
        await stage.spare.end(Ending.RESET)
        asking = asyncio.create_task(stage.lane.ask(request("A0"), DEADLINE_S))
        other = await stage.server.peer()
        await other.request()
        await other.say(FINE)
        answer = await asking
        assert stage.next.heard == b""
    assert isinstance(answer, Answer)
    assert answer.fault is not Fault.CONNECTION_ENDED
