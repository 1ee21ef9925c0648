"""The terminal that is written to; nobody waits for one that is gone."""

from __future__ import annotations

from io import TextIOWrapper
from typing import IO, cast

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver


class Output:
    """What goes to a terminal; once that is lost, it goes nowhere.

    Textual writes in a thread. An error there ends the thread, the queue before it fills up, and
    the console then waits for ever when it puts the terminal back.
    """

    def __init__(self, output: IO[str]) -> None:
        self._output = output
        self._is_lost = False

    def write(self, text: str) -> int:
        """Write, if there is still a terminal."""
        if not self._is_lost:
            try:
                return self._output.write(text)
            except (OSError, ValueError):
                self._is_lost = True
        return len(text)

    def flush(self) -> None:
        """Show what was written, if there is still a terminal."""
        if not self._is_lost:
            try:
                self._output.flush()
            except (OSError, ValueError):
                self._is_lost = True

    def fileno(self) -> int:
        """Return the number of the terminal's file."""
        return self._output.fileno()


class LastingDriver(LinuxDriver):
    """Textual's driver, which a lost terminal cannot hold up."""

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if self._file is not None:
            # The only way in: Textual's thread is made with whatever this is.
            self._file = cast("TextIOWrapper", Output(self._file))
