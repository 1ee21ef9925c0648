"""From a plan's lines to waves of orders in the order of sending."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from swimdesk.desk.ports import Ids, Prepared, PreparedOrder
from swimdesk.domain.broadcast import Line
from swimdesk.domain.fairness import order_of_sending
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


def waves_of(accounts: Iterable[str], policy: str, seed: int) -> tuple[tuple[str, ...], ...]:
    """Divide the accounts to be sent to into waves, each in the order of sending.

    Seeds in a row take turns, so nobody is always last. The order depends on who the accounts are
    and on the seed, not on the order in which they are named.
    """
    named = sorted(accounts)
    leaving = [named[number] for number in order_of_sending(len(named), seed)]
    waves, start = [], 0
    for size in _wave_sizes(policy, len(leaving)):
        waves.append(tuple(leaving[start : start + size]))
        start += size
    return tuple(waves)


def lines_of_plan(plan: Plan, ids: Ids, leaving: Collection[str]) -> tuple[Line, ...]:
    """Turn planned lines into lines of a broadcast, each with its freshly minted reference.

    Those of the accounts that are ``leaving`` are being sent from the moment they are written down.
    """
    refs = ids.mint_many(len(plan.lines))
    leaves = frozenset(leaving)
    return tuple(
        Line(
            ref=ref,
            account=planned.account,
            login=planned.login,
            last4=planned.last4,
            ticket=planned.ticket,
            state=LineState.SENDING if planned.account in leaves else _STATES[planned.verdict],
            reason=planned.reason,
            denials=planned.denials,
            fingerprint=planned.fingerprint,
            body_hash=planned.body_hash,
        )
        for planned, ref in zip(plan.lines, refs, strict=True)
    )


def prepared_waves(
    waves: Iterable[Sequence[str]], lines: Iterable[Line], orders: Mapping[str, PreparedOrder]
) -> tuple[Prepared, ...]:
    """Put the orders into their waves, each under the reference of its line."""
    refs = {line.account: line.ref for line in lines}
    return tuple(
        Prepared(tuple(orders[account].under(refs[account]) for account in wave)) for wave in waves
    )


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
