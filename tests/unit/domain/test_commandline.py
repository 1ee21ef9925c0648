"""The console's line: where the order ends, and what stands behind it."""

from __future__ import annotations

import random

import pytest

from swimdesk.domain.orderlang import parse
from swimdesk.domain.orderlang.commandline import OrderLine, read_command_line
from swimdesk.errors import OrderTextError, WhereTextError

ORDER = "SPX IC 11DEC26 6200/6220/5820/5800 -1 @1.60"

LINES = {
    ORDER: OrderLine(ORDER),
    f"{ORDER} grp INCOME mult": OrderLine(ORDER, groups=("INCOME",), sizing="mult"),
    f"{ORDER} GTC [TO OPEN] grp INCOME,FAMILY": OrderLine(
        f"{ORDER} GTC [TO OPEN]", groups=("INCOME", "FAMILY")
    ),
    f"{ORDER} acc FAM-03,FAM-07..09": OrderLine(
        ORDER, accounts=("FAM-03", "FAM-07", "FAM-08", "FAM-09")
    ),
    f"{ORDER} acc A-9..A-11, B": OrderLine(ORDER, accounts=("A-9", "A-10", "A-11", "B")),
    f"{ORDER} ALL waves canary": OrderLine(ORDER, everyone=True, waves="canary"),
    f"{ORDER} all waves all": OrderLine(ORDER, everyone=True),
    f"{ORDER} waves 5 grp ALLOW": OrderLine(ORDER, groups=("ALLOW",), waves="5"),
    f"{ORDER} marked equal:90 rotate": OrderLine(
        ORDER, marked=True, sizing="equal:90", remainder="rotate"
    ),
    f"{ORDER} where bp>20000 and level>=3 and not ira netliq:1%": OrderLine(
        ORDER, where="bp>20000 and level>=3 and not ira", sizing="netliq:1%"
    ),
    f"{ORDER} where ( group = ' all ' or holds( ALL ) > 0 ) all": OrderLine(
        ORDER, where="( group = ' all ' or holds( ALL ) > 0 )", everyone=True
    ),
    "ALL +100 @187.5 all": OrderLine("ALL +100 @187.5", everyone=True),
    "BUY +100 ALL @MKT grp A": OrderLine("BUY +100 ALL @MKT", groups=("A",)),
    "BUY +100 ALL MOC grp A": OrderLine("BUY +100 ALL MOC", groups=("A",)),
    "SELL -1 SPY 100 18 DEC 26 600 CALL @4 GTD 18 DEC 26 risk:500": OrderLine(
        "SELL -1 SPY 100 18 DEC 26 600 CALL @4 GTD 18 DEC 26", sizing="risk:500"
    ),
    "CLOSE SPY IC @0.40 grp A": OrderLine("CLOSE SPY IC @0.40", groups=("A",)),
    "flat ALL all": OrderLine("flat ALL", everyone=True),
    "FLAT SPY pct:-50 marked": OrderLine("FLAT SPY", sizing="pct:-50", marked=True),
    "  AAPL +1 @1\u00a0 grp A": OrderLine("  AAPL +1 @1", groups=("A",)),
    "": OrderLine(""),
    "AAPL +100 grp A": OrderLine("AAPL +100 grp A"),
}


@pytest.mark.parametrize("text", LINES)
def test_line_is_split_into_order_and_parts(text: str) -> None:
    assert read_command_line(text) == LINES[text]


BAD = {
    f"{ORDER} grp": (48, "the line ends, expected the name of a group"),
    f"{ORDER} grp mult": (49, "read 'mult', expected the name of a group"),
    f"{ORDER} grp ALL": (49, "read 'ALL', expected the name of a group"),
    f"{ORDER} grp A, ": (52, "the line ends, expected the name of a group"),
    f"{ORDER} grp A,,B": (51, "read ',', expected the name of a group"),
    f"{ORDER} acc FAM-09..07": (49, "a range that rises"),
    f"{ORDER} acc FAM-1..OTHER-2": (49, "a range such as FAM-07..09"),
    f"{ORDER} acc FAM-1..99999": (49, "at most 1000 accounts"),
    f"{ORDER} all grp A": (45, "expected one or the other"),
    f"{ORDER} grp A grp B": (51, "is the second grp"),
    f"{ORDER} mult equal:90": (50, "is the second sizing"),
    f"{ORDER} mult foo": (50, "read 'foo', expected acc, grp, all"),
    f"{ORDER} equal:0": (45, "is not a sizing"),
    f"{ORDER} nonsense:7": (45, "is not a sizing"),
    f"{ORDER} waves": (50, "the line ends, expected all, canary or a number"),
    f"{ORDER} waves 0": (51, "read '0', expected all, canary or a number"),
    "FLAT all": (6, "may be a symbol or a word of the line"),
    "AAPL +1 @1\nAAPL +1 @1": (11, "one line is one order"),
}


@pytest.mark.parametrize("text", BAD)
def test_error_names_the_column_of_the_line(text: str) -> None:
    column, words = BAD[text]
    with pytest.raises(OrderTextError) as caught:
        read_command_line(text)
    assert caught.value.column == column
    assert words in caught.value.detail


def test_error_in_a_condition_names_the_column_of_the_line() -> None:
    text = f"{ORDER} where bp > and level>=3 mult"
    with pytest.raises(WhereTextError) as caught:
        read_command_line(text)
    assert caught.value.column == text.index("and") + 1


def test_order_keeps_its_columns() -> None:
    line = read_command_line("  AAPL +1 @oops grp A")
    with pytest.raises(OrderTextError) as caught:
        parse(line.order)
    assert caught.value.column == 11


def test_line_says_whether_it_names_accounts() -> None:
    assert not read_command_line(f"{ORDER} mult waves canary").names_accounts
    for part in ("grp A", "acc A", "all", "marked", "where ira"):
        assert read_command_line(f"{ORDER} {part}").names_accounts


def outcome(text: str) -> OrderLine | int | None:
    """Return what was read, or the column of the error."""
    try:
        return read_command_line(text)
    except (OrderTextError, WhereTextError) as error:
        return error.column


def test_mutated_lines_never_crash() -> None:
    rng = random.Random(11)
    alphabet = " @,.:'()<>=-+09AZaz\t\u2212\u00a0é"
    for _ in range(5_000):
        characters = list(rng.choice([*LINES, *BAD]))
        for _ in range(rng.randint(1, 4)):
            at = rng.randint(0, len(characters))
            characters[at : at + rng.randint(0, 2)] = rng.choice(alphabet)
        text = "".join(characters)
        found = outcome(text)
        if isinstance(found, OrderLine):
            assert text.startswith(found.order)
        else:
            assert found is not None
            assert 1 <= found <= len(text) + 1
