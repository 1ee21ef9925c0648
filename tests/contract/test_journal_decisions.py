"""What every journal promises of decisions, adopted orders and baselines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.contract.test_journal import Opener, in_memory, inline, on_thread
from tests.unit.store.builders import START, a_broadcast, a_fill, accepted

from swimdesk.desk.ports import Journal
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.decisions import Decision, DecisionKind, Origin, Verdict
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.domain.positions import Baseline
from swimdesk.errors import InvariantBroken


@pytest.fixture(params=[in_memory, on_thread, inline])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    opener: Opener = request.param
    async with opener(tmp_path) as opened:
        yield opened


def in_doubt(number: int = 1) -> Broadcast:
    """Build a broadcast whose lines are all in doubt."""
    broadcast = a_broadcast(number)
    lines = [line.moved(LineState.IN_DOUBT, doubt=Doubt.UNKNOWN) for line in broadcast.lines]
    return broadcast.with_lines(lines)


def resolved(ref: str | None, **changes: object) -> Decision:
    decision = Decision(
        START, "local", DecisionKind.RESOLVE, "FAM-00", "asked, ω", ref, "77", Verdict.PLACED
    )
    return replace(decision, **changes)  # type: ignore[arg-type]


async def test_decision_is_written_with_the_line_that_it_moves_and_its_fills(
    journal: Journal,
) -> None:
    broadcast = in_doubt()
    await journal.open_broadcast(broadcast)
    line = broadcast.lines[0]
    filled = line.moved(LineState.FILLED, doubt=None, order_id="77", filled=1)
    decision = resolved(line.ref)
    await journal.decide(decision, broadcast.id, [filled], [(line.ref, a_fill("77"))])
    assert await journal.decisions(START) == (decision,)
    kept = await journal.broadcast(broadcast.id)
    assert kept is not None
    assert kept.lines[0] == filled
    assert await journal.executions(broadcast.id) == {line.ref: (a_fill("77"),)}


async def test_decision_and_line_are_written_both_or_not_at_all(journal: Journal) -> None:
    one, other = in_doubt(1), in_doubt(2)
    await journal.open_broadcast(one)
    await journal.open_broadcast(other)
    await journal.record(one.id, [accepted_as(one, "77")])
    line = other.lines[0]
    bound = line.moved(LineState.WORKING, doubt=None, order_id="77")
    with pytest.raises(InvariantBroken):
        await journal.decide(resolved(line.ref), other.id, [bound])
    with pytest.raises(InvariantBroken):
        await journal.decide(resolved("a line of nobody"))
    assert await journal.decisions(START) == ()
    assert await journal.broadcast(other.id) == other


def accepted_as(broadcast: Broadcast, order_id: str) -> Line:
    return accepted(replace(broadcast.lines[0], doubt=None), order_id)


async def test_decisions_come_back_oldest_first_from_a_moment_on(journal: Journal) -> None:
    made = [
        resolved(None, at=START + timedelta(hours=n), kind=DecisionKind.IGNORE, verdict=None)
        for n in range(3)
    ]
    for decision in made:
        await journal.decide(decision)
    assert await journal.decisions(START + timedelta(hours=1)) == tuple(made[1:])


async def test_adopted_order_comes_back_with_its_origin_and_decision(journal: Journal) -> None:
    broadcast = replace(a_broadcast(accounts=1), origin=Origin.ADOPTED, plan=None)
    line = accepted(broadcast.lines[0], "77")
    broadcast = broadcast.with_lines([line])
    decision = resolved(line.ref, kind=DecisionKind.ADOPT, verdict=None)
    await journal.adopt(broadcast, decision)
    assert await journal.broadcast(broadcast.id) == broadcast
    assert await journal.decisions(START) == (decision,)
    assert await journal.owners([(line.account, "77")]) == {(line.account, "77"): broadcast.id}
    assert await journal.sizes(9) == ()


async def test_order_of_a_line_is_not_adopted(journal: Journal) -> None:
    sent = a_broadcast(1, accounts=1)
    await journal.open_broadcast(sent)
    await journal.record(sent.id, [accepted(sent.lines[0], "77")])
    other = a_broadcast(2, accounts=1)
    line = accepted(other.lines[0], "77")
    with pytest.raises(InvariantBroken):
        await journal.adopt(other.with_lines([line]), resolved(line.ref))
    assert await journal.decisions(START) == ()
    assert await journal.broadcast(other.id) is None


async def test_broadcasts_with_an_absent_line_are_found_from_a_moment_on(
    journal: Journal,
) -> None:
    for number in range(3):
        broadcast = in_doubt(number)
        await journal.open_broadcast(broadcast)
        if number:
            line = broadcast.lines[1].moved(LineState.ABSENT, doubt=None)
            await journal.record(broadcast.id, [line])
    found = await journal.absent_since(START)
    assert [broadcast.id for broadcast in found] == [a_broadcast(1).id, a_broadcast(2).id]
    assert len(await journal.absent_since(a_broadcast(2).created)) == 1


async def test_baselines_are_kept_by_account_and_the_latest_counts(journal: Journal) -> None:
    assert await journal.baselines() == ()
    day = START.date()
    held = {"SPXW  261211C06200000": Decimal(-3), "AAPL": Decimal("0.5")}
    first = Baseline("FAM-01", "login-0", "4001", day, START, {})
    second = replace(first, day=day + timedelta(days=1), quantities=held)
    other = replace(first, account="FAM-00")
    await journal.keep_baselines([first, other])
    await journal.keep_baselines([second])
    assert await journal.baselines() == (other, second)


async def test_open_fates_are_told_with_the_time_at_which_they_became_open(
    journal: Journal,
) -> None:
    sent = a_broadcast(0, state=LineState.SENDING)
    await journal.open_broadcast(sent)
    opened = await journal.unresolved_since()
    assert opened.keys() == {line.ref for line in sent.lines}
    first, second, *others = sent.lines
    doubtful = first.moved(LineState.IN_DOUBT, doubt=Doubt.UNKNOWN)
    taken = accepted(second, "77")
    await journal.record(sent.id, [doubtful, taken, *(accepted(x, f"8{x.ref}") for x in others)])
    assert await journal.unresolved_since() == {first.ref: opened[first.ref]}
    probable = replace(doubtful, doubt=Doubt.PROBABLE)
    again = taken.moved(LineState.IN_DOUBT, doubt=Doubt.CONFLICT)
    await journal.record(sent.id, [probable, again])
    now = await journal.unresolved_since()
    assert now[first.ref] == opened[first.ref]
    assert now[second.ref] > opened[second.ref]
