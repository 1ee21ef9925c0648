"""Positions against fills: no order of events alarms by itself, a missing fill always does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.virtual import START

from swimdesk.desk.holding_check import Fills, Finding, HoldingCheck, Judgement, Picture
from swimdesk.domain.positions import Baseline

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 23)
SYMBOLS = ("AAPL", "SPY")


@dataclass
class Ledger:
    """A broker's account: every fill is in the positions at once, and in the lists unless lost."""

    held: dict[str, int]
    fills: list[tuple[str, int]] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)

    def fill(self, symbol: str, quantity: int, *, is_listed: bool = True) -> None:
        if not is_listed:
            self.lost.add(len(self.fills))
        self.fills.append((symbol, quantity))
        self.held[symbol] = self.held.get(symbol, 0) + quantity

    def listed(self) -> Fills:
        return Fills(
            {
                (str(n), "a", 1, START + timedelta(seconds=n)): (symbol, Decimal(quantity))
                for n, (symbol, quantity) in enumerate(self.fills)
                if n not in self.lost
            }
        )

    def positions(self) -> dict[str, Decimal]:
        return {symbol: Decimal(n) for symbol, n in self.held.items() if n}


Step = tuple[str, int]
"""One trade of a symbol; a quantity of 0 is a moment without one."""

trades: st.SearchStrategy[Step] = st.tuples(
    st.sampled_from(SYMBOLS), st.integers(-3, 3).filter(lambda n: n != 0)
)
moments = st.lists(trades, max_size=3)
cycles = st.tuples(moments, moments, moments, st.booleans(), st.booleans())
starts = st.dictionaries(st.sampled_from(SYMBOLS), st.integers(-5, 5), max_size=2)


def trade(ledger: Ledger, steps: Sequence[Step]) -> None:
    for symbol, quantity in steps:
        ledger.fill(symbol, quantity)


def cycle(
    check: HoldingCheck,
    ledger: Ledger,
    moves: tuple[Sequence[Step], Sequence[Step], Sequence[Step]] = ((), (), ()),
    *,
    twice: bool = True,
    in_doubt: bool = False,
) -> Judgement:
    """Read fills, positions, fills, with trades before each of these reads."""
    trade(ledger, moves[0])
    before = ledger.listed()
    trade(ledger, moves[1])
    held = ledger.positions()
    trade(ledger, moves[2])
    after = ledger.listed() if twice else None
    return check.judge(
        Picture("A-01", "l", "1", DAY, START, held, before, after, is_in_doubt=in_doubt)
    )


@settings(max_examples=500)
@given(starts, st.lists(cycles, min_size=1, max_size=6), st.integers(0, 5))
def test_no_interleaving_of_fills_and_reads_ever_alarms(
    start: dict[str, int],
    rounds: list[tuple[list[Step], list[Step], list[Step], bool, bool]],
    restart: int,
) -> None:
    ledger, check = Ledger(dict(start)), HoldingCheck()
    kept: list[Baseline] = []
    for number, (first, second, third, twice, in_doubt) in enumerate(rounds):
        if number == restart:
            check = HoldingCheck(kept[-1:])
        found = cycle(check, ledger, (first, second, third), twice=twice, in_doubt=in_doubt)
        kept += [found.baseline] if found.baseline is not None else []
        assert found.finding not in {Finding.SUSPECT, Finding.DIFFERENT}


@settings(max_examples=500)
@given(starts, st.lists(cycles, max_size=3), trades, st.integers(0, 1))
def test_a_fill_that_no_list_shows_is_told_once_within_two_calm_rounds(
    start: dict[str, int],
    rounds: list[tuple[list[Step], list[Step], list[Step], bool, bool]],
    missing: Step,
    restart: int,
) -> None:
    ledger, check = Ledger(dict(start)), HoldingCheck()
    first = cycle(check, ledger)
    for one, two, three, twice, in_doubt in rounds:
        cycle(check, ledger, (one, two, three), twice=twice, in_doubt=in_doubt)
    ledger.fill(*missing, is_listed=False)
    if restart:
        assert first.baseline is not None
        check = HoldingCheck([first.baseline])
    findings = [cycle(check, ledger) for _ in range(4)]
    assert [one.finding for one in findings] == [
        Finding.SUSPECT, Finding.DIFFERENT, Finding.EQUAL, Finding.EQUAL,
    ]  # fmt: skip
    (told,) = findings[1].mismatches
    assert told.symbol == missing[0]
    assert told.found - told.expected == missing[1]


@settings(max_examples=200)
@given(starts, trades, trades)
def test_a_difference_is_not_told_while_a_line_there_is_in_doubt(
    start: dict[str, int], missing: Step, other: Step
) -> None:
    ledger, check = Ledger(dict(start)), HoldingCheck()
    cycle(check, ledger)
    ledger.fill(*missing, is_listed=False)
    assert cycle(check, ledger).finding is Finding.SUSPECT
    for _ in range(3):
        assert cycle(check, ledger, ([other], (), ()), in_doubt=True).finding is Finding.IN_DOUBT
    assert cycle(check, ledger).finding is Finding.SUSPECT
    assert cycle(check, ledger).finding is Finding.DIFFERENT


@given(starts, trades)
def test_another_day_begins_with_what_is_held_then(start: dict[str, int], missing: Step) -> None:
    ledger, check = Ledger(dict(start)), HoldingCheck()
    cycle(check, ledger)
    ledger.fill(*missing, is_listed=False)
    tomorrow = DAY + timedelta(days=1)
    picture = Picture("A-01", "l", "1", tomorrow, START, ledger.positions(), Fills({}), Fills({}))
    found = check.judge(picture)
    assert found.finding is Finding.FIRST
    assert found.baseline is not None
    assert dict(found.baseline.quantities) == ledger.positions()
    assert check.judge(picture).finding is Finding.EQUAL
