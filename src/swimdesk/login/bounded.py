"""Calls into a keyring, which may wait for a prompt that nobody sees."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from swimdesk.errors import SwimdeskError

T = TypeVar("T")

KEYRING_TIMEOUT_S = 10.0


def bounded(call: Callable[[], T], timeout_s: float, kind: type[SwimdeskError], advice: str) -> T:
    """Return what the call returns; ``kind``, with the advice, where it fails or takes too long.

    Our own errors pass as they are; of any other only the name is told, for its words may be the
    secret.
    """
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:  # noqa: BLE001 - backends raise what they like; told below
            errors.append(error)

    # A daemon thread, because an executor's thread would keep the program from ending.
    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if results:
        return results[0]
    if not errors:
        raise kind(f"the keyring did not answer in {timeout_s:g} s: {advice}")
    if isinstance(errors[0], SwimdeskError):
        raise errors[0]
    raise kind(f"the keyring failed ({type(errors[0]).__name__}): {advice}")
