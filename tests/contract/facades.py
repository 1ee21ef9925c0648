"""A desk as front ends reach it: in this process, or over the socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest
from tests.fakes.builders import CONDOR
from tests.fakes.desk import Bench

from swimdesk.control.client import attach
from swimdesk.control.server import serve
from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import SwimdeskError
from swimdesk.views.requests import PlanRequest, Scope

ALL = Scope(everyone=True)

Reach: TypeAlias = Callable[[Bench], AbstractAsyncContextManager[DeskFacade]]
Scenario: TypeAlias = Callable[[DeskFacade, Bench], Awaitable[None]]
Play: TypeAlias = Callable[[Scenario], None]


@asynccontextmanager
async def in_process(bench: Bench) -> AsyncIterator[DeskFacade]:
    yield bench.desk


@asynccontextmanager
async def over_the_socket(bench: Bench) -> AsyncIterator[DeskFacade]:
    # Not below the test's own folder: its path may be too long for a socket.
    with TemporaryDirectory(prefix="sd-", dir="/tmp") as home:
        async with serve(bench.desk, Path(home)), attach(Path(home)) as remote:
            yield remote


async def planned(desk: DeskFacade, order: str = CONDOR) -> str:
    return (await desk.preview(PlanRequest(order, ALL))).plan


async def refusal(call: Awaitable[object], kind: type[SwimdeskError]) -> SwimdeskError:
    """Return the error a call raises, which is of exactly that class."""
    with pytest.raises(kind) as caught:
        await call
    assert type(caught.value) is kind
    return caught.value
