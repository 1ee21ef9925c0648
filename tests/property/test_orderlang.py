"""What is printed reads back to the same ticket; any other text is an error with a column."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import gcd

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from swimdesk.domain.instruments import INDEX_ROOTS, monthly_expiry
from swimdesk.domain.orderlang import parse, parse_order, print_ticket
from swimdesk.domain.orderlang.roots import stock_root
from swimdesk.domain.orders import (
    PRICED,
    ROLLING,
    STOPPED,
    Effect,
    Session,
    Side,
    StructureKind,
    Ticket,
    TimeInForce,
)
from swimdesk.domain.strategies import (
    MixedDirections,
    Shape,
    build_legs,
    contradicts_sign,
    forced_flow,
    shape_of,
)
from swimdesk.domain.structures import MOST_RATIO, STRUCTURES, Structure
from swimdesk.errors import OrderTextError

MUTATED_TEXTS = 10_000
ALL_MUTATED_TEXTS = 100_000
SPREADS = tuple(kind for kind, row in STRUCTURES.items() if len(row.legs) > 1)

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
MONTHLIES = DAYS.map(lambda day: monthly_expiry(day.year, day.month))
STOCKS = st.from_regex(r"[A-Z]{1,5}", fullmatch=True).filter(lambda name: name not in INDEX_ROOTS)
SHARES = st.from_regex(r"[A-Z]{1,5}([./][A-Z]{1,3})?", fullmatch=True).filter(
    lambda name: name not in INDEX_ROOTS
)
OPTIONED = SHARES.filter(lambda name: len(root := stock_root(name)) < 6 and root not in INDEX_ROOTS)
CENTS = st.integers(1, 9_999_999).map(lambda number: Decimal(number) / 100)
PRICES = CENTS | st.integers(1, 9_999_999).map(lambda number: Decimal(number) / 10_000)
STRIKES = st.integers(1, 99_999_999).map(lambda number: Decimal(number) / 1000)


@st.composite
def series(draw: st.DrawFn, count: int, stock: str = "") -> list[tuple[str, date]]:
    """Draw expiries of one class, each with a root that it exists under, the latest first."""
    classes = sorted({index.index for index in INDEX_ROOTS.values()})
    name = stock or draw(STOCKS | st.sampled_from(classes))
    roots = [root for root, index in INDEX_ROOTS.items() if index.index == name] or [name]
    drawn = []
    for _ in range(count):
        root = draw(st.sampled_from(roots))
        monthly_only = root in INDEX_ROOTS and INDEX_ROOTS[root].monthly_only
        drawn.append((root, draw(MONTHLIES if monthly_only else DAYS)))
    return sorted(drawn, key=lambda one: one[1], reverse=True)


@st.composite
def ratios(draw: st.DrawFn, structure: Structure) -> tuple[int, ...]:
    """Draw the ratios that may be written for a structure, if any, without a common divisor."""
    rule = structure.ratios
    if rule is None:
        return ()
    fewest = structure.fewest_legs or len(structure.legs)
    count = draw(st.integers(fewest, len(structure.legs)))
    least = -MOST_RATIO if rule.signed else 1
    each = st.integers(least, MOST_RATIO).filter(bool)
    drawn = draw(st.lists(each, min_size=count, max_size=count))
    divisor = gcd(*drawn)
    found = tuple(ratio // divisor for ratio in drawn)
    assume(found != rule.named)
    return found


def arranged(kind: StructureKind, rising: list[Decimal], turned: bool) -> list[Decimal]:
    """Return rising strikes in an order that the structure takes, ``turned`` in another one."""
    structure = STRUCTURES[kind]
    if structure.rising:
        order = structure.rising[-1 if turned else 0]
        return [rising[order.index(at)] for at in range(len(rising))]
    if kind in (StructureKind.IRON_CONDOR, StructureKind.UNBALANCED_IRON_CONDOR):
        low_put, high_put, low_call, high_call = rising
        if turned:
            return [high_call, low_call, low_put, high_put]
        return [low_call, high_call, high_put, low_put]
    if kind is StructureKind.VERTICAL_ROLL and turned:
        return [rising[1], rising[0], rising[3], rising[2]]
    if kind is StructureKind.STRANGLE:
        return rising[::-1]
    if kind is StructureKind.COLLAR:
        return rising
    if kind is StructureKind.DOUBLE_DIAGONAL:
        return (
            [rising[1], rising[2], rising[0], rising[3]]
            if turned
            else [rising[0], rising[3], rising[1], rising[2]]
        )
    return rising[::-1] if turned else rising


@st.composite
def shapes(draw: st.DrawFn, kind: StructureKind) -> Shape:
    """Draw what may be written for the legs of a kind, pairs in either order."""
    if not STRUCTURES[kind].expiries:
        return Shape((draw(SHARES),), (), (), ())
    written = draw(ratios(STRUCTURES[kind]))
    structure = STRUCTURES[kind].for_legs(len(written))
    stock = draw(OPTIONED) if structure.shares else ""
    days = draw(series(structure.expiries, stock_root(stock)))
    assume(not structure.far_first or days[0][1] > days[-1][1])
    count = structure.strikes
    rising = sorted(draw(st.lists(STRIKES, min_size=count, max_size=count, unique=True)))
    strikes = arranged(kind, rising, draw(st.booleans()))
    roots, expiries = zip(*days, strict=True)
    rights = draw(st.sampled_from(structure.rights))
    return Shape(roots, expiries, tuple(strikes), rights, written, stock)


@st.composite
def tickets(draw: st.DrawFn, kinds: tuple[StructureKind, ...] = tuple(StructureKind)) -> Ticket:
    """Draw any ticket of the kinds whose price does not contradict its strikes."""
    kind = draw(st.sampled_from(kinds))
    structure = STRUCTURES[kind]
    side = draw(st.sampled_from(Side))
    order_type = draw(st.sampled_from(sorted(structure.order_types)))
    spread = len(structure.legs) > 1 or structure.shares > 0
    effects = sorted(Effect if structure.rolls else frozenset(Effect) - ROLLING)
    time_in_force = draw(st.sampled_from(TimeInForce))
    prices = PRICES | PRICES.map(lambda price: -price) | st.just(Decimal(0)) if spread else PRICES
    ticket = Ticket(
        side,
        draw(st.integers(1, structure.most_units)),
        kind,
        build_legs(kind, side, draw(shapes(kind))),
        order_type,
        draw(prices) if order_type in PRICED else None,
        draw(PRICES) if order_type in STOPPED else None,
        time_in_force,
        draw(st.sampled_from(Session)),
        draw(st.sampled_from(effects)),
        draw(DAYS) if time_in_force is TimeInForce.GTD else None,
    )
    if contradicts_sign(ticket):
        assert ticket.price is not None
        return replace(ticket, price=-ticket.price)
    return ticket


@settings(max_examples=1000)
@given(tickets())
def test_every_ticket_reads_back_from_its_text(ticket: Ticket) -> None:
    text = print_ticket(ticket)
    assert parse(text) == ticket
    assert parse(text.lower().replace("-", "\N{MINUS SIGN}").replace(" ", "\u00a0 ")) == ticket


SHORT = tuple(kind for kind, row in STRUCTURES.items() if row.short)


@settings(max_examples=300)
@given(tickets((StructureKind.OPTION, *SHORT)))
def test_every_ticket_of_a_short_word_reads_back_from_its_shorthand(ticket: Ticket) -> None:
    shape, row = shape_of(ticket), STRUCTURES[ticket.kind]
    days = print_ticket(ticket).partition(" 100 ")[2]
    strikes = "/".join(f"{strike:f}" for strike in shape.strikes)
    rights = "/".join((*shape.rights, *((shape.stock,) if shape.stock else ())))
    expiries, price = days.split(f" {strikes} {rights} ", 1)
    marked, _, last_days = expiries.rpartition(") ")
    name = shape.stock or print_ticket(ticket).partition(" 100 ")[0].split(" ")[-1]
    compact = f"{marked}) {last_days}" if marked else last_days
    right = rights[0] if len(row.rights) > 1 else ""
    quantity = f"{ticket.side.sign * ticket.quantity:+d}"
    text = f"{name} {row.short} {compact.replace(' [', '[')} {strikes}{right} {quantity} {price}"
    assert parse(text) == ticket


@settings(max_examples=300)
@given(tickets(SPREADS))
def test_every_ticket_with_the_price_of_the_other_sign_is_refused(ticket: Ticket) -> None:
    assume(ticket.price and forced_flow(ticket.legs))
    text = print_ticket(ticket)
    flipped = text.replace("@-", "@") if "@-" in text else text.replace("@", "@-")
    with pytest.raises(OrderTextError, match=r"'SELL .* or 'BUY "):
        parse(flipped)


@settings(max_examples=300)
@given(
    tickets((StructureKind.IRON_CONDOR, StructureKind.UNBALANCED_IRON_CONDOR)),
    st.sampled_from((0, 2)),
)
def test_condor_with_one_pair_turned_around_is_refused(ticket: Ticket, pair: int) -> None:
    shape = shape_of(ticket)
    strikes = list(shape.strikes)
    strikes[pair], strikes[pair + 1] = strikes[pair + 1], strikes[pair]
    turned = replace(shape, strikes=tuple(strikes))
    with pytest.raises(MixedDirections):
        build_legs(ticket.kind, ticket.side, turned)


SEEDS = (
    "BUY +100 AAPL @187.50 LMT",
    "SELL -100 AAPL @180.00/179.50 STPLMT GTC EXT [TO CLOSE]",
    "BUY +2 SPY 100 18 DEC 26 602.5 CALL @4.10 LMT FOK",
    "SELL -1 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 CR LMT",
    "BUY +1 VERTICAL BRK/B 100 (Quarterlys) 31 DEC 26 605/600 CALL @-.80 [AUTO] BEST",
    "SELL \u22121 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60 LMT",
    "(Replacing #12) BUY +1 IRON CONDOR SPX 100 18 DEC 26 [AM] 6200/6220/5820/5800 CALL/PUT @MKT",
    "BUY +1 SPXW  261211C06200000 @1,250.00 DB GTC",
    "BUY +1 .SPXW261211C6200 @4.10 STP",
    "SELL -1 VIX 100 (EOM) 16 DEC 26 [AM] 20 PUT MOC",
    "SELL -1 1/2 BACKRATIO NFLX 100 (Weeklys) 11 DEC 26 89/92 CALL @-.71 LMT",
    "BUY +1 STRADDLE SPY 18 DEC 26 600 CALL/PUT @20.5",
    "SELL -1 STRANGLE SPY 18 DEC 26 610/590 CALL/PUT @5",
    "BUY +1 CALENDAR SPX 100 15 JAN 27 [AM]/18 DEC 26 6000 PUT @48.75 LMT GTC",
    "SELL -1 DIAGONAL SPY 15 JAN 27/(Weeklys) 11 DEC 26 600/605 CALL @4",
    "BUY +1 BUTTERFLY SPY 18 DEC 26 600/610/620 CALL @1",
    "BUY +1 2/6/4 ~BUTTERFLY SPY 18 DEC 26 600/610/615 CALL @1",
    "SELL -1 CONDOR SPY 18 DEC 26 615/610/605/600 PUT @1",
    "BUY +1 1/1/1/2 ~CONDOR SPY 18 DEC 26 600/605/610/615 CALL @MKT",
    "SELL -1 2/2/1/1 ~IRON CONDOR SPX 100 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60",
    "SELL -1 IRON BUTTERFLY SPY 18 DEC 26 600/610/600/590 CALL/PUT @5",
    "BUY +1 DBL DIAG SPY 15 JAN 27/18 DEC 26 580/620/585/615 PUT/CALL/PUT/CALL @3",
    "SELL -1 VERT ROLL SPY 15 JAN 27/18 DEC 26 600/605/595/600 CALL @.40 [TO OPEN/TO CLOSE]",
    "BUY +1 VERT ROLL SPX 18 DEC 26 [AM]/11 DEC 26 60/59/60/59 PUT @0 LMT [TO CLOSE/TO OPEN]",
    "BUY +1 COVERED BRKB 100 18 DEC 26 600 CALL/BRK/B @595.20 LMT",
    "SELL -1 COLLAR SPY 100 18 DEC 26 580/620 PUT/CALL/SPY @598 [TO CLOSE]",
    "SPY COV 18DEC26 600 +1 @595",
    "SELL -1 VERTICAL SPY 18 DEC 26 600/605 CALL @mid-0.02 GTC",
    "AAPL +100 @nat+.01 LMT EXT",
    "AAPL +100 @187.5 GTD 18 DEC 26 EXT",
    "SPY IC 18DEC26 620/625/580/575 -1 @1.60",
    "SPX CAL 15JAN27[AM]/18DEC26 6000P +1 @48.75 [TO OPEN]",
    "SPY 18DEC26 600C -2 @4.10 GTC",
    "BUY +1 1/-1/1 CUSTOM SPX (EOM) 18 DEC 26/18 DEC 26/11 DEC 26 60/61/60 CALL/CALL/PUT @3",
)
ALPHABET = "0123456789+-/.,@()[]# ABCDEPSTUXW\u22126\u00a0\n\t\u0661\u00df\ud800\x00'"


def _cut(text: str, draw: random.Random) -> str:
    start = draw.randrange(len(text) + 1)
    return text[:start] + text[start + draw.randrange(4) :]


def _insert(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice(ALPHABET) + text[at:]


def _overwrite(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice(ALPHABET) + text[at + 1 :]


def _repeat(text: str, draw: random.Random) -> str:
    start = draw.randrange(len(text) + 1)
    part = text[start : start + draw.randrange(1, 9)]
    return text[:start] + part * draw.choice((2, 2, 3, 400)) + text[start:]


def _swap_words(text: str, draw: random.Random) -> str:
    words = text.split(" ")
    one, other = draw.randrange(len(words)), draw.randrange(len(words))
    words[one], words[other] = words[other], words[one]
    return " ".join(words)


def _borrow_word(text: str, draw: random.Random) -> str:
    words = text.split(" ")
    words[draw.randrange(len(words))] = draw.choice(draw.choice(SEEDS).split(" "))
    return " ".join(words)


MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    _cut,
    _insert,
    _overwrite,
    _repeat,
    _swap_words,
    _borrow_word,
)


def _outcome(text: str) -> Ticket | OrderTextError:
    try:
        return parse_order(text).ticket
    except OrderTextError as error:
        return error


def test_mutated_texts_are_refused_or_read_as_what_they_print() -> None:
    mutate(MUTATED_TEXTS, seed=20261211)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_many_more_mutated_texts_are_refused_or_read_as_what_they_print() -> None:
    mutate(ALL_MUTATED_TEXTS, seed=20261218)


def mutate(number: int, *, seed: int) -> None:
    """Mutate order texts; each is an error with a column or reads back from what it prints."""
    draw = random.Random(seed)
    read = 0
    for _ in range(number):
        text = draw.choice(SEEDS)
        for _ in range(draw.randrange(1, 4)):
            text = draw.choice(MUTATIONS)(text, draw)
        outcome = _outcome(text)
        if isinstance(outcome, Ticket):
            read += 1
            assert parse(print_ticket(outcome)) == outcome, text
        else:
            assert outcome.column is not None, text
            assert 1 <= outcome.column <= len(text) + 1, text
    # Some must still be orders, or the loop would show nothing about reading.
    assert read > number // 50
