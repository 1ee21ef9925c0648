"""The health of a home on one screen, from its owner or from its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.views import doubting
from swimdesk.views.horizon import first_to_end, needing_a_person
from swimdesk.views.spans import time_left

if TYPE_CHECKING:
    from datetime import datetime

    from swimdesk.cli.output import Output
    from swimdesk.views.models import DoubtView, StatusView
    from swimdesk.views.signing import LoginView

DOUBTS: Final = 5
"""So many doubts are told one by one; the console and ``--json`` tell all."""


@click.command()
@json_option
@pass_invocation
def status(invocation: Invocation) -> None:
    """Show whether all is well: owner, kill switch, orders, logins."""
    print_status(invocation.output, status_of(invocation))


def status_of(invocation: Invocation) -> StatusView:
    """Ask the owner of a home how it is; look into the files where nobody owns it."""
    answer = invocation.ask_owner(lambda desk: desk.status())
    if answer is not None:
        return answer
    # Deferred: an owner that answers has all of this loaded already.
    from swimdesk.bootstrap import offline_status

    return offline_status(invocation.home)


def print_status(output: Output, view: StatusView) -> None:
    """Print the status."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(view))
        return
    guard = view.guard
    reason = f" ({guard.reason})" if guard.reason else ""
    since = f" since {guard.since:%Y-%m-%d %H:%M:%S} UTC" if guard.since else ""
    facts: dict[str, object] = {
        "home": view.home,
        "mode": view.mode,
        "version": view.version,
        "owner": f"process {view.owner}" if view.owner else "nobody; commands run the desk",
        "trading": f"{guard.state}{since}{reason}",
        "limits": view.limits,
        "accounts": view.accounts,
        "open_lines": view.open_lines,
        "in_doubt_lines": view.in_doubt_lines,
        "accounts_read": _reading(view),
        "newest_broadcast": view.newest_broadcast,
    }
    facts |= _doubts(view)
    facts["next_sign_in"] = _next_sign_in(view)
    facts |= _logins(view, each=not output.is_for_eyes)
    for task in view.tasks:
        restarts = f", {task.restarts} restarts" if task.restarts else ""
        detail = f": {task.detail}" if task.detail else ""
        facts[f"task {task.name}"] = f"{task.state}{restarts}{detail}"
    for number, alarm in enumerate(view.alarms, start=1):
        facts[f"alarm {number}"] = alarm
    output.facts(facts)


def _doubts(view: StatusView) -> dict[str, object]:
    """Tell the oldest doubts, each in a line: what is known, what is done, what not to do."""
    count = len(view.doubts)
    told = count if count <= DOUBTS + 1 else DOUBTS
    facts: dict[str, object] = {
        f"doubt {number}": _doubt(one) for number, one in enumerate(view.doubts[:told], start=1)
    }
    if told < count:
        accounts = ", ".join(dict.fromkeys(one.account for one in view.doubts[told:]))
        facts[f"doubts {told + 1} to {count}"] = f"do not trade by hand in {accounts}"
    return facts


def _doubt(one: DoubtView) -> str:
    where = f"{one.broadcast[-8:]}/{one.account} {one.last4}"
    parts = (
        f"{where} {doubting.word(one)} since {_time(one.since)}: {doubting.known(one)}",
        doubting.doing(one, _time),
        doubting.hands_off(one),
        *(one.commands[:1]),
    )
    return "; ".join(parts)


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"


def _reading(view: StatusView) -> str | None:
    """Tell how old the oldest balances are, and what stands in the way of newer ones."""
    reading = view.reading
    if reading is None:
        return None
    read = f"{reading.oldest:%Y-%m-%d %H:%M:%S} UTC or later" if reading.oldest else "not yet"
    if reading.failing_since is None:
        return read
    return f"{read}; FAILING since {reading.failing_since:%H:%M:%S} UTC: {reading.detail}"


def _logins(view: StatusView, *, each: bool) -> dict[str, object]:
    """Tell of every login, or for eyes only of those that want something."""
    facts: dict[str, object] = {}
    quiet = [login for login in view.logins if login.state == "ok" and not login.detail]
    for login in view.logins:
        if each or login not in quiet:
            detail = f": {login.detail}" if login.detail else ""
            facts[f"login {login.login}"] = f"{login.state}{_until(login)}{detail}"
    if quiet and not each:
        soonest = min(quiet, key=lambda login: str(login.refresh_expires))
        facts["logins"] = f"{len(quiet)} of {len(view.logins)} ok{_until(soonest)}"
    return facts


def _next_sign_in(view: StatusView) -> str | None:
    """Tell which login wants a person first, and how long that is."""
    needed = needing_a_person(view.logins)
    if needed:
        return f"now: {', '.join(login.login for login in needed)}"
    first = first_to_end(view.logins)
    if first is None:
        return None
    from swimdesk.bootstrap import SystemClock

    name, end = first
    return f"{name} in {time_left(end - SystemClock().now())}, by {end:%Y-%m-%d %H:%M} UTC"


def _until(login: LoginView) -> str:
    end = login.refresh_expires
    return f", sign in by {end:%Y-%m-%d %H:%M} UTC" if end else ""
