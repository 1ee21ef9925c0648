"""Decisions of the operator and baselines of positions, as plain functions over one connection."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from swimdesk.domain.decisions import Decision, DecisionKind, Verdict
from swimdesk.domain.positions import Baseline
from swimdesk.errors import InvariantBroken
from swimdesk.store import chain, queries
from swimdesk.store.bulk import statement
from swimdesk.store.connection import transaction
from swimdesk.store.rows import Row, readable, time_of, time_text

_INSERT: Final = statement("decisions", queries.DECISION_COLUMNS)
_KEEP_BASELINE: Final = (
    "INSERT OR REPLACE INTO baselines (account, login, last4, day, at, quantities)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)


def add(connection: sqlite3.Connection, decision: Decision) -> None:
    """Write a decision within a transaction that is under way."""
    try:
        connection.execute(
            _INSERT,
            (
                time_text(decision.at),
                decision.agent,
                decision.kind.value,
                decision.account,
                decision.reason,
                decision.ref,
                decision.order_id,
                None if decision.verdict is None else decision.verdict.value,
            ),
        )
    except sqlite3.IntegrityError as error:
        raise InvariantBroken(f"a decision cannot be written as it is ({error})") from error


def decide(connection: sqlite3.Connection, decision: Decision) -> None:
    """Write a decision that moves no line."""
    with transaction(connection):
        add(connection, decision)
        chain.extend(connection, time_text(decision.at), ("decisions",))


def since(connection: sqlite3.Connection, moment: datetime) -> tuple[Decision, ...]:
    """Read the decisions made since then, oldest first."""
    rows = connection.execute(queries.DECISIONS_SINCE, (time_text(moment),)).fetchall()
    with readable("decisions"):
        return tuple(_decision(*row) for row in rows)


def _decision(
    at: str,
    agent: str,
    kind: str,
    account: str,
    reason: str,
    ref: str | None,
    order_id: str | None,
    verdict: str | None,
) -> Decision:
    said = None if verdict is None else Verdict(verdict)
    return Decision(time_of(at), agent, DecisionKind(kind), account, reason, ref, order_id, said)


def keep_baselines(connection: sqlite3.Connection, baselines: Sequence[Baseline]) -> None:
    """Write what accounts held, in place of what was written of them before."""
    rows = [
        (
            one.account,
            one.login,
            one.last4,
            one.day.isoformat(),
            time_text(one.at),
            json.dumps({symbol: str(quantity) for symbol, quantity in one.quantities.items()}),
        )
        for one in baselines
    ]
    with transaction(connection):
        connection.executemany(_KEEP_BASELINE, rows)


def baselines(connection: sqlite3.Connection) -> tuple[Baseline, ...]:
    """Read what accounts held, by account."""
    rows = connection.execute(queries.BASELINES).fetchall()
    with readable("baselines"):
        return tuple(_baseline(row) for row in rows)


def _baseline(row: Row) -> Baseline:
    account, login, last4, day, at, quantities = row
    held = {symbol: Decimal(number) for symbol, number in json.loads(quantities).items()}
    return Baseline(account, login, last4, date.fromisoformat(day), time_of(at), held)
