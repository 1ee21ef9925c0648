"""What the console shows of orders that nobody is sure of: the band, and the page DBT."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from swimdesk.console.doubts.band import band
from swimdesk.console.doubts.rows import COLUMNS, doubt_row
from swimdesk.console.doubts.words import doubt_sections, facts_of, facts_of_group, next_step
from swimdesk.console.formats import NOTHING
from swimdesk.console.panels.doubts import DoubtsPanel
from swimdesk.console.runs import in_runs
from swimdesk.console.widgets.cells import Role
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.console.widgets.spans import Line, width_of
from swimdesk.views.models import DoubtView, OrderView
from tests.console.doubtful import a_doubt, doubt, told_as
from tests.console.orders import AT
from tests.console.stage import Stage, a_console
from tests.fakes.broker import Act

pytestmark = pytest.mark.slow

NOW = AT + timedelta(seconds=12)
LOST = {"A-01": Act.LOSE, "A-02": Act.LOSE, "A-03": Act.TAKE_AND_LOSE_ANSWER}


def text_of(line: Line) -> str:
    return "".join(text for text, _ in line)


def grid_of(stage: Stage) -> LiveGrid:
    panel = stage.console.panel
    assert isinstance(panel, DoubtsPanel)
    return panel.grid


# --- the band, pure ----------------------------------------------------------------------------


def test_without_doubts_there_is_no_band() -> None:
    assert band((), NOW, 80, 24, "g d") == []


def test_the_band_tells_count_age_accounts_and_who_decides_next() -> None:
    head, row = band([a_doubt("FAM-07")], NOW, 80, 24, "g d")
    for part in ("DOUBT 1", "do NOT trade by hand: FAM-07", "g d shows all"):
        assert part in text_of(head)
    for part in ("FAM-07 0001", "unknown 12s", "decided by 10:03:00", "SELL -1 IC SPX"):
        assert part in text_of(row)


def test_a_band_of_many_keeps_every_account_and_the_oldest_age_in_sight() -> None:
    doubts = [a_doubt(f"A-{number:02}") for number in range(1, 46)]
    head, row = band(doubts, NOW, 80, 24, "g d")
    assert "DOUBT 45" in text_of(head)
    assert "A-01..45" in text_of(head)
    assert "45 unknown  oldest 12s  decided by 10:03:00  SELL -1 IC SPX" in text_of(row)
    assert width_of(head) == 80


def test_accounts_without_room_are_counted() -> None:
    doubts = [a_doubt(f"A-{number:02}") for number in range(1, 90, 2)]
    head = text_of(band(doubts, NOW, 80, 24, "g d")[0])
    assert "A-01 A-03 A-05 A-07 +41 more" in head
    assert len(head) == 80


def test_what_a_person_has_to_decide_stands_first_with_its_count() -> None:
    late = a_doubt("A-5", "conflict", waits_for="person", since=NOW)
    lines = band([a_doubt("A-1"), late], NOW, 120, 40, "g d")
    assert "A-5 0001  CONFLICT 0s  YOU decide" in text_of(lines[1])
    (_, row) = band([a_doubt("A-1"), late], NOW, 80, 24, "g d")
    assert "1 unknown, 1 CONFLICT  oldest 12s  YOU decide 1 of 2" in text_of(row)
    assert row[1][1] is Role.DANGER


def test_a_tall_band_tells_what_is_left_out_of_it() -> None:
    doubts = [a_doubt(f"A-{n}", broadcast=f"B{n}") for n in range(1, 6)]
    doubts[4] = a_doubt("A-5", "conflict", broadcast="B5", waits_for="person")
    lines = band(doubts, NOW, 120, 40, "g d")
    assert len(lines) == 4
    assert "A-5 0001  CONFLICT" in text_of(lines[1])
    assert "more 3 unknown  oldest 12s  decided by 10:03:00  in 3 broadcasts" in text_of(lines[3])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "decided by 10:03:00"),
        ({"doubt": "probable", "absent_from": None}, "decided by 10:01:00"),
        ({"absent_from": AT}, "reads decide"),
        ({"waits_for": "person", "decides": None}, "YOU decide"),
        ({"waits_for": "answer"}, "waits for the answer"),
        ({"trouble": "no route"}, "list NOT READ"),
        ({"waits_for": "nobody"}, "nobody reads"),
    ],
)
def test_the_next_step_of_a_doubt(changes: dict[str, Any], told: str) -> None:
    assert next_step(a_doubt(**changes), NOW) == told


def test_the_facts_of_a_doubt_say_what_is_known_done_and_allowed() -> None:
    facts = dict(facts_of(a_doubt("FAM-07"), NOW, "r"))
    assert facts["known"] == "connection reset"
    assert "reading the list of FAM-07 every 0.5 s; 3 complete reads so far" in facts["doing"]
    assert "from 10:01:00 ET on" in facts["doing"]
    assert "probably absent from 10:03:00 ET on" in facts["doing"]
    assert facts["you"].endswith("r decides")
    assert facts["hands off"] == "do not re-enter this order in FAM-07"
    assert facts["command"].startswith("swimdesk resolve 00000001/FAM-07 --as")


def test_a_replacement_in_doubt_tells_both_orders() -> None:
    both = a_doubt(order_id="1005", candidates=("1006",), is_replacement=True)
    known = dict(facts_of(both, NOW, "r"))["known"]
    assert "order that was to be replaced 1005" in known
    assert "order 1006 may have taken its place" in known


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"order_id": "77", "candidates": ("78", "77")}, "77 78"),
        ({"order_id": "77", "candidates": ()}, "77"),
        ({"order_id": None, "candidates": ("78",)}, "78"),
        ({"order_id": "77", "candidates": ("78",), "is_replacement": True}, "78"),
        ({"order_id": "77", "candidates": (), "is_replacement": True}, "77"),
        ({"order_id": None, "candidates": ()}, NOTHING),
    ],
)
def test_the_row_of_a_doubt_names_what_it_may_be_the_answers_order_first(
    changes: dict[str, Any], told: str
) -> None:
    row = doubt_row(replace(a_doubt(), **changes), NOW)
    place = [column.key for column in COLUMNS].index("orders")
    assert row[place].text == told


def test_the_facts_of_a_broadcast_list_its_accounts() -> None:
    facts = dict(facts_of_group([a_doubt("A-01"), a_doubt("A-02"), a_doubt("A-03")], NOW))
    assert facts["hands off"] == "do not re-enter this order in A-01..03"


def test_aliases_that_count_up_are_told_as_a_run() -> None:
    names = ["IRA-2", "FAM-01", "FAM-03", "FAM-02", "TRUST"]
    assert in_runs(names) == ["FAM-01..03", "IRA-2", "TRUST"]


# --- in the console ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_band_stands_on_every_screen_while_there_is_a_doubt(
    size: tuple[int, int],
) -> None:
    async with a_console(size) as stage:
        assert "do NOT trade by hand" not in stage.text()
        await doubt(stage, {"A-02": Act.LOSE})
        for keys in ("1", "2", "3", "4", "5", "6", "0", "g d"):
            await stage.press(*keys.split())
            await stage.until(lambda: "do NOT trade by hand: A-02" in stage.text(), keys)


async def test_the_age_in_the_band_moves_and_the_band_goes_with_the_last_doubt() -> None:
    async with a_console() as stage:
        await doubt(stage, {"A-03": Act.TAKE_AND_LOSE_ANSWER})
        stage.clock.advance(30)
        await stage.until(lambda: "probable 30s" in stage.text(), "an age of 30 s")
        stage.clock.advance(60)
        await stage.until(lambda: "do NOT trade by hand" not in stage.text(), "no band")
        assert "doubt 0" in stage.text()


async def test_the_page_groups_by_broadcast_and_tells_of_the_row_under_the_cursor() -> None:
    async with a_console((80, 24)) as stage:
        broadcast = await doubt(stage, LOST)
        await stage.press("g", "d")
        keys = [broadcast, *(f"{broadcast}/A-0{number}" for number in (1, 2, 3))]
        await stage.until(lambda: list(grid_of(stage).shown_keys) == keys, "three accounts")
        assert "do not re-enter this order in A-01..03" in stage.text()
        await stage.press("j", "j", "j")
        text = stage.text()
        assert "reading the list of A-03" in text
        assert "the look-alike is taken if it stays alone" in text
        assert "do not re-enter this order in A-03" in text


async def test_forty_five_doubts_are_listed_and_can_be_filtered_at_80x24() -> None:
    async with a_console((80, 24), accounts=45) as stage:
        broadcast = await doubt(stage, {f"A-{n:02}": Act.LOSE for n in range(1, 46)})
        await stage.press("g", "d")
        await stage.until(lambda: len(grid_of(stage).shown_keys) == 46, "every account")
        assert "do NOT trade by hand: A-01..45" in stage.text()
        await stage.press("slash", *"A-44", "enter")
        assert grid_of(stage).shown_keys == (broadcast, f"{broadcast}/A-44")


async def test_d_shows_what_the_broker_lists_beside_the_doubt() -> None:
    async with a_console() as stage:
        await doubt(stage, {"A-03": Act.TAKE_AND_LOSE_ANSWER})
        await stage.press("g", "d", "j", "d")
        await stage.until(lambda: stage.console.is_modal, "a description")
        text = stage.text()
        assert "IN DOUBT: A-03" in text
        assert "ORDERS OF A-03 AT THE BROKER" in text
        assert "MAY BE THIS ONE" in text


async def test_the_hint_to_the_doubts_is_there_only_while_there_are_any() -> None:
    async with a_console() as stage:
        assert "g d doubts" not in stage.text()
        await doubt(stage, {"A-02": Act.LOSE})
        await stage.press("2")
        assert "g d doubts" in stage.text().splitlines()[-1]


async def test_a_page_without_doubts_says_so() -> None:
    async with a_console() as stage:
        await stage.press("g", "d")
        assert "Nothing is in doubt." in stage.text()


async def test_a_click_on_the_band_shows_the_page() -> None:
    async with a_console() as stage:
        await doubt(stage, {"A-02": Act.LOSE})
        await stage.pilot.click("DoubtBand")
        await stage.until(lambda: stage.console.panel.code == "DBT", "the page")


async def test_what_the_broker_said_is_shown_as_it_is_and_steers_nothing() -> None:
    def said(told: DoubtView) -> DoubtView:
        return replace(told, reason="[bold red]boo[/] \x1b[31m [/nope]")

    async with a_console(around=told_as(said)) as stage:
        await doubt(stage, {"A-02": Act.LOSE})
        await stage.press("g", "d", "j")
        text = stage.text()
        assert "known     [bold red]boo[/]" in text
        assert "\x1b" not in text


def test_order_that_may_be_of_another_doubt_is_not_told_as_nobodys() -> None:
    def listed(order_id: str) -> OrderView:
        return OrderView(
            "A-01", "0001", order_id, "WORKING", AT, "SELL 31 SPY", Decimal(31), Decimal(0),
            None, None, "foreign",
        )  # fmt: skip

    mine = a_doubt(candidates=("1001",))
    other = a_doubt(broadcast="01B000000000000000000000Z2", candidates=("1002",))
    elsewhere = a_doubt("A-02", broadcast="01B000000000000000000000Z3", candidates=("1003",))
    orders = [listed(order_id) for order_id in ("1001", "1002", "1003")]
    (_, _), (_, rows) = doubt_sections(mine, orders, [mine, other, elsewhere], NOW)
    assert [told.rpartition("; ")[2] for _, told in rows] == [
        "MAY BE THIS ONE",
        "may be that of …000000Z2, in doubt too",
        "nobody's here",
    ]
