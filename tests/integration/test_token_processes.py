"""Processes that share a login, against the simulator's token endpoint with its rotation."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fakes.sim_server import Served, serving
from tests.fakes.tokens import SIGNED_IN
from tests.integration.token_children import mark_of

from swimdesk.login.token_files import Grant, TokenFiles
from swimdesk.sim.accounts import SimLogin
from swimdesk.sim.clock import SystemClock
from swimdesk.sim.grants import Grants
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.settings import ACCESS_LIFE_S, SimSettings
from swimdesk.telemetry.redaction import Secret

ROOT = Path(__file__).parents[2]
PROCESSES = 8
EXPIRIES = 200


class TokenCounter:
    """The token endpoint alone, which counts what it answers."""

    def __init__(self) -> None:
        self.settings = SimSettings()
        login = SimLogin("smith", "user", "password", "seed")
        self.grants = Grants(self.settings, [login], SystemClock())
        self.statuses: list[int] = []
        self.newest = ""

    def handle(self, request: SimRequest) -> SimResponse:
        response = self.grants.answer(request)
        self.statuses.append(response.status)
        if response.status == 200:
            self.newest = mark_of(json.loads(response.body)["access_token"])
        return response

    def advance(self) -> None:
        """Do nothing: tokens end by the clock alone."""

    def next_due_s(self) -> float | None:
        return None


@dataclass(frozen=True, slots=True)
class Desks:
    """Processes that keep the tokens of one home."""

    processes: list[Process]

    async def use(self, offset_s: float) -> list[str]:
        """Let all of them use the login at the same moment; return what each of them has."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(f"{offset_s}\n".encode())
        return await self.lines()

    async def lines(self) -> list[str]:
        async def line(process: Process) -> str:
            assert process.stdout is not None
            return (await process.stdout.readline()).decode().strip()

        return await asyncio.gather(*(line(process) for process in self.processes))


@asynccontextmanager
async def desks(home: Path, served: Served, settings: SimSettings) -> AsyncIterator[Desks]:
    child = [sys.executable, "-m", "tests.integration.token_children"]
    arguments = [*child, str(home), served.base_url, str(served.ca_file)]
    processes = [
        await asyncio.create_subprocess_exec(*arguments, stdin=PIPE, stdout=PIPE, cwd=ROOT)
        for _ in range(PROCESSES)
    ]
    try:
        for process in processes:
            assert process.stdin is not None
            application = [settings.client_id, settings.client_secret]
            process.stdin.write(f"{json.dumps(application)}\n".encode())
        started = Desks(processes)
        assert set(await started.lines()) == {"ready"}
        yield started
    finally:
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        await asyncio.gather(*(process.wait() for process in processes))


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_eight_processes_renew_once_per_expiry_and_lose_no_login(tmp_path: Path) -> None:
    counter, home = TokenCounter(), tmp_path / "home"
    refresh = counter.grants.authorize("smith")
    grant = Grant(Secret("ended"), Secret(refresh), SIGNED_IN, SIGNED_IN)
    TokenFiles(home, "paper").save("smith", grant)
    async with (
        serving(counter, tmp_path / "tls") as served,
        desks(home, served, counter.settings) as eight,
    ):
        for expiry in range(EXPIRIES):
            marks = await eight.use(expiry * ACCESS_LIFE_S)
            assert set(marks) == {counter.newest}
            assert len(counter.statuses) == expiry + 1
    assert counter.statuses == [200] * EXPIRIES
