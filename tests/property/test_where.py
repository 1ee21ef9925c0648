"""Conditions on accounts: no text crashes the reader, and what is printed reads back."""

from __future__ import annotations

import contextlib
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.builders import an_account, some_balances

from swimdesk.domain.conditions import (
    FLAGS,
    NUMBERS,
    SIGNS,
    AccountFigures,
    Compare,
    Condition,
    Flag,
    Joined,
    Not,
    meets,
)
from swimdesk.domain.where import parse_where, print_where
from swimdesk.errors import WhereTextError

figures = st.decimals("-1000000", "1000000", places=2)
symbols = st.sampled_from(("AAPL", "BRK/B", "SPXW  261211C06200000"))
printable = st.characters(codec="utf-8", exclude_characters="'\"")
values = st.text(printable, max_size=8)
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, st.sampled_from(NUMBERS), st.sampled_from(tuple(SIGNS)), figures),
    st.builds(Compare, st.just("holds"), st.sampled_from(tuple(SIGNS)), figures, symbols),
    st.builds(Compare, st.sampled_from(("group", "alias", "login")), st.just("="), values),
    st.builds(Flag, st.sampled_from(FLAGS)),
    st.builds(Flag, st.just("holds"), symbols),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner), st.builds(Joined, st.sampled_from(("and", "or")), inner, inner)
    ),
    max_leaves=8,
)
PIECES = ("bp", ">", "=", "20,000", "1k", "and", "or", "not", "(", ")", "'A'", "holds", "AAPL",
          "ira", "group", " ", "'", "-", ".", "\u2212", "\x00", "__import__", "== 1")  # fmt: skip
FACTS = AccountFigures(an_account(), some_balances(), {"AAPL": Decimal(3)})


@given(conditions)
def test_a_printed_condition_reads_back_the_same(condition: Condition) -> None:
    assert parse_where(print_where(condition)) == condition


@given(conditions)
def test_a_condition_and_its_opposite_divide_the_accounts(condition: Condition) -> None:
    assert meets(Not(condition), FACTS) is not meets(condition, FACTS)


@given(conditions)
def test_what_is_settled_without_reading_is_what_reading_would_say(condition: Condition) -> None:
    unread = meets(condition, AccountFigures(FACTS.account))
    assert unread in (None, meets(condition, FACTS))


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map("".join)))
def test_no_text_crashes_the_reader_or_is_read_without_meaning(text: str) -> None:
    with contextlib.suppress(WhereTextError):
        condition = parse_where(text)
        assert meets(condition, FACTS) in (True, False)
        assert parse_where(print_where(condition)) == condition
