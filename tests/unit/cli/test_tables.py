"""Tables for eyes on terminals of every width."""

from __future__ import annotations

from io import StringIO

from swimdesk.cli.tables import print_table

FIELDS = ("account", "last4", "state", "order_id", "sent_ms", "acked_ms", "reason")
ROWS: list[list[object]] = [
    ["FAM-01", "4821", "filled", "1005000000001", 0.9, 77.2, None],
    ["FAM-02", "1111", "denied", None, None, None, "needs option level 2, the account has 1"],
    ["FAM-03", "2222", "denied", None, None, None, "needs option level 2, the account has 1"],
    ["FAM-04", "3333", "refused", None, 1.0, 80.1, "[/bold] no"],
]


def printed(width: int) -> list[str]:
    """Print the table on a terminal of that width."""
    out = StringIO()
    print_table(out, FIELDS, ROWS, width)
    return out.getvalue().splitlines()


def test_a_wide_terminal_shows_every_column_but_the_reasons() -> None:
    lines = printed(120)
    assert lines[1].split() == [
        "account",
        "last4",
        "state",
        "order",
        "id",
        "sent",
        "ms",
        "acked",
        "ms",
    ]
    assert not any("no room" in line for line in lines)


def test_a_reason_stands_once_below_the_table_with_its_accounts() -> None:
    lines = printed(120)
    assert "FAM-02, FAM-03: needs option level 2, the account has 1" in lines
    assert "FAM-04: [/bold] no" in lines


def test_a_narrow_terminal_drops_columns_and_says_which() -> None:
    lines = printed(40)
    assert max(len(line) for line in lines[:7]) <= 40
    assert "1005000000001" not in "".join(lines)
    assert lines[-1].startswith("(no room for sent ms, last4, order id")


def test_no_row_is_broken_into_several_lines() -> None:
    assert sum("FAM-" in line for line in printed(40)) == len(ROWS) + 2


def test_what_a_row_is_about_is_never_left_out() -> None:
    out = StringIO()
    trouble = "2 sign-ins began within the last hour, which is the most"
    print_table(out, ("login", "state", "trouble"), [["smith", "", trouble]], 50)
    assert "smith" in out.getvalue()
    assert "no room" not in out.getvalue()
