"""The simulated brokerage as a child process that never outlives this one."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import click

from swimdesk.errors import BrokerUnreachable

START_S: Final = 30.0
STOP_S: Final = 5.0
_LONGEST_LINE = 1 << 24
"""Bytes; the first line lists every account."""


@asynccontextmanager
async def simulated_brokerage(arguments: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
    """Run ``swimdesk sim`` while inside, and give what its first line says.

    A child that ends before that line has said why on stderr; its exit code becomes ours.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "swimdesk", "sim", "--exit-with-parent", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
        # Ctrl-C in the terminal is for us: the brokerage has to outlast what is in flight.
        start_new_session=True,
    )
    try:
        yield await _first_line(process)
    finally:
        await _stop(process)


async def _first_line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    if process.stdout is None:
        raise TypeError("the child was started without a pipe")
    try:
        async with asyncio.timeout(START_S):
            line = await process.stdout.readline()
    except TimeoutError:
        raise BrokerUnreachable(
            f"The simulated brokerage did not start within {START_S:g} s."
        ) from None
    if not line:
        raise click.exceptions.Exit(await process.wait())
    description: dict[str, Any] = json.loads(line)
    return description


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
