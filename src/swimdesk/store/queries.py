"""The questions that readers ask of the database, for the writer's connection and for others'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from swimdesk.domain.orders import TERMINAL
from swimdesk.errors import UnknownReference
from swimdesk.store.rows import BROADCAST_COLUMNS, EXECUTION_COLUMNS, LINE_COLUMNS

ID_LENGTH = 26
"""Characters of a ULID."""

SHORTEST_ENDING = 4
"""How many characters of an id must be given at least."""

_BROADCASTS = f"SELECT {', '.join(BROADCAST_COLUMNS)} FROM broadcasts"  # noqa: S608 - our names
_LINES = f"SELECT {', '.join(LINE_COLUMNS)} FROM lines"  # noqa: S608 - our names
_ENDS = ", ".join(f"'{state.value}'" for state in sorted(TERMINAL))

FIRST_COMMANDS: Final = 2
"""The schema number from which on a database has commands."""

RISK_SCHEMA: Final = 3
"""The schema number from which on broadcasts tell what they were checked against."""

NEWEST_SCHEMA: Final = 4
"""The schema number from which on lines and commands know of replacements."""

_INSTEAD: Final = (
    (RISK_SCHEMA, "plan, limits, overrides, notional", "NULL, '', '[]', NULL"),
    (NEWEST_SCHEMA, "earlier, replacement", "'[]', NULL"),
    (NEWEST_SCHEMA, "c.price, c.new_order_id", "NULL, NULL"),
)
"""Columns, the schema from which on they are there, and what stands for them before."""


def for_schema(query: str, schema: int) -> str:
    """Return a query as a database of that schema understands it."""
    for first, columns, instead in _INSTEAD:
        if schema < first:
            query = query.replace(columns, instead)
    return query


BROADCAST = f"{_BROADCASTS} WHERE id = ?"
BROADCAST_BY_KEY = f"{_BROADCASTS} WHERE key = ?"
BROADCAST_OF_PLAN = f"{_BROADCASTS} WHERE plan = ?"
SIZES = "SELECT created, notional FROM broadcasts ORDER BY created DESC, id DESC LIMIT ?"
UNFINISHED = (
    f"{_BROADCASTS} WHERE id IN (SELECT broadcast FROM lines WHERE state NOT IN ({_ENDS}))"  # noqa: S608
    " ORDER BY created, id"
)
SINCE = f"{_BROADCASTS} WHERE created >= ? ORDER BY created, id"
NEWEST = f"{_BROADCASTS} ORDER BY created DESC, id DESC LIMIT ?"
LINES = f"{_LINES} WHERE broadcast = ? ORDER BY position"
EXECUTIONS = (
    f"SELECT e.ref, {', '.join(f'e.{c}' for c in EXECUTION_COLUMNS)}"  # noqa: S608 - our names
    " FROM executions e JOIN lines l ON l.ref = e.ref WHERE l.broadcast = ?"
    " ORDER BY e.time, e.activity_id, e.leg_id"
)
ORDERS_SINCE = (
    "SELECT l.account, l.order_id, l.earlier, l.broadcast"
    " FROM lines l JOIN broadcasts b ON b.id = l.broadcast"
    " WHERE b.created >= ? AND l.order_id IS NOT NULL"
)
"""Which orders are ours, and of which broadcast."""

COMMANDS = (
    "SELECT c.id, c.ref, l.account, c.kind, c.at, c.order_id, c.outcome, c.answered, c.reason,"
    " c.price, c.new_order_id FROM commands c JOIN lines l ON l.ref = c.ref WHERE l.broadcast = ?"
    " ORDER BY c.at, l.position, c.id"
)
IDS_ENDING = "SELECT id FROM broadcasts WHERE upper(substr(id, -length(?1))) = upper(?1)"
STATE_COUNTS = "SELECT state, count(*) FROM lines GROUP BY state"
FACT = "SELECT value FROM facts WHERE name = ?"
GUARD = "SELECT state, reason, since FROM guard"
MODE = "SELECT mode FROM meta"
IDENTITY = "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version"
"""The file's application mark and schema number, from its header."""


def is_ending(reference: str) -> bool:
    """Tell whether this may be the ending of an id: long enough to mean one, and not a whole id."""
    return SHORTEST_ENDING <= len(reference) < ID_LENGTH


def only(reference: str, ids: Sequence[str]) -> str | None:
    """Return the one id that ends so, None if none does; UnknownReference if several do."""
    if len(ids) > 1:
        raise UnknownReference(
            f"{len(ids)} broadcasts end in {reference}. Give more characters of the one you mean."
        )
    return ids[0] if ids else None
