"""The journal as anybody may look at it: read-only, while its owner writes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path


def line_states(home: Path, key: str | None = None) -> Counter[str]:
    """Count the states of the lines of one broadcast, by its key, or of all."""
    rows = _rows(
        home,
        "SELECT state, count(*) FROM lines JOIN broadcasts ON broadcasts.id = broadcast"
        " WHERE ? IN (key, '*') GROUP BY state",
        key or "*",
    )
    return Counter({str(state): int(str(number)) for state, number in rows})


def broadcast_ids(home: Path) -> list[str]:
    """List the broadcasts, oldest first."""
    return [str(row[0]) for row in _rows(home, "SELECT id FROM broadcasts ORDER BY created, id")]


def _rows(home: Path, query: str, *values: str) -> list[tuple[object, ...]]:
    file = home / "desk.db"
    if not file.exists():
        return []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'lines'").fetchall():
            return []
        return connection.execute(query, values).fetchall()


def commands_without_outcome(home: Path) -> int:
    """Count the commands of which nobody knows what became of them."""
    rows = _rows(home, "SELECT count(*) FROM commands WHERE outcome IS NULL")
    return int(str(rows[0][0])) if rows else 0
