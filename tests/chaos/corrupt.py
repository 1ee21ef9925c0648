"""A database that was damaged: refused with exit 10 and left as it is, or shown as it was."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.chaos.figures import Tally, add_campaign, main
from tests.chaos.kills import SURVEYED
from tests.chaos.rebuilt import REBUILT, run_rebuilt
from tests.chaos.yard import Case, Yard, yard

COUNT: Final = 500
REBUILDS: Final = 20
"""So often a file is lost altogether."""

REFUSED: Final = 10
ADVICE: Final = ("put the file aside", "Install the newer program")
"""What to do, one of which a refusal says."""

_ALSO_REFUSED: Final = (
    ("send", "BUY +1 SPY @1.00 LMT", "--all", "--yes", "--json"),
    ("cancel", "--all", "--json"),
    ("reconcile", "--json"),
    ("positions", "--json"),
)
"""Commands of which one is tried as well on a file that was refused."""


def _flip_a_bit(file: Path, random: Random) -> None:
    _change(
        file, random.randrange(file.stat().st_size), lambda byte: byte ^ 1 << random.randrange(8)
    )


def _smash_64_bytes(file: Path, random: Random) -> None:
    start = random.randrange(file.stat().st_size - 64)
    for place in range(start, start + 64):
        _change(file, place, lambda _: random.randrange(256))


def _smash_a_page_head(file: Path, random: Random) -> None:
    """Hit what says how a page is laid out, the surest to be noticed."""
    page = random.randrange(1, file.stat().st_size // 4096)
    for place in range(page * 4096, page * 4096 + 8):
        _change(file, place, lambda byte: byte ^ 0xFF)


def _cut(file: Path, random: Random) -> None:
    with file.open("r+b") as opened:
        opened.truncate(random.randrange(100, file.stat().st_size))


def _make_newer(file: Path, random: Random) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {random.randrange(90, 99)}")


def _change(file: Path, place: int, change: Callable[[int], int]) -> None:
    with file.open("r+b") as opened:
        opened.seek(place)
        (byte,) = opened.read(1)
        opened.seek(place)
        opened.write(bytes([change(byte)]))


DAMAGES: Final[dict[str, Callable[[Path, Random], None]]] = {
    "bit": _flip_a_bit,
    "smash": _smash_64_bytes,
    "head": _smash_a_page_head,
    "cut": _cut,
    "newer": _make_newer,
}
"""By name, as a replay names them."""

SURE: Final = frozenset({"head", "cut", "newer"})
"""Damages that no start may overlook; others may hit a byte that means nothing."""


@dataclass(frozen=True, slots=True)
class Damage:
    """One case: what is done to the file, drawn from which seed."""

    what: str
    seed: int

    def __str__(self) -> str:
        return f"{self.what}:{self.seed}"

    @classmethod
    def parse(cls, text: str) -> Damage:
        """Read a case as a failure names it."""
        what, seed = text.split(":")
        return cls(what, int(seed))

    @classmethod
    def numbered(cls, number: int) -> Damage:
        """Return the case of a number."""
        return cls(tuple(DAMAGES)[number % len(DAMAGES)], number)


@dataclass(frozen=True, slots=True)
class Sound:
    """A home that was traded in, before anything happened to its file."""

    case: Case
    kept: Path
    shown: Any

    def put_back(self) -> None:
        """Make the file sound again."""
        for file in self.case.home.glob("desk.db*"):
            file.unlink()
        shutil.copyfile(self.kept, self.case.database)


async def make_sound(case: Case) -> Sound:
    """Trade in a home and keep its file; nothing is open in it any more."""
    ended = await case.run("trade", orders={**case.orders, **SURVEYED})
    assert ended.told is not None, ended.err
    await case.run("take_up")
    kept = case.folder / "kept.db"
    shutil.copyfile(case.database, kept)
    sound = Sound(case, kept, await _shown(case))
    sound.put_back()
    return sound


async def _shown(case: Case) -> Any:
    """Return what the file says about every broadcast."""
    ended = await case.run("look")
    assert ended.told is not None, ended.err
    return ended.told


async def run_damage(sound: Sound, damage: Damage, tally: Tally) -> None:
    """Damage the file, let a desk start on it, and judge."""
    case = sound.case
    sound.put_back()
    DAMAGES[damage.what](case.database, Random(str(damage)))
    damaged, sent = case.database.read_bytes(), case.sent()
    (ended,) = await case.commands({"arguments": ["accounts", "--json"]})
    problems = [] if case.sent() == sent else ["a damaged home sent something"]
    told = ended.told or {"code": None, "out": ended.err}
    tally.points[damage.what] += 1
    if told["code"] == REFUSED:
        tally.counts["refused"] += 1
        if '"STORE_' not in told["out"] or not any(one in told["out"] for one in ADVICE):
            problems.append(f"refused without a reason or advice: {told['out'][-300:]}")
        problems += await _also_refused(case, damage)
        if case.database.read_bytes() != damaged:
            problems.append("a refused file was changed")
        if case.sent() != sent:
            problems.append("a refused home sent something")
    elif told["code"] == 0 and damage.what not in SURE:
        is_same = await _shown(case) == sound.shown
        tally.counts["without_effect" if is_same else "overlooked"] += 1
        if not is_same:
            problems.append("the file says something else and was not refused")
    else:
        problems.append(f"ended with {told['code']}: {told['out'][-300:]}")
    tally.take(str(damage), problems)


async def _also_refused(case: Case, damage: Damage) -> list[str]:
    command = _ALSO_REFUSED[damage.seed % len(_ALSO_REFUSED)]
    (ended,) = await case.commands({"arguments": list(command)})
    code = None if ended.told is None else ended.told["code"]
    return [] if code == REFUSED else [f"accounts was refused, {command[0]} ended with {code}"]


async def campaign(tally: Tally, numbers: Iterable[int], replay: str) -> None:
    """Run the cases that were asked for."""
    what, _, number = replay.partition(":")
    async with yard() as place:
        if what == REBUILT:
            await run_rebuilt(place, int(number), tally)
        elif replay:
            await run_damages(place, [Damage.parse(replay)], tally)
        else:
            await run_damages(place, map(Damage.numbered, numbers), tally)
            for seed in range(REBUILDS):
                await run_rebuilt(place, seed, tally)


async def run_damages(place: Yard, damages: Iterable[Damage], tally: Tally) -> None:
    """Run cases, all on copies of one file."""
    with place.case(0) as case:
        sound = await make_sound(case)
        for damage in damages:
            await run_damage(sound, damage, tally)


def add_to(subparsers: Any) -> None:
    """Register this campaign."""
    add_campaign(subparsers, "corrupt", COUNT, "a database file that was damaged", campaign)


if __name__ == "__main__":
    sys.exit(main(add_to, "corrupt"))
