"""The database file of a home, open for writing: sound, migrated, of one mode, with a reserve."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from swimdesk.desk.ports import GuardState
from swimdesk.errors import ModeMismatch, StoreFull
from swimdesk.store.chain import CHECKED
from swimdesk.store.connection import BUSY_TIMEOUT_S, connect_writing, transaction
from swimdesk.store.faults import NOTHING_SENT, is_fatal, store_error, told
from swimdesk.store.fence import begin_epoch
from swimdesk.store.inspection import Inspected, inspect, mode_of
from swimdesk.store.journal import keep_fact
from swimdesk.store.migrate import migrate, steps
from swimdesk.store.reserve import RESERVE_BYTES, Reserve
from swimdesk.store.rows import time_text

CHECKPOINT_EVERY = 4000
"""Rows written between two checkpoints: a log of about 5 MB, once in some 20 broadcasts."""

_ON_RESERVE = (
    "There is no room left to write {path}; results of sent orders were written into the space "
    "kept in reserve. Nothing more is sent until there is room again."
)

T = TypeVar("T")


class Database:
    """The one writing connection of a home; used by one thread at a time, its owner's."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, reserve: Reserve, epoch: int
    ) -> None:
        self.path = path
        self.epoch = epoch
        """Whose ownership of the home this is; each opening for writing begins another."""
        self._connection = connection
        self._reserve = reserve
        self._rows_moved = 0
        self._dead: sqlite3.Error | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        mode: str,
        now: datetime,
        *,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> Database:
        """Open or make the file of this mode; a StoreError leaves an existing file as it was."""
        with told(path, NOTHING_SENT):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = inspect(path, busy_timeout_s) if path.exists() else None
            if found is not None:
                _check_mode(path, mode, found.mode)
            reserve = Reserve(path.with_name(path.name + ".reserve"), reserve_bytes)
            reserve.hold()
            connection = connect_writing(path, busy_timeout_s)
            try:
                migrate(connection, path, steps())
                _make_single_rows(connection, mode, now)
                _check_mode(path, mode, mode_of(connection, path))
                epoch = _take_over(connection, found, now)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection, reserve, epoch)

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Ask the database something; StoreError if it cannot answer."""
        with told(self.path, "nothing was sent because of it"):
            return work(self._connection)

    def write(self, work: Callable[[sqlite3.Connection], T], meaning: str) -> T:
        """Run a transaction that leads to sending; refused while there is no reserve.

        ``meaning`` says what a failure leaves undone, for the operator.
        """
        if not self._reserve.is_held:
            with told(self.path, meaning):
                self._reserve.hold()
        return self._run(work, meaning)

    def write_result(
        self,
        work: Callable[[sqlite3.Connection], T],
        meaning: str,
        on_full: Callable[[StoreFull], None],
    ) -> T:
        """Run a transaction about what is sent already: on a full disk it takes the reserve.

        ``on_full`` hears of a full disk whether or not the reserve was enough.
        """
        try:
            return self._run(work, meaning)
        except StoreFull as error:
            full = error
        # The checkpoint comes second: it eats the reserve, but helps where a file may not grow.
        for make_room in (self._give_up_reserve, self._checkpoint):
            make_room()
            try:
                result = self._run(work, meaning)
            except StoreFull as error:
                full = error
            else:
                on_full(StoreFull(_ON_RESERVE.format(path=self.path)))
                return result
        on_full(full)
        raise full

    def tidy(self) -> None:
        """Move the log into the database now and then; called when nobody waits for it."""
        rows = self._connection.total_changes - self._rows_moved
        # On a full disk the space belongs to results.
        if rows >= CHECKPOINT_EVERY and self._dead is None and self._reserve.is_held:
            self._checkpoint()

    def close(self) -> None:
        """Close the file; everything that was acknowledged is in it."""
        self._connection.close()

    def _run(self, work: Callable[[sqlite3.Connection], T], meaning: str) -> T:
        if self._dead is not None:
            raise store_error(self.path, self._dead, meaning)
        try:
            return work(self._connection)
        except sqlite3.Error as error:
            told_as = store_error(self.path, error, meaning)
            if is_fatal(error) and not isinstance(told_as, StoreFull):
                self._dead = error
            raise told_as from error

    def _give_up_reserve(self) -> None:
        with contextlib.suppress(OSError):
            self._reserve.give_up()

    def _checkpoint(self) -> None:
        # A checkpoint that fails loses nothing: the log keeps what it has.
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        self._rows_moved = self._connection.total_changes


def _take_over(connection: sqlite3.Connection, found: Inspected | None, now: datetime) -> int:
    """Begin an epoch, and remember up to where the chain was found whole."""
    if found is not None and found.chain is not None:
        keep_fact(connection, CHECKED, str(found.chain.last))
    return begin_epoch(connection, time_text(now))


def _check_mode(path: Path, wanted: str, found: str | None) -> None:
    if found not in (None, wanted):
        raise ModeMismatch(
            f"{path} is for {found}, the configuration says {wanted}; {NOTHING_SENT}. "
            "Use one home for each mode."
        )


def _make_single_rows(connection: sqlite3.Connection, mode: str, now: datetime) -> None:
    """Write what every database has exactly one of, unless it is there."""
    if connection.execute("SELECT count(*) FROM meta").fetchone()[0]:
        return
    with transaction(connection):
        connection.execute("INSERT INTO meta VALUES (1, ?, ?)", (mode, time_text(now)))
        connection.execute(
            "INSERT INTO guard VALUES (1, ?, '', ?)", (GuardState.ACTIVE.value, time_text(now))
        )
