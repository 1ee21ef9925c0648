"""CLOSE, ROLL and FLAT as text: what is held is named as orders for fingers name it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from swimdesk.domain.instruments import Equity, Right
from swimdesk.domain.intents import Intent, Series, Verb
from swimdesk.domain.orderlang.expiries import DAY_EXPECTED, read_series
from swimdesk.domain.orderlang.legs import read_name, read_strikes
from swimdesk.domain.orderlang.scanner import END, NUMBER, Scanner, one_of, phrase
from swimdesk.domain.orderlang.terms import read_terms
from swimdesk.domain.orders import Effect, Leg, OrderType, Side, StructureKind, Ticket
from swimdesk.domain.structures import STRUCTURES

_VERB = re.compile(rf"({'|'.join(Verb)}){END}")
_DAY_AHEAD = re.compile(r"\(|[0-9]{1,2} *[A-Z]{3}")
_STRIKE_AHEAD = re.compile(r"[0-9.]")
_STRIKES = re.compile(rf"{NUMBER}(?:/{NUMBER})*(?=[CP]?{END})")
_RIGHT = re.compile(rf"[CP]{END}")
_TO = re.compile(rf"TO{END}")
_FLOW = re.compile(rf"@ *-?{NUMBER} *(CR|DB){END}")
_PRICE_AHEAD = re.compile(rf"@|(?:MKT|MOC){END}")
ROLLED = frozenset({StructureKind.VERTICAL, StructureKind.OPTION})
"""What one order can close and open again elsewhere."""

NOT_HELD = frozenset(
    {StructureKind.VERTICAL_ROLL, StructureKind.CUSTOM, StructureKind.EQUITY, StructureKind.OPTION}
)


def is_intent(text: str) -> bool:
    """Tell whether a text says what to do with holdings rather than what to trade."""
    return Scanner(text.strip().splitlines()[0] if text.strip() else "").sees(_VERB)


def parse_intent(text: str, *, today: date | None = None) -> Intent:
    """Read CLOSE, ROLL or FLAT; OrderTextError with the column for anything not understood."""
    scanner = Scanner(text)
    taken = scanner.take(_VERB)
    if not taken:
        raise scanner.expected(one_of(Verb))
    verb = Verb(taken[1])
    name = read_name(scanner, "the symbol of what is held")
    if verb is Verb.FLAT:
        return _with_terms(scanner, Intent(verb, name, _carrier(name)), today)
    column = scanner.column
    kind = _read_kind(scanner)
    if verb is Verb.ROLL and kind not in ROLLED:
        legs = 2 * (len(STRUCTURES[kind].legs) + bool(STRUCTURES[kind].shares))
        problem = f"a roll of {kind} has {legs} legs, more than one order of the broker takes"
        if kind is StructureKind.EQUITY or legs <= 4:
            problem = f"{kind} does not roll in one order"
        raise scanner.error(f"{problem}, expected CLOSE and a new order, separately", column)
    intent = _read_what(scanner, Intent(verb, name, _carrier(name), kind=kind), today)
    if verb is Verb.ROLL:
        intent = _read_target(scanner, intent, today)
    return _with_terms(scanner, intent, today)


def _carrier(name: str) -> Ticket:
    """Return a ticket for the terms; its leg stands for those that each account will have."""
    legs = (Leg(Equity(name), Side.BUY),)
    return Ticket(Side.BUY, 1, StructureKind.EQUITY, legs, OrderType.MARKET)


def _read_kind(text: Scanner) -> StructureKind:
    for kind, row in STRUCTURES.items():
        words = [word for word in (row.short, row.word) if word and kind not in NOT_HELD]
        if any(text.take(phrase(word)) for word in words):
            return kind
    if text.sees(_DAY_AHEAD):
        return StructureKind.OPTION
    if text.sees(_PRICE_AHEAD):
        return StructureKind.EQUITY
    shorts = [row.short for kind, row in STRUCTURES.items() if row.short and kind not in NOT_HELD]
    raise text.expected(one_of([*shorts, DAY_EXPECTED, "@PRICE"]))


def _read_what(text: Scanner, intent: Intent, today: date | None) -> Intent:
    assert intent.kind is not None  # noqa: S101 - read before
    row = STRUCTURES[intent.kind]
    if intent.kind is StructureKind.EQUITY:
        return intent
    if not text.sees(_DAY_AHEAD):
        if intent.verb is Verb.ROLL:
            raise text.expected(DAY_EXPECTED)
        return intent
    found = read_series(text, intent.name, row.expiries, [], today)
    series = tuple(zip(found.roots, found.expiries, strict=True))
    strikes, right = _read_strikes(text, intent.kind)
    return replace(intent, series=series, strikes=strikes, right=right)


def _read_strikes(text: Scanner, kind: StructureKind) -> tuple[tuple[Decimal, ...], Right | None]:
    if not text.sees(_STRIKE_AHEAD):
        return (), None
    row = STRUCTURES[kind]
    strikes, _ = read_strikes(text, row, _STRIKES)
    chosen = len(row.rights) > 1
    mismatch = text.expected(f"{'C or P' if chosen else 'no type'} right behind the strikes")
    letter = text.take(_RIGHT)
    if bool(letter) is not chosen:
        raise mismatch
    right = Right.CALL if letter and letter[0] == "C" else Right.PUT
    return strikes, right if chosen else None


def _read_target(text: Scanner, intent: Intent, today: date | None) -> Intent:
    assert intent.kind is not None  # noqa: S101 - read before
    if not text.take(_TO):
        words = [] if intent.strikes else ["strikes"]
        raise text.expected(one_of([*words, "TO and the new day"]))
    column = text.column
    found = read_series(text, intent.name, 1, [], today)
    target: Series = (found.roots[0], found.expiries[0])
    strikes: tuple[Decimal, ...] = ()
    if text.sees(_STRIKE_AHEAD):
        strikes, _ = read_strikes(text, STRUCTURES[intent.kind], _STRIKES)
        if text.sees(_RIGHT):
            raise text.error("a roll keeps calls and puts, expected no type")
    if target[1] == intent.series[0][1]:
        if intent.kind is StructureKind.OPTION:
            problem = "a single option rolls to another day"
            raise text.error(f"{problem}, expected {DAY_EXPECTED}", column)
        if not strikes:
            raise text.expected("other strikes or another day")
    return replace(intent, to_series=target, to_strikes=strikes)


def _with_terms(text: Scanner, intent: Intent, today: date | None) -> Intent:
    """Read price, type and life; FLAT without a price goes to the market."""
    if intent.verb is Verb.FLAT and text.at_end:
        return intent
    if text.sees(_FLOW):
        problem = "the price counts as in the order of each account"
        raise text.error(f"{problem}, expected it without CR or DB")
    # What FLAT will meet is not known: the order types of every structure, any sign of price.
    kind = intent.kind or StructureKind.VERTICAL
    terms = read_terms(text, Side.BUY, kind, today)
    allowed = {Effect.AUTO} if intent.verb is Verb.ROLL else {Effect.AUTO, Effect.CLOSE}
    if terms.effect not in allowed:
        raise text.error(f"{intent.verb} says itself what opens and closes", terms.column)
    carrier = replace(
        intent.terms,
        order_type=terms.order_type,
        price=terms.price,
        stop_price=terms.stop_price,
        time_in_force=terms.time_in_force,
        session=terms.session,
        good_till=terms.good_till,
    )
    return replace(intent, terms=carrier, formula=terms.formula)
