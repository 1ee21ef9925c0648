"""The responder as a child process, and what it saw of each burst."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from swimdesk.bootstrap import SystemClock
from swimdesk.errors import InvariantBroken
from swimdesk.sim.tls import issue, make_authority

START_S: Final = 30.0
TAKE_S: Final = 30.0
_LONGEST_LINE: Final = 1 << 26
"""Bytes; a line tells of every order of a burst."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An order as the responder saw it; times are monotonic."""

    account: str
    arrived_ns: int
    answered_ns: int
    order_id: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order host is, and the certificate authority that it is known by."""

    port: int
    ca_file: Path

    @property
    def api_url(self) -> str:
        """The address that a broker's configuration would name."""
        return f"https://127.0.0.1:{self.port}"

    def trust(self) -> ssl.SSLContext:
        """Return a context that verifies this host's certificate, and no one else's."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


class Host:
    """The order host of a run: where it is, and what arrived."""

    def __init__(self, process: asyncio.subprocess.Process, place: Place, clock: str) -> None:
        self._process = process
        self.place = place
        self.clock = clock
        """Whose times arrivals have: ``kernel``, or ``process`` where that is not to be had."""

    async def take(self) -> tuple[Seen, ...]:
        """Return the orders that were answered since the last time."""
        if self._process.stdin is None:
            raise TypeError("the child was started without a pipe")
        self._process.stdin.write(b"take\n")
        return tuple(Seen(*row) for row in await _line(self._process, TAKE_S))


@asynccontextmanager
async def responder(
    folder: Path, latency_ms: float, module: str = "swimdesk.bench.responder"
) -> AsyncIterator[Host]:
    """Run a responder while inside, with a certificate authority of its own in ``folder``."""
    now = SystemClock().now()
    authority = make_authority(folder, now)
    certificate = issue(authority, folder, now)
    arguments: Sequence[str] = (
        *("-m", module),
        *(str(certificate.certificate_file), str(certificate.key_file), str(latency_ms)),
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
        # Ctrl-C in the terminal is for us: it must not take the host away from under a burst.
        start_new_session=True,
    )
    try:
        first = await _line(process, START_S)
        yield Host(process, Place(first["port"], authority.ca_file), first["clock"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _line(process: asyncio.subprocess.Process, limit_s: float) -> Any:  # noqa: ANN401 - parsed JSON
    if process.stdout is None:
        raise TypeError("the child was started without a pipe")
    try:
        async with asyncio.timeout(limit_s):
            line = await process.stdout.readline()
    except TimeoutError:
        line = b""
    if not line:
        raise InvariantBroken("the responder of the bench ended or does not answer")
    return json.loads(line)
