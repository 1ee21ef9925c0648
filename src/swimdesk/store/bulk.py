"""Many rows by few statements: a thread that writes them seldom hands the interpreter over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

NULL: Final = float("nan")
"""NULL as a parameter: SQLite stores NaN as NULL, and Python binds None several times slower."""

SIZES: Final = (256, 64, 16, 4, 1)
"""Rows of one statement; so few sizes that all of them stay prepared."""


def insert(
    connection: sqlite3.Connection,
    table: str,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    """Insert rows, the values of the named columns, in their order."""
    start = 0
    for size in _sizes(len(rows)):
        values = list(chain.from_iterable(rows[start : start + size]))
        connection.execute(statement(table, columns, size), values)
        start += size


@cache
def statement(table: str, columns: tuple[str, ...], rows: int = 1) -> str:
    """Return the statement that inserts so many rows."""
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * rows)}"  # noqa: S608 - our names


def _sizes(count: int) -> Iterator[int]:
    """Divide so many rows into statements, the large ones first."""
    for size in SIZES:
        statements, count = divmod(count, size)
        yield from (size,) * statements
