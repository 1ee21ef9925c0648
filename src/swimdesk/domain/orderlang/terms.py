"""The end of an order text: price, order type, time in force, session, effect, exchange."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from swimdesk.domain.instruments import plain
from swimdesk.domain.net_price import Anchor, PriceFormula
from swimdesk.domain.orderlang.expiries import read_day
from swimdesk.domain.orderlang.printer import EFFECTS
from swimdesk.domain.orderlang.scanner import (
    END,
    LONGEST_QUOTE,
    NUMBER,
    Scanner,
    decimals,
    one_of,
    phrase,
)
from swimdesk.domain.orders import (
    PRICED,
    ROLLING,
    STOPPED,
    Effect,
    OrderType,
    Session,
    Side,
    StructureKind,
    TimeInForce,
)
from swimdesk.domain.structures import STRUCTURES

_FORMULA = re.compile(rf"@ *(?P<anchor>MID|NAT)(?P<offset>[+-]{NUMBER})?{END}")
_LIMIT = re.compile(rf"LMT{END}")
_UNPRICED = re.compile(rf"@? *(MKT|MOC){END}")
_AMOUNTS = re.compile(rf"@ *(-?{NUMBER})(?:/(-?{NUMBER}))?(?: *(CR|DB))?{END}")
_ROUTE = re.compile(
    r"(?:AMEX|ARCA|BATS|BOX|BYX|BZX|C2|CBOE|EDGA|EDGX|EMLD|GEMX|IEX|ISE|MEMX|MERC|MIAX|MPRL|"
    rf"NASDAQ|NOM|NSDQ|NYSE|PEARL|PHLX|SPHR){END}"
)
_PRICE_EXPECTED = "a price such as @1.60 or @mid, or @MKT"
_MOST_DECIMALS = 4
LAST_DAY_EXPECTED = "the last day of the order such as '18 DEC 26'"
_TOO_HIGH = 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """How an order is to be worked; ``column`` is where its price stands."""

    order_type: OrderType
    price: Decimal | None
    stop_price: Decimal | None
    time_in_force: TimeInForce
    session: Session
    effect: Effect
    column: int
    good_till: date | None = None
    formula: PriceFormula | None = None
    """How the price of a limit order is found; the order is one at the market until then."""


class _Slot(StrEnum):
    TYPE = "order type"
    TIME = "time in force"
    SESSION = "session"
    EFFECT = "effect"
    ROUTE = "exchange"


_NEEDS_AMOUNT = (
    OrderType.LIMIT,
    OrderType.STOP,
    OrderType.STOP_LIMIT,
    OrderType.LIMIT_ON_CLOSE,
)
_WORDS: dict[_Slot, tuple[str, ...]] = {
    _Slot.TYPE: _NEEDS_AMOUNT,
    _Slot.TIME: tuple(TimeInForce),
    _Slot.SESSION: (Session.EXT, Session.AM, Session.PM),
    _Slot.EFFECT: tuple(EFFECTS.values()),
    _Slot.ROUTE: ("BEST",),
}
"""The words behind the price, each slot at most once and in any order."""

_EFFECT_OF = {word: effect for effect, word in EFFECTS.items()}


def read_terms(text: Scanner, side: Side, kind: StructureKind, today: date | None) -> Terms:
    """Read everything from the price to the end of the text."""
    column = text.column
    formula = _read_formula(text)
    unpriced = formula or text.take(_UNPRICED)
    amounts = () if unpriced else _read_amounts(text, side, kind)
    slots = [slot for slot in _Slot if not (unpriced and slot is _Slot.TYPE)]
    words, good_till = _read_words(text, slots, today)
    order_type, type_column = _order_type(words, unpriced, column)
    _check_type(text, kind, order_type, len(amounts), type_column)
    effect, effect_column = words.get(_Slot.EFFECT, (EFFECTS[Effect.AUTO], column))
    if _EFFECT_OF[effect] in ROLLING and not STRUCTURES[kind].rolls:
        problem = f"{kind} opens or closes as a whole"
        raise text.error(f"{problem}, expected [TO OPEN] or [TO CLOSE]", effect_column)
    return Terms(
        order_type,
        amounts[-1] if order_type in PRICED else None,
        amounts[0] if order_type in STOPPED else None,
        TimeInForce(words.get(_Slot.TIME, (TimeInForce.DAY, 0))[0]),
        Session(words.get(_Slot.SESSION, (Session.NORMAL, 0))[0]),
        _EFFECT_OF[effect],
        column,
        good_till,
        formula,
    )


def _read_formula(text: Scanner) -> PriceFormula | None:
    """Read a price that follows the market; ``LMT`` may stand behind it and changes nothing."""
    written = text.take(_FORMULA)
    if not written:
        return None
    text.take(_LIMIT)
    offset = written["offset"] or "0"
    if decimals(offset) > _MOST_DECIMALS:
        problem = f"read {offset[:LONGEST_QUOTE]!r}, expected at most {_MOST_DECIMALS} decimals"
        raise text.error(problem, written.start("offset") + 1)
    return PriceFormula(Anchor(written["anchor"].lower()), Decimal(offset.replace(",", "")))


def _order_type(
    words: dict[_Slot, tuple[str, int]], unpriced: PriceFormula | re.Match[str] | None, column: int
) -> tuple[OrderType, int]:
    if isinstance(unpriced, PriceFormula):
        return OrderType.MARKET, column
    default = unpriced[1] if unpriced else OrderType.LIMIT.value
    word, at = words.get(_Slot.TYPE, (default, column))
    return OrderType(word), at


def _read_amounts(text: Scanner, side: Side, kind: StructureKind) -> tuple[Decimal, ...]:
    mismatch = text.expected(_PRICE_EXPECTED)
    written = text.take(_AMOUNTS)
    if not written:
        raise mismatch
    amounts = tuple(
        _amount(text, written[group], written.start(group) + 1, kind)
        for group in (1, 2)
        if written[group]
    )
    flow = written[3]
    if flow:
        credit = -side.sign * amounts[-1]
        if not (credit > 0 if flow == "CR" else credit < 0):
            fitting = {1: "CR", -1: "DB", 0: "neither CR nor DB"}[int(credit.compare(Decimal(0)))]
            problem = f"{flow} does not agree with {side} at {amounts[-1]}, expected {fitting}"
            raise text.error(problem, written.start(3) + 1)
    return amounts


def _amount(text: Scanner, written: str, column: int, kind: StructureKind) -> Decimal:
    number = Decimal(written.replace(",", ""))
    if abs(number) >= _TOO_HIGH or decimals(written) > _MOST_DECIMALS:
        limits = f"an amount below {_TOO_HIGH} with at most {_MOST_DECIMALS} decimals"
        raise text.error(f"read {written[:LONGEST_QUOTE]!r}, expected {limits}", column)
    row = STRUCTURES[kind]
    if number <= 0 and len(row.legs) == 1 and not row.shares:
        reason = "only the net price of a spread may be zero or negative"
        raise text.error(
            f"read {written[:LONGEST_QUOTE]!r}, expected an amount above zero: {reason}", column
        )
    return plain(number + 0)  # a zero loses its sign here


def _read_words(
    text: Scanner, slots: list[_Slot], today: date | None
) -> tuple[dict[_Slot, tuple[str, int]], date | None]:
    """Return the word and column per slot until the text ends, and the day that follows GTD."""
    found: dict[_Slot, tuple[str, int]] = {}
    good_till = None
    while not text.at_end:
        if text.sees(_ROUTE):
            raise text.expected("BEST or no exchange: the broker's API takes no named route")
        column = text.column
        free = [(slot, word) for slot in slots if slot not in found for word in _WORDS[slot]]
        taken = next(((slot, word) for slot, word in free if text.take(phrase(word))), None)
        if taken is None:
            raise text.expected(one_of([*(word for _, word in free), "the end of the text"]))
        found[taken[0]] = (taken[1], column)
        if taken[1] == TimeInForce.GTD:
            good_till = read_day(text, LAST_DAY_EXPECTED, today)
    return found, good_till


def _check_type(
    text: Scanner, kind: StructureKind, order_type: OrderType, amounts: int, column: int
) -> None:
    allowed = STRUCTURES[kind].order_types
    if order_type not in allowed:
        names = one_of(known for known in OrderType if known in allowed)
        raise text.error(f"read {order_type.value!r}, expected {names} for {kind}", column)
    if (amounts == 2) != (order_type is OrderType.STOP_LIMIT):
        raise text.error(
            f"two prices and STPLMT go together, expected @STOP/LIMIT STPLMT or @PRICE {order_type}"
            if order_type is not OrderType.STOP_LIMIT
            else "STPLMT takes two prices, expected @STOP/LIMIT STPLMT",
            column,
        )
