"""What ``--size`` and ``--remainder`` may say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from swimdesk.domain.figures import read_figure
from swimdesk.domain.orders import Side
from swimdesk.domain.sizing import Remainder, Sizing, SizingRule, check_text, parse_sizing
from swimdesk.errors import InputError


@pytest.mark.parametrize(
    ("text", "sizing"),
    [
        ("text", Sizing()),
        ("mult", Sizing(SizingRule.MULT, None, Remainder.DROP)),
        ("equal:90", Sizing(SizingRule.EQUAL, Decimal(90), Remainder.LARGEST)),
        (" NETLIQ:1 ", Sizing(SizingRule.NETLIQ, Decimal(1), Remainder.LARGEST)),
        ("bp:200", Sizing(SizingRule.BUYING_POWER, Decimal(200), Remainder.LARGEST)),
        ("netliq:1%", Sizing(SizingRule.NETLIQ_BUDGET, Decimal(1))),
        ("bp:2.5%", Sizing(SizingRule.BUYING_POWER_BUDGET, Decimal("2.5"))),
        ("risk:500", Sizing(SizingRule.RISK, Decimal(500))),
        ("pct:-50", Sizing(SizingRule.PERCENT, Decimal(-50))),
        ("pct:33.3", Sizing(SizingRule.PERCENT, Decimal("33.3"))),
    ],
)
def test_sizings_are_read_and_printed(text: str, sizing: Sizing) -> None:
    assert parse_sizing(text) == sizing
    assert str(sizing) == text.strip().lower()


def test_figures_may_have_commas_and_suffixes() -> None:
    assert parse_sizing("risk:1,500").figure == 1500
    assert parse_sizing("risk:1.5k").figure == 1500
    assert str(parse_sizing("equal:1k")) == "equal:1000"


@pytest.mark.parametrize(
    "text",
    ["", "half", "equal", "equal:", "equal:0", "equal:-3", "equal:1.5", "equal:٣", "equal:1:2",
     "text:4", "text:", "mult:2", "mult:", "equal:5%", "netliq:0%", "bp:-1%", "bp:101%", "bp%:5",
     "netliq:%", "risk:0", "risk:-5", "risk:5%", "risk:", "risk:12,34", "pct:0", "pct:101",
     "pct:-101", "pct:50%", "pct:", "pct:x", "risk:k", "risk:.", "risk:1e3", "risk:nan"],
)  # fmt: skip
def test_anything_else_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(InputError, match="expected text, mult, equal:N"):
        parse_sizing(text)


@pytest.mark.parametrize("text", ["equal:9", "netliq:9", "bp:9", "mult"])
@pytest.mark.parametrize("remainder", Remainder)
def test_splits_and_multipliers_take_a_remainder_rule(text: str, remainder: Remainder) -> None:
    assert parse_sizing(text, remainder.value).remainder is remainder


@pytest.mark.parametrize("text", ["text", "netliq:1%", "bp:1%", "risk:9", "pct:9"])
def test_where_nothing_is_left_over_a_remainder_rule_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--remainder goes with --size equal:N"):
        parse_sizing(text, "drop")


def test_a_remainder_rule_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="expected largest, rotate, drop"):
        parse_sizing("equal:9", "smallest")


@pytest.mark.parametrize(
    "text", ["equal:90", "netliq:90", "bp:90", "netliq:1%", "bp:1%", "risk:9", "pct:9"]
)
def test_a_sizing_that_finds_the_quantity_wants_one_in_the_text(text: str) -> None:
    check_text(parse_sizing(text), 1, Side.BUY)
    with pytest.raises(InputError, match="quantity 1; it says 2"):
        check_text(parse_sizing(text), 2, Side.BUY)


@pytest.mark.parametrize("text", ["text", "mult"])
def test_the_quantity_of_the_text_is_free_where_it_counts(text: str) -> None:
    check_text(parse_sizing(text), 7, Side.SELL)


@pytest.mark.parametrize(("text", "side"), [("pct:50", Side.SELL), ("pct:-50", Side.BUY)])
def test_a_share_of_a_holding_agrees_with_the_side_of_the_order(text: str, side: Side) -> None:
    with pytest.raises(InputError, match="contradicts the side"):
        check_text(parse_sizing(text), 1, side)
    check_text(parse_sizing(text), 1, side.opposite)


@pytest.mark.parametrize(
    ("text", "figure"),
    [("20000", "20000"), ("20,000", "20000"), ("1,250.50", "1250.5"), ("20k", "20000"),
     ("1.5M", "1500000"), (".5", "0.5"), ("-3", "-3")],
)  # fmt: skip
def test_figures_are_read_as_people_type_them(text: str, figure: str) -> None:
    assert read_figure(text) == Decimal(figure)


@pytest.mark.parametrize("text", ["", "-", ".", "k", "1,00", "1 000", "1e5", "٣", "1k0", "--1"])
def test_what_is_no_figure_is_none(text: str) -> None:
    assert read_figure(text) is None
