"""What must hold after every step of the state machine (reliability 6.1), and at its end."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from swimdesk.desk.ports import BrokerOrderState, PreparedOrder
from swimdesk.domain.broadcast import Line
from swimdesk.domain.orders import LIVE, LineState, may_move
from tests.chaos.machine_home import Home
from tests.chaos.rules import DECIDED_BY_A_PERSON, KNOWN, UNSEEN
from tests.chaos.timing import now_s

READS_FOR_ABSENCE = 5

_LINE_STATE = "SELECT state FROM lines WHERE ref = ?"
_REPLACED_STATE = "SELECT state FROM lines WHERE ref = (SELECT ref FROM commands WHERE id = ?)"
_BLOCKING = (
    "SELECT count(*) AS n FROM lines WHERE account = ? AND fingerprint = ? AND ref <> ?"
    " AND state IN ('sending', 'in_doubt')"
)
_STEPS = (
    "SELECT t.number, t.ref, t.state, t.doubt, t.filled, r.complete FROM transitions AS t"
    " LEFT JOIN reads AS r ON r.number = t.read WHERE t.number > ? ORDER BY t.number"
)


class Checks:
    """Holds what is written down and shown against the plain model."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file = sqlite3.connect(f"file:{home.file}?mode=ro", uri=True)
        self._file.row_factory = sqlite3.Row
        self._left: dict[str, float] = {}
        self._steps = 0
        self._states: dict[str, str] = {}
        self._filled: dict[str, int] = {}
        self._missed: set[str] = set()
        self._before_this_life: frozenset[str] = frozenset()
        self.is_halted = False
        self.broken: list[str] = []
        home.broker.at_first_byte = self.at_first_byte

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def begin_life(self) -> None:
        """Remember what was written down before this process: none of it may leave any more."""
        rows = self._file.execute("SELECT ref FROM lines UNION SELECT id FROM commands")
        self._before_this_life = frozenset(row["ref"] for row in rows)

    def at_first_byte(self, order: PreparedOrder) -> None:
        """I1 to I4: written down, alone, allowed, once."""
        ref = order.ref
        is_new = order.replaces is None
        row = self._file.execute(_LINE_STATE if is_new else _REPLACED_STATE, (ref,)).fetchone()
        asked = (order.account, order.fingerprint, ref)
        alike = self._file.execute(_BLOCKING, asked).fetchone()["n"] if is_new else 0
        if row is None or row["state"] != ("sending" if is_new else "replacing"):
            self.broken.append(f"I1: {ref} left, the file said {row and row['state']}")
        if alike:
            self.broken.append(f"I2: {ref} left beside one of unknown fate that looks the same")
        if self.is_halted or ref in self._before_this_life:
            self.broken.append(f"I3: {ref} left while halted, or after a restart")
        if ref in self._left:
            self.broken.append(f"I4: {ref} left twice")
        self._left[ref] = now_s()

    def line_of(self, order_id: str) -> str:
        """Return the ref of the line whose request made an order."""
        ref = self._home.broker.made[order_id]
        row = self._file.execute("SELECT ref FROM commands WHERE id = ?", (ref,)).fetchone()
        return ref if row is None else str(row["ref"])

    def look(self) -> None:
        """Check everything that must hold at any moment; AssertionError with all that does not."""
        self.broken += self._moves()
        lines = self._file.execute("SELECT * FROM lines").fetchall()
        commands = self._file.execute("SELECT id, ref FROM commands").fetchall()
        line_of = {c["id"]: c["ref"] for c in commands}
        self.broken += [*self._bindings(lines, line_of), *self._shown(lines, line_of)]
        self.broken += self._home.errors
        assert not self.broken, "\n".join(dict.fromkeys(self.broken))

    # --- the history -------------------------------------------------------------------------

    def _moves(self) -> Iterator[str]:
        """I6, I7, I9: legal moves, growing fills, nothing negative but from complete reads."""
        for row in self._file.execute(_STEPS, (self._steps,)).fetchall():
            self._steps = row["number"]
            ref, state = row["ref"], row["state"]
            before = self._states.get(ref)
            if before is not None and not may_move(LineState(before), LineState(state)):
                yield f"I9: {ref} went from {before} to {state}"
            if row["filled"] < self._filled.get(ref, 0):
                yield f"I7: {ref} had {self._filled[ref]} filled, then {row['filled']}"
            if row["doubt"] == "absent_candidate" and ref not in self._missed:
                self._missed.add(ref)
                yield from self._absence(ref, row["complete"])
            self._states[ref], self._filled[ref] = state, row["filled"]

    def _absence(self, ref: str, complete: int | None) -> Iterator[str]:
        account = self._file.execute("SELECT account FROM lines WHERE ref = ?", (ref,)).fetchone()[
            0
        ]
        since_s = self._left.get(ref, 0.0)
        reads = [at for at, of in self._home.broker.covered if account in of and at >= since_s]
        if not complete or len(reads) < READS_FOR_ABSENCE:
            yield f"I6: {ref} was thought absent after {len(reads)} complete reads"

    # --- orders and lines --------------------------------------------------------------------

    def _bindings(self, lines: list[sqlite3.Row], line_of: Mapping[str, str]) -> Iterator[str]:
        """I5: every order belongs to one line, that of the request that made it."""
        made = self._home.broker.made
        named = Counter((line["account"], id_) for line in lines for id_ in ids_of(line))
        yield from (f"I5: {order} is in {n} lines" for order, n in named.items() if n > 1)
        for line in lines:
            if line["state"] in UNSEEN:
                continue
            for id_ in ids_of(line):
                ref = made.get(id_, "nobody here")
                if line_of.get(ref, ref) != line["ref"]:
                    yield f"I5: {line['ref']} has order {id_} of {ref}"
        denied = {line["ref"]: line["state"] for line in lines if line["state"] in _DENYING}
        yield from (
            f"lied: {ref} says {denied[ref]}, order {id_} was made"
            for id_, ref in made.items()
            if ref in denied
        )

    def _shown(self, lines: list[sqlite3.Row], line_of: Mapping[str, str]) -> Iterator[str]:
        """I7, I8: what is shown is what is written, never too much filled nor too little open."""
        ledger = {order.order_id: order for order in self._home.broker.ledger}
        rows = {row["ref"]: row for row in lines}
        still: Counter[str] = Counter()
        for id_, ref in self._home.broker.made.items():
            still[line_of.get(ref, ref)] += self._home.broker.may_fill(id_)
        for line in lines_shown(self._home):
            row = rows[line.ref]
            if (line.state, line.order_id, line.filled) != tuple(row[x] for x in _COMPARED):
                yield f"lied: {line.ref} shows {line.state}, wrote {row['state']}"
            filled = sum(int(ledger[id_].filled) for id_ in line.order_ids if id_ in ledger)
            if line.filled > filled:
                yield f"I7: {line.ref} shows {line.filled} filled of {filled}"
            open_units = line.may_trade if line.state in LIVE else 0
            # Of what the operator took for absent, only the next read tells that it came.
            if still[line.ref] > open_units and line.state is not LineState.ABSENT:
                yield f"I8: {line.ref} counts {open_units} units, {still[line.ref]} may fill"

    # --- at the end --------------------------------------------------------------------------

    def at_the_end(self) -> None:
        """See that everything became known that could: no trouble is left and time has passed."""
        self.look()
        lines = {row["ref"]: row for row in self._file.execute("SELECT * FROM lines")}
        commands = self._file.execute("SELECT id, ref FROM commands").fetchall()
        line_of = {c["id"]: c["ref"] for c in commands}
        for id_, ref in self._home.broker.made.items():
            line = lines[line_of.get(ref, ref)]
            order = self._home.broker.order_of(id_)
            is_nothing = order.state is BrokerOrderState.REJECTED and not order.filled
            # Lines that look the same share a doubt: it may be said of either.
            alike = [one for one in lines.values() if _look(one) == _look(line)]
            is_known = id_ in ids_of(line) or any(map(_may_be_there, alike))
            if not is_known and not is_nothing:
                self.broken.append(f"lost: order {id_} of {line['ref']}, {line['state']}")
        for line in lines.values():
            is_left = line["state"] == "in_doubt" and line["doubt"] in DECIDED_BY_A_PERSON
            if line["state"] not in KNOWN and not is_left:
                self.broken.append(f"stuck: {line['ref']} is {line['state']} {line['doubt']}")
            if line["state"] in KNOWN and line["filled"] != self._filled_of(line):
                self.broken.append(f"stuck: {line['ref']} shows {line['filled']} filled")
        assert not self.broken, "\n".join(dict.fromkeys(self.broken))

    def _filled_of(self, line: sqlite3.Row) -> int:
        ids = ids_of(line)
        return sum(int(one.filled) for one in self._home.broker.ledger if one.order_id in ids)


_DENYING = frozenset({"refused", "not_sent", "denied", "skipped"})
_COMPARED = ("state", "order_id", "filled")


def lines_shown(home: Home) -> list[Line]:
    """Return all lines that the desk knows."""
    broadcasts = home.desk.book.snapshot.broadcasts.values()
    return [line for broadcast in broadcasts for line in broadcast.lines]


def ids_of(line: sqlite3.Row) -> set[str]:
    """Return the orders that a line has and had."""
    return {str(id_) for id_, *_ in json.loads(line["earlier"])} | (
        {line["order_id"]} if line["order_id"] else set()
    )


def _look(line: sqlite3.Row) -> tuple[str, str]:
    return line["account"], line["fingerprint"]


def _may_be_there(line: Any) -> bool:
    if line["state"] == "in_doubt":
        return line["doubt"] in {"unknown", "probable", "conflict"}
    return bool(line["state"] in {"replacing", "sending"})
