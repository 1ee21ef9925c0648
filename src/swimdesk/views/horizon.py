"""Which login ends first, and who is needed already; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from swimdesk.views.signing import LoginView

NEEDS_A_PERSON: Final = frozenset({"sign_in_needed", "no_token"})
"""States of a login that nothing but a sign-in ends."""

SOON: Final = timedelta(hours=48)
"""So long before its end a login is to be noticed."""

VERY_SOON: Final = timedelta(hours=24)
"""So long before its end a login is urgent."""


def needing_a_person(logins: Iterable[LoginView]) -> tuple[LoginView, ...]:
    """Return the logins that have to sign in before anything goes on with them."""
    return tuple(login for login in logins if login.state in NEEDS_A_PERSON)


def first_to_end(logins: Iterable[LoginView]) -> tuple[str, datetime] | None:
    """Return the login whose sign-in ends first, and when; None where no end is known."""
    ends = [
        (login.refresh_expires, login.login)
        for login in logins
        if login.state not in NEEDS_A_PERSON and login.refresh_expires is not None
    ]
    if not ends:
        return None
    end, name = min(ends)
    return name, end
