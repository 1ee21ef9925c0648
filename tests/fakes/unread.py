"""Logins of which a fake broker can read nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from swimdesk.desk.ports import Discovered
from swimdesk.domain.accounts import Account
from swimdesk.errors import SwimdeskError

Unread = Mapping[str, Exception]
"""By login why not; one with a bug of ours was discovered before that."""


def discovered(accounts: Sequence[Account], unread: Unread) -> Discovered:
    """Return the accounts of the logins that can be read; of the others none is configured."""
    told = {login: error for login, error in unread.items() if isinstance(error, SwimdeskError)}
    return Discovered(tuple(a for a in accounts if a.login not in told), told)


def check_readable(accounts: Sequence[Account], asked: Collection[str], unread: Unread) -> None:
    """Raise why one of these accounts cannot be read, if so."""
    for account in accounts:
        if account.alias in asked and account.login in unread:
            raise unread[account.login]
