"""Ask a person for a secret: on the terminal itself, without echo, never from arguments."""

from __future__ import annotations

import getpass
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from swimdesk.errors import InputError
from swimdesk.telemetry.redaction import Secret

_TERMINAL = "/dev/tty"

_taken = threading.Event()
"""Set while a screen has the terminal: its answer would be typed at that."""


@contextmanager
def taken() -> Iterator[None]:
    """Let nobody be asked here while a screen has the terminal."""
    _taken.set()
    try:
        yield
    finally:
        _taken.clear()


def has_terminal() -> bool:
    """Tell whether there is somebody to ask."""
    if _taken.is_set():
        return False
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def ask_secret(prompt: str) -> Secret:
    """Return what is typed; InputError where there is no terminal, or nothing is typed."""
    if not has_terminal():
        raise InputError(f"there is no terminal to ask on ({prompt})")
    try:
        with _ended_by_signals():
            text = getpass.getpass(f"{prompt}: ")
    except EOFError:
        text = ""
    except UnicodeDecodeError:
        # Its words would tell what was typed.
        raise InputError(f"what was typed is not text in UTF-8 ({prompt})") from None
    if not text:
        raise InputError(f"nothing was typed ({prompt})")
    return Secret(text)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let Ctrl-C end the question, although a loop has taken the signal for itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
