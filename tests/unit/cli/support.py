"""Run commands against a desk in the test's hand, and build the broadcasts that it tells of."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.fakes.facade import FakeFacade, sample

from swimdesk.cli.app import run
from swimdesk.cli.invocation import Session
from swimdesk.cli.running import Interruption, run_command
from swimdesk.desk.facade import DeskFacade
from swimdesk.views.models import BroadcastView, LineView, PlanView

T = TypeVar("T")

ORDER = "BUY +1 SPY @600.00 LMT"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its exit code and its two streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


class Program:
    """The program with fake desks; each opening of the desk takes the next one, then the last."""

    def __init__(self, capsys: pytest.CaptureFixture[str], home: Path) -> None:
        self._capsys = capsys
        self.home = home
        self.desk = FakeFacade()
        self.desks: list[DeskFacade] = []
        self.opened = 0
        self.is_owned = True

    def run(self, *arguments: str) -> Ran:
        """Run one command on the home of the test."""
        arguments = ("--home", str(self.home), *arguments)
        code = run(list(arguments), session=self._session, owner=self._ask_owner)
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def _ask_owner(self, home: Path, question: Callable[[DeskFacade], Awaitable[T]], /) -> T | None:
        async def ask(_: Interruption) -> T:
            return await question(self.desk)

        assert home == self.home
        return run_command(ask) if self.is_owned else None

    @property
    def _session(self) -> Session:
        @asynccontextmanager
        async def session(home: Path, config: Path | None) -> AsyncIterator[DeskFacade]:
            assert home == self.home
            assert config is None
            desks = self.desks or [self.desk]
            desk = desks[min(self.opened, len(desks) - 1)]
            self.opened += 1
            yield desk

        return session


def asked(desk: FakeFacade) -> list[tuple[str, dict[str, Any]]]:
    """Return what the desk was asked so far."""
    return [desk.asked.get_nowait() for _ in range(desk.asked.qsize())]


def a_broadcast(*states: str, broadcast: str = "01JB") -> BroadcastView:
    """Build a broadcast with a line per state."""
    line = replace(sample(LineView), doubt=None, reason=None, denials=())
    lines = tuple(
        replace(line, account=f"FAM-{number:02}", state=state)
        for number, state in enumerate(states, start=1)
    )
    counts = {"accounts": len(states)} | {state: states.count(state) for state in states}
    view: BroadcastView = replace(
        sample(BroadcastView),
        broadcast=broadcast,
        order=ORDER,
        key=None,
        counts=counts,
        lines=lines,
    )
    return view


def a_plan(*verdicts: str, notices: Sequence[str] = ()) -> PlanView:
    """Build a plan with a line per verdict."""
    plan: PlanView = sample(PlanView)
    lines = tuple(
        replace(plan.lines[0], account=f"FAM-{number:02}", verdict=verdict, quantity=1)
        for number, verdict in enumerate(verdicts, start=1)
    )
    counts = {"accounts": len(lines)} | {x: verdicts.count(x) for x in verdicts}
    return replace(
        plan, plan="01JP", order=ORDER, counts=counts, lines=lines, notices=tuple(notices),
        saved=False,
    )  # fmt: skip
