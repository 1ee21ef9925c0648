"""The middle of an order text: ratios, structure, root, expiries, strikes and types."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import gcd

from swimdesk.domain.instruments import INDEX_ROOTS, OptionContract, Right, plain
from swimdesk.domain.orderlang.expiries import DAY_EXPECTED, check_not_past, read_series
from swimdesk.domain.orderlang.roots import RootError, check_listed, stock_root
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
    ExpiryError,
    MixedDirections,
    RatioError,
    Shape,
    StructureError,
    build_legs,
)
from swimdesk.domain.structures import STRUCTURES, Structure

_FUTURE = re.compile(r"\.?/")
_PADDED = re.compile(rf"([A-Z]{{1,5}}) *([0-9]{{6}}[CP][0-9]{{8}}){END}")
_DOTTED = re.compile(rf"\.[A-Z]{{1,5}}[0-9]{{6}}[CP][0-9]{{1,5}}(?:\.[0-9]{{1,3}})?{END}")
_MULTIPLIER = re.compile(rf"100{END}")
_RATIOS = re.compile(rf"-?[0-9]{{1,3}}(?:/-?[0-9]{{1,3}})+{END}")
_STRIKES = re.compile(rf"{NUMBER}(?:/{NUMBER})*{END}")
_NAME = r"[A-Z]{1,5}(?:[./][A-Z]{1,3})?"
_SYMBOL = re.compile(f"{_NAME}{END}")
_RIGHTS = r"(?P<types>(?:CALL|PUT)(?:/(?:CALL|PUT))*)"
_TYPES = re.compile(f"{_RIGHTS}{END}")
_TYPES_AND_SHARES = re.compile(f"{_RIGHTS}/(?P<stock>{_NAME}){END}")
_PRICE_AHEAD = re.compile(rf"@|(?:MKT|MOC){END}")
_MOST_LISTED = 4


@dataclass(frozen=True, slots=True)
class ReadLegs:
    """What was read of the legs; ``legs`` is None where the pairs of strikes disagree.

    ``column`` is where the strikes stand, or the symbol where none are written.
    """

    kind: StructureKind
    shape: Shape
    legs: tuple[Leg, ...] | None
    column: int
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the parts of a structure stand."""

    ratios: int
    expiries: int
    strikes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Ratios:
    column: int
    written: str = ""
    values: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()


def read_legs(text: Scanner, side: Side, today: date | None) -> ReadLegs:
    """Read everything from the ratios or the structure's word to the option types."""
    ratios = _read_ratios(text)
    kind = _read_kind(text)
    _check_ratios_wanted(text, ratios, kind)
    if kind is None:
        symbol = _read_symbol_of_option(text, today)
        if symbol:
            return _single(symbol, side)
    column = text.column
    name = read_name(text, kinds_expected() if kind is None else "a symbol")
    if kind is None and text.sees(_PRICE_AHEAD):
        return shares(text, side, name, column)
    return _read_option_legs(text, side, kind, ratios, name, today)


def shares(text: Scanner, side: Side, name: str, column: int) -> ReadLegs:
    """Return the leg of a stock order; an error for an index, which has no shares."""
    if name in INDEX_ROOTS:
        problem = f"{name} is an index and trades through its options only"
        raise text.error(f"{problem}, expected {DAY_EXPECTED}")
    shape = Shape((name,), (), (), ())
    legs = build_legs(StructureKind.EQUITY, side, shape)
    return ReadLegs(StructureKind.EQUITY, shape, legs, column)


def form(text: Scanner, kind: StructureKind, side: Side, shape: Shape, at: Columns) -> ReadLegs:
    """Build the legs of what was read, or raise the error with the column of what is wrong."""
    structure = STRUCTURES[kind].for_legs(len(shape.ratios))
    try:
        legs = build_legs(kind, side, shape)
    except MixedDirections as problem:
        return ReadLegs(kind, shape, None, at.strikes[problem.strike])
    except StructureError as problem:
        expected = strikes_expected(structure)
        raise text.error(f"{problem}, expected {expected}", at.strikes[problem.strike]) from problem
    except ExpiryError as problem:
        expected = f"the far expiry of a {kind} in front"
        raise text.error(f"{problem}, expected {expected}", at.expiries) from problem
    except RatioError as problem:
        raise text.error(f"{problem}, expected {_ratios_expected(kind)}", at.ratios) from problem
    return ReadLegs(kind, shape, legs, at.strikes[0])


