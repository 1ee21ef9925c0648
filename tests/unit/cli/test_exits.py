"""What became of a broadcast, as an exit code."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.cli.support import a_broadcast

from swimdesk.cli.exits import exit_code_of
from swimdesk.domain.orders import LineState
from swimdesk.errors import ExitCode


@pytest.mark.parametrize(
    ("states", "code"),
    [
        (("filled", "filled"), ExitCode.DONE),
        (("working", "partial", "accepted"), ExitCode.DONE),
        (("filled", "canceled", "expired"), ExitCode.DONE),
        (("filled", "denied"), ExitCode.PARTIAL),
        (("filled", "skipped"), ExitCode.PARTIAL),
        (("filled", "refused"), ExitCode.PARTIAL),
        (("filled", "rejected"), ExitCode.PARTIAL),
        (("filled", "not_sent"), ExitCode.PARTIAL),
        (("refused", "refused"), ExitCode.PARTIAL),
        (("refused", "not_sent"), ExitCode.PARTIAL),
        (("not_sent", "not_sent"), ExitCode.UNREACHABLE),
        (("not_sent", "absent", "denied"), ExitCode.UNREACHABLE),
        (("in_doubt", "filled", "denied"), ExitCode.IN_DOUBT),
        (("in_doubt", "not_sent"), ExitCode.IN_DOUBT),
    ],
)
def test_lines_decide_the_exit_code(states: tuple[str, ...], code: ExitCode) -> None:
    assert exit_code_of(a_broadcast(*states)) is code


@pytest.mark.parametrize(
    ("order", "state", "filled", "code"),
    [
        ("BUY +1 SPY @600.00 LMT IOC", "canceled", 0, ExitCode.PARTIAL),
        ("BUY +1 SPY @600.00 LMT FOK [TO OPEN]", "expired", 0, ExitCode.PARTIAL),
        ("BUY +2 SPY @600.00 LMT IOC", "canceled", 1, ExitCode.DONE),
        ("BUY +1 SPY @600.00 LMT FOK", "filled", 1, ExitCode.DONE),
        ("BUY +1 SPY @600.00 LMT IOC", "working", 0, ExitCode.DONE),
        ("BUY +1 SPY @600.00 LMT", "canceled", 0, ExitCode.DONE),
    ],
)
def test_an_order_for_now_or_never_that_never_traded_is_not_as_intended(
    order: str, state: str, filled: int, code: ExitCode
) -> None:
    view = a_broadcast("filled", state)
    line = replace(view.lines[1], order=order, filled=filled)
    assert exit_code_of(replace(view, lines=(view.lines[0], line))) is code


@pytest.mark.parametrize("state", LineState)
def test_a_line_that_is_not_as_intended_is_never_exit_0(state: LineState) -> None:
    as_intended = {
        "sending", "accepted", "working", "partial", "filled", "canceling", "canceled",
        "replacing", "replaced", "expired",
    }  # fmt: skip
    is_done = exit_code_of(a_broadcast("filled", state.value)) is ExitCode.DONE
    assert is_done is (state.value in as_intended)
