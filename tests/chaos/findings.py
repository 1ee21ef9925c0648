"""What the auditor looks at, and what it finds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from tests.chaos.wire import Shot
from tests.fakes.virtual import START

TWIN_BEFORE_S = 12.0
"""A twin so little older than our own order cannot be told from it by its time: five seconds of
margin, whole seconds, and as far as the clock of the desk may have jumped."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must not be."""

    kind: str
    at_s: float
    text: str

    def __str__(self) -> str:
        return f"{self.kind} at {self.at_s:.2f}: {self.text}"


@dataclass(frozen=True, slots=True)
class Hand:
    """An order that somebody placed by hand."""

    mark: str
    """``ours``: it carries the tag of this program's application."""
    at_s: float

    def looks_like_ours(self, created_s: float) -> bool:
        """Tell whether neither mark nor time tell it from an order of a broadcast made then."""
        return self.mark == "ours" and self.at_s >= created_s - TWIN_BEFORE_S


@dataclass(frozen=True)
class Books:
    """The journal as it is in the file, and what the wire has seen."""

    lines: Sequence[sqlite3.Row]
    commands: Sequence[sqlite3.Row]
    broadcasts: Sequence[sqlite3.Row]
    transitions: Sequence[sqlite3.Row]
    executions: Sequence[sqlite3.Row]
    shots: Sequence[Shot]
    by_hand: Mapping[str, Hand]

    @cached_property
    def line_of(self) -> Mapping[str, str]:
        """The line's ref of every request's ref."""
        own = {str(line["ref"]): str(line["ref"]) for line in self.lines}
        return own | {str(c["id"]): str(c["ref"]) for c in self.commands}

    @cached_property
    def made(self) -> Mapping[str, Sequence[Shot]]:
        """The requests of every line that made an order."""
        found: dict[str, list[Shot]] = {}
        for shot in self.shots:
            line = self.line_of.get(shot.ref)
            if line is not None and shot.order_id is not None:
                found.setdefault(line, []).append(shot)
        return found

    @cached_property
    def created_s(self) -> Mapping[str, float]:
        """When every broadcast was made, by the desk's clock."""
        return {
            str(row["id"]): (datetime.fromisoformat(row["created"]) - START).total_seconds()
            for row in self.broadcasts
        }

    @cached_property
    def there_before(self) -> Mapping[str, frozenset[str]]:
        """The orders that were written down as there before, by broadcast."""
        return {
            str(row["id"]): frozenset(
                one for ids in json.loads(row["preimage"]).values() for one in ids
            )
            for row in self.broadcasts
        }

    @cached_property
    def rows(self) -> Mapping[tuple[str, str], sqlite3.Row]:
        """The lines by broadcast and account."""
        return {(str(one["broadcast"]), str(one["account"])): one for one in self.lines}


@dataclass
class Moment:
    """Everything as it is at one moment."""

    at_s: float
    books: Books
    ledger: Mapping[str, Any]
    shown: Sequence[Mapping[str, Any]]
    life: int
    before: Mapping[str, Any] | None = None
    """The ledger of a while ago."""
    misattributed: set[str] = field(default_factory=set)
    """Orders placed by hand under our own mark that stand for one of ours that never came to be."""

    @cached_property
    def orders(self) -> Mapping[str, Mapping[str, Any]]:
        """All orders of the brokerage by id."""
        return orders_of(self.ledger)

    def lines(self) -> Sequence[tuple[Mapping[str, Any], sqlite3.Row]]:
        """Every line as shown, with its row; a line without a row is shown by nobody."""
        return [
            (line, self.books.rows[broadcast["broadcast"], line["account"]])
            for broadcast in self.shown
            for line in broadcast["lines"]
            if (broadcast["broadcast"], line["account"]) in self.books.rows
        ]

    def own(self, row: sqlite3.Row) -> set[str]:
        """Return the orders that are a line's own, by the wire or because nobody can tell.

        An order by hand with our mark, of the same time, cannot be told from ours where none of
        the line's requests made one, or where the broker's answer named it (reliability 3.9).
        """
        ref = str(row["ref"])
        shots = [one for one in self.books.shots if self.books.line_of.get(one.ref) == ref]
        created_s = self.books.created_s[str(row["broadcast"])]
        taken = set()
        before = None
        for named in (*lineage_of(row), str(row["order_id"])):
            asked = [one for one in shots if one.replaces == before]
            hand = self.books.by_hand.get(named)
            if hand is not None and hand.looks_like_ours(created_s) and _stands_for(named, asked):
                taken.add(named)
            before = named
        self.misattributed |= taken
        return taken | {one.order_id for one in shots if one.order_id is not None}


def _stands_for(named: str, asked: Sequence[Shot]) -> bool:
    """Tell whether an order by hand may stand for what these requests should have made."""
    return all(one.order_id is None for one in asked) or named in {one.named for one in asked}


def orders_of(ledger: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return all orders of a ledger by id."""
    return {
        str(order["id"]): order
        for account in ledger["accounts"].values()
        for order in account["orders"]
    }


def lineage_of(row: sqlite3.Row) -> list[str]:
    """Return the ids of the orders that a line had before."""
    return [str(order_id) for order_id, *_ in json.loads(row["earlier"])]
