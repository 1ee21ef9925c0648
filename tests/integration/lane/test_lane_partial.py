"""Orders that leave in parts: only what was said after the last byte is an answer."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import closing, suppress

import pytest
from tests.integration.lane.steps import (
    FINE,
    REFUSAL,
    Disturbance,
    Stage,
    closes,
    cuts,
    firing,
    resets,
    staged,
    takes_leave,
)
from tests.integration.lanes import Fired, Tls, request
from tests.unit.schwab.support import StoppedClock

from swimdesk.desk.ports import OutcomeKind
from swimdesk.schwab.lane.connection import Connection
from swimdesk.schwab.lane.poll import Poll
from swimdesk.schwab.lane.secrecy import Clear
from swimdesk.schwab.outcomes import Answer, Fault

SMALL_BUFFER = 4096
LARGE = request("A0", b"x" * 6_000_000)
"""More than both kernels take in at once."""


@pytest.fixture
async def stage(secure: Tls | None) -> AsyncIterator[Stage]:
    async with staged(secure, buffer_bytes=SMALL_BUFFER) as stage:
        yield stage


def told(fired: Fired) -> tuple[OutcomeKind, Fault | None]:
    """Return what became of the only order, and why."""
    (answer,) = fired.answers
    return fired.kinds()["A0"], answer.fault


async def test_order_that_the_kernel_takes_in_parts_is_accepted_when_it_is_through(
    stage: Stage,
) -> None:
    async with firing(stage.lane.load([LARGE])) as fired:
        assert fired.sent == 1
        assert await stage.next.request() == LARGE.wire
        stage.clock.advance(5)
        await stage.next.say(FINE)
    assert told(fired) == (OutcomeKind.ACCEPTED, None)
    answer = fired.answers[0]
    assert (answer.first_byte_ns or 0) - (answer.sent_ns or 0) >= 5e9


@pytest.mark.parametrize("answer", [FINE, REFUSAL, FINE[:-1], b"\x00"], ids=str)
async def test_answer_before_the_order_is_complete_is_unknown_whatever_it_says(
    stage: Stage, answer: bytes
) -> None:
    async with firing(stage.lane.load([LARGE])) as fired:
        await stage.next.say(answer)
    assert told(fired) == (OutcomeKind.UNKNOWN, Fault.MALFORMED)
    assert "before the order was complete" in (fired.outcomes()["A0"].reason or "")
    await assert_gone(stage)


@pytest.mark.parametrize("disturb", [closes, cuts, resets])
async def test_end_before_the_order_is_complete_is_unknown(
    stage: Stage, disturb: Disturbance
) -> None:
    async with firing(stage.lane.load([LARGE])) as fired:
        await disturb(stage.next)
    assert told(fired)[0] is OutcomeKind.UNKNOWN
    await assert_gone(stage)


async def test_leave_taken_before_the_order_is_complete_is_unknown(tls: Tls) -> None:
    async with (
        staged(tls, buffer_bytes=SMALL_BUFFER) as stage,
        firing(stage.lane.load([LARGE])) as fired,
    ):
        await takes_leave(stage.next)
    assert told(fired) == (OutcomeKind.UNKNOWN, Fault.END_OF_STREAM)


async def test_order_that_never_gets_through_is_unknown_at_the_deadline(stage: Stage) -> None:
    async with firing(stage.lane.load([LARGE]), deadline_s=0.01) as fired:
        pass
    assert told(fired) == (OutcomeKind.UNKNOWN, Fault.DEADLINE)
    assert LARGE.wire not in stage.next.heard


async def test_order_of_which_a_part_left_has_no_moment_at_which_it_had_left(
    stage: Stage,
) -> None:
    async with firing(stage.lane.load([LARGE]), deadline_s=0.01) as fired:
        pass
    assert fired.outcomes()["A0"].sent_ns is None


async def test_second_answer_after_a_slow_order_ends_the_connection(stage: Stage) -> None:
    async with firing(stage.lane.load([LARGE])) as fired:
        await stage.next.request()
        await stage.next.say(FINE + REFUSAL)
    assert told(fired) == (OutcomeKind.ACCEPTED, None)
    await assert_gone(stage)


async def assert_gone(stage: Stage) -> None:
    """See that the connection is never used again."""
    again = Fired()
    await stage.lane.load([request("A0")]).fire(again.on_sent, again.answers.append, 1)
    assert told(again)[0] is OutcomeKind.NOT_SENT
    assert len(stage.server.peers) == 1


async def test_answer_that_came_first_is_read_first_when_there_is_room_again() -> None:
    answers: list[Answer] = []
    ours, theirs = socket.socketpair()
    for sock in (ours, theirs):
        sock.setblocking(False)
    with closing(theirs), closing(Poll()) as poll:
        connection = Connection(ours, Clear(), poll, StoppedClock())
        room = ours.send(LARGE.wire)
        drain(theirs)
        order = request("A0", b"x" * room)
        connection.load(order, lambda _, answer: answers.append(answer))
        assert connection.shoot()
        theirs.send(REFUSAL)
        drain(theirs)
        # Both at once: room for the rest of the order, and the answer from before it.
        poll.look_at_all()
    assert [answer.fault for answer in answers] == [Fault.MALFORMED]


def drain(sock: socket.socket) -> None:
    with suppress(BlockingIOError):
        while sock.recv(1 << 20):
            pass
