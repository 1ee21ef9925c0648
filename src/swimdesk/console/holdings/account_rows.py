"""The rows of the accounts, their sums, and all that is known of one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from swimdesk.console.board import Board
from swimdesk.console.formats import EASTERN, NOTHING, age, clock, money, price
from swimdesk.console.holdings.notes import Note, Notes
from swimdesk.console.holdings.position_rows import gain_cell
from swimdesk.console.holdings.stakes import StakeBook, stakes_of
from swimdesk.console.modals.describe import Section
from swimdesk.console.shell.standing import STALE
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.console.widgets.totals import Sums
from swimdesk.domain.instruments import plain
from swimdesk.views.models import AccountView, BroadcastView, HoldingView, LineView

COLUMNS: Final = (
    Column("account", "account", 14, priority=100, is_sticky=True),
    Column("notes", "look", 4, priority=92),
    Column("last4", "last4", 5, priority=90),
    Column("type", "type", 6, priority=40),
    Column("level", "lvl", 3, align="right", priority=70),
    Column("nlv", "net liq", 11, align="right", priority=95),
    Column("bp", "bp option", 11, align="right", priority=85),
    Column("stock_bp", "bp stock", 11, align="right", priority=30),
    Column("cash", "cash", 11, align="right", priority=50),
    Column("gain", "open p/l", 10, align="right", priority=75),
    Column("positions", "pos", 4, align="right", priority=60),
    Column("multiplier", "mult", 5, align="right", priority=35),
    Column("groups", "groups", 14, is_flexible=True, least=8, priority=45),
    Column("flags", "flags", 8, priority=55),
    Column("login", "login", 10, priority=10),
    Column("read", "read", 6, align="right", priority=65, is_calm=True),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What rows of accounts are made from, at one moment."""

    board: Board
    book: StakeBook
    notes: Notes
    now: datetime


def account_row(view: AccountView, known: Known) -> Row:
    """Show an account on one line."""
    holding = known.board.holdings.get(view.account)
    level = NOTHING if view.option_level is None else str(view.option_level)
    flags = [word for word, is_so in (("ira", view.ira), ("closing", view.closing_only)) if is_so]
    nlv, bp, stock_bp, cash, gain, positions = _money(holding, known.book)
    return (
        Cell(view.account, Role.STRONG),
        notes_cell(known.notes.of(view.account)),
        Cell(view.last4, Role.DIM),
        Cell(view.type.lower()),
        Cell(level),
        nlv,
        bp,
        stock_bp,
        cash,
        gain,
        positions,
        Cell(f"{plain(view.multiplier):f}", Role.DIM),
        Cell(" ".join(view.groups), Role.DIM),
        Cell(" ".join(flags), Role.WARN if view.closing_only else Role.TEXT),
        Cell(view.login, Role.DIM),
        _read(holding, known.now),
    )


def notes_cell(notes: Sequence[Note]) -> Cell:
    """Show the letters of the notes in the colour of the most urgent."""
    if not notes:
        return Cell("", Role.DIM)
    return Cell("".join(note.letter for note in notes), notes[0].role)


def _money(holding: HoldingView | None, book: StakeBook) -> Row:
    if holding is None:
        return tuple(Cell(NOTHING, Role.DIM) for _ in range(6))
    balances = holding.balances
    return (
        Cell(money(balances.liquidation_value)),
        Cell(money(balances.option_buying_power)),
        Cell(money(balances.stock_buying_power)),
        Cell(money(balances.cash)),
        gain_cell(book.worth(holding).gain),
        Cell(str(len(holding.positions))),
    )


def _read(holding: HoldingView | None, now: datetime) -> Cell:
    if holding is None:
        return Cell("never", Role.DANGER)
    span = now - holding.balances.as_of
    return Cell(age(span), Role.WARN) if span > STALE else Cell("ok", Role.DIM)


