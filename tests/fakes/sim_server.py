"""A served brokerage inside the test's own loop, and clients that trust it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from swimdesk.sim.latency import Latency
from swimdesk.sim.server import Controller, Core, SimServer
from swimdesk.sim.tls import issue, make_authority


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its address and the certificate to trust."""

    server: SimServer
    base_url: str
    ca_file: Path

    def client(self, *, timeout_s: float = 10.0) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.base_url,
            verify=ssl.create_default_context(cafile=str(self.ca_file)),
            timeout=timeout_s,
            trust_env=False,
        )


@asynccontextmanager
async def serving(
    core: Core,
    folder: Path,
    *,
    latency_ms: tuple[float, float] = (0.0, 0.0),
    control: Controller | None = None,
) -> AsyncIterator[Served]:
    """Serve a core on a free loopback port while the block runs."""
    now = datetime.now(UTC)
    authority = make_authority(folder, now)
    tls = issue(authority, folder, now).ssl_context()
    server = SimServer(core, tls, latency=Latency(latency_ms, seed=1), control=control)
    ((host, port),) = await server.start()
    try:
        yield Served(server, f"https://{host}:{port}", authority.ca_file)
    finally:
        await server.stop()
