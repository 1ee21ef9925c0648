"""Cells take no steering text in, and give none out to other programs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.console.widgets.cells import Cell
from swimdesk.console.widgets.export import as_csv, as_tsv
from swimdesk.views.plain import plain_text


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("a\x9b2Jb\x07", "a2Jb"),
        ("two\nlines\tapart", "two lines apart"),
        ("price \u202e06.1\u202c", "price 06.1"),
        ("zero\u200bwidth\ufeff\u200d", "zerowidth"),
        ("no\u00a0break", "no break"),
        ("[/x] [bold]", "[/x] [bold]"),
        ("naïve 日本 ▲", "naïve 日本 ▲"),
    ],
)
def test_text_from_outside_is_made_plain(foreign: str, shown: str) -> None:
    assert plain_text(foreign) == shown
    assert Cell(foreign).text == shown


@given(st.text())
def test_plain_text_is_printable_and_stays_as_it_is(text: str) -> None:
    once = plain_text(text)
    assert once.isprintable()
    assert plain_text(once) == once


def test_clipboard_text_is_apart_by_tabs() -> None:
    assert as_tsv([(Cell("FAM\t01"), Cell(" 1.60 ")), (Cell("b"), Cell(""))]) == "FAM 01\t1.60\nb\t"


def test_csv_neutralises_formulas_and_leaves_figures() -> None:
    cells = ("=1+1", "-5", "+3.2%", "-1,000.50", "@SUM(A1)", "-x", "+1 555", "a,b")
    text = as_csv(["a", "b"], [tuple(Cell(cell) for cell in cells)])
    titles, row = csv.reader(io.StringIO(text))
    assert titles == ["a", "b"]
    assert row == ["'=1+1", "-5", "+3.2%", "-1,000.50", "'@SUM(A1)", "'-x", "'+1 555", "a,b"]
