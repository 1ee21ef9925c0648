"""Programs in a terminal of their own, which takes all they write."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence
from typing import Any

WIDTH, HEIGHT = 160, 50


def run_in_terminal(module: str, *arguments: str) -> Any:  # noqa: ANN401 - what the program says
    """Run a module, which writes JSON to the descriptor given as its last argument."""
    leader, follower = open_terminal()
    read_end, write_end = os.pipe()
    program = subprocess.Popen(
        [sys.executable, "-m", module, *arguments, str(write_end)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        pass_fds=[write_end],
        env=environment(),
    )
    os.close(follower)
    os.close(write_end)
    reader = threading.Thread(target=_swallow, args=(leader,))
    reader.start()
    with os.fdopen(read_end) as answer:
        found = json.loads(answer.read())
    program.wait(30)
    reader.join()
    os.close(leader)
    return found


def open_terminal() -> tuple[int, int]:
    """Open a terminal; return our side and the program's."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (HEIGHT, WIDTH))
    return leader, follower


def environment() -> dict[str, str]:
    """Return the environment of a good terminal."""
    return {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


def seconds_until(command: Sequence[str], *texts: bytes) -> float:
    """Start a program and return after how long it has written all of these; then end it."""
    leader, follower = open_terminal()
    started = time.monotonic()
    program = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environment()
    )
    os.close(follower)
    written = b""
    while not all(text in written for text in texts):
        written += os.read(leader, 65536)
    took = time.monotonic() - started
    program.terminate()
    _swallow(leader)
    program.wait(30)
    os.close(leader)
    return took


def _swallow(terminal: int) -> None:
    """Take what the program writes, as a terminal would."""
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        return  # how Linux says that the other side of a terminal is closed
