"""A process that may open no more files sends what it can, says why, and goes on afterwards."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvloop
from tests.fakes.misbehaving import MisbehavingServer, misbehaving
from tests.integration.lane.lane_children import WANTED

from swimdesk.desk.ports import OutcomeKind
from swimdesk.schwab.outcomes import Fault


async def run_child(server: MisbehavingServer) -> dict[str, Any]:
    """Run the child on the loop of this test; return what it saw."""
    loop = "uvloop" if isinstance(asyncio.get_running_loop(), uvloop.Loop) else "asyncio"
    arguments = ["-W", "error", "-m", "tests.integration.lane.lane_children", str(server.port)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, loop, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await child.communicate()
    assert child.returncode == 0
    told = json.loads(said)
    assert isinstance(told, dict)
    return told


async def test_lines_without_room_are_not_sent_and_name_the_limit_until_there_is_room() -> None:
    async with misbehaving() as server:
        told = await run_child(server)
    kinds = [kind for kind, _ in told["short"].values()]
    assert len(kinds) == WANTED
    assert 0 < kinds.count(OutcomeKind.NOT_SENT) < WANTED
    assert set(kinds) == {OutcomeKind.NOT_SENT, OutcomeKind.ACCEPTED}
    for kind, reason in told["short"].values():
        assert (kind == OutcomeKind.NOT_SENT) == ("ulimit -n" in (reason or ""))
    fault, detail = told["asked"]
    assert fault == Fault.NO_CONNECTION
    assert "ulimit -n" in (detail or "")
    assert {kind for kind, _ in told["full"].values()} == {OutcomeKind.ACCEPTED}
    assert len(server.seen.requests) == WANTED + kinds.count(OutcomeKind.ACCEPTED)
