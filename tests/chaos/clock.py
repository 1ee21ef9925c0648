"""Wall clocks that jump: no wrong order is bound, no token asked for twice, durations stay true."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Final

from tests.chaos.figures import Tally, add_campaign, main
from tests.chaos.forks import Ended
from tests.chaos.judging import OPEN_DOUBT, judge_told, sent_meanwhile
from tests.chaos.kills import SURVEYED
from tests.chaos.yard import Case, Yard, yard

COUNT: Final = 1000
SPANS_S: Final = (1, 5, 30, 60, 600, 3600, 86_400)
MOMENTS: Final = (
    ("start.done", 1),
    ("burst.load.before", 1),
    ("journal.open_broadcast.before", 1),
    ("burst.leave.before", 1),
    ("order.written", 2),
    ("outcome.before", 2),
    ("journal.record.before", 1),
    ("broker.orders.before", 3),
    ("broker.orders.after", 4),
    ("replacement.leave.before", 1),
    ("replacement.outcome.after", 1),
    ("broker.cancel.before", 2),
)
"""Where the clock jumps while the script goes on."""

KILLS: Final = (
    ("burst.leave.before", 1),
    ("order.written", 2),
    ("outcome.before", 2),
    ("replacement.leave.before", 1),
    ("replacement.outcome.before", 2),
)
"""Where a desk is killed whose clock is off; the clock of the start after it is right."""

_WAYS: Final = (("while", -1), ("while", 1), ("across", -1), ("across", 1), ("asleep", 1))

LONGEST_MS: Final = 20_000.0
"""No duration of a script is longer: what is, has counted a jump."""

BOUND_UP_TO_S: Final = 1
"""A clock that was further ahead at a start, or behind, may leave a line to a person.

It never takes a wrong order. A clock that is set while a desk lives leaves nothing to anybody.
"""

KNOWN_S: Final = 3.0
"""So long a start after a jump is given to judge what it can."""

_LOOK_ALIKES: Final = timedelta(seconds=40)
"""So old are orders by hand that look like those of the script: lists still show them."""

_PROMISED: Final = frozenset({"PLAN_EXPIRED", "ORDER_DENIED"})
"""How a step may be refused because the time has moved."""


@dataclass(frozen=True, slots=True)
class Jump:
    """One case: how far, and where.

    ``while`` the script goes on, ``asleep``: the machine is suspended in the script, ``across`` a
    kill and a start.
    """

    where: str
    seconds: int
    seed: int

    def __str__(self) -> str:
        return f"{self.where}:{self.seconds}:{self.seed}"

    @classmethod
    def parse(cls, text: str) -> Jump:
        """Read a case as a failure names it."""
        where, seconds, seed = text.split(":")
        return cls(where, int(seconds), int(seed))

    @classmethod
    def numbered(cls, number: int) -> Jump:
        """Return the case of a number: every span, in every of the ways in turn."""
        where, sign = _WAYS[number % len(_WAYS)]
        return cls(where, sign * SPANS_S[number // len(_WAYS) % len(SPANS_S)], number)


async def run_jump(place: Yard, jump: Jump, tally: Tally) -> None:
    """Let a clock jump beside orders that look alike, start again, judge."""
    with place.case(jump.seed) as case:
        random = Random(str(jump))
        for order in ("fills", "rests"):
            price = case.orders[order].partition("@")[2].split()[0]
            case.place_by_hand(price, _LOOK_ALIKES)
        before = case.requests()["token"]
        orders = {**case.orders, **SURVEYED}
        ended = await case.run("trade", orders=orders, **_job(jump, random))
        tally.points[f"{jump.where} {jump.seconds}"] += 1
        problems = _judge_script(ended)
        tokens = case.requests()["token"] - before
        tally.counts["token_refreshes"] += tokens
        if tokens > len(case.broker.logins):
            problems.append(f"{tokens} refreshes for {len(case.broker.logins)} logins")
        tally.take(str(jump), [*problems, *await _judge_again(case, jump, tally)])


def _job(jump: Jump, random: Random) -> dict[str, Any]:
    """Return where the clock jumps, or where a desk dies that lives by a wrong one."""
    if jump.where == "across":
        point, nth = random.choice(KILLS)
        return {"point": point, "nth": nth, "clock_s": jump.seconds}
    point, nth = random.choice(MOMENTS)
    does = "sleep" if jump.where == "asleep" else "jump"
    return {"point": point, "nth": nth, "does": does, "jump_s": jump.seconds}


async def _judge_again(case: Case, jump: Jump, tally: Tally) -> list[str]:
    """Start again by the right clock; tell what is wrong, and count what is left to a person."""
    sent = case.sent()
    # After a suspension the clock is right, and the brokerage's is not.
    clock_s = jump.seconds if jump.where == "asleep" else 0
    ended = await case.run("take_up", known_s=KNOWN_S, resolves=False, clock_s=clock_s)
    if ended.told is None:
        return [f"the restart ended with {ended.signal or ended.code}: {ended.err[-300:]}"]
    told = dict(ended.told)
    problems = sent_meanwhile(sent, case.sent())
    problems += _judge_durations(told.get("views", ()))
    found = judge_told(case, told, tally)
    if jump.where != "while" and not 0 <= jump.seconds <= BOUND_UP_TO_S:
        honest = [one for one in found if one.startswith(("waiting", OPEN_DOUBT))]
        tally.counts["left_to_a_person"] += bool(honest)
        found = [one for one in found if one not in honest]
    return [*problems, *found]


def _judge_script(ended: Ended) -> list[str]:
    """Tell what a desk did whose clock has jumped, and should not have."""
    if ended.was_killed:
        return []
    if ended.told is None:
        return [f"a desk ended with {ended.signal or ended.code}: {ended.err[-300:]}"]
    failed = [one for one in ended.told["failed"] if one["code"] not in _PROMISED]
    problems = [f"a step failed: {one}" for one in failed]
    return [*problems, *_judge_durations(ended.told.get("views", ()))]


def _judge_durations(views: Iterable[Mapping[str, Any]]) -> list[str]:
    """Tell which durations are none that a script can have."""
    lines = [line for view in views for line in view["lines"]]
    found = [
        (name, line[name])
        for line in lines
        for name in ("sent_ms", "first_byte_ms", "acked_ms", "latency_ms")
        if line[name] is not None
    ]
    found += [("journal", view["timing_ms"]["journal"] or 0) for view in views]
    return [f"{name} is {value}" for name, value in found if not 0 <= value < LONGEST_MS]


async def campaign(tally: Tally, numbers: Iterable[int], replay: str) -> None:
    """Run the cases that were asked for."""
    jumps = [Jump.parse(replay)] if replay else map(Jump.numbered, numbers)
    async with yard() as place:
        for jump in jumps:
            await run_jump(place, jump, tally)


def add_to(subparsers: Any) -> None:
    """Register this campaign."""
    add_campaign(subparsers, "clock", COUNT, "wall clocks that jump", campaign)


if __name__ == "__main__":
    sys.exit(main(add_to, "clock"))
