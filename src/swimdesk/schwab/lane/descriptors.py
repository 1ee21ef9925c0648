"""Room for the connections of all accounts: asked for before the first one is opened."""

from __future__ import annotations

import resource
from typing import Final

from swimdesk.errors import ConfigError

PER_ACCOUNT: Final = 2
"""A connection for the next order and a spare."""
OTHERS: Final = 256
"""For everything else of the process: reads, database, logs, terminal, the desk's socket."""


def needed_for(accounts: int) -> int:
    """Return how many open files a desk of so many accounts needs."""
    return accounts * PER_ACCOUNT + OTHERS


def accounts_allowed() -> int | None:
    """Return for how many accounts this process may open connections; None without a limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if hard == resource.RLIM_INFINITY else max((hard - OTHERS) // PER_ACCOUNT, 0)


def ensure_room_for(accounts: int) -> None:
    """Raise this process's own limit where that is needed; ConfigError where it may not.

    To find out in the middle of a burst would leave some accounts without their order.
    """
    needed = needed_for(accounts)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= needed or soft == resource.RLIM_INFINITY:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ConfigError(
            f"{accounts:,} accounts need {needed:,} open files ({PER_ACCOUNT} connections each and"
            f" {OTHERS} for the rest), this process may have {hard:,}: set `ulimit -n {needed}`"
            " (or LimitNOFILE in the systemd unit) and start again. Nothing was sent."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
