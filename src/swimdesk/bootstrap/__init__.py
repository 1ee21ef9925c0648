"""The composition root: from the files of a home to a running desk; names the concrete adapters.

Only commands and tests import it. What a running desk needs is loaded when one is opened.
"""

from __future__ import annotations

from swimdesk.bootstrap.home import HomePaths, SystemClock, Ulids
from swimdesk.bootstrap.offline import (
    check_home,
    import_tokens,
    offline_broadcast,
    offline_broadcasts,
    offline_fairness,
    offline_status,
    offline_trail,
    raise_halt,
    reduce_offline,
    resume_offline,
)
from swimdesk.bootstrap.offline_logins import offline_logins
from swimdesk.bootstrap.running import open_desk, trust_of

__all__ = [
    "HomePaths",
    "SystemClock",
    "Ulids",
    "check_home",
    "import_tokens",
    "offline_broadcast",
    "offline_broadcasts",
    "offline_fairness",
    "offline_logins",
    "offline_status",
    "offline_trail",
    "open_desk",
    "raise_halt",
    "reduce_offline",
    "resume_offline",
    "trust_of",
]
