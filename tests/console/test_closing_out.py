"""Undo, flatten and reduce at the console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from swimdesk.console.closing_words import flatten_question, outcome, split_price
from swimdesk.views.closing import FlattenView, PartView
from swimdesk.views.comparing import ForeignView
from swimdesk.views.models import DenialView
from tests.console.orders import AT, everywhere, question, send, states_of
from tests.console.stage import Stage, a_console
from tests.fakes.broker import Act, FakeBroker
from tests.fakes.builders import a_position
from tests.fakes.facade import sample

pytestmark = pytest.mark.slow

SHARES = "BUY +1 AAPL @100.00 LMT"


def holding(shares: Mapping[str, int]) -> Callable[[FakeBroker], None]:
    def furnish(broker: FakeBroker) -> None:
        for alias, count in shares.items():
            broker.positions[alias] = (a_position("AAPL", count, "100"),)

    return furnish


async def asked(stage: Stage) -> None:
    await question(stage)
    stage.clock.advance(1)


def test_the_price_behind_the_words_is_natural_unless_typed() -> None:
    assert split_price("grp family") == ("grp family", "@nat")
    assert split_price("7K2M9Q @mid-0.02") == ("7K2M9Q", "@mid-0.02")


def a_part(account: str, state: str = "close", **changes: Any) -> PartView:
    """Build one holding of a plan."""
    given: dict[str, Any] = {
        "account": account, "last4": "0001", "holding": "100 AAPL", "quantity": 100,
        "order": "SELL -100 AAPL @99.00 LMT [TO CLOSE]", "state": state, "reason": None,
        "denials": (), "cost": Decimal(-9900), "broadcast": None, "filled": 0, "in_doubt": False,
    }  # fmt: skip
    return PartView(**given | changes)


def a_flatten(*parts: PartView, **changes: Any) -> FlattenView:
    """Build a plan to flatten."""
    orders = sum(one.state == "close" for one in parts)
    given: dict[str, Any] = {
        "plan": "P1", "price": "@nat", "created": AT, "expires": AT + timedelta(seconds=60),
        "carried_out": False, "accounts": len({one.account for one in parts}), "orders": orders,
        "cost": Decimal(-9900 * orders), "cancels": (), "parts": parts, "broadcasts": (),
        "others": (),
    }  # fmt: skip
    return FlattenView(**given | changes)


def test_the_question_sums_up_before_it_lists_and_tells_alike_orders_once() -> None:
    question = flatten_question(a_flatten(a_part("A-1"), a_part("A-2"), a_part("A-3")), "paper")
    names = [name for name, _ in question.facts]
    assert names == ["sends", "brings", "then", "closes"]
    facts = dict(question.facts)
    assert facts["sends"] == "3 orders at @nat"
    assert facts["brings"].startswith("$29,700 in all")
    assert facts["closes"] == "SELL -100 AAPL CLOSE @99.00  in A-1..3"
    assert (question.count, question.warnings) == (3, ())


def test_orders_of_others_are_told_as_not_canceled() -> None:
    other = replace(sample(ForeignView), account="A-1")
    plan = a_flatten(a_part("A-1"), others=(other, other))
    assert flatten_question(plan, "paper").warnings == ("NOT canceled, not ours (2 orders): A-1",)
    unread = flatten_question(a_flatten(a_part("A-1"), others=None), "paper")
    assert unread.warnings == ("orders of others could not be read; they are NOT canceled",)


def test_what_stays_open_is_one_warning_for_each_reason_with_its_accounts() -> None:
    denied = (replace(sample(DenialView), code="PRICE_COLLAR"),)
    plan = a_flatten(
        a_part("A-1"),
        a_part("A-2", "denied", denials=denied, reason="PRICE_COLLAR: 0.40 a unit worse"),
        a_part("A-3", "denied", denials=denied, reason="PRICE_COLLAR: 0.55 a unit worse"),
        a_part("A-4", "kept_back", in_doubt=True, reason="in doubt, not touched: SELL -1 …"),
        a_part("A-5", "kept_back", in_doubt=True, reason="in doubt, not touched: SELL -2 …"),
        a_part("A-6", "kept_back", reason="not held any more"),
        a_part("A-7", "kept_back", reason="could not be read: no answer", holding=""),
    )
    question = flatten_question(plan, "paper")
    assert dict(question.facts)["sends"] == "1 order at @nat; 6 are NOT closed, see below"
    assert question.warnings == (
        "NOT closed, PRICE_COLLAR (2 holdings): A-2 A-3",
        "NOT closed, an order there is in doubt: A-4 A-5",
        "NOT closed, not held any more: 100 AAPL in A-6",
        "NOT closed, could not be read: no answer: A-7",
    )


def test_a_cost_that_nobody_knows_is_said_to_be_so() -> None:
    question = flatten_question(a_flatten(a_part("A-1", cost=None), cost=None), "paper")
    assert dict(question.facts)["costs"] == "not known: a leg has no price"


# --- undo --------------------------------------------------------------------------------------


async def test_u_writes_the_undo_and_its_plan_is_shown_before_anything_happens() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, SHARES, acts=everywhere(stage, Act.REST))
        await stage.press("u")
        assert stage.console.prompt.value == f"UNDO {broadcast[-8:]} @nat"
        await stage.press("enter")
        await asked(stage)
        text = stage.text()
        assert "UNDO …" in text
        assert "sends    8 cancels" in text
        assert "A-01..08" in text
        assert "costs" not in text
        assert stage.broker.cancels == []
        await stage.press("enter")
        await stage.until(lambda: "Nothing was undone" in stage.text(), "nothing done")
        assert stage.broker.cancels == []


async def test_a_confirmed_undo_cancels_what_works() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, SHARES, acts=everywhere(stage, Act.REST))
        await stage.type(f"UNDO {broadcast[-8:]}")
        await asked(stage)
        await stage.press("Y")
        await stage.until(lambda: len(stage.broker.cancels) == 8, "eight cancels")
        await stage.until(
            lambda: set(states_of(stage, broadcast).values()) == {"canceled"}, "all canceled"
        )


async def test_undo_wants_to_be_armed() -> None:
    async with a_console() as stage:
        broadcast = await send(stage, SHARES, acts=everywhere(stage, Act.REST))
        await stage.press("f8")
        await stage.type(f"UNDO {broadcast[-8:]}")
        assert "Nothing was undone: sending is not armed" in stage.text()


# --- flatten -----------------------------------------------------------------------------------


async def test_flatten_shows_the_plan_and_wants_the_number_of_accounts_typed() -> None:
    async with a_console(furnish=holding({"A-01": 100, "A-02": 100, "A-05": -50})) as stage:
        await stage.press("f8")
        await stage.type("FLATTEN all")
        await asked(stage)
        text = stage.text()
        assert "Reading what is held, for the plan" in text
        assert "FLATTEN 3 ACCOUNTS" in text
        assert "SELL -100 AAPL" in text
        assert "in A-01 A-02" in text
        assert "type 3 and Enter to flatten," in text
        await stage.press("2", "enter")
        assert stage.console.commands.asking.is_open
        assert stage.broker.posts.total() == 0
        await stage.press("3", "enter")
        await stage.until(lambda: stage.broker.posts.total() == 3, "three orders")


async def test_flatten_names_its_accounts_itself() -> None:
    async with a_console(furnish=holding({"A-01": 100})) as stage:
        await stage.press("f8")
        await stage.type("FLATTEN @nat")
        assert "FLATTEN takes accounts" in stage.text()
        assert not stage.console.commands.asking.is_open


async def test_nothing_to_flatten_is_told_without_a_question() -> None:
    async with a_console() as stage:
        await stage.press("f8")
        await stage.type("FLATTEN all")
        await stage.until(lambda: "Nothing can be flattened" in stage.text(), "why")
        assert "there is nothing to do" in stage.text()


async def test_flatten_is_refused_while_halted() -> None:
    async with a_console(furnish=holding({"A-01": 100})) as stage:
        await stage.press("f8", "ctrl+k")
        await stage.until(lambda: "HALTED" in stage.text().splitlines()[0], "halted")
        await stage.type("FLATTEN all")
        assert "Nothing was flattened: trading is halted" in stage.text()


def test_an_outcome_counts_states_and_is_good_only_if_all_is() -> None:
    text, is_good = outcome(sample(FlattenView))
    assert "cancels: 1" in text
    assert "IN DOUBT in" in text
    assert not is_good
    done = a_flatten(a_part("A-1", "filled"), a_part("A-2", "filled"))
    assert outcome(done) == ("holdings: 2 filled", True)
    left = a_flatten(a_part("A-1", "filled"), a_part("A-2", "rejected", reason="no shares"))
    assert outcome(left) == ("holdings: 1 filled, 1 rejected; A-2: no shares", False)


# --- reducing ----------------------------------------------------------------------------------


async def test_f7_reduces_at_once_and_the_status_line_says_so() -> None:
    async with a_console() as stage:
        await stage.press("f7")
        await stage.until(lambda: "REDUCING" in stage.text().splitlines()[0], "reducing")
        await stage.plan(f"{SHARES} all")
        assert "8 denied" in stage.text()


async def test_from_a_halt_reducing_is_asked_for() -> None:
    async with a_console() as stage:
        await stage.press("ctrl+k")
        await stage.until(lambda: "HALTED" in stage.text().splitlines()[0], "halted")
        await stage.type("REDUCE lunch is over")
        await asked(stage)
        await stage.press("enter")
        await stage.until(lambda: not stage.console.commands.asking.is_open, "no question")
        assert "HALTED" in stage.text().splitlines()[0]
        await stage.press("f7")
        await asked(stage)
        await stage.press("Y")
        await stage.until(lambda: "REDUCING" in stage.text().splitlines()[0], "reducing")


async def test_resume_after_reducing_tells_what_it_ends() -> None:
    async with a_console() as stage:
        await stage.type("REDUCE close only")
        await stage.until(lambda: "REDUCING" in stage.text().splitlines()[0], "reducing")
        await stage.type("RESUME")
        await asked(stage)
        assert "reducing for" in stage.text()
        await stage.press("Y")
        await stage.until(lambda: "REDUCING" not in stage.text().splitlines()[0], "active")