def sums(what: str, aliases: Iterable[str], board: Board, book: StakeBook) -> Sums:
    """Add up accounts; says how many of them were read where that is not all."""
    chosen = list(aliases)
    read = [board.holdings[alias] for alias in chosen if alias in board.holdings]
    label = f"{len(chosen)} {what}"
    if len(read) < len(chosen):
        label = f"{len(read)}/{len(chosen)} read"
    if not read:
        return label, {}
    gains = [gain for one in read if (gain := book.worth(one).gain) is not None]
    figures = {
        "nlv": money(_sum(one.balances.liquidation_value for one in read)),
        "bp": money(_sum(one.balances.option_buying_power for one in read)),
        "stock_bp": money(_sum(one.balances.stock_buying_power for one in read)),
        "cash": money(_sum(one.balances.cash for one in read)),
        "gain": gain_cell(_sum(gains)).text if len(gains) == len(read) else NOTHING,
        "positions": str(sum(len(one.positions) for one in read)),
    }
    return label, figures


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


_NONE: Final = [("", "nothing")]


def account_facts(alias: str, board: Board, now: datetime) -> list[Section]:
    """Return all that is known of an account, under headings."""
    view, holding = board.accounts[alias], board.holdings.get(alias)
    return [
        (f"{view.account}  {view.last4}", _identity(view)),
        ("to look at", [(n.letter, n.text) for n in Notes(board, now).of(alias)] or _NONE),
        ("balances", _balances(holding, now)),
        ("positions", _holdings(holding)),
        ("orders today", _orders(alias, board, now)),
        *_lesson(view),
    ]


def _identity(view: AccountView) -> list[tuple[str, str]]:
    level = "not known" if view.option_level is None else str(view.option_level)
    return [
        ("login", view.login),
        ("type", view.type.lower() + (", retirement account" if view.ira else "")),
        ("option level", level),
        ("may open", "no, closing only" if view.closing_only else "yes"),
        ("groups", " ".join(view.groups) or "none"),
        ("multiplier", f"{plain(view.multiplier):f}"),
    ]


def _balances(holding: HoldingView | None, now: datetime) -> list[tuple[str, str]]:
    if holding is None:
        return [("", "never read: nothing is known of what it has")]
    balances = holding.balances
    return [
        ("net liq", money(balances.liquidation_value, cents=True)),
        ("option bp", money(balances.option_buying_power, cents=True)),
        ("stock bp", money(balances.stock_buying_power, cents=True)),
        ("cash", money(balances.cash, cents=True)),
        ("read", f"{clock(balances.as_of)} ET, {age(now - balances.as_of)} ago"),
    ]


def _holdings(holding: HoldingView | None) -> list[tuple[str, str]]:
    if holding is None:
        return [("", "not known")]
    stakes = stakes_of(holding)
    widest = max((len(stake.label) for stake in stakes), default=0)
    return [
        (
            stake.underlying,
            f"{plain(stake.units):+,f}".rjust(8)
            + f"  {stake.label:<{widest}}  {money(stake.worth.value):>12}"
            + f"  p/l {gain_cell(stake.worth.gain).text:>9}",
        )
        for stake in stakes
    ] or _NONE


def _orders(alias: str, board: Board, now: datetime) -> list[tuple[str, str]]:
    today = now.astimezone(EASTERN).date()
    return [
        (clock(broadcast.created), _order(broadcast, line))
        for broadcast in board.broadcasts.values()
        for line in broadcast.lines
        if line.account == alias and broadcast.created.astimezone(EASTERN).date() == today
    ] or _NONE


def _order(broadcast: BroadcastView, line: LineView) -> str:
    filled = f" {line.filled}/{line.quantity}"
    average = f" @{price(line.average)}" if line.average is not None else ""
    reason = f": {line.reason}" if line.reason else ""
    return f"{line.state}{filled}{average}  {line.order or broadcast.order}{reason}"


def _lesson(view: AccountView) -> list[Section]:
    learned = view.learned
    if learned is None:
        return []
    facts = [
        ("lacks", learned.lack.replace("_", " ")),
        ("broker said", learned.text),
        ("on", f"{learned.at.astimezone(EASTERN):%Y-%m-%d %H:%M} ET"),
        ("to the order", learned.order),
    ]
    return [("learned from a reject", facts)]
