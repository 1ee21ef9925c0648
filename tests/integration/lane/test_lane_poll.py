"""The one descriptor that stands for all: trouble with one of them is nobody else's."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from swimdesk.schwab.lane.poll import Poll


class Listener:
    """Reads what comes, or fails at it; ``abandoned`` once it was told that nobody will."""

    def __init__(self, poll: Poll, sock: socket.socket, *, fails: bool = False) -> None:
        self.socket = sock
        self.file_number = sock.fileno()
        self.fails = fails
        self.abandoned = False
        self.poll = poll
        self.read = asyncio.Event()
        poll.watch(self)

    def on_readable(self) -> None:
        """Read, or fail."""
        if self.fails:
            raise RuntimeError("a bug in one connection")
        self.socket.recv(100)
        self.read.set()

    def on_writable(self) -> None:
        """Have nothing to write."""

    def on_abandoned(self) -> None:
        """Leave."""
        self.abandoned = True
        self.poll.forget(self)


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    with ExitStack() as stack:
        made = [socket.socketpair() for _ in range(3)]
        for pair in made:
            for sock in pair:
                stack.enter_context(sock)
                sock.setblocking(False)
        yield made


async def test_one_that_fails_is_abandoned_and_the_others_are_served(
    pairs: list[tuple[socket.socket, socket.socket]],
) -> None:
    troubles: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, c: troubles.append(c["exception"]))
    poll = Poll()
    listeners = [Listener(poll, near, fails=place == 1) for place, (near, _) in enumerate(pairs)]
    for _, far in pairs:
        far.send(b"bytes")
    poll.look_at_all()
    assert [one.read.is_set() for one in listeners] == [True, False, True]
    assert [one.abandoned for one in listeners] == [False, True, False]
    assert [str(trouble) for trouble in troubles] == ["a bug in one connection"]
    poll.close()
    assert all(one.abandoned for one in listeners)


async def test_closing_twice_is_no_harm(pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    poll = Poll()
    listener = Listener(poll, pairs[0][0])
    poll.close()
    poll.close()
    assert listener.abandoned
    assert poll.look() == 0
