"""Several processes at one home at one moment: one writes, others attach or say who has it."""

from __future__ import annotations

import json
import sys
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from tests.chaos.figures import Tally, add_campaign, main
from tests.chaos.forks import Ended
from tests.chaos.judging import judge_restart
from tests.chaos.yard import Case, Yard, yard

COUNT: Final = 1000
HELD: Final = 8
_LEFT: Final = "Nobody takes requests"
KEY: Final = "once"
MOST: Final = 4
"""So many commands at once beside the two that always send."""


@dataclass(frozen=True, slots=True)
class Start:
    """One process: what it is told, and whether it goes on until all others have ended."""

    arguments: tuple[str, ...]
    stays: bool = False
    dies_at: tuple[str, int] | None = None
    """Where it is killed, if it comes there: only an owner does."""

    @property
    def sends(self) -> bool:
        """Whether it sends the order under the key."""
        return self.arguments[0] == "send"

    @property
    def may_end_with(self) -> tuple[int, ...]:
        """Exit codes that are no failure; a send may leave lines in doubt."""
        return (0, 5) if self.sends else (0,)


_DEATHS: Final = (
    ("journal.open_broadcast.before", 1),
    ("journal.open_broadcast.after", 1),
    ("order.written", 2),
    ("outcome.before", 1),
    ("commit.lines.after", 1),
    ("close.before", 1),
)
DIES_EVERY: Final = 3
"""Every so many cases one of the senders is to be killed on its way."""

_LOOKS: Final = (
    Start(("status", "--json")),
    Start(("broadcasts", "--json")),
    Start(("accounts", "--json")),
    Start(("--no-ui",), stays=True),
    Start(("--no-ui",), stays=True),
)


def starts_of(number: int, order: str) -> list[Start]:
    """Draw the processes of a case: two or more that send the same under one key, and others."""
    random = Random(number)
    send = Start(("send", order, "--all", "--yes", "--json", "--wait=0", f"--key={KEY}"))
    starts = [send, send]
    if number % DIES_EVERY == DIES_EVERY - 1:
        starts.append(replace(send, dies_at=random.choice(_DEATHS)))
    starts += [random.choice((send, *_LOOKS)) for _ in range(random.randint(0, MOST))]
    random.shuffle(starts)
    return starts


async def run_dual(place: Yard, number: int, tally: Tally) -> None:
    """Start processes at one moment, wait for their ends, judge."""
    with place.case(number) as case:
        starts = starts_of(number, case.orders["fills"])
        ended = await case.commands(*(_job(one) for one in starts))
        dead = {one.pid for one in ended if one.was_killed}
        problems = _judge_ends(starts, ended, tally)
        problems += _judge_writers(case, dead, tally)
        posts = {x["last4"]: x["posts"] for x in case.ledger()["accounts"].values()}
        if not set(posts.values()) <= ({0, 1} if dead else {1}):
            problems.append(f"orders per account: {posts}")
        tally.counts["processes"] += len(starts)
        tally.take(str(number), [*problems, *await judge_restart(case, tally)])


def _job(start: Start) -> dict[str, Any]:
    point, nth = start.dies_at or ("", 0)
    told = {"arguments": list(start.arguments), "stays": start.stays}
    return {**told, "point": point, "nth": nth}


def _judge_ends(starts: Sequence[Start], ended: Sequence[Ended], tally: Tally) -> list[str]:
    """Tell which process ended in a way that none may, and whether all show one broadcast."""
    problems, shown = [], set()
    someone_died = any(one.was_killed for one in ended)
    for start, one in zip(starts, ended, strict=True):
        code = None if one.told is None else one.told["code"]
        tally.counts["killed" if one.was_killed else f"exit_{code}"] += 1
        if one.was_killed:
            continue
        if code == HELD:
            # Of an owner that has just died nobody can say who it is; one that has just left took
            # nothing of what was asked, and says so.
            said, has_left = _said(start, one), _LEFT in _said(start, one)
            tally.counts["owner_left"] += has_left
            if not (someone_died or has_left or "Process" in said):
                problems.append(f"it is not said who holds the home: {said}")
        elif code not in start.may_end_with:
            problems.append(f"{start.arguments[0]} ended with {code}: {one.told} {one.err}")
        elif start.sends:
            shown.add(json.loads(one.told["out"])["broadcast"])
    if len(shown) > 1 or (not shown and not someone_died):
        problems.append(f"one key, broadcasts {sorted(shown)}")
    return problems


def _said(start: Start, ended: Ended) -> str:
    """Return the sentence with which a process gave up."""
    if start.stays:
        return ended.err
    detail: str = json.loads(ended.told["out"])["error"]["detail"]
    return detail


def _judge_writers(case: Case, dead: Container[int], tally: Tally) -> list[str]:
    """Tell whether two processes had the database open for writing at one time."""
    notes = (case.folder / "writers").read_text().splitlines()
    owner = None
    for what, process in (note.split() for note in notes):
        if what == "opens" and owner is not None and int(owner) not in dead:
            return [f"{process} opened the database while {owner} had it"]
        owner = process if what == "opens" else None
        tally.counts["writers"] += what == "opens"
    return []


async def campaign(tally: Tally, numbers: Iterable[int], replay: str) -> None:
    """Run the cases that were asked for."""
    async with yard() as place:
        for number in [int(replay)] if replay else numbers:
            await run_dual(place, number, tally)


def add_to(subparsers: Any) -> None:
    """Register this campaign."""
    add_campaign(subparsers, "dual", COUNT, "several processes at one home at once", campaign)


if __name__ == "__main__":
    sys.exit(main(add_to, "dual"))
