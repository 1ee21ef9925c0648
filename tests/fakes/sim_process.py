"""The simulated brokerage as its own process, with a ready home and its control endpoint."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

START_S = 30.0


@dataclass(frozen=True, slots=True)
class SimProcess:
    """A running simulator: its home for clients, what it printed, its process id."""

    home: Path
    description: dict[str, Any] = field(repr=False)
    process: Process
    trust: ssl.SSLContext

    @property
    def pid(self) -> int:
        """The process."""
        return self.process.pid

    async def stop(self) -> None:
        """End the brokerage; from now on nobody listens there."""
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()

    async def control(self, method: str, path: str, body: object = None) -> Any:
        """Call the control endpoint and return its JSON."""
        async with httpx.AsyncClient(verify=self.trust, trust_env=False, timeout=30) as http:
            answer = await http.request(
                method,
                f"{self.description['control_url']}{path}",
                json=body,
                headers={"Authorization": f"Bearer {self.description['control_token']}"},
            )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def ledger(self) -> dict[str, Any]:
        """Return every order that the brokerage ever took, by account number."""
        found: dict[str, Any] = await self.control("GET", "/ledger")
        return found


@asynccontextmanager
async def sim_process(home: Path, *options: str) -> AsyncIterator[SimProcess]:
    """Run ``swimdesk sim`` with a client home until the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "swimdesk", "sim", "--client-home", str(home), *options,
        stdout=asyncio.subprocess.PIPE,
        limit=4_000_000,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            description = json.loads(await process.stdout.readline())
        trust = ssl.create_default_context(cafile=description["ca_file"])
        yield SimProcess(home, description, process, trust)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
