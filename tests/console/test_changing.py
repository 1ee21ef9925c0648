"""Cancel and replace by typed words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from swimdesk.domain.orderlang import parse
from swimdesk.domain.risk import RiskLimits
from tests.console.condor import quote
from tests.console.orders import everywhere, send, states_of
from tests.console.stage import Stage, a_console
from tests.fakes.acts import ReplaceAct
from tests.fakes.broker import Act

pytestmark = pytest.mark.slow

SHARES = "BUY +1 AAPL @100.00 LMT"


async def canceled(stage: Stage, count: int) -> None:
    await stage.until(lambda: len(stage.broker.cancels) == count, f"{count} requests to cancel")


def prices_of(stage: Stage, broadcast: str) -> dict[str, str]:
    lines = stage.console.board.broadcasts[broadcast].lines
    return {line.account: str(parse(line.order).price) for line in lines}


async def test_cxl_star_cancels_everything() -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await send(stage, SHARES, acts=everywhere(stage, Act.REST))
        await stage.type("CXL *")
        await canceled(stage, 16)


async def test_cxl_with_an_underlying_cancels_its_orders_alone() -> None:
    async with a_console() as stage:
        condors = await send(stage, acts=everywhere(stage, Act.REST))
        shares = await send(stage, SHARES, acts=everywhere(stage, Act.REST))
        await stage.type("cxl spx*")
        await canceled(stage, 8)
        await stage.until(lambda: set(states_of(stage, condors).values()) == {"canceled"}, "x")
        assert set(states_of(stage, shares).values()) == {"working"}


@pytest.mark.parametrize("text", ["CXL {}/A-03", "CXL A-03", "cxl {}/a-03"])
async def test_cxl_of_one_account_cancels_one_order(text: str) -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.type(text.format(broadcast[-6:]))
        await canceled(stage, 1)
        assert stage.broker.cancels[0][0] == "A-03"


async def test_cxl_of_nothing_that_works_keeps_the_line_for_mending() -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await stage.type("CXL QQQ*")
        assert "nothing to cancel" in stage.text()
        assert stage.console.prompt.value == "CXL QQQ*"
        await stage.press("escape")
        await stage.type("CXL nowhere")
        await stage.until(lambda: "no broadcast nowhere" in stage.text(), "the answer")
        assert stage.broker.cancels == []


@pytest.mark.parametrize("word", ["CXL", "RPL"])
async def test_a_word_alone_says_what_it_takes(word: str) -> None:
    async with a_console() as stage:
        await stage.type(word)
        assert f"{word} takes" in stage.text()
        assert stage.console.prompt.value == f"{word} "


async def test_a_replacement_is_confirmed_with_what_it_is_worth_and_told() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.type(f"RPL {broadcast[-6:]} @1.45")
        await stage.until(lambda: stage.console.is_modal, "the confirmation")
        text = stage.text()
        assert "REPLACE 8 ORDERS" in text
        assert "1.60 -> 1.45" in text
        assert "$120 worse" in text
        assert stage.broker.puts == []
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(lambda: "8 taken" in stage.text(), "the counts")
        assert len(stage.broker.puts) == 8
        await stage.until(
            lambda: set(prices_of(stage, broadcast).values()) == {"1.45"}, "the new price"
        )


async def test_r_and_a_price_replace_one_order() -> None:
    async with a_console() as stage:
        await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("j", "j", "r", "1", "full_stop", "5", "5", "enter")
        await stage.until(lambda: stage.console.is_modal, "the confirmation")
        assert "REPLACE 1 ORDER" in stage.text()
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(lambda: "1 taken" in stage.text(), "the counts")
        assert [account for account, _ in stage.broker.puts] == ["A-02"]


async def test_a_replacement_that_is_not_confirmed_sends_nothing() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.type(f"RPL {broadcast[-6:]} @1.45")
        await stage.until(lambda: stage.console.is_modal, "the confirmation")
        stage.clock.advance(1)
        await stage.press("enter")
        await stage.until(lambda: "Nothing was replaced" in stage.text(), "the answer")
        assert stage.broker.puts == []


async def test_orders_that_changed_under_the_question_are_not_replaced() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.type(f"RPL {broadcast[-6:]} @1.45")
        await stage.until(lambda: stage.console.is_modal, "the confirmation")
        await stage.bench.desk.replace(f"{broadcast}/A-01", Decimal("1.55"), ())
        await stage.until(
            lambda: prices_of(stage, broadcast)["A-01"] == "1.55", "the price of somebody else"
        )
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(lambda: "Nothing was replaced" in stage.text(), "the answer")
        assert len(stage.broker.puts) == 1


async def test_a_replacement_needs_arming_and_the_line_stays() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("f8")
        line = f"RPL {broadcast[-6:]} @1.45"
        await stage.type(line)
        assert "not armed" in stage.text()
        assert stage.console.prompt.value == line
        assert not stage.console.is_modal


async def test_a_replacement_is_a_new_order_and_not_sent_while_halted() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.press("ctrl+k")
        await stage.until(lambda: "HALTED" in stage.text(), "a halt")
        await stage.type(f"RPL {broadcast[-6:]} @1.45")
        assert "trading is halted" in stage.text()
        assert stage.broker.puts == []


async def test_disarming_while_the_question_stands_replaces_nothing() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.type(f"RPL {broadcast[-6:]} @1.45")
        await stage.until(lambda: stage.console.is_modal, "the confirmation")
        await stage.press("ctrl+l")
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(lambda: "Nothing was replaced" in stage.text(), "the answer")
        assert stage.broker.puts == []


async def test_what_became_of_a_replacement_is_told_apart() -> None:
    async with a_console() as stage:
        acts = {"A-01": Act.REST, "A-02": Act.REST, "A-03": Act.REST}
        broadcast = await send(stage, acts=acts)
        stage.broker.replace_acts = {"A-02": [ReplaceAct.REFUSE], "A-03": [ReplaceAct.LOSE]}
        await stage.type(f"RPL {broadcast[-6:]} @1.45")
        await stage.until(lambda: stage.console.is_modal, "the confirmation")
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(lambda: "1 taken, 1 refused, 1 UNANSWERED" in stage.text(), "the counts")


async def test_replacing_what_is_over_says_so() -> None:
    async with a_console() as stage:
        broadcast = await send(stage)
        await stage.type(f"RPL {broadcast[-6:]} @1.45")
        await stage.until(lambda: "nothing to replace" in stage.text(), "the answer")
        assert not stage.console.is_modal


@pytest.mark.parametrize("line", ["RPL 7K2M", "RPL 7K2M @x", "RPL @1.15"])
async def test_a_replacement_that_is_not_understood_stays_for_mending(line: str) -> None:
    async with a_console() as stage:
        await stage.press("f8")
        await stage.type(line)
        assert "RPL takes" in stage.text()
        assert stage.console.prompt.value == line


async def test_a_replacement_under_way_holds_no_cancel_back() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        stage.broker.latency_s = 0.3
        await stage.type(f"RPL {broadcast[-6:]} @1.45")
        await stage.until(lambda: stage.console.is_modal, "the confirmation")
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(stage.broker.put_arrived.is_set, "the requests to replace")
        await stage.type(f"CXL {broadcast[-6:]}")
        await stage.until(
            lambda: set(states_of(stage, broadcast).values()) == {"canceled"}, "all canceled"
        )


async def test_a_denied_replacement_says_what_lifts_it_and_goes_with_that() -> None:
    async with a_console(limits=RiskLimits()) as stage:
        quote(stage)
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        line = f"RPL {broadcast[-6:]}/A-01 @9.00"
        await stage.type(line)
        await stage.until(lambda: stage.console.is_modal, "the confirmation")
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(lambda: "1 denied" in stage.text(), "the denial")
        assert "PRICE_FAR behind the price lifts it" in stage.console.said[-1].text
        await stage.type(f"{line} PRICE_FAR")
        await stage.until(lambda: stage.console.is_modal, "the confirmation again")
        assert "overridden: PRICE_FAR" in stage.text()
        stage.clock.advance(1)
        await stage.press("Y")
        await stage.until(lambda: "1 taken" in stage.text(), "the answer")
        assert len(stage.broker.puts) == 1


async def test_a_code_that_is_none_is_told_before_anything_is_asked() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, acts=everywhere(stage, Act.REST))
        await stage.type(f"RPL {broadcast[-6:]} @9.00 PRICE_FARR")
        assert "no code of a denial" in stage.text()
        assert not stage.console.is_modal
