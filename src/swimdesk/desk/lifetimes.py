"""How long logins can still trade: the life of their access tokens, and the end of the sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from swimdesk.desk.hours import EASTERN, USUAL_CLOSE, market_day
from swimdesk.desk.ports import Clock, TokenSource
from swimdesk.domain.orders import Ticket, TimeInForce
from swimdesk.domain.plan import Caution
from swimdesk.errors import LoginRequired, SwimdeskError

USABLE_S: Final = 300.0
"""A broadcast wants tokens that live at least this long, to follow and to cancel its orders."""

LONGEST_PLAN_S: Final = 300
"""More than so much of a plan's life is not asked for: tokens live for half an hour."""

OUTLIVES_SIGN_IN: Final = "OUTLIVES_SIGN_IN"
TOKEN_ENDS_SOON: Final = "TOKEN_ENDS_SOON"  # noqa: S105 - a code


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a login lasts, as it was when a plan asked."""

    login: str
    short: str = ""
    """Why its token is too short and stays so until a person signs in; empty where it is not."""
    unrenewed: str = ""
    """Why its token is too short for now, though it may be renewed any moment."""
    ends: datetime | None = None
    """When its sign-in ends."""

    def cautions(self, ticket: Ticket, now: datetime) -> tuple[Caution, ...]:
        """Return what is to be told of an order of this login, which bars nothing."""
        found = []
        if self.ends is not None and self.ends < rests_until(ticket, now):
            ends = f"{self.ends:%Y-%m-%d %H:%M} UTC"
            text = f"rests beyond the sign-in of {self.login}, which ends {ends}"
            found.append(Caution(OUTLIVES_SIGN_IN, text))
        if self.unrenewed:
            found.append(Caution(TOKEN_ENDS_SOON, self.unrenewed))
        return tuple(found)


def rests_until(ticket: Ticket, now: datetime) -> datetime:
    """Return until when an order may rest: the usual close of its last day, or for ever."""
    if ticket.time_in_force is TimeInForce.GTC:
        return datetime.max.replace(tzinfo=now.tzinfo)
    return datetime.combine(ticket.good_till or market_day(now), USUAL_CLOSE, EASTERN)


class Lifetimes:
    """Renews tokens that are too short for a plan, and remembers how long each login lasts.

    A token is to last until the plan's own end and ``USABLE_S`` from there.
    """

    def __init__(self, tokens: TokenSource, clock: Clock, plan_life_s: int) -> None:
        self._tokens = tokens
        self._clock = clock
        self._wanted_s = USABLE_S + min(plan_life_s, LONGEST_PLAN_S)
        self._known: dict[str, Lifetime] = {}

    def of(self, login: str) -> Lifetime:
        """Return what was known when a plan last asked, without waiting."""
        return self._known.get(login, Lifetime(login))

    async def renew(self, logins: Iterable[str]) -> None:
        """See to these logins; nothing raises. Waits only for tokens that are too short."""
        wanted = list(dict.fromkeys(logins))
        troubles = await asyncio.gather(*(self._renewed(login) for login in wanted))
        health = {one.login: one for one in self._tokens.health()}
        for login, trouble in zip(wanted, troubles, strict=True):
            known = health.get(login)
            left = self._left(login, known.access_expires if known else None)
            said = trouble.detail if trouble else ""
            needs_person = isinstance(trouble, LoginRequired)
            self._known[login] = Lifetime(
                login,
                short=f"{left} and cannot be renewed: {said}" if needs_person else "",
                unrenewed=f"{left}; renewing it fails: {said}"
                if trouble and not needs_person
                else "",
                ends=known.refresh_expires if known else None,
            )

    async def _renewed(self, login: str) -> SwimdeskError | None:
        """Have a token that lasts, and return why there is none."""
        try:
            if self._tokens.current(login, min_life_s=self._wanted_s) is None:
                await self._tokens.access_token(login, min_life_s=self._wanted_s)
        except SwimdeskError as error:
            return error
        return None

    def _left(self, login: str, ends: datetime | None) -> str:
        left = ends - self._clock.now() if ends is not None else timedelta(0)
        if left <= timedelta(0):
            return f"the token of {login} has ended"
        minutes, seconds = divmod(int(left.total_seconds()), 60)
        return f"the token of {login} ends in {minutes} min {seconds:02d} s"
