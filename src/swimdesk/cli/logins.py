"""Until when each login lasts, and which of them needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.errors import ExitCode
from swimdesk.views.horizon import needing_a_person
from swimdesk.views.spans import time_left

if TYPE_CHECKING:
    from datetime import datetime

    from swimdesk.views.signing import LoginView

FIELDS: Final = (
    "login", "state", "way", "refresh_expires", "access_expires", "accounts", "signing_since",
    "sign_ins_left", "detail",
)  # fmt: skip

EYES: Final = ("name", "state", "sign-in left", "token left", "way", "accounts", "reason")
"""The same for eyes; a trouble stands below the table, as reasons do."""


@click.command()
@json_option
@pass_invocation
def logins(invocation: Invocation) -> int:
    """Show how long each login lasts; exit 6 where one has ended."""
    views = logins_of(invocation)
    output = invocation.output
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document({"logins": to_json(views)})
    elif output.is_for_eyes:
        from swimdesk.bootstrap import SystemClock

        now = SystemClock().now()
        output.table(EYES, [row_for_eyes(view, now) for view in views])
    else:
        output.table(FIELDS, views)
    return ExitCode.LOGIN if needing_a_person(views) else ExitCode.DONE


def logins_of(invocation: Invocation) -> tuple[LoginView, ...]:
    """Ask the owner of a home; without one the configuration and what is kept are enough."""
    views = invocation.ask_owner(lambda desk: desk.logins())
    if views is not None:
        return views
    from swimdesk.bootstrap import offline_logins

    return offline_logins(invocation.home, invocation.config)


def row_for_eyes(view: LoginView, now: datetime) -> dict[str, object]:
    """Return a login's row: what is left instead of moments."""
    state = "signing in" if view.signing_since else view.state.replace("_", " ")
    cells = (
        view.login,
        state,
        _left(view.refresh_expires, now),
        _left(view.access_expires, now),
        view.way,
        _accounts(view.accounts),
        view.detail,
    )
    return dict(zip(EYES, cells, strict=True))


def _accounts(accounts: tuple[str, ...]) -> str:
    """Return the first account and how many more there are."""
    more = f" +{len(accounts) - 1}" if len(accounts) > 1 else ""
    return f"{accounts[0]}{more}" if accounts else ""


def _left(end: datetime | None, now: datetime) -> str | None:
    if end is None:
        return None
    return time_left(end - now) if end > now else "ended"
