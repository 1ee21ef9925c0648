"""Lines of keys in a TOML text."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.config.locate import KeyLines, KeyPath

TEXT = '''# top
title = "a # no comment"
[broker]
mode = "paper"   # [not.a.header]
text = """
[fake]
mode = "no"
"""
raw = \'\'\'x
y = 1\'\'\'
list = [
  "a]", # ]
  { k = 1 },
]
"quoted key" = 1
a.b."c.d" = 2
[[account]]
alias = "A"
[[account]]
alias = "B"
[account.extra]
deep = 1
[ "odd name" . inner ]
z = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("broker",), 3),
        (("broker", "mode"), 4),
        (("broker", "text"), 5),
        (("broker", "raw"), 9),
        (("broker", "list"), 11),
        (("broker", "list", 1, "k"), 11),
        (("broker", "quoted key"), 15),
        (("broker", "a", "b", "c.d"), 16),
        (("account", 0), 17),
        (("account", 0, "alias"), 18),
        (("account", 0, "missing"), 17),
        (("account", 1, "alias"), 20),
        (("account", 1, "extra", "deep"), 22),
        (("odd name", "inner", "z"), 24),
    ],
)
def test_key_is_found_on_its_line(path: KeyPath, line: int) -> None:
    assert tomllib.loads(TEXT)["account"][1]["extra"]["deep"] == 1
    assert KeyLines(TEXT).line_of(path) == line


def test_unknown_key_has_no_line() -> None:
    assert KeyLines(TEXT).line_of(("nothing",)) is None
    assert KeyLines(TEXT).line_of(()) is None


VALUES = st.one_of(
    st.text(), st.integers(-(2**60), 2**60), st.booleans(), st.lists(st.text(), max_size=3)
)


@given(st.dictionaries(st.text(), VALUES, min_size=1, max_size=6))
def test_every_key_of_any_table_is_found_where_it_is_written(table: dict[str, Any]) -> None:
    text = "[section]\n"
    expected: dict[str, int] = {}
    for key, value in table.items():
        expected[key] = text.count("\n") + 1
        text += tomlkit.dumps({key: value}).rstrip("\n") + "\n"
    lines = KeyLines(text)
    assert {key: lines.line_of(("section", key)) for key in table} == expected
