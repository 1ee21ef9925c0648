"""One repetition: every candidate fires once, in an order of chance, each from a state of rest."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Mapping, Sequence
from typing import Final

from swimdesk.bench.figures import PRODUCT, Measured, Repetition, check_arrivals, measured
from swimdesk.bench.responding import Host, Seen
from swimdesk.bench.shots import Candidate
from swimdesk.errors import InvariantBroken

REST_S: Final = 0.02
"""Between bursts: what the last one left behind is over by then."""


async def turn(
    host: Host, candidates: Mapping[str, Candidate], latency_ns: int
) -> tuple[Repetition, Sequence[Seen]]:
    """Let every candidate fire once, in an order of chance; return also the product's arrivals."""
    for one in candidates.values():
        await one.prepare()
    found: dict[str, Measured] = {}
    arrivals: Sequence[Seen] = ()
    for who in random.sample(list(candidates), len(candidates)):
        found[who], seen = await _shot(host, who, candidates[who], latency_ns)
        arrivals = seen if who == PRODUCT else arrivals
    return found, arrivals


async def _shot(
    host: Host, who: str, one: Candidate, latency_ns: int
) -> tuple[Measured, Sequence[Seen]]:
    gc.collect()
    await asyncio.sleep(REST_S)
    used_ns = time.process_time_ns()
    try:
        shot = await one.fire()
    except TimeoutError:
        raise InvariantBroken(
            f"The run is void: not all orders of the {who} were answered."
        ) from None
    used_ns = time.process_time_ns() - used_ns
    seen = await host.take()
    check_arrivals(who, one.accounts, seen)
    await one.settle(seen)
    return measured(shot, seen, latency_ns, used_ns), seen
