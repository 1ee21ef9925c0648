"""Decisions at the console: on orders in doubt, and on orders that nobody here sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from swimdesk.console.doubts.deciding import choices, question_of, read_of_another, read_verdict
from swimdesk.console.holdings.drift_rows import Compared, foreign_key, rows_of, why_not_adopt
from swimdesk.console.panels.drift import DriftPanel
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.desk.desk import Desk
from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import BrokerError, InputError
from swimdesk.views.comparing import DifferenceView, ForeignView, ReconcileView
from swimdesk.views.models import DoubtView
from tests.console.doubtful import a_doubt, doubt, told_as
from tests.console.orders import a_line_view, a_view, question, send, states_of
from tests.console.stage import Stage, a_console
from tests.fakes.broker import Act, FakeBroker
from tests.fakes.facade import sample
from tests.fakes.strangers import enter

pytestmark = pytest.mark.slow

BY_HAND = "BUY +7 AAPL @100.00 LMT"
VIEWS = {"01B0000000000001": a_view(a_line_view("A-01", "in_doubt"), id_="01B0000000000001")}


async def say_yes(stage: Stage) -> None:
    await question(stage)
    stage.clock.advance(1)
    await stage.press("Y")


def grid_of(stage: Stage) -> LiveGrid:
    panel = stage.console.panel
    assert isinstance(panel, DriftPanel)
    return panel.grid


class Broken:
    """A desk that does not answer what is asked of it by one of these names."""

    def __init__(self, desk: Desk, names: set[str]) -> None:
        self._desk = desk
        self._names = names

    def __getattr__(self, name: str) -> Any:
        return self._fail if name in self._names else getattr(self._desk, name)

    async def _fail(self, *_: object) -> None:
        raise BrokerError("no list")


def broken(names: set[str]) -> Callable[[Desk], DeskFacade]:
    def around(desk: Desk) -> DeskFacade:
        between: Any = Broken(desk, names)
        return between  # type: ignore[no-any-return]

    return around


# --- what is typed, pure -----------------------------------------------------------------------


def test_a_verdict_is_read_with_its_line_and_its_reason() -> None:
    read = read_verdict(VIEWS, ["A-01"], "00000001/a-01 PLACED:1005 the desk said so")
    assert read.reference == "01B0000000000001/A-01"
    assert (read.verdict, read.reason) == ("placed:1005", "the desk said so")


@pytest.mark.parametrize(
    "text", ["00000001 absent why", "00000001/A-01 gone why", "00000001/A-01", "x/A placed: why"]
)
def test_what_is_no_verdict_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(InputError, match="RESOLVE takes"):
        read_verdict(VIEWS, ["A-01"], text)


def test_a_verdict_without_a_reason_asks_for_one() -> None:
    with pytest.raises(InputError, match="Say why"):
        read_verdict(VIEWS, ["A-01"], "00000001/A-01 absent")


@pytest.mark.parametrize("text", ["A-01", "A-01/ mine", "/1005 mine"])
def test_an_order_of_another_is_named_by_account_and_id(text: str) -> None:
    with pytest.raises(InputError, match="ADOPT takes ALIAS/ORDER_ID"):
        read_of_another("ADOPT", ["A-01"], text)
    assert read_of_another("ADOPT", ["A-01"], "a-01/1005 mine").account == "A-01"


def test_the_choices_are_the_candidates_another_order_and_absent() -> None:
    found = choices(a_doubt(candidates=("1005", "1006")))
    assert {key: verdict for key, (_, verdict) in found.items()} == {
        "1": "placed:1005", "2": "placed:1006", "o": "placed:", "a": "absent",
    }  # fmt: skip


def test_of_a_replacement_in_doubt_it_is_asked_which_order_works() -> None:
    found = choices(a_doubt(order_id="1005", candidates=("1006",), is_replacement=True))
    assert [verdict for _, verdict in found.values()] == ["placed:1005", "placed:1006", "placed:"]


def test_the_question_warns_of_look_alikes_where_the_order_is_called_absent() -> None:
    verdict = read_verdict(VIEWS, ["A-01"], "00000001/A-01 absent phoned")
    question = question_of(verdict, a_doubt(candidates=("1006",)), "live")
    assert question.warnings[0] == "order 1006 looks like it"
    assert dict(question.facts)["because"] == "phoned"


# --- doubts in the console ---------------------------------------------------------------------


async def test_r_chooses_the_candidate_then_the_reason_is_typed_and_confirmed() -> None:
    async with a_console() as stage:
        broadcast = await doubt(stage, {"A-03": Act.TAKE_AND_LOSE_ANSWER}, twins=("A-03",))
        await stage.press("g", "d", "j", "r")
        assert "A-03 is … 1 order 1005" in stage.text()
        await stage.press("1")
        assert stage.console.prompt.value.startswith("RESOLVE ")
        await stage.press(*"phoned", "enter")
        await stage.until(lambda: "because" in stage.text(), "the question")
        assert "phoned" in stage.text()
        assert states_of(stage, broadcast)["A-03"] == "in_doubt"
        await say_yes(stage)
        await stage.until(lambda: states_of(stage, broadcast)["A-03"] == "filled", "a fill")
        assert [one.reason for one in stage.bench.journal.decided] == ["phoned"]


async def test_enter_at_the_question_decides_nothing() -> None:
    async with a_console() as stage:
        broadcast = await doubt(stage, {"A-02": Act.LOSE})
        await stage.type(f"RESOLVE {broadcast[-8:]}/A-02 absent phoned")
        await question(stage)
        stage.clock.advance(1)
        await stage.press("enter")
        await stage.until(lambda: "Nothing was decided" in stage.text(), "no decision")
        assert states_of(stage, broadcast)["A-02"] == "in_doubt"


async def test_an_order_that_never_arrived_is_resolved_as_absent_and_leaves_the_band() -> None:
    async with a_console() as stage:
        broadcast = await doubt(stage, {"A-02": Act.LOSE})
        stage.clock.advance(200)
        await stage.press("g", "d", "j", "r", "a")
        await stage.press(*"phoned", "enter")
        await say_yes(stage)
        await stage.until(lambda: states_of(stage, broadcast)["A-02"] == "absent", "absent")
        await stage.until(lambda: "do NOT trade by hand" not in stage.text(), "no band")


async def test_what_the_broker_said_steers_nothing_in_a_question() -> None:
    def said(told: DoubtView) -> DoubtView:
        return replace(told, reason="[bold red]boo[/] \x1b[31m \u202e [/nope]")

    async with a_console(around=told_as(said)) as stage:
        broadcast = await doubt(stage, {"A-02": Act.LOSE})
        await stage.type(f"RESOLVE {broadcast[-8:]}/A-02 absent [red]phoned")
        await question(stage)
        text = stage.text()
        assert "known    [bold red]boo[/]" in text
        assert "because  [red]phoned" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


async def test_a_verdict_that_comes_too_early_is_told_and_changes_nothing() -> None:
    async with a_console() as stage:
        broadcast = await doubt(stage, {"A-02": Act.LOSE})
        await stage.type(f"RESOLVE {broadcast[-8:]}/A-02 absent phoned")
        await say_yes(stage)
        await stage.until(lambda: "nothing was changed" in stage.text(), "a refusal")
        assert states_of(stage, broadcast)["A-02"] == "in_doubt"


async def test_escape_leaves_the_choice_and_a_group_cannot_be_decided() -> None:
    async with a_console() as stage:
        await doubt(stage, {"A-02": Act.LOSE, "A-05": Act.LOSE})
        await stage.press("g", "d", "r")
        assert "choose an account first" in stage.text()
        await stage.press("j", "r", "escape")
        assert stage.console.prompt.value == ""


async def test_the_row_of_a_broadcast_stands_for_its_only_doubt() -> None:
    async with a_console() as stage:
        await doubt(stage, {"A-02": Act.LOSE})
        await stage.press("g", "d", "r")
        assert "A-02 is … o another, a absent" in stage.text()


# --- orders of others --------------------------------------------------------------------------


async def shown_drift(stage: Stage) -> None:
    await stage.press("7")
    await stage.until(lambda: "0s ago" in stage.text(), "a comparison")


async def test_the_drift_screen_lists_orders_of_others_and_differences() -> None:
    async with a_console() as stage:
        order_id = enter(stage.broker, "A-02", BY_HAND)
        await shown_drift(stage)
        text = stage.text()
        assert "DIFFERENCES" in text
        assert "orders of others" in text
        assert order_id in text
        assert "BUY +7 AAPL" in text


async def test_with_nothing_to_tell_the_drift_screen_says_so() -> None:
    async with a_console() as stage:
        await shown_drift(stage)
        assert "NO DIFFERENCE" in stage.text()
        assert "nobody else sent an order" in stage.text()


async def test_an_order_of_somebody_else_is_shown_as_the_broker_describes_it() -> None:
    def furnish(broker: FakeBroker) -> None:
        told: dict[str, Any] = {
            "ticket": None,
            "description": "[red]x[/nope]\x1b[2J",
            "raw_status": "[b]odd",
        }
        enter(broker, "A-02", BY_HAND, **told)

    async with a_console(furnish=furnish) as stage:
        await shown_drift(stage)
        await stage.press("j")
        text = stage.text()
        assert text.count("[red]x[/nope][2J") == 2
        assert "[b]odd" in text
        assert "\x1b" not in text
        await stage.press("a")
        assert "no order of this program's language" in stage.text()


async def test_a_adopts_the_order_under_the_cursor_after_a_question() -> None:
    async with a_console() as stage:
        order_id = enter(stage.broker, "A-02", BY_HAND)
        await shown_drift(stage)
        await stage.press("j", "a")
        assert stage.console.prompt.value == f"ADOPT A-02/{order_id} "
        await stage.press(*"mine", "enter")
        await say_yes(stage)
        await stage.until(lambda: "is ours" in stage.text(), "an adopted order")
        (view,) = stage.console.board.broadcasts.values()
        assert [line.order_id for line in view.lines] == [order_id]
        assert stage.broker.posts.total() == 0


async def test_i_ignores_the_order_under_the_cursor() -> None:
    async with a_console() as stage:
        order_id = enter(stage.broker, "A-02", BY_HAND)
        await shown_drift(stage)
        await stage.press("j", "i")
        await stage.press(*"friend", "enter")
        await stage.until(lambda: "is told no more" in stage.text(), "an ignored order")
        await stage.press("c")
        await stage.until(lambda: "ignored" in stage.text(), "its new kind")
        assert order_id in stage.text()


@pytest.mark.parametrize("word", ["RECONCILE", "FOREIGN"])
async def test_either_word_typed_anywhere_compares_again(word: str) -> None:
    async with a_console() as stage:
        await shown_drift(stage)
        await stage.press("2")
        enter(stage.broker, "A-02", BY_HAND)
        await stage.type(word)
        await stage.until(lambda: "orders of others" in stage.text(), "the fresh comparison")


async def test_accounts_that_cannot_be_read_are_listed_and_nothing_pretends_that_all_is_well() -> (
    None
):
    async with a_console() as stage:
        stage.broker.reads_fail = True
        await shown_drift(stage)
        text = stage.text()
        assert "UNREAD  10:00:00 ET" in text
        assert "orders of others NOT READ: no answer" in text
        assert "A-08             orders" in text
        assert "Nothing differs" not in text


async def test_a_comparison_that_fails_says_why_and_tells_what_it_came_to_before_as_such() -> None:
    names: set[str] = set()
    async with a_console(around=broken(names)) as stage:
        order_id = enter(stage.broker, "A-02", BY_HAND)
        await shown_drift(stage)
        names.add("reconcile")
        await stage.press("c")
        await stage.until(lambda: "NOT COMPARED: no list" in stage.text(), "the trouble")
        assert "before: DIFFERENCES" in stage.text()
        assert order_id in stage.text()


async def test_a_first_comparison_that_fails_leaves_an_empty_page_with_the_reason() -> None:
    async with a_console(around=broken({"reconcile"})) as stage:
        await stage.press("7")
        await stage.until(lambda: "NOT COMPARED: no list" in stage.text(), "the trouble")
        assert "Nothing differs" not in stage.text()


async def test_a_comparison_without_the_orders_of_others_still_tells_what_it_found() -> None:
    async with a_console(around=broken({"foreign"})) as stage:
        order_id = enter(stage.broker, "A-02", BY_HAND)
        await shown_drift(stage)
        assert "DIFFERENCES  10:00:00 ET" in stage.text()
        assert "orders of others NOT READ: no list" in stage.text()
        assert order_id in stage.text()


def test_an_order_that_may_be_one_in_doubt_or_is_over_is_not_adopted() -> None:
    one = sample(ForeignView)
    mine = replace(one, is_open=True, may_be=(), order=BY_HAND)
    assert why_not_adopt(mine) is None
    maybe = why_not_adopt(replace(mine, may_be=("01B0000000000001/A-01",)))
    assert maybe == "it may be the order of 00000001/A-01: decide that doubt first"
    assert why_not_adopt(replace(mine, is_open=False)) == "it is over: there is nothing to follow"
    assert why_not_adopt(replace(mine, order=None)) is not None


def test_doubts_stand_apart_from_differences_and_listed_orders_are_told_once() -> None:
    foreign, difference = sample(ForeignView), sample(DifferenceView)
    doubtful = replace(difference, kind="in_doubt", order_id=None)
    told = replace(difference, kind="foreign", account=foreign.account, order_id=foreign.order_id)
    position = replace(difference, kind="position", order_id=None, detail="7 AAPL are missing")
    result = replace(sample(ReconcileView), differences=(doubtful, told, position), unread=())
    rows, parents = rows_of(Compared((foreign,), result))
    assert parents == {
        "differences:2": "differences",
        foreign_key(foreign): "foreign",
        "in_doubt:0": "in_doubt",
    }
    assert [cell.text for cell in rows["differences:2"]][1:3] == ["position", "7 AAPL are missing"]


async def test_our_own_orders_are_no_orders_of_others() -> None:
    async with a_console() as stage:
        await send(stage)
        await shown_drift(stage)
        assert "orders of others  " not in stage.text()
        assert not [key for key in grid_of(stage).shown_keys if "/" in key]
