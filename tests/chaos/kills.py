"""Kill -9 at every named moment: nothing is lost or sent twice, every line is classified."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from tests.chaos.figures import Tally, add_campaign, main
from tests.chaos.forks import Ended
from tests.chaos.judging import judge_end, judge_offline, judge_restart, sent_meanwhile
from tests.chaos.points import ANY_MOMENT, ONLY_TAKING_UP, POINTS
from tests.chaos.yard import Case, Yard, yard

COUNT: Final = 2000
LONGEST_MOMENT: Final = 6000
"""In tenths of a millisecond: as long as the script goes on after its first commit."""

SECOND_KILL_EVERY: Final = 4
"""Every so many seeds, a moment that starts pass too is taken in the start after another kill."""

_STARTS_PASS: Final = (
    "start.reserve.", "start.connect.", "start.guard.", "start.unfinished.", "start.recent.",
    "start.done", "journal.record.", "journal.keep_read.", "commit.lines.", "commit.reads.",
    "commit.epochs.", "transaction.", "broker.orders.", "broker.discover.",
)  # fmt: skip

_FIRST_KILLS: Final = (
    ("burst.leave.before", 1),
    ("order.written", 2),
    ("outcome.before", 2),
    ("outcome.after", 5),
    ("replacement.leave.before", 1),
    ("replacement.outcome.before", 2),
    ("broker.cancel.after", 2),
    ("commit.lines.before", 2),
)
"""Where a desk is killed first when the start after it is to be killed too."""

DECIDING: Final = ("resolve.", "journal.decide.", "commit.decisions.")
"""Moments of a person's verdict, which comes after a start that cannot tell."""

_LEFT_TO_A_PERSON: Final = (("order.written", 1), ("burst.leave.before", 1), ("order.written", 3))
"""Where a desk is killed first that then has to ask."""

SURVEYED: Final = {"waves": "all", "cancels": "early", "closes": "undo", "mark": "known"}
CLOSED: Final = {"waves": "all", "cancels": "late", "closes": "flatten", "mark": "known"}
"""Two scripts; every moment of trading comes in one of them."""

_NEEDED: Final = {
    "broker.order.": {"cancels": "early", "waves": "all"},
    "journal.keep_fact.": {"mark": "known"},
    "closing.": CLOSED,
    "resolve.": {"mark": "unknown"},
    "journal.decide.": {"mark": "unknown"},
    "commit.decisions.": {"mark": "unknown"},
}
"""What a script must be like for moments of that name to come."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One case: which moment, at its how-manieth passing, in which world."""

    point: str
    nth: int
    seed: int

    def __str__(self) -> str:
        return f"{self.point}:{self.nth}:{self.seed}"

    @classmethod
    def parse(cls, text: str) -> Kill:
        """Read a case as a failure names it."""
        point, nth, seed = text.rsplit(":", 2)
        return cls(point, int(nth), int(seed))


@dataclass(frozen=True, slots=True)
class Survey:
    """How often a run that nobody kills passes each moment: while trading, and taking up."""

    trading: Mapping[str, int]
    taking_up: Mapping[str, int]

    def kill(self, number: int) -> Kill:
        """Return the case of a number; every moment has its turn."""
        names = list(POINTS)
        point = names[number % len(names)]
        passes = self.taking_up if _is_second(point, number) else self.trading
        most = LONGEST_MOMENT if point == ANY_MOMENT else passes.get(point, 1)
        return Kill(point, Random(f"{point}:{number}").randint(1, most), number)


def _is_second(point: str, seed: int) -> bool:
    """Tell whether the start after another kill is killed."""
    return point in ONLY_TAKING_UP or (
        point.startswith(_STARTS_PASS) and seed % SECOND_KILL_EVERY == SECOND_KILL_EVERY - 1
    )


def _script_for(case: Case, point: str) -> dict[str, str]:
    """Return the case's script, changed so that a moment can come."""
    needed = (what for name, what in _NEEDED.items() if point.startswith(name))
    return {**case.orders, **next(needed, {})}


def _first_kill(kill: Kill) -> tuple[str, int]:
    if kill.point.startswith("start.backup."):
        return "start.migration.after", 1 + kill.seed % 4
    if kill.point.startswith(DECIDING):
        return _LEFT_TO_A_PERSON[kill.seed // len(POINTS) % len(_LEFT_TO_A_PERSON)]
    return _FIRST_KILLS[kill.seed // len(POINTS) % len(_FIRST_KILLS)]


async def survey(place: Yard) -> Survey:
    """Run the script to its end, and a start after a kill, and count."""
    with place.case(0) as case:
        trading = await case.run("trade", orders={**case.orders, **SURVEYED})
    with place.case(0) as case:
        closing = await case.run("trade", orders={**case.orders, **CLOSED})
    with place.case(0) as case:
        orders = {**case.orders, "mark": "unknown"}
        await case.run("trade", orders=orders, point="order.written", nth=1)
        taking_up = await case.run("take_up")
    # A moment that comes more often in the other script is moved forward there.
    return Survey({**_passed(closing), **_passed(trading)}, _passed(taking_up))


def _passed(ended: Ended) -> Mapping[str, int]:
    assert ended.told is not None, ended.err
    passed: Mapping[str, int] = ended.told["passed"]
    return passed


async def run_kill(place: Yard, kill: Kill, tally: Tally) -> None:
    """Kill a desk as the case says; sooner where the script ends before that moment comes."""
    while not await _run_kill(place, kill, tally) and kill.nth > 1:
        kill = replace(kill, nth=kill.nth // 2)


async def _run_kill(place: Yard, kill: Kill, tally: Tally) -> bool:
    """Kill a desk, start it again and judge what it says; False if the moment did not come."""
    with place.case(kill.seed) as case:
        orders = _script_for(case, kill.point)
        if _is_second(kill.point, kill.seed):
            point, nth = _first_kill(kill)
            await case.run("trade", orders=orders, point=point, nth=nth)
            sent = case.sent()
            ended = await case.run("take_up", point=kill.point, nth=kill.nth)
            problems = sent_meanwhile(sent, case.sent())
        else:
            ended = await case.run("trade", orders=orders, point=kill.point, nth=kill.nth)
            problems = []
        problems += [*judge_end(ended), *await judge_offline(case)]
        tally.take(str(kill), [*problems, *await judge_restart(case, tally)])
    tally.counts["killed" if ended.was_killed else "not_reached"] += 1
    tally.points[kill.point] += ended.was_killed
    if not ended.was_killed and kill.nth == 1:
        tally.never_came.append(str(kill))
    return ended.was_killed


async def campaign(tally: Tally, numbers: Iterable[int], replay: str) -> None:
    """Run the cases that were asked for."""
    async with yard() as place:
        if replay:
            await run_kill(place, Kill.parse(replay), tally)
            return
        plan = await survey(place)
        for number in numbers:
            await run_kill(place, plan.kill(number), tally)


def add_to(subparsers: Any) -> None:
    """Register this campaign."""
    add_campaign(subparsers, "kills", COUNT, "kill -9 at every named moment", campaign)


if __name__ == "__main__":
    sys.exit(main(add_to, "kills"))
