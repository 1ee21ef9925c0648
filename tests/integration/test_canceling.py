"""Requests to cancel over real TLS, to a server that answers wrongly, partly or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
from tests.integration.lanes import Tls, lane_to
from tests.unit.schwab.site import NUMBERS, Site, hash_of

from swimdesk.desk.ports import CancelOutcome
from swimdesk.domain.commands import CommandOutcome
from swimdesk.schwab.canceling import Cancels
from swimdesk.schwab.directory import Directory
from swimdesk.schwab.lane.transport import LaneTransport
from swimdesk.schwab.reads import Reader

ALL = ("smith-1", "smith-2", "jones-1")
HASH = hash_of("11110001")


@asynccontextmanager
async def cancels_at(port: int, tls: Tls, answer_s: float = 5.0) -> AsyncIterator[Cancels]:
    """Cancel at a port of this machine; the accounts are read elsewhere."""
    site, url = Site(), f"https://127.0.0.1:{port}"
    reads = httpx.MockTransport(site.handle)
    reader = Reader(url, tls.client, site.tokens, site.clock, reads)
    directory = Directory(reader, tuple(NUMBERS), (), {}, site.clock)
    lane = lane_to(port, tls, site.clock)
    cancels = Cancels(url, LaneTransport(lane), site.tokens, directory, answer_s)
    try:
        yield cancels
    finally:
        await cancels.aclose()
        await lane.close()
        await reader.aclose()


async def outcome_of(script: Script, tls: Tls) -> tuple[CancelOutcome, MisbehavingServer]:
    """Cancel one order at a server that does this."""
    async with misbehaving(tls.server) as server:
        server.scripts[HASH] = script
        async with cancels_at(server.port, tls, answer_s=0.5) as cancels:
            return await cancels.cancel("smith-1", "77"), server


async def test_request_that_is_taken_is_one_delete_without_a_body(tls: Tls) -> None:
    outcome, server = await outcome_of(Script(response(200)), tls)
    assert outcome == CancelOutcome(CommandOutcome.TAKEN)
    (request,) = server.seen.requests
    assert request.startswith(f"DELETE /trader/v1/accounts/{HASH}/orders/77 HTTP/1.1\r\n".encode())
    assert request.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "script",
    [
        Script(ending=Ending.CLOSE),
        Script(ending=Ending.CUT),
        Script(ending=Ending.RESET),
        Script(ending=Ending.RESET, reads_request=False),
        Script(b"HTTP/1.1 20", Ending.CLOSE),
        Script(b"rubbish\r\n\r\n", Ending.CLOSE),
        Script(response(400, b"{}")[:-1], Ending.CLOSE),
        Script(),
        Script(b"HTTP/1.1 200 OK\r\n"),
        Script(response(502, b"<html>")),
    ],
    ids=[
        "closed", "cut", "reset", "reset unread", "half a head", "rubbish", "half a body",
        "silence", "endless head", "bad gateway",
    ],
)  # fmt: skip
async def test_answer_that_is_none_is_unknown_and_nothing_is_sent_again(
    script: Script, tls: Tls
) -> None:
    outcome, server = await outcome_of(script, tls)
    assert outcome.kind is CommandOutcome.UNKNOWN
    assert "may or may not" in (outcome.reason or "")
    assert len(server.seen.requests) <= 1
    assert server.seen.connections == 1


async def test_server_that_is_not_there_was_sent_nothing(tls: Tls) -> None:
    async with cancels_at(unused_port(), tls) as cancels:
        outcome = await cancels.cancel("smith-1", "77")
    assert outcome.kind is CommandOutcome.NOT_SENT


async def test_one_silent_account_holds_no_other_up(tls: Tls) -> None:
    async with misbehaving(tls.server) as server:
        server.scripts = {
            hash_of(n): Script(response(200)) for all_ in NUMBERS.values() for n in all_
        }
        server.scripts[HASH] = Script()
        async with cancels_at(server.port, tls, answer_s=30) as cancels:
            silent = asyncio.create_task(cancels.cancel("smith-1", "77"))
            others = await asyncio.gather(*(cancels.cancel(a, "78") for a in ALL[1:]))
            assert {one.kind for one in others} == {CommandOutcome.TAKEN}
            assert not silent.done()
            silent.cancel()
            await asyncio.gather(silent, return_exceptions=True)
