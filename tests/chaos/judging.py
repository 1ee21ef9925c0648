"""What is wrong with how a desk ended, and with what the next one does and says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from tests.chaos.figures import Tally
from tests.chaos.forks import Ended
from tests.chaos.written import judge_written, read_written
from tests.chaos.yard import Case

OPEN_DOUBT: Final = "a doubt that reads resolve stayed open"
READ_WITHIN_MS: Final = 10_000.0

_COUNTED: Final = {
    "open": ("accepted", "working", "partial", "canceling", "replacing"),
    "in_doubt": ("sending", "in_doubt"),
}
"""What `status` counts, and in which states a line is counted."""


def judge_end(ended: Ended) -> list[str]:
    """Tell what is wrong with the end of a desk that was to be killed."""
    if ended.was_killed:
        return []
    if ended.told is None:
        return [f"a desk ended with {ended.code}: {ended.err[-300:]}"]
    return [f"a step failed: {failed}" for failed in ended.told.get("failed", ())]


async def judge_offline(case: Case) -> list[str]:
    """Tell what the files of a home say wrongly while no desk is there."""
    sent = case.sent()
    ended = await case.run("look")
    if ended.told is None:
        return [f"looking at the files ended with {ended.signal or ended.code}: {ended.err[-300:]}"]
    found = case.audit(ended.told.get("views", ()))
    problems = [f"offline: {one}" for one in (*found.lost, *found.doubled, *found.lied)]
    return [*problems, *sent_meanwhile(sent, case.sent())]


async def judge_restart(case: Case, tally: Tally) -> list[str]:
    """Start the desk of a home again; tell everything that it does or says and should not."""
    sent = case.sent()
    ended = await case.run("take_up")
    if ended.told is None:
        return [f"the restart ended with {ended.signal or ended.code}: {ended.err[-300:]}"]
    return [*sent_meanwhile(sent, case.sent()), *judge_told(case, ended.told, tally)]


def judge_told(case: Case, told: Mapping[str, Any], tally: Tally) -> list[str]:
    """Compare what a restarted desk tells with the brokerage's books."""
    if told["failed"]:
        return [f"the restart was refused: {told['failed']}"]
    problems = [f"unjudged after the start: {ref}" for ref in told["unjudged"]]
    tally.counts["resolved"] += told["resolved"]
    if told["read_ms"] is not None:
        tally.read_ms.append(told["read_ms"])
        if told["read_ms"] > READ_WITHIN_MS:
            problems.append(f"the first complete read took {told['read_ms']:.0f} ms")
    if not told["is_read"]:
        problems.append("no complete read after the start")
    if not told["is_known"]:
        problems.append(OPEN_DOUBT)
    found = case.audit(told["views"])
    for what in ("lost", "doubled", "lied", "waiting"):
        here = getattr(found, what)
        tally.counts[what] += len(here)
        problems += [f"{what}: {one}" for one in here]
    problems += judge_counts(told)
    written = judge_written(read_written(case.database), case.ledger(), told["views"])
    return [*problems, *(f"the file: {one}" for one in written)]


def judge_counts(told: Mapping[str, Any]) -> list[str]:
    """Tell whether `status` counts other lines than `broadcasts` shows."""
    states = Counter(line["state"] for view in told["views"] for line in view["lines"])
    counted = {name: sum(states[state] for state in of) for name, of in _COUNTED.items()}
    is_so = told["counts"] in (None, counted)
    return [] if is_so else [f"status counts {told['counts']}, shown are {dict(states)}"]


def sent_meanwhile(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Tell whether requests that change something were made in between."""
    return [f"a start sent something: {before} became {after}"] if before != after else []
