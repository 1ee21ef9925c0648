"""Orders for fingers: ``AAPL +100 @187.5``, ``SPY IC 18DEC26 620/625/580/575 -1 @1.60``."""

from __future__ import annotations

import re
from datetime import date

from swimdesk.domain.instruments import Right
from swimdesk.domain.orderlang.expiries import read_series
from swimdesk.domain.orderlang.legs import (
    Columns,
    ReadLegs,
    check_shares,
    form,
    read_name,
    read_strikes,
    shares,
    strikes_expected,
)
from swimdesk.domain.orderlang.roots import MONTHS
from swimdesk.domain.orderlang.scanner import END, NUMBER, Scanner, phrase
from swimdesk.domain.orders import Side, StructureKind
from swimdesk.domain.strategies import Shape
from swimdesk.domain.structures import STRUCTURES, Structure

_SHORT_WORDS = "|".join(row.short for row in STRUCTURES.values() if row.short)
_AHEAD = re.compile(
    r"(?!(?:BUY|SELL|BOT|SOLD|CLOSE|ROLL|FLAT) )[A-Z]{1,5}(?:[./][A-Z]{1,3})? +"
    rf"(?:(?:{_SHORT_WORDS}){END}|[0-9]{{1,2}} *(?:{'|'.join(MONTHS)})|\(|[+-][0-9])"
)
_SIGN_AHEAD = re.compile(r"[+-]")
_STRIKES = re.compile(rf"{NUMBER}(?:/{NUMBER})*(?=[CP]?{END})")
_RIGHT = re.compile(rf"[CP]{END}")
_BOUGHT = re.compile(rf"[^@]* \+[0-9,]+{END}")


def is_shorthand(text: Scanner) -> bool:
    """Tell whether the text begins as an order for fingers does."""
    return text.sees(_AHEAD)


def read_shorthand_legs(text: Scanner, today: date | None) -> tuple[Side, ReadLegs]:
    """Read everything up to the quantity, whose sign is the side of the order."""
    side = Side.BUY if text.sees(_BOUGHT) else Side.SELL
    column = text.column
    name = read_name(text, "a symbol")
    if text.sees(_SIGN_AHEAD):
        return side, shares(text, side, name, column)
    kind = _read_kind(text)
    structure = STRUCTURES[kind]
    series = read_series(text, name, structure.expiries, [], today)
    strikes, columns = read_strikes(text, structure, _STRIKES)
    rights = _read_rights(text, structure)
    if not text.sees(_SIGN_AHEAD):
        raise text.expected("a quantity with its sign such as +1 to buy or -1 to sell")
    check_shares(text, structure, name, series.column)
    stock = name if structure.shares else ""
    shape = Shape(series.roots, series.expiries, strikes, rights, stock=stock)
    return side, form(text, kind, side, shape, Columns(column, series.column, columns))


def _read_kind(text: Scanner) -> StructureKind:
    for kind, structure in STRUCTURES.items():
        if structure.short and text.take(phrase(structure.short)):
            return kind
    return StructureKind.OPTION


def _read_rights(text: Scanner, structure: Structure) -> tuple[Right, ...]:
    """Read the type behind the last strike where there is a choice, else take that of the row."""
    chosen = len(structure.rights) > 1
    end = "C or P" if chosen else "no type"
    mismatch = text.expected(f"{end} right behind {strikes_expected(structure)}")
    written = text.take(_RIGHT)
    if bool(written) != chosen:
        raise mismatch
    if not written:
        return structure.rights[0]
    return (Right.CALL if written[0] == "C" else Right.PUT,)
