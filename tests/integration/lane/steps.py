"""A lane whose connections end at a server that a test steps by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.fakes.misbehaving import Ending, location, response
from tests.fakes.stepped import Peer, SteppedServer, stepped
from tests.integration.lanes import Fired, Tls, lane_to, server_side
from tests.unit.schwab.support import StoppedClock

from swimdesk.schwab.lane import Lane, LaneBurst

FINE = response(201, headers={"Location": location("A0")})
REFUSAL = response(400, b'{"message":"no"}')

Disturbance = Callable[[Peer], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One account with its connection, and with a spare where there are to be some."""

    lane: Lane
    server: SteppedServer
    next: Peer
    """Where the next order goes."""
    spare: Peer | None
    clock: StoppedClock


@asynccontextmanager
async def staged(
    tls: Tls | None,
    *,
    spares: bool = False,
    buffer_bytes: int | None = None,
    keeps_tickets: bool = False,
) -> AsyncIterator[Stage]:
    """Serve, and warm account A0."""
    async with stepped(
        server_side(tls), buffer_bytes=buffer_bytes, keeps_tickets=keeps_tickets
    ) as server:
        clock = StoppedClock()
        lane = lane_to(server.port, tls, clock, spares=spares)
        await lane.warm(["A0"])
        await lane.renew()
        peers = [await server.peer() for _ in range(1 + spares)]
        try:
            yield Stage(lane, server, peers[-1], peers[0] if spares else None, clock)
        finally:
            await lane.close()


@asynccontextmanager
async def firing(loaded: LaneBurst, deadline_s: float = 20.0) -> AsyncIterator[Fired]:
    """Fire while the block runs, and wait at its end for all reports."""
    fired = Fired()
    async with asyncio.TaskGroup() as group:
        group.create_task(loaded.fire(fired.on_sent, fired.answers.append, deadline_s))
        await asyncio.sleep(0)
        yield fired


async def answered(peer: Peer, loaded: LaneBurst, answer: bytes = FINE) -> tuple[Fired, bytes]:
    """Fire at a peer that answers; return what was reported and the request that came."""
    async with firing(loaded) as fired:
        request = await peer.request()
        await peer.say(answer)
    return fired, request


async def says_an_answer(peer: Peer) -> None:
    await peer.say(FINE)


async def says_a_refusal(peer: Peer) -> None:
    await peer.say(REFUSAL)


async def closes(peer: Peer) -> None:
    await peer.end(Ending.CLOSE)


async def cuts(peer: Peer) -> None:
    await peer.end(Ending.CUT)


async def resets(peer: Peer) -> None:
    await peer.end(Ending.RESET)


async def takes_leave(peer: Peer) -> None:
    await peer.farewell()


async def says_rubbish(peer: Peer) -> None:
    await peer.write(b"\x17\x03\x03\x00\x20" + b"rubbish " * 4)


async def says_it_openly(peer: Peer) -> None:
    await peer.write(REFUSAL)


async def sends_part_of_a_record(peer: Peer) -> None:
    await peer.write(peer.seal(FINE)[:-1])
    await peer.end(Ending.CUT)
