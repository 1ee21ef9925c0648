"""All connections of the lane behind one descriptor: who has bytes is asked in one call.

The loop watches one epoll set instead of thousands of sockets. A last look before a burst costs
one call however many connections there are, and answers that arrive together are read in one loop.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import Final, ParamSpec, Protocol

AT_ONCE: Final = 256
"""So many connections are served before the loop gets its turn; about two milliseconds."""

ROUNDS: Final = 4
"""How often a last look comes back to somebody who talks on and on."""

_READS: Final = select.EPOLLIN | select.EPOLLRDHUP
_ROOM: Final = select.EPOLLOUT
_WRITES: Final = _READS | _ROOM


class Watched(Protocol):
    """What is told of bytes and ends."""

    file_number: int

    def on_readable(self) -> None:
        """Read."""
        ...

    def on_writable(self) -> None:
        """Write on."""
        ...

    def on_abandoned(self) -> None:
        """End: nobody will tell of anything any more, or one of the above failed."""
        ...


class Poll:
    """The descriptors of one lane, served by the running loop."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._watched: dict[int, Watched] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_looking = False
        self._later: dict[Callable[[], None], None] = {}

    def watch(self, one: Watched) -> None:
        """Serve a descriptor from here on; the first one decides which loop serves them all.

        ConnectionAbortedError once this is closed.
        """
        if self._epoll.closed:
            raise ConnectionAbortedError("the lane is closed")
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._epoll.fileno(), self._serve)
        self._watched[one.file_number] = one
        self._epoll.register(one.file_number, _READS)

    def watch_writes(self, one: Watched) -> None:
        """Tell also when there is room to write."""
        self._epoll.modify(one.file_number, _WRITES)

    def watch_reads(self, one: Watched) -> None:
        """Tell no more of room to write."""
        self._epoll.modify(one.file_number, _READS)

    def forget(self, one: Watched) -> None:
        """Serve a descriptor no more; it is still open."""
        del self._watched[one.file_number]
        self._epoll.unregister(one.file_number)

    def look(self) -> int:
        """Serve whoever the kernel has something for at this moment, some; return how many."""
        if self._epoll.closed:
            return 0
        found = self._epoll.poll(0, AT_ONCE)
        watched = self._watched
        for number, events in found:
            one = watched.get(number)
            if one is None:
                continue
            try:
                # Reads first: what is here now was said before anything that is yet to be written.
                if events != _ROOM:
                    one.on_readable()
                if events & _ROOM and one.file_number == number:
                    one.on_writable()
            except Exception as error:  # noqa: BLE001 - one line's trouble must not lose the others
                tell(error)
                one.on_abandoned()
        return len(found)

    def look_at_all(self) -> None:
        """Serve everybody the kernel has something for, ends behind other bytes included."""
        self._look_at_most(ROUNDS * max(len(self._watched), 1))

    def afterwards(self, work: Callable[[], None]) -> None:
        """Run work once nobody has anything to be read, or at once where nobody is being served.

        What can wait must not stand between bytes that have come and the stamp of their moment.
        ``work`` must not raise; named again meanwhile, it runs once.
        """
        if self._is_looking:
            self._later[work] = None
        else:
            work()

    def _serve(self) -> None:
        """Serve some; the loop comes back as long as anybody has something."""
        self._look_at_most(AT_ONCE)

    def _look_at_most(self, times: int) -> None:
        if self._is_looking:
            return
        self._is_looking = True
        try:
            while times > 0 and (served := self.look()):
                times -= served
        finally:
            self._is_looking = False
        later, self._later = self._later, {}
        for work in later:
            work()

    def close(self) -> None:
        """Serve nobody any more; who still waits is told so. A second time is no harm."""
        if self._epoll.closed:
            return
        for one in list(self._watched.values()):
            one.on_abandoned()
        if self._loop is not None:
            self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()


P = ParamSpec("P")


def guarded(callback: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run somebody else's callback: whatever it does, the wave goes on.

    Its errors go to the loop's exception handler.
    """
    try:
        callback(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - one line's trouble must not lose the others
        tell(error)


def tell(error: Exception) -> None:
    """Hand an error of somebody else's callback to the loop's exception handler."""
    asyncio.get_running_loop().call_exception_handler(
        {"message": "a callback of the order lane failed", "exception": error}
    )
