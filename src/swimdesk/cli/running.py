"""Run a command's coroutine so that a signal ends it orderly, and at the right moment."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from swimdesk.cli.endings import Interrupted

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a command orderly; a lost terminal is one of them."""


class Interruption:
    """The first signal of a command: cancels it at once, or after what must not be cut off.

    Later signals change nothing, for the way out is short and must be gone to its end.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.said = ""
        """What an interrupted command has to say at its end."""
        self._task: asyncio.Task[Any] | None = None
        self._held_back = False
        self._instead: Callable[[int], None] | None = None

    def watch(self) -> None:
        """Let signals end the current task; called on its loop."""
        self._task = asyncio.current_task()
        for number in SIGNALS:
            if signal.getsignal(number) is signal.SIG_IGN:
                # Started to outlive its terminal, as under nohup.
                continue
            asyncio.get_running_loop().add_signal_handler(number, self._arrived, number)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Finish the body even if a signal comes meanwhile; it ends the command afterwards."""
        self._held_back = True
        try:
            yield
        finally:
            self._held_back = False
            if self.number is not None and self._task is not None:
                self._task.cancel()

    @contextmanager
    def handed_to(self, end: Callable[[int], None]) -> Iterator[None]:
        """Let a signal call this, which must bring the body to its end; the command ends then."""
        self._instead = end
        self._held_back = True
        try:
            yield
        finally:
            self._instead = None
            self._held_back = False
        if self.number is not None:
            # Raised here and now: a cancellation that came later would cut off what is closed next.
            raise asyncio.CancelledError

    def _arrived(self, number: int) -> None:
        if self.number is not None:
            return
        self.number = number
        if self._instead is not None:
            self._instead(number)
        if not self._held_back and self._task is not None:
            self._task.cancel()


def run_command(
    work: Callable[[Interruption], Coroutine[Any, Any, T]],
    *,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    """Run a command to its end; Interrupted after a signal, once everything is closed."""
    interruption = Interruption()

    async def watched() -> T:
        interruption.watch()
        return await work(interruption)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        try:
            return runner.run(watched())
        except asyncio.CancelledError:
            if interruption.number is None:
                raise
            raise Interrupted(interruption.number, interruption.said) from None


def fast_loop() -> asyncio.AbstractEventLoop:
    """Return the loop for commands that may send orders themselves."""
    import uvloop

    return uvloop.new_event_loop()
