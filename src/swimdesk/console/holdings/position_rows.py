"""The rows of the positions: a tree over all accounts, or a flat list; pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from swimdesk.console.board import Board
from swimdesk.console.formats import NOTHING, age, money, price, signed
from swimdesk.console.holdings.stakes import Part, Stake, Worth, total
from swimdesk.console.shell.standing import STALE
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.domain.instruments import plain

_PRICE: Final = Decimal("0.001")

_FIGURES: Final = (
    Column("quantity", "qty", 8, align="right", priority=95),
    Column("average", "entry", 9, align="decimal", decimals=3, priority=90),
    Column("mark", "mark", 9, align="decimal", decimals=3, priority=88),
    Column("value", "value", 12, align="right", priority=80),
    Column("gain", "open p/l", 10, align="right", priority=98),
    Column("percent", "gain %", 7, align="right", priority=60),
    Column("cost", "cost", 12, align="right", priority=30),
    Column("read", "read", 6, align="right", priority=70, is_calm=True),
)

TREE_COLUMNS: Final = (
    Column("what", "position", 46, is_flexible=True, least=35, priority=100, is_sticky=True),
    Column("accounts", "accts", 5, align="right", priority=65),
    *_FIGURES,
)

FLAT_COLUMNS: Final = (
    Column("account", "account", 14, priority=100, is_sticky=True),
    Column("last4", "last4", 5, priority=50),
    Column("underlying", "under", 6, priority=90),
    Column("symbol", "symbol", 22, is_flexible=True, least=18, priority=99),
    *_FIGURES,
)


@dataclass(frozen=True, slots=True)
class Group:
    """One structure over the accounts that have it the same way round."""

    key: str
    stakes: tuple[Stake, ...]

    @property
    def label(self) -> str:
        """Its name below the underlying."""
        return self.stakes[0].label


@dataclass(slots=True)
class Table:
    """Rows for a grid with what stands under what, and what each row is of."""

    rows: dict[str, Row] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    expandable: set[str] = field(default_factory=set)
    stakes: dict[str, tuple[Stake, ...]] = field(default_factory=dict)
    """By row: what closing it would close; not for rows that are no one structure."""
    parts: dict[str, tuple[str, Part]] = field(default_factory=dict)
    """By row of a single symbol: its account and itself."""
    accounts: dict[str, str] = field(default_factory=dict)
    """By row that is of one account: that account."""


class Reads:
    """How old the figures of accounts are."""

    def __init__(self, board: Board, now: datetime) -> None:
        self._board = board
        self._now = now

    def cell(self, accounts: Iterable[str]) -> Cell:
        """Show the age of the oldest read once it is past its limit."""
        times = (self._board.holdings[alias].balances.as_of for alias in accounts)
        span = self._now - min(times)
        return Cell(age(span), Role.WARN) if span > STALE else Cell("", Role.DIM)


def grouped(stakes: Iterable[Stake]) -> dict[str, tuple[Group, ...]]:
    """Gather stakes by underlying and structure; underlyings by name, structures by day."""
    found: dict[str, dict[str, list[Stake]]] = {}
    for stake in stakes:
        found.setdefault(stake.underlying, {}).setdefault(stake.key, []).append(stake)
    return {
        name: tuple(sorted((Group(key, tuple(each)) for key, each in groups.items()), key=_by_day))
        for name, groups in sorted(found.items())
    }


def _by_day(group: Group) -> tuple[bool, list[str], str]:
    held = group.stakes[0].held
    days = [] if held is None else [contract.expiry.isoformat() for contract in held.contracts]
    return held is None, sorted(days), group.label


def tree(
    groups: Mapping[str, Sequence[Group]],
    last4: Mapping[str, str],
    reads: Reads,
    is_wanted: Callable[[str], bool],
) -> Table:
    """Lay out underlying, structure, account, legs; what is under a row only where wanted."""
    table = Table()
    for name, structures in groups.items():
        key = f"u/{name}"
        stakes = [stake for group in structures for stake in group.stakes]
        table.rows[key] = _underlying_row(name, stakes, reads)
        table.expandable.add(key)
        if len(structures) == 1:
            table.stakes[key] = structures[0].stakes
        if is_wanted(key):
            for group in structures:
                _add_group(table, key, group, last4, reads, is_wanted)
    return table


def _add_group(
    table: Table,
    parent: str,
    group: Group,
    last4: Mapping[str, str],
    reads: Reads,
    is_wanted: Callable[[str], bool],
) -> None:
    key = f"s/{group.key}"
    table.rows[key] = _group_row(group, reads)
    table.parents[key] = parent
    table.stakes[key] = group.stakes
    table.expandable.add(key)
    if not is_wanted(key):
        return
    for stake in group.stakes:
        own = f"a/{group.key}/{stake.account}"
        label = f"{stake.account}  {last4.get(stake.account, '')}"
        figures = _figures(stake.units, stake.multiplier, stake.worth)
        read = reads.cell([stake.account])
        table.rows[own] = (Cell(label), Cell(""), *figures, read)
        table.parents[own] = key
        table.stakes[own] = (stake,)
        table.accounts[own] = stake.account
        if len(stake.parts) > 1:
            table.expandable.add(own)
            if is_wanted(own):
                _add_legs(table, own, stake)


def _add_legs(table: Table, parent: str, stake: Stake) -> None:
    for part in stake.parts:
        key = f"l{parent}/{part.symbol}"
        figures = _figures(part.quantity, part.multiplier, part.worth)
        table.rows[key] = (Cell(part.label, Role.DIM), Cell(""), *figures, Cell(""))
        table.parents[key] = parent
        table.parts[key] = (stake.account, part)
        table.accounts[key] = stake.account


def _underlying_row(name: str, stakes: Collection[Stake], reads: Reads) -> Row:
    accounts = {stake.account for stake in stakes}
    worth = total(stake.worth for stake in stakes)
    value, gain, _, cost = worth_cells(worth)
    blank = Cell("")
    # Contracts of several structures do not add up, and what was paid for some and received for
    # others is no base for a percentage.
    return (
        Cell(name, Role.STRONG),
        Cell(str(len(accounts))),
        blank,
        blank,
        blank,
        value,
        gain,
        blank,
        cost,
        reads.cell(accounts),
    )


def _group_row(group: Group, reads: Reads) -> Row:
    units = sum((stake.units for stake in group.stakes), Decimal(0))
    worth = total(stake.worth for stake in group.stakes)
    accounts = [stake.account for stake in group.stakes]
    return (
        Cell(group.label),
        Cell(str(len(set(accounts)))),
        *_figures(units, group.stakes[0].multiplier, worth),
        reads.cell(accounts),
    )


def flat(stakes: Iterable[Stake], last4: Mapping[str, str], reads: Reads) -> Table:
    """Lay out one row per account and symbol."""
    merged: dict[tuple[str, str], tuple[str, Part]] = {}
    for stake in stakes:
        for part in stake.parts:
            known = merged.get((stake.account, part.symbol))
            both = part if known is None else _joined(known[1], part)
            merged[stake.account, part.symbol] = (stake.underlying, both)
    table = Table()
    for (account, symbol), (underlying, part) in merged.items():
        key = f"{account}/{symbol}"
        table.rows[key] = (
            Cell(account, Role.STRONG),
            Cell(last4.get(account, ""), Role.DIM),
            Cell(underlying),
            Cell(part.label),
            *_figures(part.quantity, part.multiplier, part.worth),
            reads.cell([account]),
        )
        table.parts[key] = (account, part)
        table.accounts[key] = account
    return table


def _joined(one: Part, other: Part) -> Part:
    quantity = one.quantity + other.quantity
    return Part(one.symbol, one.label, quantity, one.multiplier, one.worth + other.worth)


def _figures(quantity: Decimal, multiplier: int | None, worth: Worth) -> Row:
    size = quantity * multiplier if multiplier else None
    role = Role.LOSS if quantity < 0 else Role.TEXT
    return (
        Cell(f"{plain(quantity):+,f}", role),
        Cell(_price(worth.cost, size)),
        Cell(_price(worth.value, size)),
        *worth_cells(worth),
    )


def _price(dollars: Decimal | None, size: Decimal | None) -> str:
    """Return the price of one unit to a tenth of a cent; nets may fall between cents."""
    if dollars is None or not size:
        return NOTHING
    return price((dollars / size).quantize(_PRICE) + 0)  # a zero loses its sign here


def worth_cells(worth: Worth) -> Row:
    """Show market value, open profit in dollars and percent of what was paid, and cost."""
    gain = worth.gain
    percent = NOTHING
    if gain is not None and worth.cost:
        percent = f"{gain / abs(worth.cost) * 100:+,.0f}%"
    return (
        Cell(money(worth.value)),
        gain_cell(gain),
        Cell(percent, Role.DIM),
        Cell(money(worth.cost), Role.DIM),
    )


def gain_cell(gain: Decimal | None) -> Cell:
    """Show a profit or a loss by its sign, and by colour as well."""
    if gain is None:
        return Cell(NOTHING, Role.DIM)
    if not round(gain):
        return Cell("0")
    return Cell(signed(gain), Role.GAIN if gain > 0 else Role.LOSS)
