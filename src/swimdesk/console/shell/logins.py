"""The logins as the console tells them: whoever needs a person first, then by the end; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from swimdesk.console.formats import EASTERN
from swimdesk.views.horizon import NEEDS_A_PERSON
from swimdesk.views.signing import LoginView
from swimdesk.views.spans import time_left


def by_urgency(logins: Iterable[LoginView]) -> list[LoginView]:
    """Return the logins in the order in which they need a look."""
    return sorted(logins, key=_urgency)


def _urgency(login: LoginView) -> tuple[bool, datetime, str]:
    end = login.refresh_expires or datetime.min.replace(tzinfo=UTC)
    return login.state not in NEEDS_A_PERSON, end, login.login


def told_of(login: LoginView, now: datetime) -> str:
    """Tell what is known of a login, in one line."""
    parts = [login.state.replace("_", " ")]
    if login.signing_since is not None:
        parts.append(f"signing in since {login.signing_since.astimezone(EASTERN):%H:%M:%S} ET")
    if login.refresh_expires is not None:
        at = f"{login.refresh_expires.astimezone(EASTERN):%a %d %b %H:%M} ET"
        left = time_left(login.refresh_expires - now)
        is_over = login.refresh_expires <= now
        parts.append(f"sign-in ended {at}" if is_over else f"sign-in ends in {left}, {at}")
    if login.access_expires is not None:
        is_over = login.access_expires <= now
        left = time_left(login.access_expires - now)
        parts.append("token ended" if is_over else f"token ends in {left}")
    if login.way is not None:
        parts.append(login.way)
    if login.accounts:
        parts.append(", ".join(login.accounts))
    return "; ".join([*parts, *filter(None, (login.detail,))])
