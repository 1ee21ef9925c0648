"""The keys that stop: they work while something is typed, asked or waited for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from swimdesk.errors import HomeHeld
from swimdesk.views.models import StatusView
from tests.console.orders import everywhere, send, states_of
from tests.console.stage import Stage, a_console
from tests.fakes.broker import Act, CancelAct
from tests.fakes.facade import FakeFacade

pytestmark = pytest.mark.slow

Where = Callable[[Stage], Awaitable[None]]


async def on_a_screen(stage: Stage) -> None:
    await stage.press("2")


async def in_the_prompt(stage: Stage) -> None:
    await stage.type("SPX IC half an or", enter=False)


async def in_the_confirmation(stage: Stage) -> None:
    await stage.press("2")
    await stage.plan("BUY +1 AAPL @100.00 LMT all")
    await stage.press("f10")
    await stage.until(lambda: stage.console.is_modal, "the confirmation")


async def in_the_help(stage: Stage) -> None:
    await stage.press("f1")
    await stage.until(lambda: stage.console.is_modal, "the help")


async def while_a_key_is_waited_for(stage: Stage) -> None:
    await stage.press("6", "C")
    assert "y cancels" in stage.text()


async def after_the_first_of_two_keys(stage: Stage) -> None:
    await stage.press("ctrl+x")


PLACES: Final = [
    on_a_screen,
    in_the_prompt,
    in_the_confirmation,
    in_the_help,
    while_a_key_is_waited_for,
    after_the_first_of_two_keys,
]


def status_of(stage: Stage) -> StatusView:
    status = stage.console.board.status
    assert status is not None
    return status


@pytest.mark.parametrize("place", PLACES)
async def test_ctrl_x_and_x_cancel_every_working_order(place: Where) -> None:
    async with a_console() as stage:
        first = await send(stage, acts={"A-01": Act.REST, "A-02": Act.REST})
        second = await send(stage, "BUY +1 QQQ @10.00 LMT", everywhere(stage, Act.REST))
        await place(stage)
        await stage.press("ctrl+x", "X")
        await stage.until(lambda: len(stage.broker.cancels) == 10, "ten requests to cancel")
        await stage.until(
            lambda: set(states_of(stage, second).values()) == {"canceled"}, "nothing works"
        )
        assert states_of(stage, first)["A-01"] == "canceled"
        assert states_of(stage, first)["A-03"] == "filled"


@pytest.mark.parametrize("place", PLACES)
async def test_ctrl_k_halts(place: Where) -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await place(stage)
        await stage.press("ctrl+k")
        await stage.until(lambda: status_of(stage).guard.state == "halted", "a halt")
        assert stage.broker.cancels == []


@pytest.mark.parametrize("place", PLACES)
async def test_ctrl_l_disarms(place: Where) -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await place(stage)
        assert stage.console.session.is_armed(stage.clock.now())
        await stage.press("ctrl+l")
        assert not stage.console.session.is_armed(stage.clock.now())


@pytest.mark.parametrize("key", ["x", "escape", "c", "enter"])
async def test_ctrl_x_and_another_key_cancel_nothing(key: str) -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("ctrl+x", key)
        await stage.press("2")
        assert stage.broker.cancels == []


async def test_canceling_all_is_told_apart_by_what_became_of_it() -> None:
    async with a_console() as stage:
        await send(stage, acts={"A-01": Act.REST, "A-02": Act.REST})
        stage.broker.cancel_acts = {"A-02": [CancelAct.LOSE]}
        await stage.press("ctrl+x", "X")
        await stage.until(lambda: "1 taken, 1 UNANSWERED" in stage.text(), "the counts")


async def test_canceling_all_where_nothing_works_says_so() -> None:
    async with a_console() as stage:
        await stage.press("ctrl+x", "X")
        await stage.until(lambda: "nothing was open" in stage.text(), "the answer")


async def test_canceling_all_works_while_halted() -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("ctrl+k")
        await stage.until(lambda: status_of(stage).guard.state == "halted", "a halt")
        await stage.press("ctrl+x", "X")
        await stage.until(lambda: len(stage.broker.cancels) == 8, "eight requests to cancel")


async def test_a_desk_that_does_not_answer_is_halted_by_the_file() -> None:
    async with a_console() as stage:
        written: list[str] = []
        stage.console.raise_halt = written.append
        stage.console.desk = hung = FakeFacade()
        hung.fail("halt", HomeHeld("The owner of this home did not answer."))
        await stage.press("ctrl+k")
        await stage.until(lambda: "HALTED by the file" in stage.text(), "what holds")
        assert written == ["halted at the console"]


@pytest.mark.parametrize("place", [in_the_confirmation, in_the_help])
async def test_the_status_line_tells_a_halt_beneath_what_stands_above_it(place: Where) -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await place(stage)
        await stage.press("ctrl+k")
        await stage.until(lambda: "HALTED" in stage.text().splitlines()[0], "the word")
        assert stage.console.is_modal
        assert "ARMED" not in stage.text().splitlines()[0]


async def test_the_time_to_send_runs_beneath_a_page_that_is_read() -> None:
    async with a_console() as stage:
        await stage.press("f8")
        await in_the_help(stage)
        stage.clock.advance(60)
        await stage.until(lambda: "ARMED 14:00" in stage.text().splitlines()[0], "a minute less")
        assert stage.console.is_modal
