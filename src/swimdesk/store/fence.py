"""Who may let orders leave: checked in the very transaction that writes them down as leaving."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from typing import Final

from swimdesk.desk.ports import GuardState
from swimdesk.domain.broadcast import Line
from swimdesk.domain.orders import LineState
from swimdesk.errors import HomeHeld, OrderDenied, TradingHalted
from swimdesk.store import chain
from swimdesk.store.connection import transaction

_BEGIN: Final = "INSERT INTO epochs (pid, since) VALUES (?, ?)"
_NEWEST: Final = "SELECT number, pid, since FROM epochs ORDER BY number DESC LIMIT 1"
_GUARD: Final = "SELECT state, reason FROM guard"
_UNRESOLVED: Final = (
    "SELECT account, fingerprint, ref, broadcast FROM lines WHERE state IN ('in_doubt', 'sending')"
)


def begin_epoch(connection: sqlite3.Connection, at: str) -> int:
    """Become the owner of the database; whoever was it before can send nothing from now on."""
    with transaction(connection):
        number = connection.execute(_BEGIN, (os.getpid(), at)).lastrowid
        chain.extend(connection, at, ("epochs",))
    return int(number or 0)


def check_may_send(connection: sqlite3.Connection, epoch: int) -> None:
    """See that orders may leave on behalf of that owner; HomeHeld, TradingHalted."""
    number, pid, since = connection.execute(_NEWEST).fetchone()
    if number != epoch:
        raise HomeHeld(
            f"Another process (pid {pid}) owns this home since {since[:19]} UTC; nothing was sent"
            " from here. Close this one and work in the other."
        )
    state, reason = connection.execute(_GUARD).fetchone()
    if state == GuardState.HALTED.value:
        raise TradingHalted(f"Halted: {reason}. Nothing was sent.")


def check_no_look_alike(connection: sqlite3.Connection, lines: Sequence[Line]) -> None:
    """See that no order of unknown fate looks like one that is about to leave; OrderDenied.

    Comes before the lines themselves are written.
    """
    unresolved = {
        (account, look): (ref, broadcast)
        for account, look, ref, broadcast in connection.execute(_UNRESOLVED)
    }
    for line in lines if unresolved else ():
        ref, other = unresolved.get((line.account, line.fingerprint), (line.ref, ""))
        if line.state is LineState.SENDING and ref != line.ref:
            raise OrderDenied(
                f"The same order is unresolved in {line.account} (broadcast {other}); nothing was"
                " sent. Wait until it is known, or decide it: `swimdesk resolve`."
            )
