"""The middle of an order text: structure, root, expiries, strikes and types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from swimdesk.domain.instruments import INDEX_ROOTS, OptionContract, Right, plain
from swimdesk.domain.orderlang.roots import (
    MARKS,
    MONTHS,
    RootError,
    check_listed,
    resolve_root,
    written_day,
)
from swimdesk.domain.orderlang.scanner import (
    END,
    LONGEST_QUOTE,
    NUMBER,
    Scanner,
    decimals,
    one_of,
    phrase,
)
from swimdesk.domain.orders import Leg, Side, StructureKind
from swimdesk.domain.strategies import (
    STRUCTURES,
    MixedDirections,
    Shape,
    Structure,
    StructureError,
    build_legs,
)

_SYMBOL = re.compile(rf"[A-Z]{{1,5}}(?:[./][A-Z]{{1,3}})?{END}")
_FUTURE = re.compile(r"\.?/")
_PADDED = re.compile(rf"([A-Z]{{1,5}}) *([0-9]{{6}}[CP][0-9]{{8}}){END}")
_DOTTED = re.compile(rf"\.[A-Z]{{1,5}}[0-9]{{6}}[CP][0-9]{{1,5}}(?:\.[0-9]{{1,3}})?{END}")
_MULTIPLIER = re.compile(rf"100{END}")
_MARK = re.compile(r"\((?:WEEKLYS|QUARTERLYS|EOM)\)")
_DAY = re.compile(rf"([0-9]{{1,2}}) +({'|'.join(MONTHS)}) +([0-9]{{2}})(?=[ /]|\Z)")
_MORNING = re.compile(r"\[AM\]")
_SLASH = re.compile(r"/")
_STRIKES = re.compile(rf"{NUMBER}(?:/{NUMBER})*{END}")
_RIGHTS = re.compile(rf"(?:CALL|PUT)(?:/(?:CALL|PUT))*{END}")
_PRICE_AHEAD = re.compile(rf"@|(?:MKT|MOC){END}")
_NOT_TRADED = re.compile(rf"(?:DBL +DIAG|VERT +ROLL|IRON +BUTTERFLY){END}")

DAY_EXPECTED = "an expiry such as '18 DEC 26'"
MARKS_EXPECTED = f"one of {', '.join(MARKS)}"


@dataclass(frozen=True, slots=True)
class ReadLegs:
    """What was read of the legs; ``legs`` is None where the pairs of strikes disagree.

    ``column`` is where the strikes stand, or the symbol where none are written.
    """

    kind: StructureKind
    shape: Shape
    legs: tuple[Leg, ...] | None
    column: int


def read_legs(text: Scanner, side: Side, today: date | None) -> ReadLegs:
    """Read everything from the structure's word to the option types."""
    kind = _read_kind(text)
    if kind is None:
        symbol = _read_symbol_of_option(text, today)
        if symbol:
            return _single(symbol, side)
    column = text.column
    name = _read_name(text, kind)
    if kind is None and text.sees(_PRICE_AHEAD):
        if name in INDEX_ROOTS:
            problem = f"{name} is an index and trades through its options only"
            raise text.error(f"{problem}, expected {DAY_EXPECTED}")
        shape = Shape((name,), (), (), ())
        legs = build_legs(StructureKind.EQUITY, side, shape)
        return ReadLegs(StructureKind.EQUITY, shape, legs, column)
    return _read_option_legs(text, side, kind, name, today)


def _read_kind(text: Scanner) -> StructureKind | None:
    for kind, structure in STRUCTURES.items():
        if structure.word and text.take(phrase(structure.word)):
            return kind
    if text.sees(_NOT_TRADED):
        raise text.expected(_kinds_expected())
    return None


def _kinds_expected() -> str:
    words = [structure.word for structure in STRUCTURES.values() if structure.word]
    return one_of([*words, "a symbol"])


def _read_symbol_of_option(text: Scanner, today: date | None) -> OptionContract | None:
    """Read a single option given by its padded or dotted symbol."""
    column = text.column
    padded = text.take(_PADDED)
    dotted = None if padded else text.take(_DOTTED)
    written = f"{padded[1]:<6}{padded[2]}" if padded else dotted and dotted[0]
    if not written:
        return None
    try:
        contract = OptionContract.parse(written)
        check_listed(contract.root, contract.expiry)
        _check_century(contract)
    except RootError as problem:
        raise text.error(str(problem), column) from problem
    except ValueError as problem:
        expectation = "the symbol of an option such as 'SPXW  261211C06200000'"
        raise text.error(f"{written!r} names no contract, expected {expectation}", column) from (
            problem
        )
    _check_not_past(text, contract.expiry, column, today)
    return contract


def _check_century(contract: OptionContract) -> None:
    if contract.expiry.year < 2000:  # two digits from 69 on
        raise ValueError(f"not a year of an expiry: {contract.expiry}")


