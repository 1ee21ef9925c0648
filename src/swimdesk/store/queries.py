"""The questions that readers ask of the database, for the writer's connection and for others'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from swimdesk.domain.decisions import Origin
from swimdesk.domain.orders import TERMINAL, UNRESOLVED, LineState
from swimdesk.errors import UnknownReference
from swimdesk.store.rows import BROADCAST_COLUMNS, EXECUTION_COLUMNS, LINE_COLUMNS

ID_LENGTH = 26
"""Characters of a ULID."""

SHORTEST_ENDING = 4
"""How many characters of an id must be given at least."""

_BROADCASTS = f"SELECT {', '.join(BROADCAST_COLUMNS)} FROM broadcasts"  # noqa: S608 - our names
_LINES = f"SELECT {', '.join(LINE_COLUMNS)} FROM lines"  # noqa: S608 - our names
_OPEN_FATES = ", ".join(f"'{state.value}'" for state in sorted(UNRESOLVED))
# Named one by one: only so the index of states leads to them.
_UNENDED = ", ".join(f"'{state.value}'" for state in sorted(frozenset(LineState) - TERMINAL))

FIRST_COMMANDS: Final = 2
"""The schema number from which on a database has commands."""

RISK_SCHEMA: Final = 3
"""The schema number from which on broadcasts tell what they were checked against."""

REPLACING_SCHEMA: Final = 4
"""The schema number from which on lines and commands know of replacements."""

CONFIRMED_SCHEMA: Final = 5
"""The schema number from which on broadcasts know the wall time of their confirmation."""

EVIDENCE_SCHEMA: Final = 6
"""The schema number from which on it is written down what decisions rest on."""

DECIDED_SCHEMA: Final = 7
"""The schema number from which on broadcasts know where they come from."""

STEADY_SCHEMA: Final = 8
"""The schema number from which on broadcasts know the monotonic time of their confirmation."""

NEWEST_SCHEMA: Final = STEADY_SCHEMA
"""The last schema number from which on something that is read here is there."""

_INSTEAD: Final = (
    (RISK_SCHEMA, "plan, limits, overrides, notional", "NULL, '', '[]', NULL"),
    (REPLACING_SCHEMA, "earlier, replacement", "'[]', NULL"),
    (REPLACING_SCHEMA, "c.price, c.new_order_id", "NULL, NULL"),
    (EVIDENCE_SCHEMA, "preimage", "NULL"),
    # Before the next: it is found by the beginning of this name too.
    (STEADY_SCHEMA, "confirmed_ns", "NULL"),
    (CONFIRMED_SCHEMA, "confirmed", "NULL"),
    (DECIDED_SCHEMA, "origin", f"'{Origin.OURS}'"),
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
SIZES = (
    f"SELECT created, notional FROM broadcasts WHERE origin = '{Origin.OURS}'"  # noqa: S608
    " ORDER BY created DESC, id DESC LIMIT ?"
)
"""Of what was sent from here."""

LAST_SEED = "SELECT seed FROM broadcasts ORDER BY length(seed) DESC, seed DESC LIMIT 1"
"""The largest as a number: seeds are text without leading zeros."""

WRITE_TIMES = (
    "SELECT b.id, l.account, l.sent_ns"
    " FROM (SELECT id, created FROM broadcasts ORDER BY created DESC, id DESC LIMIT ?) b"
    " JOIN lines l ON l.broadcast = b.id WHERE l.sent_ns IS NOT NULL AND l.state != 'sending'"
    " ORDER BY b.created DESC, b.id DESC, l.position"
)
"""Of lines that were written; the stamp of one that is being sent is provisional."""

UNFINISHED = (
    f"{_BROADCASTS} WHERE id IN (SELECT broadcast FROM lines WHERE state IN ({_UNENDED}))"  # noqa: S608
    " ORDER BY created, id"
)
UNRESOLVED_SINCE = (
    "SELECT l.ref, min(t.at) FROM lines l JOIN transitions t ON t.ref = l.ref"  # noqa: S608
    f" WHERE l.state IN ({_OPEN_FATES}) AND t.number > (SELECT ifnull(max(before.number), 0)"
    f" FROM transitions before WHERE before.ref = l.ref AND before.state NOT IN ({_OPEN_FATES}))"
    " GROUP BY l.ref"
)
"""Counts from the last move into such a state from any other."""

SINCE = f"{_BROADCASTS} WHERE created >= ? ORDER BY created, id"
ABSENT_SINCE = (
    f"{_BROADCASTS} WHERE created >= ? AND id IN"  # noqa: S608 - our names
    f" (SELECT broadcast FROM lines WHERE state = '{LineState.ABSENT}') ORDER BY created, id"
)
"""Broadcasts with a line that a late arrival would open again."""

NEWEST = f"{_BROADCASTS} ORDER BY created DESC, id DESC LIMIT ?"
LINES = f"{_LINES} WHERE broadcast = ? ORDER BY position"
EXECUTIONS = (
    f"SELECT e.ref, {', '.join(f'e.{c}' for c in EXECUTION_COLUMNS)}"  # noqa: S608 - our names
    " FROM executions e JOIN lines l ON l.ref = e.ref WHERE l.broadcast = ?"
    " ORDER BY e.time, e.activity_id, e.leg_id"
)
OWNERS = (
    "SELECT l.account, l.order_id, l.earlier, l.broadcast FROM json_each(?) w"
    " JOIN lines l ON l.account = w.value ->> 0 AND l.order_id = w.value ->> 1"
)
"""Which of these orders (JSON) are ours, and of which broadcast."""

EARLIER_OWNERS = (
    "SELECT l.account, l.order_id, l.earlier, l.broadcast FROM lines l WHERE l.earlier != '[]'"
)
"""Lines that had other orders before."""

COMMANDS = (
    "SELECT c.id, c.ref, l.account, c.kind, c.at, c.order_id, c.outcome, c.answered, c.reason,"
    " c.price, c.new_order_id FROM commands c JOIN lines l ON l.ref = c.ref WHERE l.broadcast = ?"
    " ORDER BY c.at, l.position, c.id"
)
DECISION_COLUMNS: Final = (
    "at", "agent", "kind", "account", "reason", "ref", "order_id", "verdict",
)  # fmt: skip
DECISIONS_SINCE = (
    f"SELECT {', '.join(DECISION_COLUMNS)} FROM decisions WHERE at >= ? ORDER BY number"  # noqa: S608
)
BASELINES = "SELECT account, login, last4, day, at, quantities FROM baselines ORDER BY account"
IDS_ENDING = "SELECT id FROM broadcasts WHERE upper(substr(id, -length(?1))) = upper(?1)"
STATE_COUNTS = "SELECT state, count(*) FROM lines GROUP BY state"
FACT = "SELECT value FROM facts WHERE name = ?"
GUARD = "SELECT state, reason, since FROM guard"
MODE = "SELECT mode FROM meta"
IDENTITY = "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version"
"""The file's application mark and schema number, from its header."""

SHAPE = (
    "SELECT name, tbl_name, ifnull("
    " (SELECT group_concat(name) FROM pragma_table_info(made.name)),"
    " (SELECT group_concat(name) FROM pragma_index_info(made.name)))"
    " FROM sqlite_master AS made WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'"
)
"""Every table, index and trigger, what it is over, and its columns where it has any."""


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
