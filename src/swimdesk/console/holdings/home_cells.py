"""What the pulse shows of each account, and of all of them; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final

from swimdesk.console.formats import NOTHING, clock, money, short_money
from swimdesk.console.holdings.account_rows import Known
from swimdesk.console.holdings.notes import LEGEND
from swimdesk.console.holdings.position_rows import gain_cell
from swimdesk.console.widgets.cells import Cell, Role
from swimdesk.console.widgets.heat import HeatCell
from swimdesk.domain.orders import OPEN, LineState
from swimdesk.views.models import BroadcastView, LineView

_BAD: Final = frozenset({LineState.IN_DOUBT, LineState.REJECTED, LineState.REFUSED})
_BLANK: Final = Cell(NOTHING, Role.DIM)


def _net_liq(alias: str, known: Known) -> Cell:
    holding = known.board.holdings.get(alias)
    return _BLANK if holding is None else Cell(short_money(holding.balances.liquidation_value))


def _option_bp(alias: str, known: Known) -> Cell:
    holding = known.board.holdings.get(alias)
    return _BLANK if holding is None else Cell(short_money(holding.balances.option_buying_power))


def _open_gain(alias: str, known: Known) -> Cell:
    holding = known.board.holdings.get(alias)
    gain = None if holding is None else known.book.worth(holding).gain
    if gain is None:
        return _BLANK
    sign = "+" if gain > 0 else ""
    return Cell(f"{sign}{short_money(gain)}", gain_cell(gain).role)


def _newest_fill(alias: str, known: Known) -> Cell:
    line = _line_of(alias, newest(known))
    if line is None or line.state in (LineState.DENIED, LineState.SKIPPED):
        return _BLANK
    role = Role.ACCENT if line.state in OPEN else Role.TEXT
    return Cell(f"{line.filled}/{line.quantity}", Role.DANGER if line.state in _BAD else role)


MEASURES: Final[Mapping[str, Callable[[str, Known], Cell]]] = {
    "net liq": _net_liq,
    "option bp": _option_bp,
    "open p/l": _open_gain,
    "filled, newest": _newest_fill,
}
"""The figures a cell may show, by their names, in the order in which they are shown."""


def newest(known: Known) -> BroadcastView | None:
    """Return the newest broadcast."""
    return next(iter(known.board.broadcasts.values()), None)


def _line_of(alias: str, broadcast: BroadcastView | None) -> LineView | None:
    lines = broadcast.lines if broadcast else ()
    return next((line for line in lines if line.account == alias), None)


def cells(known: Known, measure: str) -> dict[str, HeatCell]:
    """Return the cell of every account."""
    figure = MEASURES[measure]
    return {
        alias: HeatCell(
            view.account,
            view.last4,
            figure(alias, known),
            tuple(Cell(note.letter, note.role) for note in known.notes.of(alias)),
        )
        for alias, view in known.board.accounts.items()
    }


def troubled(known: Known) -> list[str]:
    """Return the accounts that need a look, in their order."""
    return [
        alias
        for alias in known.board.accounts
        if any(note.is_trouble for note in known.notes.of(alias))
    ]


def headline(known: Known, measure: str) -> list[tuple[str, Role]]:
    """Return what stands above the map, in pieces."""
    accounts, holdings = known.board.accounts, known.board.holdings
    read = [holdings[alias] for alias in accounts if alias in holdings]
    gains = [known.book.worth(one).gain for one in read]
    is_whole = len(read) == len(accounts)
    gain = _sum(one for one in gains if one is not None)
    is_priced = None not in gains
    look = len(troubled(known))
    net_liq = _sum(one.balances.liquidation_value for one in read)
    return [
        (f"{len(accounts)} accounts", Role.STRONG),
        ("" if is_whole else f", {len(read)} read", Role.DANGER),
        (f"   {look} to look at" if look else "   all well", Role.WARN if look else Role.DIM),
        (f"   net liq {short_money(net_liq)}   open p/l ", Role.TEXT),
        (gain_cell(gain).text, gain_cell(gain).role) if is_priced else (NOTHING, Role.DIM),
        (f"   cells: {measure}", Role.DIM),
    ]


def account_line(alias: str, known: Known) -> list[tuple[str, Role]]:
    """Return what stands below the map of the account under the cursor, in pieces."""
    view, holding = known.board.accounts[alias], known.board.holdings.get(alias)
    pieces = [(view.account, Role.STRONG), (f" {view.last4}", Role.DIM)]
    for note in known.notes.of(alias):
        pieces += [("  ", Role.TEXT), (note.letter, note.role), (f" {note.text}", Role.TEXT)]
    if holding is not None:
        balances = holding.balances
        figures = f"  net liq {money(balances.liquidation_value)}"
        pieces.append((f"{figures}  option bp {money(balances.option_buying_power)}", Role.TEXT))
        gain = gain_cell(known.book.worth(holding).gain)
        pieces += [("  open p/l ", Role.TEXT), (gain.text, gain.role)]
    return pieces


def broadcast_line(known: Known) -> list[tuple[str, Role]]:
    """Return the newest broadcast in pieces."""
    view = newest(known)
    if view is None:
        return [("no broadcast yet", Role.DIM)]
    counts = view.counts
    sent = counts["accounts"] - counts["denied"] - counts["skipped"]
    return [
        (f"{clock(view.created)} ", Role.DIM),
        (view.state, Role.ACCENT),
        (f"  {counts['filled']}/{sent} filled  {view.order}", Role.TEXT),
    ]


def legend() -> list[tuple[str, Role]]:
    """Return what the letters mean, in pieces."""
    return [(f"{letter} {meaning}  ", Role.DIM) for letter, meaning in LEGEND]


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
