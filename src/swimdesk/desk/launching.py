"""From a plan's lines to waves of orders in the order of sending."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from swimdesk.desk.ports import Ids, Prepared, PreparedOrder
from swimdesk.domain.broadcast import Line
from swimdesk.domain.orders import LineState
from swimdesk.domain.plan import Plan, Verdict
from swimdesk.errors import InputError

CANARY = "canary"
SMALL_BROADCAST = 10
"""Up to so many targets one canary is enough; above it two go first."""

_STATES = {
    Verdict.SEND: LineState.PLANNED,
    Verdict.DENIED: LineState.DENIED,
    Verdict.SKIPPED: LineState.SKIPPED,
}


def lines_of_plan(plan: Plan, ids: Ids) -> tuple[Line, ...]:
    """Turn planned lines into lines of a broadcast, each with its freshly minted reference."""
    return tuple(
        Line(
            ref=ids.mint(),
            account=planned.account,
            login=planned.login,
            last4=planned.last4,
            ticket=planned.ticket,
            state=_STATES[planned.verdict],
            reason=planned.reason,
            denials=planned.denials,
            fingerprint=planned.fingerprint,
            body_hash=planned.body_hash,
        )
        for planned in plan.lines
    )


def waves_of(
    lines: Sequence[Line], orders: Mapping[str, PreparedOrder], policy: str, seed: int
) -> tuple[Prepared, ...]:
    """Divide the sendable lines into waves; the seed shuffles so that nobody is always last."""
    leaving = [
        replace(orders[line.account], ref=line.ref)
        for line in lines
        if line.state is LineState.PLANNED
    ]
    random.Random(seed).shuffle(leaving)  # noqa: S311 - fairness, not secrecy
    sizes = _wave_sizes(policy, len(leaving))
    waves, start = [], 0
    for size in sizes:
        waves.append(Prepared(tuple(leaving[start : start + size])))
        start += size
    return tuple(waves)


def check_policy(policy: str) -> None:
    """Refuse a wave policy that is none, before anything is used up; InputError."""
    _wave_sizes(policy, 1)


def _wave_sizes(policy: str, count: int) -> list[int]:
    if policy == "all":
        return [count]
    if policy == CANARY:
        first = min(count, 1 if count <= SMALL_BROADCAST else 2)
        return [size for size in (first, count - first) if size]
    if policy.isascii() and policy.isdigit() and int(policy) > 0:
        size = int(policy)
        return [min(size, count - start) for start in range(0, count, size)]
    raise InputError(f"--waves {policy!r} is not a policy; expected all, canary or a number")
