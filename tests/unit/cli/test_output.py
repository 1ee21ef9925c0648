"""Results for eyes, for programs and as one document."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from swimdesk.cli.endings import Refusal
from swimdesk.cli.output import Output
from swimdesk.errors import InputError, OrderTextError


class Terminal(io.StringIO):
    """A stream that says that somebody looks at it."""

    def isatty(self) -> bool:
        return True


def outputs(
    *, as_json: bool = False, terminal: bool = False
) -> tuple[Output, io.StringIO, io.StringIO]:
    out, err = Terminal() if terminal else io.StringIO(), io.StringIO()
    return Output(as_json=as_json, stdout=out, stderr=err), out, err


ROWS = [
    {"account": "FAM-01", "cash": Decimal("1250.50"), "ira": True, "seen": None},
    {
        "account": "[red]a\tb\nc\x1b[2J[/red]",
        "cash": Decimal("-3E+2"),
        "ira": False,
        "seen": datetime(2026, 11, 23, 15, 4, 5, 123456, tzinfo=UTC),
    },
]
FIELDS = ("account", "cash", "ira", "seen")


def test_table_for_programs_has_a_header_and_exact_tab_separated_values() -> None:
    output, out, _ = outputs()
    output.table(FIELDS, ROWS)
    assert out.getvalue().splitlines() == [
        "account\tcash\tira\tseen",
        "FAM-01\t1250.50\tyes\t",
        "[red]a\\tb\\nc\\x1b[2J[/red]\t-300\tno\t2026-11-23T15:04:05Z",
    ]


def test_table_for_eyes_groups_figures_and_reads_nothing_as_markup(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
    output, out, _ = outputs(terminal=True)
    output.table(FIELDS, ROWS)
    shown = out.getvalue()
    assert "1,250.50" in shown
    assert "[red]a\\tb\\nc\\x1b[2J[/red]" in shown
    # NO_COLOR leaves weight and underline to rich; no colour may be set.
    assert "\x1b[3" not in shown
    assert "\x1b[2J" not in shown


def test_column_in_which_nobody_has_anything_is_left_out_for_eyes_only() -> None:
    output, out, _ = outputs(terminal=True)
    output.table(FIELDS, ROWS[:1])
    assert "seen" not in out.getvalue()
    output, out, _ = outputs()
    output.table(FIELDS, ROWS[:1])
    assert "seen" in out.getvalue()


def test_heading_stands_above_the_table_for_eyes_and_aside_for_programs() -> None:
    output, out, err = outputs(terminal=True)
    output.heading("48 accounts")
    assert (out.getvalue(), err.getvalue()) == ("48 accounts\n", "")
    output, out, err = outputs()
    output.heading("48 accounts")
    assert (out.getvalue(), err.getvalue()) == ("", "48 accounts\n")
    output, out, err = outputs(as_json=True)
    output.heading("48 accounts")
    assert (out.getvalue(), err.getvalue()) == ("", "")


def test_facts_for_programs_are_lines_of_name_and_value() -> None:
    output, out, _ = outputs()
    output.facts({"trading": "halted", "since": None})
    assert out.getvalue() == "name\tvalue\ntrading\thalted\nsince\t\n"


def test_facts_for_eyes_stand_below_each_other() -> None:
    output, out, _ = outputs(terminal=True)
    output.facts({"in_doubt": 0, "since": None})
    assert out.getvalue() == "in doubt  0\nsince     -\n"


def test_error_is_two_plain_lines_on_stderr() -> None:
    output, out, err = outputs()
    output.error(Refusal(InputError("Say which\x1b[31m accounts.")))
    assert out.getvalue() == ""
    assert err.getvalue().splitlines() == [
        "swimdesk: That cannot be carried out as written",
        "Say which\\x1b[31m accounts.",
    ]


def test_error_in_an_order_text_points_at_its_column() -> None:
    output, _, err = outputs()
    error = OrderTextError("column 8: read 'FOO', expected a root", column=8)
    output.error(Refusal(error, order="SELL\t-1\u2028FOO"))
    *_, text, caret = err.getvalue().splitlines()
    assert text == "  SELL -1 FOO"
    assert caret[2:].index("^") == 7


def test_error_as_json_is_one_document_with_what_belongs_beside_it() -> None:
    output, out, err = outputs(as_json=True)
    error = OrderTextError("column 8: \ud800", column=8)
    output.error(Refusal(error, order="x", beside={"plan": {"plan": "01JP"}}))
    assert json.loads(out.getvalue()) == {
        "error": {
            "code": "ORDER_TEXT",
            "title": "The order text is not understood",
            "detail": "column 8: \ud800",
            "column": 8,
        },
        "plan": {"plan": "01JP"},
    }
    assert out.getvalue().isascii()
    assert err.getvalue() == ""
