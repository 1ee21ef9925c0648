"""Replacing from the command line: what is asked, how often, which exit code it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.fakes.facade import FakeFacade, sample
from tests.unit.cli.support import Program, a_broadcast, asked

from swimdesk.cli.exits import replace_exit_code_of
from swimdesk.cli.replace import price_of
from swimdesk.control.exchange import AnswerLost, OwnerGone
from swimdesk.errors import ExitCode, InputError, TradingHalted
from swimdesk.views.models import BroadcastView, CommandView

PRICE = Decimal("1.45")


def after(*lines: tuple[str, str], is_replaced: bool = True) -> BroadcastView:
    """Build a broadcast with a line per state, each with a replacement of that outcome."""
    view = a_broadcast(*(state for state, _ in lines))
    commands = [
        replace(
            sample(CommandView), account=line.account, kind="replace", price=PRICE,
            outcome=outcome or None, order_id="1", new_order_id="2",
        )
        for line, (_, outcome) in zip(view.lines, lines, strict=True)
    ]  # fmt: skip
    shown = [
        replace(line, order_id="2", lineage=("1",))
        if is_replaced and outcome in {"taken", "unknown", ""}
        else replace(line, order_id="1", lineage=())
        for line, (_, outcome) in zip(view.lines, lines, strict=True)
    ]
    return replace(view, lines=tuple(shown), commands=tuple(commands))


class ReplacingFake(FakeFacade):
    """A desk that shows what became of a broadcast after a replacement."""

    def __init__(self, became: BroadcastView) -> None:
        super().__init__()
        self.became = became

    async def follow_replacement(self, broadcast: str, wait_s: float) -> BroadcastView:
        await super().follow_replacement(broadcast, wait_s)
        return self.became


REPLACED = after(("working", "taken"))


def methods(desk: FakeFacade) -> list[str]:
    return [method for method, _ in asked(desk)]


def test_replace_asks_once_follows_and_prints_the_broadcast(program: Program) -> None:
    program.desks = [desk := ReplacingFake(REPLACED)]
    ran = program.run("replace", "01JB", "--price", "1.45", "--wait", "3", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.document["lines"][0]["lineage"] == ["1"]
    assert ran.document["commands"][0]["price"] == "1.45"
    assert asked(desk) == [
        ("replace", {"reference": "01JB", "price": PRICE, "overrides": ()}),
        ("follow_replacement", {"broadcast": "01JB", "wait_s": 3.0}),
    ]


def test_replace_of_one_line_is_judged_by_that_line(program: Program) -> None:
    program.desks = [ReplacingFake(after(("working", "taken"), ("working", "refused")))]
    assert program.run("replace", "01JB/FAM-01", "--price", "1.45", "--json").code == 0
    assert program.run("replace", "01JB/FAM-02", "--price", "1.45", "--json").code == 4


def test_owner_that_left_before_it_was_asked_is_followed_by_another(program: Program) -> None:
    gone, there = FakeFacade(), ReplacingFake(REPLACED)
    gone.fail("replace", OwnerGone("nobody listens"))
    program.desks = [gone, there]
    assert program.run("replace", "01JB", "--price", "1.45", "--json").code == 0
    assert methods(there) == ["replace", "follow_replacement"]


def test_lost_answer_is_looked_up_and_never_asked_again(program: Program) -> None:
    gone, there = FakeFacade(), ReplacingFake(REPLACED)
    gone.fail("replace", AnswerLost("the connection ended"))
    program.desks = [gone, there]
    assert program.run("replace", "01JB", "--price", "1.45", "--json").code == 0
    assert methods(there) == ["follow_replacement"]


def test_halted_desk_is_exit_7(program: Program) -> None:
    program.desk.fail("replace", TradingHalted("Halted."))
    assert program.run("replace", "01JB", "--price", "1.45", "--json").code == 7


@pytest.mark.parametrize(
    ("written", "price"),
    [("1.45", "1.45"), (".85", "0.85"), ("-.71", "-0.71"), ("1,250.00", "1250"),
     ("@1.45", "1.45"), ("\u22121.5", "-1.5"), ("0", "0")],
)  # fmt: skip
def test_prices_are_read_as_in_order_texts(program: Program, written: str, price: str) -> None:
    program.desks = [desk := ReplacingFake(REPLACED)]
    program.run("replace", "01JB", "--price", written, "--json")
    assert asked(desk)[0] == (
        "replace",
        {"reference": "01JB", "price": Decimal(price), "overrides": ()},
    )


@pytest.mark.parametrize("written", ["", ".", "-", "1.", "1e3", "NaN", "1,25", "mid", "1.4 5"])
def test_what_is_no_price_is_refused(written: str) -> None:
    with pytest.raises(InputError, match="is not a price"):
        price_of(written)


def test_price_has_to_be_given(program: Program) -> None:
    assert program.run("replace", "01JB", "--json").code == 2
    assert not asked(program.desk)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([("working", "taken"), ("filled", "taken")], ExitCode.DONE),
        ([("working", "taken"), ("filled", "ended"), ("denied", "ended")], ExitCode.DONE),
        ([("working", "unknown")], ExitCode.DONE),
        ([("working", "taken"), ("working", "denied")], ExitCode.PARTIAL),
        ([("working", "taken"), ("working", "refused")], ExitCode.PARTIAL),
        ([("working", "taken"), ("working", "not_sent")], ExitCode.PARTIAL),
        ([("filled", "ended")], ExitCode.PARTIAL),
        ([("filled", "refused")], ExitCode.PARTIAL),
        ([("working", "denied"), ("filled", "ended")], ExitCode.DENIED),
        ([("in_doubt", "unknown"), ("working", "denied")], ExitCode.IN_DOUBT),
        ([("replacing", "taken")], ExitCode.IN_DOUBT),
    ],
)
def test_lines_and_commands_decide_the_exit_code(
    lines: Iterable[tuple[str, str]], code: ExitCode
) -> None:
    assert replace_exit_code_of(after(*lines), None, PRICE) is code


def test_replacement_that_was_taken_and_rejected_is_not_done() -> None:
    view = after(("working", "taken"), is_replaced=False)
    assert replace_exit_code_of(view, None, PRICE) is ExitCode.PARTIAL


def test_earlier_replacement_at_another_price_is_not_this_one() -> None:
    assert replace_exit_code_of(REPLACED, None, Decimal("1.50")) is ExitCode.PARTIAL
