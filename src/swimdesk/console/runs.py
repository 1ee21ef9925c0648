"""Aliases in few words: those that count up one by one as a run; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

_NUMBERED = re.compile(r"(?P<name>.*?)(?P<number>[0-9]{1,6})")


def in_runs(aliases: Iterable[str]) -> list[str]:
    """Return aliases as the command line reads them: ``FAM-01..07``, ``IRA-02``."""
    return [words(run) for run in runs(aliases)]


def runs(aliases: Iterable[str]) -> list[list[str]]:
    """Return aliases in order, three and more that count up one by one together."""
    ordered = sorted(set(aliases))
    places = {alias: number for number, alias in enumerate(ordered)}

    def run(alias: str) -> tuple[str, int, int]:
        """Return what is the same for aliases that count up one by one."""
        found = _NUMBERED.fullmatch(alias)
        if found is None:
            return alias, 0, 0
        return found["name"], len(found["number"]), int(found["number"]) - places[alias]

    found = [list(each) for _, each in groupby(ordered, key=run)]
    return [part for each in found for part in ([each] if len(each) > 2 else [[x] for x in each])]


def words(run: Sequence[str]) -> str:
    """Return one run in a word."""
    last = _NUMBERED.fullmatch(run[-1])
    return f"{run[0]}..{last['number']}" if last and len(run) > 1 else run[0]
