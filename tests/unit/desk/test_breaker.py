"""What stops the waves that have not left: a canary that is heeded, and the breaker."""

from __future__ import annotations

import pytest
from tests.fakes.broker import Act
from tests.fakes.builders import STOCK, a_line
from tests.fakes.desk import Bench, a_desk
from tests.fakes.virtual import run_virtual

from swimdesk.desk.breaker import why_stop
from swimdesk.domain.broadcast import Line
from swimdesk.domain.orders import LineState
from swimdesk.views.models import BroadcastView

S = LineState


def lines(**states: int) -> list[Line]:
    """Build lines by state; those that the broker has or had were accepted."""
    return [
        a_line(f"A-{n:02d}", LineState(state), accepted=state not in {"refused", "in_doubt"})
        for state, count in states.items()
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({"working": 9}, None),
        ({"filled": 8, "in_doubt": 1}, None),
        ({"filled": 8, "in_doubt": 2}, "2 lines of earlier waves are in doubt"),
        ({"filled": 8, "refused": 2}, None),
        ({"filled": 8, "refused": 3}, "3 lines of earlier waves were refused"),
        ({"filled": 8, "rejected": 2}, None),
        ({"filled": 7, "rejected": 2}, "2 of 9 orders of earlier waves were rejected"),
        ({"planned": 9, "denied": 9}, None),
    ],
)
def test_breaker_counts_what_came_to_nothing(states: dict[str, int], said: str | None) -> None:
    assert why_stop(lines(**states), stop_on_refuse=False) == said


@pytest.mark.parametrize("state", [S.REFUSED, S.IN_DOUBT, S.NOT_SENT, S.REJECTED])
def test_one_is_enough_where_a_refusal_stops(state: LineState) -> None:
    found = why_stop(lines(**{"filled": 9, state.value: 1}), stop_on_refuse=True)
    assert found == "A-00 in an earlier wave was not accepted or not kept"
    assert why_stop(lines(filled=9), stop_on_refuse=True) is None


async def canaried(bench: Bench, act: Act, **request: object) -> BroadcastView:
    """Send with a canary to whom this happens, whoever it is."""
    bench.broker.acts = {account.alias: act for account in bench.broker.accounts}

    def only_the_first() -> None:
        bench.broker.before_fire = rest

    def rest() -> None:
        bench.broker.acts = {}

    bench.broker.before_fire = only_the_first
    return await bench.send(STOCK, waves="canary", wait_s=60, **request)


@pytest.mark.parametrize("act", [Act.REFUSE, Act.REJECT, Act.LOSE, Act.NOT_SENT])
def test_canary_that_comes_to_nothing_stops_the_rest(act: Act) -> None:
    async def scenario() -> None:
        async with a_desk(6) as bench:
            view = await canaried(bench, act)
            assert view.counts["not_sent"] == (6 if act is Act.NOT_SENT else 5)
            assert sum(bench.broker.posts.values()) <= 1

    run_virtual(scenario())


def test_canary_may_be_told_to_be_ignored() -> None:
    async def scenario() -> None:
        async with a_desk(6) as bench:
            view = await canaried(bench, Act.REFUSE, on_refuse="skip")
            assert (view.counts["refused"], view.counts["filled"]) == (1, 5)

    run_virtual(scenario())


def test_canary_is_seen_at_the_broker_before_the_rest_leaves() -> None:
    async def scenario() -> None:
        async with a_desk(6) as bench:
            view = await canaried(bench, Act.FILL)
            assert view.counts["filled"] == 6
            sent = sorted(line.sent_ms or 0 for line in view.lines)
            assert sent[1] - sent[0] > 100, "a read came in between"

    run_virtual(scenario())


def test_canary_that_is_not_seen_stops_the_rest() -> None:
    async def scenario() -> None:
        async with a_desk(6) as bench:
            bench.broker.reads_fail = True
            view = await bench.send(STOCK, waves="canary", wait_s=60)
            assert view.counts["not_sent"] == 5
            assert {line.reason for line in view.lines if line.state == "not_sent"} == {
                "the order of the canary was not seen at the broker in time"
            }

    run_virtual(scenario())


def test_waves_without_a_canary_stop_only_by_the_breaker() -> None:
    async def scenario() -> None:
        async with a_desk(8) as bench:
            bench.broker.acts = {f"A-{n:02d}": Act.REFUSE for n in range(1, 9)}
            view = await bench.send(STOCK, waves="1", wait_s=60)
            assert (view.counts["refused"], view.counts["not_sent"]) == (3, 5)

    run_virtual(scenario())
