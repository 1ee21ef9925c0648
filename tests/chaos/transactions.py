"""A connection to the database whose transactions are crash points."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.chaos.points import Passing

_TABLE: Final = re.compile(
    r"\s*(INSERT|UPDATE|DELETE)(?: OR \w+)?(?: INTO| FROM)?\s+(\w+)", re.IGNORECASE
)
_KINDS: Final = (
    "INSERT broadcasts", "decisions", "commands", "plans", "guard", "lines", "reads", "epochs",
)  # fmt: skip
"""Changes that give a transaction its name, the first of those that it made."""


class WatchedConnection:
    """Passes a crash point before and after every transaction and its first change."""

    def __init__(self, inner: sqlite3.Connection, passing: Passing) -> None:
        self.inner = inner
        self._passing = passing
        self._changed: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def execute(self, sql: str, *parameters: Any) -> Any:
        """Execute one statement."""
        with self._around(sql):
            return self.inner.execute(sql, *parameters)

    def executemany(self, sql: str, *parameters: Any) -> Any:
        """Execute one statement several times."""
        with self._around(sql):
            return self.inner.executemany(sql, *parameters)

    def executescript(self, script: str) -> Any:
        """Execute a step of the schema."""
        self._passing.here("start.migration.before")
        result = self.inner.executescript(script)
        self._passing.here("start.migration.after")
        return result

    def close(self) -> None:
        """Close the file."""
        self._passing.here("close.database.before")
        self.inner.close()
        self._passing.here("close.database.after")

    @contextmanager
    def _around(self, sql: str) -> Iterator[None]:
        before, after = self._points(sql)
        if before:
            self._passing.here(before)
        yield
        if after:
            self._passing.here(after)

    def _points(self, sql: str) -> tuple[str, str]:
        if sql.startswith("BEGIN"):
            self._changed.clear()
            return "transaction.before", "transaction.begun"
        if sql == "COMMIT":
            kind = next((kind for kind in _KINDS if kind in self._changed), "other").split()[-1]
            return f"commit.{kind}.before", f"commit.{kind}.after"
        if sql.startswith("PRAGMA wal_checkpoint"):
            return "checkpoint.before", "checkpoint.after"
        table = _TABLE.match(sql)
        if table is None:
            return "", ""
        is_first = not self._changed
        self._changed |= {table[2], f"{table[1]} {table[2]}"}
        return "", "transaction.changed" if is_first else ""