def _single(contract: OptionContract, side: Side) -> ReadLegs:
    shape = Shape((contract.root,), (contract.expiry,), (contract.strike,), (contract.right,))
    legs = build_legs(StructureKind.OPTION, side, shape)
    return ReadLegs(StructureKind.OPTION, shape, legs, 1)


def _read_name(text: Scanner, kind: StructureKind | None) -> str:
    symbol = text.take(_SYMBOL)
    if symbol:
        return symbol[0]
    if text.sees(_FUTURE):
        problem = "the broker's API does not trade futures"
        raise text.error(f"{problem}, expected the symbol of a stock, fund or index class")
    raise text.expected(_kinds_expected() if kind is None else "a symbol")


def _read_option_legs(
    text: Scanner, side: Side, kind: StructureKind | None, name: str, today: date | None
) -> ReadLegs:
    multiplier = text.take(_MULTIPLIER) is not None
    before = [] if multiplier else ["100"]
    if kind is None and not multiplier:
        before.insert(0, "@PRICE")
    kind = kind or StructureKind.OPTION
    structure = STRUCTURES[kind]
    roots: list[str] = []
    expiries: list[date] = []
    for number in range(structure.expiries):
        if number and not text.take(_SLASH):
            raise text.expected(f"'/' and {DAY_EXPECTED}")
        root, expiry = _read_expiry(text, name, before, today)
        roots.append(root)
        expiries.append(expiry)
        before = []
    strikes, columns = _read_strikes(text, structure)
    rights = _read_rights(text, structure)
    shape = Shape(tuple(roots), tuple(expiries), strikes, rights)
    try:
        legs = build_legs(kind, side, shape)
    except MixedDirections as problem:
        return ReadLegs(kind, shape, None, columns[problem.strike])
    except StructureError as problem:
        raise text.error(
            f"{problem}, expected {_strikes_expected(structure)}", columns[problem.strike]
        ) from problem
    return ReadLegs(kind, shape, legs, columns[0])


def _read_expiry(
    text: Scanner, name: str, before: list[str], today: date | None
) -> tuple[str, date]:
    mark_column = text.column
    mark = text.take(_MARK)
    day_column = text.column
    written = text.take(_DAY)
    if not written:
        raise text.expected(
            DAY_EXPECTED if mark else f"{', '.join([*before, DAY_EXPECTED])} or {MARKS_EXPECTED}"
        )
    try:
        expiry = date(2000 + int(written[3]), MONTHS.index(written[2]) + 1, int(written[1]))
    except ValueError as problem:
        raise text.error(
            f"{written[0]!r} is no day of the calendar, expected {DAY_EXPECTED}", day_column
        ) from problem
    _check_not_past(text, expiry, day_column, today)
    morning_column = text.column
    morning = text.take(_MORNING)
    try:
        root = resolve_root(name, expiry, marked=bool(mark), morning=bool(morning))
    except RootError as problem:
        column = morning_column if morning else mark_column
        raise text.error(str(problem), column) from problem
    return root, expiry


def _check_not_past(text: Scanner, expiry: date, column: int, today: date | None) -> None:
    if today is not None and expiry < today:
        problem = f"the expiry {written_day(expiry)} is over"
        raise text.error(f"{problem}, expected {written_day(today)} or later", column)


def _strikes_expected(structure: Structure) -> str:
    if structure.strikes == 1:
        return "one strike such as 600"
    names = "/".join(f"K{number + 1}" for number in range(structure.strikes))
    below = " with the puts below the calls" if structure.puts_below_calls else ""
    return f"{structure.strikes} different strikes {names}{below}"


def _read_strikes(
    text: Scanner, structure: Structure
) -> tuple[tuple[Decimal, ...], tuple[int, ...]]:
    column = text.column
    expectation = _strikes_expected(structure)
    mismatch = text.expected(expectation)
    written = text.take(_STRIKES)
    if not written:
        raise mismatch
    words = written[0].split("/")
    if len(words) != structure.strikes:
        raise mismatch
    columns = tuple(column + sum(len(word) + 1 for word in words[:at]) for at in range(len(words)))
    strikes = tuple(_read_strike(text, word, at) for word, at in zip(words, columns, strict=True))
    return strikes, columns


def _read_strike(text: Scanner, word: str, column: int) -> Decimal:
    strike = Decimal(word.replace(",", ""))
    if not 0 < strike < 100_000 or decimals(word) > 3:
        limits = "a strike above 0 and below 100000 in thousandths"
        raise text.error(f"read {word[:LONGEST_QUOTE]!r}, expected {limits}", column)
    return plain(strike)


def _read_rights(text: Scanner, structure: Structure) -> tuple[Right, ...]:
    mismatch = text.expected(one_of("/".join(rights) for rights in structure.rights))
    written = text.take(_RIGHTS)
    rights = tuple(Right(word) for word in written[0].split("/")) if written else ()
    if rights not in structure.rights:
        raise mismatch
    return rights
