"""What a broadcast adds up to: words, bars and bins."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.console.blotter.figures import DOUBT, bar, bins, histogram, tally
from swimdesk.console.blotter.rows import broadcast_row, line_row
from swimdesk.console.shortorder import short_order
from swimdesk.views.models import BroadcastRow
from tests.console.orders import AT, a_line_view, a_view
from tests.fakes.builders import CONDOR, STOCK


@pytest.mark.parametrize(
    ("text", "short", "limit", "underlying"),
    [
        (CONDOR, "SELL -1 IC SPX 11DEC 6200/6220/5820/5800", "1.60", "SPX"),
        (STOCK, "BUY +100 AAPL", "187.50", "AAPL"),
        (
            "BUY +10 VERTICAL SPY 100 18 DEC 26 600/605 CALL @1.25 LMT GTC",
            "BUY +10 VERT SPY 18DEC 600/605 C GTC",
            "1.25",
            "SPY",
        ),
        ("SELL -1 SPY 100 15 JAN 27 600 PUT @MKT", "SELL -1 SPY 15JAN27 600 P", "MKT", "SPY"),
    ],
)
def test_an_order_in_short(text: str, short: str, limit: str, underlying: str) -> None:
    order = short_order(text, 2026)
    assert (order.text, order.limit, order.underlying) == (short, limit, underlying)


def test_what_is_no_order_by_itself_is_shown_as_it_was_written() -> None:
    assert short_order("CLOSE SPX", 2026).whole == "CLOSE SPX"


def test_better_than_the_limit_is_more_for_a_seller_and_less_for_a_buyer() -> None:
    assert short_order(CONDOR, 2026).gain_on(Decimal("1.65")) == Decimal("0.05")
    assert short_order(STOCK, 2026).gain_on(Decimal("187.40")) == Decimal("0.10")


def test_a_bar_shows_one_line_in_doubt_among_forty_filled() -> None:
    lines = [a_line_view(f"A-{n}", "filled") for n in range(40)]
    drawn = bar(a_view(*lines, a_line_view("A-99", "in_doubt")), 6)
    assert len(drawn) == 6
    assert drawn.endswith(DOUBT)


@given(st.lists(st.sampled_from(["filled", "working", "rejected", "in_doubt"]), min_size=1))
def test_a_bar_is_always_as_wide_as_asked(states: list[str]) -> None:
    lines = [a_line_view(f"A-{n}", state) for n, state in enumerate(states)]
    assert len(bar(a_view(*lines), 8)) == 8


def test_counts_say_doubt_even_where_there_is_none() -> None:
    view = a_view(a_line_view("A-1", "filled"), a_line_view("A-2", "canceled"))
    assert tally(view) == "1 filled · 0 working · 1 canceled · 0 rejected · 0 doubt"


def test_a_broadcast_of_the_history_does_not_count_what_was_accepted_once() -> None:
    counts = {"accounts": 2, "accepted": 2, "filled": 2}
    row = BroadcastRow("01B1", None, CONDOR, "paper", "settled", AT, counts)
    assert "accepted" not in tally(row)


@given(st.lists(st.floats(0, 60_000), min_size=1, max_size=60))
def test_every_answer_is_in_one_of_at_most_six_bins(times: list[float]) -> None:
    found = bins(times)
    assert len(found) <= 7
    assert sum(one.count for one in found) == len(times)


def test_answer_times_are_drawn_from_sending_to_answer() -> None:
    lines = [a_line_view(f"A-{n}", sent_ms=20.0, acked_ms=61.0 + n) for n in range(4)]
    assert "41-42ms" in histogram(a_view(*lines), 100)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"state": "rejected", "reason": "not enough buying power"}, "not enough buying power"),
        ({"state": "working"}, "age 21s"),
        ({"state": "filled", "filled": 1, "average": Decimal("1.62")}, "0.02 better than limit"),
        ({"state": "filled", "filled": 1, "average": Decimal("1.60")}, ""),
        ({"state": "working", "lineage": ("7",)}, "age 21s · replaced 1x"),
    ],
)
def test_the_note_says_what_is_worth_knowing(changes: dict[str, Any], note: str) -> None:
    line = a_line_view(**changes)
    now = AT.replace(second=21, microsecond=1000)
    assert line_row(line, AT, now)[2].text == note


@pytest.mark.parametrize(
    ("prices", "shown"),
    [(("1.45", "1.45"), "1.45"), (("1.45", "1.60"), "mixed"), ((), "1.60")],
)
def test_the_limit_of_a_broadcast_is_that_of_what_works(
    prices: tuple[str, ...], shown: str
) -> None:
    lines = [
        a_line_view(f"A-{n}", order=CONDOR.replace("1.60", price)) for n, price in enumerate(prices)
    ]
    canceled = a_line_view("A-99", "canceled")
    assert broadcast_row(a_view(*lines, canceled))[5].text == shown


def test_text_of_the_broker_cannot_steer_the_terminal() -> None:
    line = a_line_view(state="rejected", reason="[red]no\x1b[31m\x07 way[/]")
    assert line_row(line, AT, AT)[2].text == "[red]no[31m way[/]"
