"""A disk that is full at every write: what could not be written down first is never sent."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.chaos.figures import Tally, add_campaign, main
from tests.chaos.filling import FILLINGS
from tests.chaos.forks import Ended
from tests.chaos.judging import judge_restart, sent_meanwhile
from tests.chaos.kills import CLOSED, SURVEYED
from tests.chaos.yard import Case, Yard, yard

COUNT: Final = 500
WRITES: Final = 40
"""So many transactions the script makes at least, the guard's two not counted."""

STARTS: Final = 3
"""Every so many cases, the disk is full at the start after a kill, not in the script."""

WRITES_OF_A_START: Final = 8
"""So many transactions a start makes at least that has something to follow."""

_WRITE: Final = "transaction.before"
_TOLD: Final = {10: "STORE_", 7: "TRADING_HALTED"}
"""Exit codes of a step that is refused on a full disk, and how their errors are named."""


@dataclass(frozen=True, slots=True)
class Full:
    """One case: how the disk is full, from which write on (0: since the file was made), where."""

    way: str
    write: int
    seed: int

    def __str__(self) -> str:
        return f"{self.way}:{self.write}:{self.seed}"

    @classmethod
    def parse(cls, text: str) -> Full:
        """Read a case as a failure names it."""
        way, write, seed = text.split(":")
        return cls(way, int(write), int(seed))

    @classmethod
    def numbered(cls, number: int) -> Full:
        """Return the case of a number: every way at every write in turn."""
        ways = tuple(FILLINGS)
        return cls(ways[number % len(ways)], number // len(ways) % (WRITES + 1), number)

    @property
    def job(self) -> dict[str, Any]:
        """What a child is told about it."""
        point = _WRITE if self.write else "start.connect.after"
        return {"point": point, "nth": self.write or 1, "does": self.way, "is_tight": True}


async def run_full(place: Yard, full: Full, tally: Tally) -> None:
    """Let a disk fill up as the case says, then make room, start again and judge."""
    with place.case(full.seed) as case:
        orders = {**case.orders, **(SURVEYED, CLOSED)[full.seed % 2]}
        if full.seed % STARTS == STARTS - 1 and full.write:
            job = {"point": "outcome.before", "nth": 1 + full.seed % 3, "is_tight": True}
            # Where our mark is not known, a person's word is to be written as well.
            mark = "unknown" if full.write % 2 else "known"
            await case.run("trade", orders={**orders, "mark": mark}, **job)
            sent = case.sent()
            again = {**full.job, "nth": 1 + full.write % WRITES_OF_A_START}
            ended = await case.run("take_up", **again)
            problems = sent_meanwhile(sent, case.sent())
        else:
            ended, problems = await case.run("trade", orders=orders, **full.job), []
            if not full.write and any(case.sent().values()):
                problems.append(f"a home that could not be made sent {case.sent()}")
        problems += judge_full(case, ended, tally)
        tally.points[f"{full.way} {full.write}"] += 1
        tally.take(str(full), [*problems, *await judge_restart(case, tally)])


def judge_full(case: Case, ended: Ended, tally: Tally) -> list[str]:
    """Tell what a desk without room did or said and should not have."""
    told = ended.told
    if told is None:
        return [f"a desk ended with {ended.signal or ended.code}: {ended.err[-300:]}"]
    failed = told.get("failed", ())
    tally.counts["refused_steps"] += len(failed)
    problems = [f"a step failed: {one}" for one in failed if not _is_promised(one)]
    unwritten = bool(told.get("store_failed"))
    tally.counts["with_results_unwritten"] += unwritten
    tally.counts["untouched"] += not failed and not unwritten
    if unwritten and told["guard"] != "halted":
        problems.append(f"results were not written and the desk is {told['guard']}")
    if unwritten and not any(
        "not written" in alarm or "be written" in alarm for alarm in told["alarms"]
    ):
        problems.append("results were not written and no alarm says so")
    if "views" in told:
        found = case.audit(told["views"])
        problems += [f"shown: {one}" for one in (*found.lost, *found.doubled, *found.lied)]
    return problems


def _is_promised(failed: Mapping[str, Any]) -> bool:
    return str(failed["code"]).startswith(_TOLD.get(failed["exit"], "?"))


async def campaign(tally: Tally, numbers: Iterable[int], replay: str) -> None:
    """Run the cases that were asked for."""
    cases = [Full.parse(replay)] if replay else map(Full.numbered, numbers)
    async with yard() as place:
        for case in cases:
            await run_full(place, case, tally)


def add_to(subparsers: Any) -> None:
    """Register this campaign."""
    add_campaign(subparsers, "full", COUNT, "a disk that is full at every write", campaign)


if __name__ == "__main__":
    sys.exit(main(add_to, "full"))
