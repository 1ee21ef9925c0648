"""``--where``: what is read, what of it holds for an account, and where it is wrong."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.fakes.builders import an_account, some_balances

from swimdesk.domain.accounts import AccountType
from swimdesk.domain.conditions import (
    AccountFigures,
    Names,
    check_names,
    meets,
    needs_level,
    needs_reading,
)
from swimdesk.domain.where import DEEPEST, LONGEST, parse_where, print_where
from swimdesk.errors import UnknownReference, WhereTextError

CALL = "SPXW  261211C06200000"
ACCOUNT = an_account("FAM-01", login="smith", groups=("family", "aunt's"), option_level=2)
FACTS = AccountFigures(
    ACCOUNT,
    replace(some_balances("20000", cash="-5.50"), liquidation_value=Decimal(1_500_000)),
    {"AAPL": Decimal(100), CALL: Decimal(-2)},
)
UNREAD = AccountFigures(ACCOUNT)


@pytest.mark.parametrize(
    "text",
    [
        "bp > 19,999.99", "bp >= 20k", "bp <= 20000", "bp < 20001", "bp = 20,000", "bp != 19k",
        "NETLIQ = 1.5M", "cash = -5.50", "cash<0", "level>=2", "level = 2", "margin",
        "not ira", "not closing_only", "group = 'family'", "group != \"nobody's\"",
        "group = \"aunt's\"", "alias = 'FAM-01'", "alias != 'FAM-02'", "login='smith'",
        "holds(AAPL)", "holds( aapl )", "holds(AAPL) >= 100", f"holds('{CALL}') = -2",
        f"holds(\"{CALL}\")", "not holds(MSFT)", "holds(MSFT) = 0", "(((margin)))",
        "ira or margin", "margin and not ira", "not not margin", "not (ira and margin)",
        # not binds closer than and, and closer than or
        "margin or ira and ira", "not ira and margin", "not ira or margin and ira",
        "bp>20000 or level>=2 AND NOT ira",
    ],
)  # fmt: skip
def test_conditions_that_hold(text: str) -> None:
    condition = parse_where(text)
    assert meets(condition, FACTS) is True
    assert parse_where(print_where(condition)) == condition


@pytest.mark.parametrize(
    "text",
    ["bp > 20000", "bp < 20000", "bp != 20k", "level > 2", "ira", "closing_only", "not margin",
     "group = 'ira'", "group != 'family'", "alias = 'fam-01'", "holds(MSFT)", "holds(SPY)",
     "(margin or ira) and ira", "not (margin or ira)", "bp>20000 and level>=2 and not ira"],
)  # fmt: skip
def test_conditions_that_do_not_hold(text: str) -> None:
    condition = parse_where(text)
    assert meets(condition, FACTS) is False
    assert meets(parse_where(f"not ({text})"), FACTS) is True


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("bp > 1", None),
        ("netliq > 1", None),
        ("cash > 1", None),
        ("holds(AAPL)", None),
        ("holds(AAPL) > 1", None),
        ("margin", None),
        ("closing_only", None),
        ("not bp > 1", None),
        ("bp > 1 and margin", None),
        ("bp > 1 and login = 'jones'", False),
        ("login = 'jones' and bp > 1", False),
        ("bp > 1 or login = 'smith'", True),
        ("bp > 1 or login = 'jones'", None),
        ("bp > 1 and login = 'smith'", None),
        ("level = 2", True),
        ("ira", False),
    ],
)
def test_what_was_not_read_is_never_taken_for_a_no(text: str, verdict: bool | None) -> None:
    assert meets(parse_where(text), UNREAD) is verdict


def test_level_and_kind_that_nobody_told_are_not_known() -> None:
    unknown = an_account(option_level=None, kind=AccountType.UNRECOGNISED)
    facts = replace(FACTS, account=unknown)
    assert meets(parse_where("level >= 0"), facts) is None
    assert meets(parse_where("margin"), facts) is None
    cash = replace(FACTS, account=an_account(kind=AccountType.CASH, closing_only=True))
    assert meets(parse_where("margin"), cash) is False
    assert meets(parse_where("closing_only"), cash) is True
    assert meets(parse_where("closing_only"), AccountFigures(cash.account)) is True


@pytest.mark.parametrize(
    ("text", "reads"),
    [("bp>1", True), ("margin", True), ("not holds(A)", True), ("ira and cash<1", True),
     ("alias='A' or group='B' and login='C'", False), ("level>2 and ira", False)],
)  # fmt: skip
def test_the_broker_is_asked_only_for_what_it_knows_better(text: str, reads: bool) -> None:
    assert needs_reading(parse_where(text)) is reads
    assert needs_level(parse_where(text)) is ("level" in text)


@pytest.mark.parametrize(
    ("text", "column", "read", "expected"),
    [
        ("", 1, "the end", "one of bp, netliq"),
        ("   ", 4, "the end", "one of bp, netliq"),
        ("bpx > 1", 1, "'bpx'", "one of bp, netliq"),
        ("bp", 3, "the end", "one of < <= > >= = != after bp"),
        ("bp == 3", 5, "'='", "a number like 20000"),
        ("bp > 1,23", 6, "'1,23'", "a number"),
        ("bp > 'x'", 6, "\"'x'\"", "a number like 20000"),
        ("bp > cash", 6, "'cash'", "a number like 20000"),
        ("bp > -", 6, "'-'", "a number"),
        ("bp > 20kk", 6, "'20kk'", "a number"),
        ("bp > 1e3", 6, "'1e3'", "a number"),
        ("20000 < bp", 1, "'20000'", "one of bp, netliq"),
        ("alias = FAM-01", 9, "'FAM-01'", "a text in quotes"),
        ("alias < 'A'", 7, "'<'", "one of = != after alias"),
        ("alias = 'A", 9, '"\'A"', "a text in quotes"),
        ("ira = 1", 5, "'='", "and, or, or the end"),
        ("ira margin", 5, "'margin'", "and, or, or the end"),
        ("ira and", 8, "the end", "one of bp, netliq"),
        ("and ira", 1, "'and'", "one of bp, netliq"),
        ("(ira", 5, "the end", "a closing )"),
        ("ira)", 4, "')'", "and, or, or the end"),
        ("holds", 6, "the end", "(SYMBOL) after holds"),
        ("holds AAPL", 7, "'AAPL'", "(SYMBOL) after holds"),
        ("holds()", 7, "')'", "a symbol"),
        ("holds(AAPL", 11, "the end", "a closing )"),
        ("holds(7)", 7, "'7'", "a symbol"),
        ("__import__('os')", 1, "'__import__'", "one of bp, netliq"),
        ("bp>1; ira", 5, "'; ira'", "a name"),
    ],
)
def test_what_is_not_understood_names_its_column(
    text: str, column: int, read: str, expected: str
) -> None:
    with pytest.raises(WhereTextError) as caught:
        parse_where(text)
    assert caught.value.column == column
    assert f"read {read}, expected " in caught.value.detail
    assert expected in caught.value.detail


@pytest.mark.parametrize("text", ["(" * 500, "not " * 240 + "ira", "(" * 60 + "ira" + ")" * 60])
def test_conditions_too_deep_are_refused(text: str) -> None:
    with pytest.raises(WhereTextError, match=f"at most {DEEPEST} conditions inside each other"):
        parse_where(text)


def test_conditions_too_long_are_refused() -> None:
    with pytest.raises(WhereTextError, match=f"{LONGEST} is the most"):
        parse_where("ira or " * LONGEST)


def test_a_long_row_of_conditions_is_read() -> None:
    condition = parse_where(" or ".join(["ira"] * 140))
    assert meets(condition, FACTS) is False


NAMES = Names(frozenset({"family"}), frozenset({"A-01"}), frozenset({"smith"}))


@pytest.mark.parametrize("text", ["group='family'", "alias != 'A-01'", "not login='smith'", "bp>1"])
def test_names_that_there_are_pass(text: str) -> None:
    check_names(parse_where(text), NAMES)


@pytest.mark.parametrize("text", ["not group='irra'", "bp>1 and alias!='A-1'", "login='Smith'"])
def test_a_name_that_does_not_exist_is_an_error_and_not_everyone(text: str) -> None:
    with pytest.raises(UnknownReference, match="there is no"):
        check_names(parse_where(text), NAMES)
