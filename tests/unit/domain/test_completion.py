"""Completion: what is offered at each place, and that what is taken is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from swimdesk.domain.orderlang import parse
from swimdesk.domain.orderlang.commandline import read_command_line
from swimdesk.domain.orderlang.completion import Completion, complete

WEEKLY, MONTHLY = date(2026, 12, 11), date(2026, 12, 18)
EXPIRIES = {"SPY": (WEEKLY, MONTHLY), "SPX": (MONTHLY,), "SPXW": (WEEKLY, MONTHLY)}
STRIKES = {
    (root, day): tuple(Decimal(strike) for strike in ("580", "600", "605", "617.5"))
    for root, days in EXPIRIES.items()
    for day in days
}


def offered(text: str, cursor: int | None = None) -> tuple[Completion, ...]:
    return complete(
        text,
        len(text) if cursor is None else cursor,
        roots=("SPY", "SPX"),
        expiries=EXPIRIES,
        strikes=STRIKES,
        accounts=("FAM-01", "FAM-02"),
        groups=("INCOME", "family"),
    )


def words(text: str) -> list[str]:
    return [completion.text_to_insert for completion in offered(text)]


LINE = "SPY +1 @1.60"
OFFERED = {
    "": ["SPY", "SPX", "BUY", "SELL", "CLOSE", "ROLL", "FLAT"],
    "CLOSE s": ["SPY", "SPX"],
    "CLOSE SPY i": ["IC", "IBFLY"],
    "CLOSE SPY IC ": ["11DEC26", "18DEC26", "@mid", "@nat", "@MKT"],
    "CLOSE SPY IC 11DEC26 ": ["@mid", "@nat", "@MKT"],
    "ROLL SPY ": ["VERT", "11DEC26", "18DEC26"],
    "ROLL SPY VERT 11DEC26 ": ["TO"],
    "ROLL SPY VERT 11DEC26 600/605C TO ": ["11DEC26", "18DEC26"],
    "ROLL SPY VERT 11DEC26 TO 18DEC26 @n": ["@nat"],
    "flat spy @": ["@mid", "@nat", "@MKT"],
    "flat spy g": ["grp"],
    "flat spy l": ["largest"],
    "FLAT SPY grp i": ["INCOME"],
    "FLAT SPY @mid L": ["LMT", "LOC", "largest"],
    "s": ["SPY", "SPX", "SELL"],
    "spy i": ["IC", "IBFLY"],
    "SPY IC ": ["11DEC26", "18DEC26"],
    "SPX IC 1": ["11DEC26", "18DEC26[AM]"],
    "SPX CAL 18DEC26[AM]/": ["11DEC26", "18DEC26[AM]", "(Weeklys) 18DEC26"],
    "SPX IC 18DEC26[AM] 600/": ["580", "600", "605", "617.5"],
    "SPY IC 18DEC26 1/2/3/4/": [],
    "SPY VERT 11DEC26 600/60": ["600C", "600P", "605C", "605P"],
    "SPY 11DEC26 58": ["580C", "580P"],
    "SPY VERT 11DEC26 600/605C ": ["+1", "-1"],
    "SPY VERT 11DEC26 600/605C -1 ": ["@mid", "@nat", "@MKT"],
    "AAPL +100 @m": ["@mid", "@MKT", "@MOC"],
    "BUY ": ["+1"],
    "sell ": ["-1"],
    "BUY +1 iron ": ["IRON CONDOR", "IRON BUTTERFLY"],
    "BUY +1 1/2 ": ["BACKRATIO", "~BUTTERFLY", "~CONDOR", "~IRON CONDOR", "CUSTOM"],
    "SELL -1 VERTICAL S": ["SPY", "SPX"],
    "SELL -1 VERTICAL SPX 100 18 D": ["18 DEC 26 [AM]"],
    "BUY +1 SPY ": ["11 DEC 26", "18 DEC 26", "@mid", "@nat", "@MKT", "@MOC"],
    "SELL -1 VERTICAL SPX 100 (Weeklys) 18 DEC 26 60": ["600", "605"],
    "SELL -1 VERTICAL SPX 11 DEC 26 600/605 ": ["CALL", "PUT"],
    "SELL -1 STRANGLE SPX 11 DEC 26 605/600 ": ["CALL/PUT"],
    "BUY +1 1/-1 CUSTOM SPY 11 DEC 26/18 DEC 26 600/600 P": ["PUT/CALL", "PUT/PUT"],
    f"{LINE} [TO O": ["[TO OPEN]", "[TO OPEN/TO CLOSE]"],
    f"{LINE} GTC g": ["grp"],
    f"{LINE} GTD ": [],
    f"{LINE} grp ": ["INCOME", "family"],
    f"{LINE} grp FAM": ["family"],
    f"{LINE} acc FAM-01,F": ["FAM-01", "FAM-02"],
    f"{LINE} acc FAM-01, F": ["FAM-01", "FAM-02"],
    f"{LINE} waves ": ["all", "canary"],
    f"{LINE} mult e": [],
    f"{LINE} grp INCOME m": ["marked", "mult"],
    f"{LINE} where l": ["level", "login"],
    f"{LINE} where ira a": ["and", "acc", "all"],
    "nothing here ": [],
}


@pytest.mark.parametrize("text", OFFERED)
def test_offers_what_may_stand_there(text: str) -> None:
    assert words(text) == OFFERED[text]


def test_each_slot_is_offered_until_it_is_taken() -> None:
    assert {"LMT", "GTC", "EXT", "[TO OPEN]", "grp", "mult", "waves"} <= set(words(f"{LINE} "))
    left = set(words(f"{LINE} LMT GTC [TO OPEN] "))
    assert not left & {"LMT", "STP", "DAY", "[TO CLOSE]"}
    assert "AM" in left
    assert not set(words(f"{LINE} mult ")) & {"LMT", "GTC", "text", "equal:"}


def test_completion_replaces_what_was_typed_of_the_word() -> None:
    assert offered("buy +1 iron c")[0] == Completion("IRON CONDOR", "IRON CONDOR", 6)
    assert offered("spy i and more", cursor=5)[0] == Completion("IC", "IRON CONDOR", 1)


WALKS = (
    ("SELL ", "-1 ", "IRON CONDOR ", "SPX ", "(Weeklys) 18 DEC 26 ", "605/", "617.5/", "600/",
     "580 ", "CALL/PUT ", "@MKT ", "GTC ", "[TO OPEN] ", "grp ", "INCOME ", "mult"),
    ("BUY ", "+1 ", "CALENDAR ", "SPX ", "18 DEC 26 [AM]/", "11 DEC 26 ", "600 ", "PUT ", "@MKT ",
     "acc ", "FAM-01,", "FAM-02 ", "waves ", "canary"),
    ("SPX ", "IC ", "11DEC26 ", "605/", "617.5/", "600/", "580 ", "-1 ", "@MKT ", "all"),
    ("SPY ", "VERT ", "18DEC26 ", "600/", "605C ", "+1 ", "@MKT ", "EXT ", "drop ", "mult"),
    ("SPY ", "18DEC26 ", "600P ", "+1 ", "@MKT ", "[TO CLOSE] ", "marked"),
    ("SPY ", "+1 ", "@MOC"),
)  # fmt: skip


@pytest.mark.parametrize("walk", WALKS)
def test_line_can_be_typed_by_completions_alone(walk: tuple[str, ...]) -> None:
    text = ""
    for step in walk:
        assert step.rstrip(" /,") in words(text)
        assert step.rstrip(" /,") in words(text + step[0])
        text += step
    assert parse(read_command_line(text).order).legs
