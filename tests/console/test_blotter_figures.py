"""What a broadcast adds up to: words, bars and bins."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.console.blotter.facts import line_facts
from swimdesk.console.blotter.figures import (
    DOUBT,
    FILLED,
    answers,
    bar,
    figures,
    histogram,
    tally,
)
from swimdesk.console.blotter.proof import proof_facts
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


def test_the_brokers_times_are_drawn_and_not_how_long_we_took_to_read_them() -> None:
    lines = [
        a_line_view(f"A-{n}", sent_ms=20.0, acked_ms=99.0, latency_ms=41.0 + n) for n in range(4)
    ]
    lines.append(a_line_view("A-9", "in_doubt", acked_ms=None, latency_ms=None))
    drawn = histogram(a_view(*lines), 100)
    assert [part.split()[0] for part in drawn.split("  ")[1:]] == [
        "41-42ms", "42-43ms", "43-44ms", "44-45ms",
    ]  # fmt: skip
    assert histogram(a_view(lines[-1]), 100) == ""


@pytest.mark.parametrize("width", [10, 40, 78, 118])
def test_no_figure_is_cut_in_two_at_the_edge(width: int) -> None:
    view = a_view(a_line_view())
    for shown, whole in (
        (figures(view, width), figures(view)),
        (answers(view, width), answers(view)),
    ):
        first, *rest = whole.split("  ")
        assert shown.split("  ") == [first, *(one for one in rest if one in shown.split("  "))]
        assert len(shown) <= max(width, len(first))


def test_the_narrowest_screen_has_what_decides() -> None:
    view = a_view(a_line_view())
    assert "ours 3.0ms" in figures(view, 78)
    for figure in ("ack 77ms..119ms", "p50 81ms", "p99 119ms", "broker p50 80ms"):
        assert figure in answers(view, 78)


def test_the_whole_proof_is_in_the_description() -> None:
    view = a_view(a_line_view(), a_line_view("A-02", latency_ms=81.0))
    told = proof_facts(view)[1]
    facts = dict(told)
    assert facts["confirmed"].startswith("2026-11-23T15:00:00+00:00")
    assert facts["writes"] == "1.2ms..2.1ms after it, skew 0.9ms"
    assert facts["answers"] == "77ms..119ms after it, skew 42ms"
    assert facts["ours"] == "3.0ms on top of the slowest answer of the broker"
    assert facts["broker"] == "116ms at most, from an order's write"
    assert [text for name, text in told if not name] == [
        "p50 81ms  p95 119ms  p99 119ms",
        "p50 80ms  p95 116ms  p99 116ms",
    ]
    assert facts["79-80ms"] == f"{FILLED} 1"
    assert facts["80-81ms"] == "0"


def test_a_line_is_described_with_its_stamps() -> None:
    (section, *_) = line_facts(a_view(), a_line_view())
    facts = dict(section[1])
    assert facts["written"] == "1.0ms after the confirmation"
    assert facts["first byte"] == "80ms after the confirmation"
    assert facts["answered"] == "81ms after the confirmation"
    assert facts["latency"] == "80ms from its write to the first byte"


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
