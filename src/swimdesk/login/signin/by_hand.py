"""Sign in by hand: the person opens the address; the callback is taken here, or pasted."""

from __future__ import annotations

import asyncio
from datetime import datetime

from swimdesk.errors import SignInFailed
from swimdesk.login.authorize import code_of
from swimdesk.login.signin.listener import is_ours, listening
from swimdesk.login.signin.person import Person, Question, Step
from swimdesk.login.signin.racing import first_of
from swimdesk.telemetry.redaction import Secret

_OPEN = "open this address in a browser, sign in, and approve every account:"
_PASTE = "Paste the whole address at which the browser ended (it is not shown): "
_LISTENS = (
    "nobody is here to paste it: waiting until {:%H:%M:%S} UTC for a browser on this machine to end"
    " at {}"
)
_TAKEN = (
    "{} cannot be listened on: the port is another program's, or not to be had. What a browser on"
    " this machine shows at the end is not from here, and its address has to be pasted"
)


async def by_hand(
    login: str,
    authorize_url: str,
    callback_url: str,
    state: str,
    person: Person,
    now: datetime,
    until: datetime,
) -> Secret:
    """Return the callback address; SignInFailed where nobody answers and nothing listens.

    ``until`` is when the caller stops waiting, for the person to know.
    What is pasted wrongly is asked for again; a callback of another sign-in is never taken.
    """

    def is_wanted(url: Secret) -> bool:
        return _why_not(url, callback_url, state) is None

    person.told(Step(login, _OPEN))
    person.told(Step(login, authorize_url))
    async with listening(callback_url, is_wanted, now) as arrived:
        if arrived is None:
            if is_ours(callback_url):
                person.told(Step(login, _TAKEN.format(callback_url)))
            return await _pasted(login, callback_url, state, person)
        person.told(
            Step(
                login,
                f"if that browser runs on this machine, {callback_url} takes the rest by itself; it"
                " warns of a certificate that is made for this one sign-in",
            )
        )
        # What arrived counts, whatever the end of the question says.
        pasted = _pasted_unless(arrived, login, callback_url, state, person, until)
        return await first_of(_of(arrived), pasted)


async def _of(arrived: asyncio.Future[Secret]) -> Secret:
    return await arrived


async def _pasted_unless(
    arrived: asyncio.Future[Secret],
    login: str,
    callback_url: str,
    state: str,
    person: Person,
    until: datetime,
) -> Secret:
    """Return what is pasted; where nobody can paste, what arrives."""
    try:
        return await _pasted(login, callback_url, state, person)
    except SignInFailed:
        person.told(Step(login, _LISTENS.format(until, callback_url)))
        return await arrived


async def _pasted(login: str, callback_url: str, state: str, person: Person) -> Secret:
    while True:
        url = await person.asked(Question(login, "callback", _PASTE))
        why = _why_not(url, callback_url, state)
        if why is None:
            return url
        person.told(Step(login, why))


def _why_not(url: Secret, callback_url: str, state: str) -> str | None:
    """Return what is wrong with an address, None for the callback of this sign-in."""
    try:
        code_of(url, callback_url, state)
    except SignInFailed as error:
        return error.detail
    return None