def _read_ratios(text: Scanner) -> _Ratios:
    """Read ratios and reduce them by their common divisor, which is worth a notice."""
    column = text.column
    written = text.take(_RATIOS)
    if not written:
        return _Ratios(column)
    values = tuple(int(ratio) for ratio in written[0].split("/"))
    divisor = gcd(*values)
    if divisor < 2:
        return _Ratios(column, written[0], values)
    reduced = tuple(value // divisor for value in values)
    shown = "/".join(str(value) for value in reduced)
    notice = f"the ratios {written[0]} were read as {shown}, each unit is that many contracts"
    return _Ratios(column, written[0], reduced, (notice,))


def _check_ratios_wanted(text: Scanner, ratios: _Ratios, kind: StructureKind | None) -> None:
    if kind is None:
        if ratios.written:
            problem = f"read {ratios.written!r}, expected {kinds_expected()}"
            raise text.error(problem, ratios.column)
        return
    rule = STRUCTURES[kind].ratios
    if bool(rule) != bool(ratios.written):
        found = f"read {ratios.written!r}" if ratios.written else f"read {kind.value!r}"
        raise text.error(f"{found}, expected {_ratios_expected(kind)}", ratios.column)


def _ratios_expected(kind: StructureKind) -> str:
    rule = STRUCTURES[kind].ratios
    if rule is None:
        return f"no ratios in front of {kind}"
    return f"ratios such as {rule.example} in front of {kind}"


def _read_kind(text: Scanner) -> StructureKind | None:
    for kind, structure in STRUCTURES.items():
        if structure.word and text.take(phrase(structure.word)):
            return kind
    return None


def kinds_expected() -> str:
    """Return what may stand where a structure or a symbol begins."""
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
    check_not_past(text, contract.expiry, column, today)
    return contract


def _check_century(contract: OptionContract) -> None:
    if contract.expiry.year < 2000:  # two digits from 69 on
        raise ValueError(f"not a year of an expiry: {contract.expiry}")


def _single(contract: OptionContract, side: Side) -> ReadLegs:
    shape = Shape((contract.root,), (contract.expiry,), (contract.strike,), (contract.right,))
    legs = build_legs(StructureKind.OPTION, side, shape)
    return ReadLegs(StructureKind.OPTION, shape, legs, 1)


def read_name(text: Scanner, expected: str) -> str:
    """Read the symbol of a stock or a class of options."""
    symbol = text.take(_SYMBOL)
    if symbol:
        return symbol[0]
    if text.sees(_FUTURE):
        problem = "the broker's API does not trade futures"
        raise text.error(f"{problem}, expected the symbol of a stock, fund or index class")
    raise text.expected(expected)


def _read_option_legs(
    text: Scanner,
    side: Side,
    kind: StructureKind | None,
    ratios: _Ratios,
    name: str,
    today: date | None,
) -> ReadLegs:
    multiplier = text.take(_MULTIPLIER) is not None
    before = [] if multiplier else ["100"]
    if kind is None and not multiplier:
        before.insert(0, "@PRICE")
    kind = kind or StructureKind.OPTION
    structure = STRUCTURES[kind].for_legs(len(ratios.values))
    series = read_series(text, name, structure.expiries, before, today)
    strikes, columns = read_strikes(text, structure)
    check_shares(text, structure, name, series.column)
    rights, stock = _read_types(text, structure, name)
    shape = Shape(series.roots, series.expiries, strikes, rights, ratios.values, stock)
    read = form(text, kind, side, shape, Columns(ratios.column, series.column, columns))
    return replace(read, notices=ratios.notices)


def strikes_expected(structure: Structure) -> str:
    """Return what the strikes of a structure look like."""
    if structure.strikes == 1:
        return "one strike such as 600"
    names = "/".join(f"K{number + 1}" for number in range(structure.strikes))
    below = " with the puts below the calls" if structure.puts_below_calls else ""
    order = f" {structure.order_words}" if structure.order_words else ""
    return f"{structure.strikes} different strikes {names}{below}{order}"


def read_strikes(
    text: Scanner, structure: Structure, pattern: re.Pattern[str] = _STRIKES
) -> tuple[tuple[Decimal, ...], tuple[int, ...]]:
    """Read the strikes of a structure with their columns."""
    column = text.column
    mismatch = text.expected(strikes_expected(structure))
    written = text.take(pattern)
    if not written:
        raise mismatch
    words = written[0].split("/")
    columns = [column + sum(len(word) + 1 for word in words[:at]) for at in range(len(words))]
    strikes = [_read_strike(text, word, at) for word, at in zip(words, columns, strict=True)]
    if len(words) == len(structure.long_form):
        # A strike that the long form repeats must be the same wherever it stands.
        kept = [structure.long_form.index(at) for at in range(structure.strikes)]
        if any(strikes[at] != strikes[kept[of]] for at, of in enumerate(structure.long_form)):
            raise mismatch
        strikes, columns = [strikes[at] for at in kept], [columns[at] for at in kept]
    if len(strikes) != structure.strikes:
        raise mismatch
    return tuple(strikes), tuple(columns)


def _read_strike(text: Scanner, word: str, column: int) -> Decimal:
    strike = Decimal(word.replace(",", ""))
    if not 0 < strike < 100_000 or decimals(word) > 3:
        limits = "a strike above 0 and below 100000 in thousandths"
        raise text.error(f"read {word[:LONGEST_QUOTE]!r}, expected {limits}", column)
    return plain(strike)


def rights_expected(structure: Structure, name: str) -> str:
    """Return the types that may stand behind the strikes."""
    if len(structure.rights) > _MOST_LISTED or structure.fewest_legs:
        return f"CALL or PUT for each of {structure.strikes} legs"
    shares = (name,) if structure.shares else ()
    return one_of("/".join((*rights, *shares)) for rights in structure.rights)


def check_shares(text: Scanner, structure: Structure, name: str, column: int) -> None:
    """Raise the error that an index has no shares that could go with its options."""
    if structure.shares and name in INDEX_ROOTS:
        problem = f"{name} is an index and has no shares"
        raise text.error(f"{problem}, expected a stock or fund for {structure.word}", column)


def _read_types(text: Scanner, structure: Structure, name: str) -> tuple[tuple[Right, ...], str]:
    """Read the types of the options, and behind them the shares where they belong to the row."""
    mismatch = text.expected(rights_expected(structure, name))
    written = text.take(_TYPES_AND_SHARES if structure.shares else _TYPES)
    if not written:
        raise mismatch
    rights = tuple(Right(word) for word in written["types"].split("/"))
    stock = written["stock"] if structure.shares else ""
    if rights not in structure.rights or (stock and stock_root(stock) != stock_root(name)):
        raise mismatch
    return rights, stock
