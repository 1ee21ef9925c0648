from __future__ import annotations

import asyncio

from tests.fakes.virtual import run_virtual

from swimdesk.desk.inbox import GATHER_S, Inbox
from swimdesk.desk.ports import Outcome, OutcomeKind


def an_outcome(number: int) -> Outcome:
    return Outcome(f"ref-{number}", OutcomeKind.ACCEPTED, str(number))


async def handfuls(inbox: Inbox) -> list[tuple[float, int]]:
    """Take until the end; return when each handful was taken and how many it held."""
    found = []
    while (taken := await inbox.take()) is not None:
        found.append((asyncio.get_running_loop().time(), len(taken)))
    return found


def taken_after(arrivals_s: list[float], expected: int) -> list[tuple[float, int]]:
    """Put an outcome at each of these moments, then close; return the handfuls."""

    async def scenario() -> list[tuple[float, int]]:
        inbox = Inbox(expected)
        taking = asyncio.ensure_future(handfuls(inbox))
        for number, at_s in enumerate(arrivals_s):
            await asyncio.sleep(at_s - asyncio.get_running_loop().time())
            inbox.put(an_outcome(number))
        await asyncio.sleep(1)
        inbox.close()
        return await taking

    return run_virtual(scenario())


def test_what_comes_close_together_is_one_handful() -> None:
    assert taken_after([0.0, 0.01, 0.02, 0.03], expected=9) == [(GATHER_S, 3), (0.03 + GATHER_S, 1)]


def test_the_last_one_expected_waits_for_nothing() -> None:
    assert taken_after([0.0, 0.01], expected=2) == [(0.01, 2)]


def test_what_comes_after_a_pause_is_taken_as_soon_as_it_may() -> None:
    assert taken_after([0.0, 0.5], expected=9) == [(GATHER_S, 1), (0.5 + GATHER_S, 1)]


def test_closing_gives_what_is_there_and_then_the_end() -> None:
    async def scenario() -> tuple[int, object]:
        inbox = Inbox(expected=9)
        inbox.put(an_outcome(1))
        inbox.close()
        first, second = await inbox.take(), await inbox.take()
        return len(first or ()), second

    assert run_virtual(scenario()) == (1, None)
