"""Logins in a test's hand: grants with their ends, and the broker's side of a sign-in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from swimdesk.desk.ports import Clock, LoginHealth, LoginState
from swimdesk.errors import LoginRequired, SignInFailed, SwimdeskError
from swimdesk.telemetry.redaction import Secret

CALLBACK = "https://127.0.0.1:8182"
ACCESS = timedelta(minutes=30)
SIGN_IN = timedelta(days=7)


@dataclass
class Held:
    """The grant of a login: when it was signed in, and when its access token ends."""

    signed_in: datetime
    access_expires: datetime
    renews: bool = True


@dataclass
class FakeTokens:
    """A token source over grants that the test plants; one that ``renews`` never runs out."""

    clock: Clock
    held: dict[str, Held | None] = field(default_factory=dict)
    asked: list[tuple[str, float]] = field(default_factory=list)

    def sign_in(self, login: str, *, age: timedelta = timedelta(0)) -> None:
        """Give a login a grant of that age, with a fresh access token."""
        now = self.clock.now()
        self.held[login] = Held(now - age, now + ACCESS)

    def let_end(self, login: str, *, in_s: float) -> None:
        """Let a login's access token end then, and nothing renew it."""
        held = self.held[login]
        assert held is not None
        held.access_expires = self.clock.now() + timedelta(seconds=in_s)
        held.renews = False

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Give the token, a fresh one where it can be renewed."""
        self.asked.append((login, min_life_s))
        held = self.held.get(login)
        if held is not None and held.renews and self.current(login, min_life_s=min_life_s) is None:
            held.access_expires = self.clock.now() + ACCESS
        token = self.current(login, min_life_s=min_life_s)
        if token is None:
            raise LoginRequired(f"login {login}: sign in again")
        return token

    def current(self, login: str, *, min_life_s: float = 0.0) -> Secret | None:
        """Give the token if it lives for that long."""
        held = self.held.get(login)
        if held is None:
            return None
        left_s = (held.access_expires - self.clock.now()).total_seconds()
        return Secret(f"token of {login}") if left_s > 0 and left_s >= min_life_s else None

    async def replace_rejected(self, login: str, rejected: Secret) -> Secret:
        """Give the token again."""
        return await self.access_token(login)

    def health(self) -> tuple[LoginHealth, ...]:
        """Tell of every login."""
        return tuple(self._health(login, held) for login, held in self.held.items())

    def _health(self, login: str, held: Held | None) -> LoginHealth:
        if held is None:
            return LoginHealth(login, LoginState.NO_TOKEN, None, None, "it has no tokens yet")
        ends = held.signed_in + SIGN_IN
        left = ends - self.clock.now()
        state = LoginState.OK if left > timedelta(days=1) else LoginState.EXPIRING
        if left <= timedelta(0) or not held.renews:
            state = LoginState.SIGN_IN_NEEDED
        return LoginHealth(login, state, held.access_expires, ends, "")


@dataclass
class FakeLogins:
    """The port ``Logins``: a callback is ``CALLBACK?state=…&code=…``; ``gate`` holds redeems up."""

    tokens: FakeTokens
    callback_url: str = CALLBACK
    redeemed: list[tuple[str, str]] = field(default_factory=list)
    errors: list[SwimdeskError] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    is_redeeming: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def authorize_url(self, login: str, state: str) -> Secret:
        """Make a url that names both."""
        return Secret(f"https://broker.test/authorize?login={login}&state={state}")

    def code_of(self, callback: Secret, state: str) -> Secret:
        """Take the code behind the right state."""
        begin, _, code = callback.reveal().partition("&code=")
        if begin != f"{CALLBACK}?state={state}" or not code:
            raise SignInFailed("the url is not of this sign-in")
        return Secret(code)

    async def redeem(self, login: str, code: Secret) -> None:
        """Trade the code once the gate is open."""
        self.redeemed.append((login, code.reveal()))
        self.is_redeeming.set()
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.tokens.sign_in(login)
