"""The auditor: what the desk shows and has written down, against the brokerage's own ledger.

It shares no code with the desk: the ledger is JSON, the journal plain SELECTs, what is shown JSON.
Which order came of which request it knows from the wire.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from swimdesk.views.codec import to_json
from tests.chaos.findings import Books, Finding, Moment
from tests.chaos.operator import Operator
from tests.chaos.rules import END_RULES, MOMENT_RULES, nothing_is_left_open
from tests.chaos.timing import now_s
from tests.chaos.wire import Shot
from tests.chaos.world import ANSWER_DEADLINE_S, Process, World

ANSWERED_S = 0.5
"""So long after its arrival an answer is written down."""
KEPT_UP_S = 20.0
"""So far behind the ledger nothing may be that is followed."""

_BOOKS = {
    "lines": "SELECT ref, broadcast, account, state, doubt, order_id, accepted, filled, earlier,"
    " replacement, fingerprint FROM lines",
    "commands": "SELECT id, ref, kind, outcome, new_order_id FROM commands",
    "broadcasts": "SELECT id, created, preimage FROM broadcasts",
    "transitions": "SELECT ref, state, filled FROM transitions ORDER BY number",
    "executions": "SELECT ref, order_id, activity_id FROM executions",
}
_BLOCKING = (
    "SELECT other.ref, other.state FROM lines AS mine JOIN lines AS other"
    " ON other.account = mine.account AND other.fingerprint = mine.fingerprint"
    " AND other.ref <> mine.ref AND other.state IN ('sending', 'in_doubt') WHERE mine.ref = ?"
)


class Auditor:
    """Looks at a world from outside, in the moment of each order and whenever it is asked to."""

    def __init__(self, world: World, operator: Operator) -> None:
        self._world = world
        self._operator = operator
        self.findings: list[Finding] = []
        self.misattributed: set[str] = set()
        self._books: list[Moment] = []
        self._refs: Counter[str] = Counter()
        world.wire.before_shot = self._before
        world.wire.given_up = self._given_up

    # --- at the first byte -------------------------------------------------------------------

    def _before(self, shot: Shot) -> None:
        """Hold an order that is about to leave against the file."""
        self._refs[shot.ref] += 1
        if self._refs[shot.ref] > 1:
            self._find("doubled", f"{shot.ref} left {self._refs[shot.ref]} times")
        if shot.replaces is None:
            rows = self._rows("SELECT state FROM lines WHERE ref = ?", shot.ref)
            expected = "sending"
        else:
            rows = self._rows(
                "SELECT state FROM lines WHERE ref = (SELECT ref FROM commands WHERE id = ?)",
                shot.ref,
            )
            expected = "replacing"
        if [row["state"] for row in rows] != [expected]:
            found = rows[0]["state"] if rows else "nothing"
            self._find("unwritten", f"{shot.ref} left while the file said {found}")
        since_s = self._operator.halt.since_s
        if since_s is not None:
            self._find("halted", f"{shot.ref} left though all was halted at {since_s:.2f}")
        if shot.replaces is None:
            for row in self._rows(_BLOCKING, shot.ref):
                self._find("doubled", f"{shot.ref} left beside {row['ref']}, {row['state']}")

    def _given_up(self, shot: Shot) -> None:
        """An answer is awaited as long as was said."""
        waited_s = now_s() - shot.at_s
        if waited_s < ANSWER_DEADLINE_S - 0.001:
            self._find("lied", f"{shot.ref} was given up after {waited_s:.3f} s")

    # --- whenever it is asked to -------------------------------------------------------------

    async def look(self) -> None:
        """Compare everything as it is now."""
        self._world.broker.advance()
        for process in list(self._world.processes):
            if process.life.is_alive:
                moment = await process.life.run(self._moment(process))
                # A process that died meanwhile shows nothing to anybody.
                if process.life.is_alive:
                    self._check(moment, MOMENT_RULES)
                    self._books.append(moment)
                    self._answers(moment.books)

    async def _moment(self, process: Process) -> Moment:
        """Take in what is shown and what is written; nothing happens in between."""
        board = await process.desk.watch("", 0.0)
        shown = [to_json(one) for one in board.broadcasts]
        return Moment(now_s(), self._written(), self._ledger(), shown, process.life.number)

    async def at_the_end(self) -> None:
        """Compare everything once more: what is not known now will not become known."""
        await self.look()
        if not self._books:
            return
        last = self._books[-1]
        earlier = [one for one in self._books if one.at_s <= last.at_s - KEPT_UP_S]
        last.before = earlier[-1].ledger if earlier else None
        self._check(last, END_RULES)
        unknown = {str(row["id"]) for row in last.books.broadcasts} - set(self._operator.asked)
        for broadcast in sorted(unknown):
            self._find("doubled", f"nobody asked for broadcast {broadcast}")
        for crash in self._world.crashes:
            self._find("crashed", crash)

    def is_settled(self) -> bool:
        """Tell whether everything that is shown is as it may stay."""
        return bool(self._books) and not list(nothing_is_left_open(self._books[-1]))

    def close(self) -> None:
        """Write everything that was written down into the trace."""
        for row in self._rows("SELECT * FROM transitions ORDER BY number"):
            self._world.trace.note("line", *row)
        for row in self._rows("SELECT * FROM commands ORDER BY id"):
            self._world.trace.note("command", *row)

    # --- inside ------------------------------------------------------------------------------

    def _check(self, moment: Moment, rules: Iterable[Any]) -> None:
        for rule in rules:
            for finding in rule(moment):
                self._find(*finding)
        self.misattributed |= moment.misattributed

    def _find(self, kind: str, text: str) -> None:
        known = {(one.kind, one.text) for one in self.findings}
        if (kind, text) not in known:
            self.findings.append(Finding(kind, now_s(), text))

    def _answers(self, books: Books) -> None:
        """See that every answer that came to a desk that lives on is written down."""
        alive = {one.life.number for one in self._world.processes if one.life.is_alive}
        accepted = {line["ref"]: line["accepted"] for line in books.lines}
        for shot in self._world.wire.shots:
            at_s = shot.answered_s
            if at_s is None or shot.replaces is not None or now_s() < at_s + ANSWERED_S:
                continue
            shot.answered_s = None
            if shot.life in alive and not accepted.get(shot.ref):
                self._find("lied", f"the answer to {shot.ref} came and was forgotten")

    def _ledger(self) -> Mapping[str, Any]:
        document: Mapping[str, Any] = json.loads(self._world.broker.ledger.as_json())
        return document

    def _written(self) -> Books:
        with closing(_opened(self._world.database)) as file:
            found = {name: file.execute(query).fetchall() for name, query in _BOOKS.items()}
        return Books(**found, shots=self._world.wire.shots, by_hand=self._world.by_hand)

    def _rows(self, query: str, *values: str) -> list[sqlite3.Row]:
        with closing(_opened(self._world.database)) as file:
            return file.execute(query, values).fetchall()


def _opened(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection
