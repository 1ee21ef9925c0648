"""The rows of the comparison with the broker: orders of others, differences, what was not read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from swimdesk.console.formats import NOTHING, clock, ending
from swimdesk.console.shortorder import short_order
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.domain.instruments import plain
from swimdesk.views.comparing import DifferenceView, ForeignView, ReconcileView, UnreadView

FOREIGN: Final = "foreign"
DIFFERENCES: Final = "differences"
DOUBTS: Final = "in_doubt"
UNREAD: Final = "unread"

FOLDED: Final = frozenset({DOUBTS})
"""Rows that are opened by hand: their screen is another."""

COLUMNS: Final = (
    Column("name", "what", 20, priority=100, is_sticky=True),
    Column("kind", "kind", 12, priority=99),
    Column("detail", "order / difference", 40, is_flexible=True, least=24, priority=98),
    Column("status", "at the broker", 18, priority=80),
    Column("entered", "entered", 8, priority=60),
    Column("id", "order id", 14, priority=90),
)

_KINDS: Final = {"foreign_key": "OUR KEY", DOUBTS: "DOUBT"}
_LOUD: Final = frozenset({"missing", "foreign_key", "position"})

Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison brought; ``trouble`` is why the orders of others are not all there."""

    foreign: tuple[ForeignView, ...]
    result: ReconcileView
    trouble: str = ""

    def differences(self) -> dict[str, DifferenceView]:
        """Return by key what differs, without the orders that are listed as those of others."""
        listed = {(one.account, one.order_id) for one in self.foreign}
        return {
            f"{DOUBTS if one.kind == DOUBTS else DIFFERENCES}:{number}": one
            for number, one in enumerate(self.result.differences)
            if (one.account, one.order_id) not in listed
        }

    def unread(self) -> dict[str, UnreadView]:
        """Return by key what could not be read."""
        return {f"{UNREAD}:{number}": one for number, one in enumerate(self.result.unread)}

    def others(self) -> dict[str, ForeignView]:
        """Return the orders of others by key."""
        return {foreign_key(one): one for one in self.foreign}


def rows_of(compared: Compared) -> tuple[dict[str, Row], dict[str, str]]:
    """Return the rows by key, and under which of them each stands."""
    rows: dict[str, Row] = {}
    parents: dict[str, str] = {}
    differences = {key: _difference(one) for key, one in compared.differences().items()}
    doubts = {key: row for key, row in differences.items() if key.startswith(DOUBTS)}
    unread = {key: _unread(one) for key, one in compared.unread().items()}
    groups: tuple[tuple[str, str, Role, Mapping[str, Row]], ...] = (
        (DIFFERENCES, "differences", Role.WARN, _without(differences, doubts)),
        (
            FOREIGN,
            "orders of others",
            Role.WARN,
            {key: _foreign(one) for key, one in compared.others().items()},
        ),
        (UNREAD, "not read", Role.WARN, unread),
        (DOUBTS, "in doubt, see DBT", Role.DOUBT, doubts),
    )
    for key, title, role, children in groups:
        if children:
            rows[key] = (Cell(title, Role.STRONG), Cell(str(len(children)), role), *_BLANKS)
            rows |= children
            parents |= dict.fromkeys(children, key)
    return rows, parents


def _without(rows: Mapping[str, Row], others: Mapping[str, Row]) -> dict[str, Row]:
    return {key: row for key, row in rows.items() if key not in others}


_BLANKS: Final = (Cell(""), Cell(""), Cell(""), Cell(""))


def foreign_key(one: ForeignView) -> str:
    """Return by which key the row of a foreign order is known, as ADOPT and IGNORE name it."""
    return f"{one.account}/{one.order_id}"


def _foreign(one: ForeignView) -> Row:
    filled = f"{plain(one.filled):f}/{plain(one.quantity):f}"
    return (
        Cell(f"{one.account} {one.last4}"),
        _kind(one),
        Cell(_order(one)),
        Cell(f"{one.status.lower()} {filled}", Role.TEXT if one.is_open else Role.DIM),
        Cell(clock(one.entered), Role.DIM, sort_value=one.entered.isoformat()),
        Cell(one.order_id, Role.DIM),
    )


def _kind(one: ForeignView) -> Cell:
    if one.may_be:
        return Cell("DOUBT?", Role.DOUBT)
    if one.origin == "ignored":
        return Cell("ignored", Role.DIM)
    return Cell("OUR KEY", Role.DANGER) if one.has_our_mark else Cell(one.origin, Role.WARN)


def _order(one: ForeignView) -> str:
    return short_order(one.order, one.entered.year).whole if one.order else one.description


def _difference(one: DifferenceView) -> Row:
    kind = _KINDS.get(one.kind, one.kind)
    role = Role.DOUBT if one.kind == DOUBTS else Role.DANGER if one.kind in _LOUD else Role.WARN
    return (
        Cell(f"{one.account} {one.last4}"),
        Cell(kind, role),
        Cell(one.detail),
        Cell(one.found or NOTHING),
        Cell(""),
        Cell(one.order_id or one.symbol or NOTHING, Role.DIM),
    )


def _unread(one: UnreadView) -> Row:
    return (
        Cell(_whose(one)),
        Cell(one.what, Role.WARN),
        Cell(one.detail),
        *_BLANKS[:3],
    )


def verdict(compared: Compared) -> str:
    """Return what the comparison comes to, in a word or two."""
    return compared.result.verdict.replace("_", " ").upper()


def counts(compared: Compared) -> str:
    """Return what was compared, after what could not be read."""
    result = compared.result
    if compared.trouble:
        return f"orders of others NOT READ: {compared.trouble}"
    others = f"{len(compared.foreign)} orders of others"
    return f"{result.accounts} accounts, {result.orders} orders, {result.lines} lines; {others}"


def facts_at(compared: Compared, key: str) -> Facts:
    """Return all that is told of a row, by name; nothing of one that only holds others."""
    if one := compared.others().get(key):
        return _foreign_facts(one)
    if difference := compared.differences().get(key):
        return _difference_facts(difference)
    unread = compared.unread().get(key)
    return [(_whose(unread), f"{unread.what} NOT READ: {unread.detail}")] if unread else []


def _whose(one: UnreadView) -> str:
    return one.account or f"login {one.login}"


def _foreign_facts(one: ForeignView) -> Facts:
    may_be = ", ".join(map(named, one.may_be))
    return [
        ("order", f"{_order(one)}, {one.status}, id {one.order_id}"),
        ("entered", f"{clock(one.entered)} ET"),
        ("may be", f"{may_be}: decide that doubt first" if may_be else ""),
        ("key", "it carries the mark of this program's own key" if one.has_our_mark else ""),
        ("note", one.note or ""),
    ]


def why_not_adopt(one: ForeignView) -> str | None:
    """Return why an order of somebody else cannot be followed; None if it can."""
    if one.may_be:
        return f"it may be the order of {named(one.may_be[0])}: decide that doubt first"
    if not one.is_open:
        return "it is over: there is nothing to follow"
    return None if one.order else "it is no order of this program's language"


def named(reference: str) -> str:
    """Return ``B/ALIAS`` with the broadcast by its ending."""
    broadcast, _, account = reference.partition("/")
    return f"{ending(broadcast)}/{account}"


def _difference_facts(one: DifferenceView) -> Facts:
    return [
        ("differs", one.detail),
        ("here", one.expected or NOTHING),
        ("broker", one.found or NOTHING),
        ("broadcast", f"…{ending(one.broadcast)}" if one.broadcast else ""),
    ]
