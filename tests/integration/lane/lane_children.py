"""What tests of the lane run in processes of their own: with few open files."""

from __future__ import annotations

import asyncio
import json
import resource
import sys

import uvloop
from tests.integration.lanes import accounts, fire, lane_to, request

ROOM = 40
"""Open files for a process that wants a connection for each of 60 accounts."""
WANTED = 60


async def short_of_files(port: int) -> dict[str, object]:
    """Warm and fire while there is no room for all, then again when there is."""
    lane = lane_to(port)
    names = accounts(WANTED)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (ROOM, hard))
    await lane.warm(names)
    short = await fire(lane, names)
    asked = await lane.ask(request("B0"), 5.0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    await lane.warm(names)
    full = await fire(lane, names)
    await lane.close()
    return {
        "short": {a: [o.kind, o.reason] for a, o in short.outcomes().items()},
        "asked": [asked.fault, asked.detail],
        "full": {a: [o.kind, o.reason] for a, o in full.outcomes().items()},
    }


if __name__ == "__main__":
    factory = uvloop.new_event_loop if sys.argv[2] == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        print(json.dumps(runner.run(short_of_files(int(sys.argv[1])))))  # noqa: T201 - its answer
