"""Bring a database file to this program's schema, one numbered step at a time."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

APPLICATION_ID = 0x5377696D
"""The mark in the file's header that tells our databases from others' ("Swim")."""

_NAME = re.compile(r"^(\d{4})_\w+\.sql$")


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: the schema number that it leads to, and its statements."""

    number: int
    sql: str


@cache
def steps() -> tuple[Step, ...]:
    """Read the packaged migrations in order."""
    found = {
        int(match[1]): entry.read_text(encoding="utf-8")
        for entry in files("swimdesk.store").joinpath("migrations").iterdir()
        if (match := _NAME.match(entry.name))
    }
    return tuple(Step(number, found[number]) for number in sorted(found))


def latest() -> int:
    """Return the schema number that this program writes."""
    return steps()[-1].number


def schema_of(connection: sqlite3.Connection) -> int:
    """Return the schema number of an open database; 0 before the first migration."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, path: Path, wanted: Sequence[Step]) -> None:
    """Apply the steps that are missing, each whole or not at all, after a backup of a used file."""
    schema = schema_of(connection)
    missing = [step for step in wanted if step.number > schema]
    if missing and schema:
        back_up(connection, backup_path(path, schema))
    for step in missing:
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{step.sql}\n"
                f"PRAGMA application_id={APPLICATION_ID};\n"
                f"PRAGMA user_version={step.number};\nCOMMIT;"
            )
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                connection.rollback()
            raise


def backup_path(path: Path, schema: int) -> Path:
    """Return where the file is copied to before it leaves that schema."""
    return path.with_name(f"{path.name}.schema-{schema}.backup")


def back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Copy a database that may be in use; the copy appears whole or not at all."""
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with contextlib.closing(sqlite3.connect(partial)) as copy:
        connection.backup(copy)
    partial.replace(target)
