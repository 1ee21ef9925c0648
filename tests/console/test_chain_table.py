"""A chain as rows, and the structures built on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from swimdesk.console.chain import presets
from swimdesk.console.chain.legs import Picks
from swimdesk.console.chain.table import (
    COLUMNS,
    ChainTable,
    columns_for,
    count_text,
    delta_text,
)
from swimdesk.console.widgets.cells import Role
from swimdesk.console.widgets.columns import fit
from swimdesk.desk.showing import chain_view
from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.domain.orders import StructureKind
from swimdesk.domain.strategies import recognise
from swimdesk.errors import InputError
from swimdesk.views.models import ChainView
from tests.fakes.chains import DAYS, Listed

WEEKLY, MONTHLY = date(2026, 12, 11), date(2026, 12, 18)


def a_view(symbol: str = "SPY", day: date = MONTHLY, strikes: int = 60) -> ChainView:
    listed = Listed({"SPY": Decimal("612.34"), "$SPX": Decimal("6010.42")})
    days = [one.isoformat() for one in DAYS]
    view = chain_view(symbol, day.isoformat(), days, None, listed.chain(symbol, day, strikes))
    return replace(view, last=listed.spots[symbol])


def figures(table: ChainTable, strike: str, at: Right | None = None) -> dict[str, str]:
    key = next(key for key, row in table.by_key.items() if row.strike == Decimal(strike))
    cells = table.row(key, {}, at)
    return {c.key: cell.text.strip() for c, cell in zip(COLUMNS, cells, strict=True)}


def test_a_day_with_two_roots_shows_one_of_them_the_morning_first() -> None:
    table = ChainTable(a_view("$SPX"))
    assert table.roots == ("SPX", "SPXW")
    assert table.root == "SPX"
    assert ChainTable(a_view("$SPX"), last_root=True).root == "SPXW"
    assert ChainTable(a_view("$SPX"), "SPXW").root == "SPXW"
    assert len(table.strikes) == 120
    assert len(table.quoted) == 480


def test_a_root_that_is_not_listed_gives_way_to_one_that_is() -> None:
    assert ChainTable(a_view("$SPX", WEEKLY), "SPX").root == "SPXW"


def test_a_day_without_contracts_has_no_rows() -> None:
    table = ChainTable(replace(a_view(), rows=()))
    assert table.strikes == ()
    assert table.money is None
    assert table.rows({}, None, Right.CALL) == {}


def test_bid_stands_before_ask_on_both_sides() -> None:
    keys = [column.key for column in COLUMNS]
    assert keys.index("CALL bid") < keys.index("CALL ask") < keys.index("strike")
    assert keys.index("strike") < keys.index("PUT bid") < keys.index("PUT ask")
    row = figures(ChainTable(a_view()), "612")
    assert Decimal(row["CALL bid"]) < Decimal(row["CALL mark"]) < Decimal(row["CALL ask"])
    assert Decimal(row["PUT bid"]) < Decimal(row["PUT mark"]) < Decimal(row["PUT ask"])
    assert row["CALL delta"].startswith(".")
    assert row["PUT delta"].startswith("-.")


def test_the_strike_at_the_money_and_the_side_of_the_cursor_are_seen_without_colour() -> None:
    table = ChainTable(a_view())
    assert figures(table, "612")["strike"] == "[612]"
    assert figures(table, "613")["strike"] == "613"
    assert figures(table, "613", Right.CALL)["strike"].startswith("◂")
    assert figures(table, "613", Right.PUT)["strike"].endswith("▸")


def test_legs_picked_stand_beside_their_strike() -> None:
    table = ChainTable(a_view())
    picked = {
        table.contract(Right.CALL, Decimal(620)): -1,
        table.contract(Right.PUT, Decimal(620)): 2,
    }
    rows = table.rows(picked, None, Right.CALL)
    row = next(row for key, row in rows.items() if key.endswith(" 620"))
    by_key = dict(zip([c.key for c in COLUMNS], row, strict=True))
    assert (by_key["CALL leg"].text, by_key["PUT leg"].text) == ("-1", "+2")


def test_what_is_in_the_money_is_dim() -> None:
    table = ChainTable(a_view())
    by_key = dict(zip([c.key for c in COLUMNS], table.rows({}, None, Right.CALL)[
        next(key for key in table.by_key if key.endswith(" 600"))
    ], strict=True))  # fmt: skip
    assert by_key["CALL bid"].role is Role.DIM
    assert by_key["PUT bid"].role is Role.TEXT


def test_a_contract_that_is_not_listed_leaves_its_half_blank() -> None:
    view = a_view()
    rows = tuple(row for row in view.rows if (row.right, row.strike) != ("PUT", Decimal(612)))
    row = figures(ChainTable(replace(view, rows=rows)), "612")
    assert row["PUT bid"] == ""
    assert row["CALL bid"] != ""


@pytest.mark.parametrize("width", [79, 80, 88, 100, 119, 120, 140, 200])
def test_every_width_shows_the_same_columns_on_both_sides_and_they_fit(width: int) -> None:
    keys = columns_for(width)
    calls = {key.split()[1] for key in keys if key.startswith("CALL")}
    puts = {key.split()[1] for key in keys if key.startswith("PUT")}
    assert calls == puts >= {"bid", "ask", "delta", "leg"}
    places = [place for place, column in enumerate(COLUMNS) if column.key in keys]
    fitted = fit(COLUMNS, width - 1, chosen=places)
    assert [slot.index for slot in fitted.slots] == places
    assert fitted.width <= width - 1


def test_columns_drop_by_their_worth() -> None:
    shown = [len(columns_for(width)) for width in (80, 95, 110, 140)]
    assert shown == [11, 13, 15, 17]
    assert "CALL iv" in columns_for(80)
    assert "CALL oi" not in columns_for(80)


def test_figures_are_written_as_in_the_field() -> None:
    assert [delta_text(Decimal(d)) for d in ("0.154", "-0.2", "1", "-0.001")] == [
        ".15", "-.20", "1.00", ".00",
    ]  # fmt: skip
    assert [count_text(n) for n in (0, 99_999, 123_456, 12_345_678)] == [
        "0", "99999", "123k", "12M",
    ]  # fmt: skip


# --- structures around the cursor ----------------------------------------------------------------


def kind_of(picks: Picks) -> StructureKind | None:
    found = recognise(picks.legs())
    return found.kind if found else None


def strikes_of(counts: dict[OptionContract, int]) -> dict[str, int]:
    return {f"{c.strike:f}{c.right.value[0]}": n for c, n in counts.items()}


@pytest.mark.parametrize(
    ("price", "width"), [("20", "1"), ("100", "2.5"), ("612", "5"), ("2000", "10"), ("6010", "20")]
)
def test_the_usual_width_grows_with_the_price(price: str, width: str) -> None:
    assert presets.standard_width(Decimal(price)) == Decimal(width)


def test_a_vertical_is_sold_at_the_cursor_and_bought_a_width_farther_out() -> None:
    table = ChainTable(a_view())
    calls = presets.vertical(table, Right.CALL, Decimal(620))
    puts = presets.vertical(table, Right.PUT, Decimal(600))
    assert strikes_of(dict(calls.counts)) == {"620C": -1, "625C": 1}
    assert strikes_of(dict(puts.counts)) == {"600P": -1, "595P": 1}
    assert kind_of(calls) is kind_of(puts) is StructureKind.VERTICAL


def test_a_vertical_at_the_edge_says_how_to_see_more() -> None:
    table = ChainTable(a_view(strikes=5))
    with pytest.raises(InputError, match="w shows more"):
        presets.vertical(table, Right.CALL, table.strikes[-1].strike)


def test_a_condor_is_short_at_about_15_delta_with_equal_wings() -> None:
    table = ChainTable(a_view("$SPX", WEEKLY, strikes=120))
    picks = presets.condor(table)
    assert kind_of(picks) is StructureKind.IRON_CONDOR
    for contract, count in picks.counts.items():
        row = table.quoted[contract]
        assert row.delta is not None
        if count < 0:
            assert abs(abs(row.delta) - presets.SHORT_DELTA) < Decimal("0.01")
    strikes = sorted(c.strike for c in picks.counts)
    assert strikes[1] - strikes[0] == strikes[3] - strikes[2] == 20


def test_strikes_that_end_before_15_delta_do_not_reach() -> None:
    assert not presets.reaches_wings(ChainTable(a_view("$SPX", WEEKLY, strikes=10)))
    assert presets.reaches_wings(ChainTable(a_view("$SPX", WEEKLY, strikes=120)))


def test_without_deltas_a_condor_is_left_to_the_operator() -> None:
    view = a_view()
    table = ChainTable(replace(view, rows=tuple(replace(row, delta=None) for row in view.rows)))
    assert not presets.reaches_wings(table)
    with pytest.raises(InputError, match="no deltas"):
        presets.condor(table)


def test_a_strangle_has_the_same_delta_on_both_sides() -> None:
    table = ChainTable(a_view())
    picks = presets.strangle(table, Right.CALL, Decimal(630))
    assert kind_of(picks) is StructureKind.STRANGLE
    deltas = [abs(table.quoted[c].delta or Decimal(0)) for c in picks.counts]
    assert abs(deltas[0] - deltas[1]) < Decimal("0.03")
    assert set(picks.counts.values()) == {-1}


def test_a_strangle_in_the_money_is_a_straddle() -> None:
    table = ChainTable(a_view())
    picks = presets.strangle(table, Right.CALL, Decimal(600))
    assert strikes_of(dict(picks.counts)) == {"600C": -1, "600P": -1}


def test_a_calendar_buys_the_later_day_under_the_same_root() -> None:
    near = OptionContract("SPXW", WEEKLY, Right.CALL, Decimal(6000))
    assert presets.later_days(near, DAYS) == [MONTHLY, date(2027, 1, 15)]
    morning = OptionContract("SPX", MONTHLY, Right.CALL, Decimal(6000))
    assert presets.later_days(morning, (*DAYS, date(2027, 1, 22))) == [date(2027, 1, 15)]
    far = replace(near, expiry=MONTHLY)
    assert presets.calendar(near, far).counts == {near: -1, far: 1}
    assert kind_of(presets.calendar(near, far)) is StructureKind.CALENDAR


def test_the_reach_of_legs_is_counted_in_strikes_from_the_money() -> None:
    table = ChainTable(a_view())
    assert table.reach([table.contract(Right.CALL, Decimal(620))]) == 8
    assert table.reach([]) == 0
