"""A terminal that is gone holds nothing up."""

from __future__ import annotations

from io import StringIO
from typing import IO, cast

from textual.drivers._writer_thread import WriterThread

from swimdesk.console.shell.terminal import Output


class Terminal(StringIO):
    """A terminal that can be lost."""

    is_lost = False

    def write(self, text: str) -> int:
        if self.is_lost:
            raise OSError(5, "Input/output error")
        return super().write(text)


def test_nobody_waits_for_a_terminal_that_is_lost() -> None:
    terminal = Terminal()
    thread = WriterThread(cast("IO[str]", Output(terminal)))
    thread.write("seen")
    thread.start()
    thread.stop()
    assert terminal.getvalue() == "seen"
    terminal.is_lost = True
    thread = WriterThread(cast("IO[str]", Output(terminal)))
    thread.start()
    for _ in range(200):
        thread.write("not seen")
    thread.stop()
    assert terminal.getvalue() == "seen"
