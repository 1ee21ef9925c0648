"""One series of an option chain as rows: calls left, strikes in the middle, puts right; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.domain.instruments import INDEX_ROOTS, OptionContract, Right, Settlement
from swimdesk.views.models import ChainRow, ChainView

_FIGURES: Final = (
    ("oi", "oi", 6),
    ("volume", "vol", 6),
    ("iv", "iv", 4),
    ("delta", "delta", 5),
    ("mark", "mark", 7),
    ("bid", "bid", 7),
    ("ask", "ask", 7),
)
_LEG: Final = "leg"
_FROM_LEFT: Final = ("oi", "volume", "iv", "delta", "mark", "bid", "ask", _LEG)
_FROM_STRIKE: Final = (_LEG, "bid", "ask", "mark", "delta", "iv", "volume", "oi")
_ALWAYS: Final = frozenset({"delta", "bid", "ask", _LEG})
_BY_WORTH: Final = ("iv", "oi", "volume", "mark")
"""What is shown beside the rest where there is room, most important first."""

_STRIKE_WIDTH: Final = 10
_THOUSANDS: Final = 100_000


def _column(right: Right, figure: str) -> Column:
    key = f"{right} {figure}"
    if figure == _LEG:
        return Column(key, right.value, 4, align="right", is_calm=True)
    title, width = next((title, width) for name, title, width in _FIGURES if name == figure)
    return Column(key, title, width, align="right", is_flexible=True, least=width)


COLUMNS: Final = (
    *(_column(Right.CALL, figure) for figure in _FROM_LEFT),
    Column("strike", "strike", _STRIKE_WIDTH, align="right", is_calm=True, priority=100),
    *(_column(Right.PUT, figure) for figure in _FROM_STRIKE),
)


def columns_for(width: int) -> tuple[str, ...]:
    """Return the columns for so many terminal cells, always the same ones on both sides."""
    chosen = _ALWAYS
    for figure in _BY_WORTH:
        if _width_of(chosen | {figure}) > width:
            break
        chosen = chosen | {figure}
    return tuple(c.key for c in COLUMNS if c.key == "strike" or c.key.split()[1] in chosen)


def _width_of(figures: frozenset[str]) -> int:
    shown = [c for c in COLUMNS if c.key == "strike" or c.key.split()[1] in figures]
    # Two cells before the first column, one before each, one for the scrollbar.
    return 3 + sum(column.width + 1 for column in shown)


@dataclass(frozen=True, slots=True)
class StrikeRow:
    """The call and the put of a strike; None where it is not listed."""

    strike: Decimal
    call: ChainRow | None = None
    put: ChainRow | None = None

    def of(self, right: Right) -> ChainRow | None:
        """Return one of the two."""
        return self.call if right is Right.CALL else self.put


class ChainTable:
    """One expiry under one root, its strikes rising."""

    def __init__(
        self, view: ChainView, root: str | None = None, *, last_root: bool = False
    ) -> None:
        contracts = {OptionContract.parse(row.symbol): row for row in view.rows}
        self.symbol = view.symbol
        self.day = date.fromisoformat(view.expiry)
        self.days = tuple(date.fromisoformat(day) for day in view.expiries)
        self.last = view.last
        self.roots = tuple(sorted({contract.root for contract in contracts}, key=_by_settlement))
        default = self.roots[-1 if last_root else 0] if self.roots else view.symbol.lstrip("$")
        self.root = root if root in self.roots else default
        self.quoted = contracts
        """Every contract of the day, whatever its root."""
        self.strikes = _strikes(contracts, self.root)
        self.by_key = {self.key(row): row for row in self.strikes}
        self.money = None if self.last is None else self.nearest(self.last)
        """The strike nearest to the price of the underlying."""
        self._longest = max((len(f"{row.strike:f}") for row in self.strikes), default=0)

    def key(self, row: StrikeRow) -> str:
        """Return what tells the row from those of other series."""
        return f"{self.root} {self.day} {row.strike}"

    def contract(self, right: Right, strike: Decimal) -> OptionContract:
        """Return the contract at a strike of this series."""
        return OptionContract(self.root, self.day, right, strike)

    def nearest(self, strike: Decimal) -> StrikeRow | None:
        """Return the row whose strike is nearest."""
        return min(self.strikes, key=lambda row: abs(row.strike - strike), default=None)

    def reach(self, contracts: Collection[OptionContract]) -> int:
        """Return how many strikes from the money the farthest of these contracts stands."""
        places = {row.strike: place for place, row in enumerate(self.strikes)}
        money = places[self.money.strike] if self.money else 0
        held = (places[one.strike] for one in contracts if one.strike in places)
        return max((abs(place - money) for place in held), default=0)

    def rows(
        self, picked: Mapping[OptionContract, int], pointed: str | None, side: Right
    ) -> dict[str, Row]:
        """Return the rows by key, with the legs picked and the side of the cursor."""
        return {key: self.row(key, picked, side if key == pointed else None) for key in self.by_key}

    def row(self, key: str, picked: Mapping[OptionContract, int], at: Right | None) -> Row:
        """Return one row; ``at`` is the side of the cursor where the cursor is on it."""
        row = self.by_key[key]
        return (
            *self._half(row, Right.CALL, picked, at),
            self._strike_cell(row, at),
            *_mirrored(self._half(row, Right.PUT, picked, at)),
        )

    def _strike_cell(self, row: StrikeRow, at: Right | None) -> Cell:
        text, is_money = f"{row.strike:f}", row is self.money
        body = (f"[{text}]" if is_money else f" {text} ").rjust(self._longest + 2)
        left = "◂" if at is Right.CALL else " "
        right = "▸" if at is Right.PUT else " "
        role = Role.ACCENT if is_money else Role.STRONG
        return Cell(f"{left}{body:^8}{right}", role, row.strike)

    def _half(
        self, row: StrikeRow, right: Right, picked: Mapping[OptionContract, int], at: Right | None
    ) -> Row:
        option = row.of(right)
        count = picked.get(self.contract(right, row.strike), 0)
        leg = Cell(f"{count:+d}" if count else "", Role.ACCENT)
        if option is None:
            return (*(Cell("") for _ in _FIGURES), leg)
        is_inside = self.last is not None and (row.strike < self.last) is (right is Right.CALL)
        role = Role.ACCENT if at is right else Role.DIM if is_inside else Role.TEXT
        return (
            Cell(count_text(option.open_interest), Role.DIM),
            Cell(count_text(option.volume), Role.DIM),
            Cell(_percent(option.volatility), role),
            Cell(delta_text(option.delta), role),
            Cell(plain_price(option.mark), role),
            Cell(plain_price(option.bid), role),
            Cell(plain_price(option.ask), role),
            leg,
        )


def _mirrored(half: Row) -> Row:
    """Return the cells of a half in the order of the right side: bid before ask there too."""
    by_figure = dict(zip(_FROM_LEFT, half, strict=True))
    return tuple(by_figure[figure] for figure in _FROM_STRIKE)


def _strikes(contracts: Mapping[OptionContract, ChainRow], root: str) -> Sequence[StrikeRow]:
    halves: dict[Decimal, dict[Right, ChainRow]] = {}
    for contract, row in contracts.items():
        if contract.root == root:
            halves.setdefault(contract.strike, {})[contract.right] = row
    return tuple(
        StrikeRow(strike, half.get(Right.CALL), half.get(Right.PUT))
        for strike, half in sorted(halves.items())
    )


def _by_settlement(root: str) -> tuple[bool, str]:
    """Put first what is settled in the morning: it ends before."""
    return settlement_of(root) is not Settlement.AM, root


def settlement_of(root: str) -> Settlement:
    """Return when a root's contracts are settled on their last day."""
    index = INDEX_ROOTS.get(root)
    return index.settlement if index else Settlement.PM


def delta_text(delta: Decimal | None) -> str:
    """Return a delta in two decimals without its zero: ``.15``, ``-.20``, ``1.00``."""
    if delta is None:
        return "-"
    text = f"{abs(delta):.2f}".removeprefix("0")
    return f"-{text}" if delta < 0 and text != ".00" else text


def plain_price(value: Decimal) -> str:
    """Return a price without thousands: it stands in a narrow column."""
    return f"{value:.2f}"


def _percent(value: Decimal | None) -> str:
    return "-" if value is None or value <= 0 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def count_text(count: int) -> str:
    """Return a number of contracts in at most six characters."""
    if count < _THOUSANDS:
        return str(count)
    return f"{count // 1000}k" if count < _THOUSANDS * 100 else f"{count // 1_000_000}M"
