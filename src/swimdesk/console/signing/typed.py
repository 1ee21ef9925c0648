"""What is typed behind LOGIN, and the logins as a list; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from swimdesk.console.formats import age, clock
from swimdesk.console.shell.logins import told_of
from swimdesk.console.shell.standing import Tone
from swimdesk.console.signing.work import Wanted
from swimdesk.errors import InputError
from swimdesk.views.horizon import NEEDS_A_PERSON, VERY_SOON
from swimdesk.views.signing import LoginView

WAYS: Final = ("assisted", "automatic", "manual")
HEADED: Final = "headed"
TAKES: Final = f"a login, {', '.join(WAYS)} where not as configured, {HEADED} to see the browser"


def read_wanted(text: str, logins: Sequence[LoginView]) -> Wanted:
    """Read ``smith manual``; InputError tells what is expected."""
    name, *words = text.split()
    known = {one.login.casefold(): one.login for one in logins}
    login = known.get(name.casefold())
    if login is None:
        there = ", ".join(known.values()) or "none"
        raise InputError(f"There is no login {name[:40]}; there are {there}.")
    way, is_headed = "", False
    for word in (word.lower() for word in words):
        if word == HEADED and not is_headed:
            is_headed = True
        elif word in WAYS and not way:
            way = word
        else:
            raise InputError(f"LOGIN takes {TAKES}; found {word[:40]}.")
    return Wanted(login, way, is_headed)


def needs_sign_in(login: LoginView, now: datetime) -> bool:
    """Tell whether a person should sign this login in now or within a day."""
    end = login.refresh_expires
    return login.state in NEEDS_A_PERSON or (end is not None and end - now <= VERY_SOON)


def line_of(login: LoginView, now: datetime) -> list[tuple[str, Tone]]:
    """Return a login as it stands in the list: name, way, how long it lasts, its accounts."""
    tone = Tone.DANGER if login.state in NEEDS_A_PERSON else Tone.PLAIN
    if tone is Tone.PLAIN and needs_sign_in(login, now):
        tone = Tone.WARN
    count = len(login.accounts)
    return [
        (f"{login.login:<16} ", Tone.PLAIN),
        (f"{login.way or '-':<10} ", Tone.DIM),
        (f"{_standing(login, now):<28} ", tone),
        (f"{count} account{'s' * (count != 1)}" if count else "", Tone.DIM),
    ]


def detail_of(login: LoginView, now: datetime) -> str:
    """Tell what to know of a login before it is signed in."""
    left = login.sign_ins_left
    tries = "" if left is None else f"; {left} sign-in{'s' * (left != 1)} left within the hour"
    return f"{told_of(login, now)}{tries}"


def _standing(login: LoginView, now: datetime) -> str:
    if login.signing_since is not None:
        return f"signing in since {clock(login.signing_since)}"
    if login.state in NEEDS_A_PERSON:
        return "SIGN IN"
    if login.refresh_expires is None:
        return login.state.replace("_", " ")
    return f"lasts {age(login.refresh_expires - now)}"
