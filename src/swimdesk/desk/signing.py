"""Sign-ins of logins: when one may begin, and the moment in which its new grant is taken."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final, Protocol

from swimdesk.desk.book import Book
from swimdesk.desk.consents import Consents
from swimdesk.desk.handover import Handover
from swimdesk.desk.ports import Clock, Ids, Journal, LoginHealth, Logins, TokenSource
from swimdesk.desk.recorder import Recorder
from swimdesk.desk.settling import Moments
from swimdesk.desk.supervisor import Supervisor
from swimdesk.desk.tries import PER_HOUR, Tries
from swimdesk.domain.accounts import Account
from swimdesk.domain.events import LoginChanged
from swimdesk.errors import (
    InputError,
    SignInFailed,
    SignInRefused,
    StoreError,
    SwimdeskError,
    UnknownReference,
)
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret, redact
from swimdesk.views.plain import plain_text
from swimdesk.views.signing import BeginSignIn, FailSignIn, FinishSignIn, LoginView, SignInStart

log = get_log(__name__)

WAYS: Final = ("assisted", "automatic", "manual")

LIFE: Final = timedelta(minutes=10)
"""A sign-in that has not come back by then is over."""

SETTLE_S: Final = 8.0
"""So long orders on their way are awaited; the code that came back dies after 30 s."""

LOOK_EVERY_S: Final = 0.05


class Discover(Protocol):
    """Reads which accounts there are, once unless asked again; BrokerError."""

    async def __call__(self, *, again: bool) -> Sequence[Account]: ...


@dataclass(frozen=True, slots=True)
class SignInTerms:
    """What the configuration says of sign-ins, by login: the way, and the last4 of its accounts."""

    ways: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class _Attempt:
    """A sign-in under way; ``state`` is what the broker's pages give back."""

    id: str
    login: str
    way: str
    mark: str | None
    state: str = field(repr=False)
    begun: datetime
    begun_ns: int
    is_finishing: bool = False

    def left(self, clock: Clock) -> timedelta:
        """Return how long it may still take; wall clocks are set, and the other one sleeps."""
        lived = timedelta(microseconds=(clock.monotonic_ns() - self.begun_ns) / 1000)
        return LIFE - max(lived, clock.now() - self.begun)


@dataclass(frozen=True, slots=True)
class SignInParts:
    """What sign-ins are carried out with."""

    logins: Logins | None
    tokens: TokenSource
    journal: Journal
    book: Book
    recorder: Recorder
    supervisor: Supervisor
    clock: Clock
    ids: Ids
    handover: Handover
    moments: Moments
    terms: SignInTerms
    discover: Discover
    wake: Callable[[], None]
    """Lets what waited for a login look again."""


class SignIns:
    """Begin and end sign-ins: one at a time for a login, two an hour, none at a bad moment.

    ``nonce`` makes what nobody can guess.
    """

    def __init__(self, parts: SignInParts, nonce: Callable[[], str] = token_urlsafe) -> None:
        self._parts = parts
        self._nonce = nonce
        self._tries = Tries(parts.journal)
        self._consents = Consents(parts.recorder, parts.terms.accounts)
        self._moments = parts.moments
        self._attempts: dict[str, _Attempt] = {}
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """Take up what earlier processes tried."""
        await self._tries.load(self._parts.clock.now())
        await self._consents.load()

    def views(self) -> tuple[LoginView, ...]:
        """Tell how every login stands."""
        accounts: dict[str, list[str]] = {}
        for one in self._parts.book.snapshot.accounts.values():
            accounts.setdefault(one.login, []).append(one.alias)
        return tuple(
            self._view(health, tuple(accounts.get(health.login, ())))
            for health in self._parts.tokens.health()
        )

    async def begin(self, request: BeginSignIn) -> SignInStart:
        """Begin a sign-in; SignInRefused where it is not the moment, StoreError if not kept."""
        logins = self._port()
        self._check_request(request)
        await self._learn_accounts()
        async with self._turn:
            await self._check_may_begin(request)
            attempt = _Attempt(
                self._parts.ids.mint(),
                request.login,
                request.way,
                request.password_mark,
                self._nonce(),
                self._parts.clock.now(),
                self._parts.clock.monotonic_ns(),
            )
            # Kept before it is begun: a cap that a crash forgets is none.
            await self._tries.begun(attempt.login, attempt.begun)
            self._attempts[attempt.login] = attempt
        await self._tell(attempt, "begun")
        return SignInStart(
            attempt=attempt.id,
            login=attempt.login,
            authorize_url=logins.authorize_url(attempt.login, attempt.state).reveal(),
            callback_url=logins.callback_url,
            state=attempt.state,
            accounts=self._consents.of(attempt.login),
        )

    async def finish(self, request: FinishSignIn) -> LoginView:
        """Trade what came back for a new grant, between broadcasts.

        SignInFailed for a callback that is not of this sign-in, which goes on then. Every other
        error ends it: SignInRefused where orders did not settle in time, BrokerUnreachable,
        StoreError.
        """
        logins = self._port()
        attempt = self._under_way(request.attempt)
        code = logins.code_of(Secret(request.callback), attempt.state)
        attempt.is_finishing, what = True, "failed: the program was stopped"
        try:
            await self._redeem(logins, attempt, code)
            what = "signed in"
        except SwimdeskError as error:
            what = f"failed: {error.detail}"
            raise
        finally:
            await self._end(attempt, what)
        self._parts.supervisor.job(f"accounts of {attempt.login}", self._look_again(attempt.login))
        return self._view_of(attempt.login)

    async def fail(self, request: FailSignIn) -> LoginView:
        """End a sign-in that came to nothing; a wrong password is remembered for good."""
        attempt = self._under_way(request.attempt)
        reason = redact(plain_text(request.reason))
        try:
            # First of all: whoever tells may stop waiting, and the disk may be slow.
            if request.is_wrong_password and attempt.mark is not None:
                await self._tries.refused(attempt.login, attempt.mark)
        finally:
            await self._end(attempt, f"failed: {reason}")
            if request.is_wrong_password:
                await self._parts.recorder.alarm(
                    f"login {attempt.login}: the broker refuses its password; it is not typed again"
                )
        return self._view_of(attempt.login)

    # --- whether it is the moment ------------------------------------------------------------

    def _check_request(self, request: BeginSignIn) -> None:
        self._health_of(request.login)
        if request.way not in WAYS:
            raise InputError(f"{request.way!r:.40} is no way to sign in; {', '.join(WAYS)} are.")

    async def _check_may_begin(self, request: BeginSignIn) -> None:
        login, now = request.login, self._parts.clock.now()
        other = self._attempt_of(login)
        if other is not None:
            raise SignInRefused(
                f"login {login}: a sign-in ({other.way}) is under way since"
                f" {other.begun:%H:%M:%S} UTC; finish or stop that one. It is over at"
                f" {now + other.left(self._parts.clock):%H:%M:%S} UTC at the latest."
            )
        if self._tries.is_refused(login, request.password_mark):
            raise SignInRefused(
                f"login {login}: the broker refused this password before, and typing it again may"
                " lock the login; put the right one into the vault, or sign in by hand. If you know"
                f" that it is right, set it anew: `swimdesk vault set login/{login}/password`."
            )
        again = self._tries.next_after(login, now)
        if again is not None:
            raise SignInRefused(
                f"login {login}: {PER_HOUR} sign-ins began within the last hour, which is the"
                f" most; the next may begin at {again:%H:%M:%S} UTC."
            )
        why = await self._moments.why_not_now(login)
        if why is not None:
            raise SignInRefused(f"login {login}: {why}; sign in once it is settled.")

    # --- its end -----------------------------------------------------------------------------

    async def _redeem(self, logins: Logins, attempt: _Attempt, code: Secret) -> None:
        """Take the new grant in a moment in which no order is on its way.

        Orders go first: they are awaited with the way still free for more. Only while the grant
        is being traded nothing of this login leaves.
        """
        end_ns = self._parts.clock.monotonic_ns() + int(SETTLE_S * 1e9)
        while (why := await self._moments.why_not_now(attempt.login)) is not None:
            if self._parts.clock.monotonic_ns() >= end_ns:
                raise SignInRefused(
                    f"login {attempt.login}: {why}; the grant that it has was kept. Sign in again"
                    " once it is settled."
                )
            await asyncio.sleep(LOOK_EVERY_S)
        with self._parts.handover.replacing(attempt.login):
            await logins.redeem(attempt.login, code)

    async def _end(self, attempt: _Attempt, what: str) -> None:
        if self._attempts.get(attempt.login) is attempt:
            del self._attempts[attempt.login]
        await self._tell(attempt, what)

    async def _tell(self, attempt: _Attempt, what: str) -> None:
        """Write down what became of a sign-in, and let everybody know."""
        text = f"login {attempt.login}, sign-in {attempt.id} ({attempt.way}): {what}"
        log.info("sign_in", login=attempt.login, attempt=attempt.id, way=attempt.way, what=what)
        self._parts.recorder.publish(LoginChanged(attempt.login))
        with contextlib.suppress(StoreError):
            await self._parts.journal.note(self._parts.clock.now(), "sign-in", text)

    async def _learn_accounts(self) -> None:
        """Know which accounts there are while the old grant may still show them."""
        try:
            await self._consents.saw(await self._parts.discover(again=False))
        except SwimdeskError as error:
            log.info("sign_in.accounts_not_read", error=error.detail)

    async def _look_again(self, login: str) -> None:
        """Read what the new grant shows; an account that the consent left out is told."""
        expected = self._consents.of(login)
        self._parts.wake()
        try:
            accounts = await self._parts.discover(again=True)
        except SwimdeskError as error:
            log.warning("sign_in.accounts_not_read", login=login, error=error.detail)
            return
        await self._consents.saw(accounts)
        seen = {one.last4 for one in accounts if one.login == login}
        missing = [last4 for last4 in expected if last4 not in seen]
        if missing:
            await self._parts.recorder.alarm(
                f"login {login}: the new sign-in does not show account"
                f" {', '.join(f'…{last4}' for last4 in missing)}; sign in again and tick every box"
                " on the page of accounts"
            )

    # --- what is known -----------------------------------------------------------------------

    def _port(self) -> Logins:
        if self._parts.logins is None:
            raise SignInFailed("This desk has no way to sign in; open one on a configured home.")
        return self._parts.logins

    def _under_way(self, id_: str) -> _Attempt:
        for login in list(self._attempts):
            attempt = self._attempt_of(login)
            if attempt is not None and attempt.id == id_:
                if attempt.is_finishing:
                    raise SignInFailed(f"login {login}: this sign-in is being finished already.")
                return attempt
        raise SignInFailed(
            f"There is no sign-in {id_} under way: it has ended, took longer than"
            f" {LIFE // timedelta(minutes=1)} minutes, or the desk was started again. Begin anew."
        )

    def _attempt_of(self, login: str) -> _Attempt | None:
        """Return the sign-in under way; one that is too old is over."""
        attempt = self._attempts.get(login)
        if attempt is None or attempt.is_finishing:
            return attempt
        if attempt.left(self._parts.clock) > timedelta(0):
            return attempt
        del self._attempts[login]
        self._parts.supervisor.job(f"end of {attempt.id}", self._tell(attempt, "never came back"))
        return None

    def _health_of(self, login: str) -> LoginHealth:
        for health in self._parts.tokens.health():
            if health.login == login:
                return health
        known = ", ".join(health.login for health in self._parts.tokens.health()) or "none"
        raise UnknownReference(f"There is no [[login]] named {login}; there are {known}.")

    def _view_of(self, login: str) -> LoginView:
        self._health_of(login)
        return next(view for view in self.views() if view.login == login)

    def _view(self, health: LoginHealth, accounts: tuple[str, ...]) -> LoginView:
        attempt = self._attempt_of(health.login)
        return LoginView(
            login=health.login,
            state=health.state.value,
            access_expires=health.access_expires,
            refresh_expires=health.refresh_expires,
            detail=health.detail,
            would_sign_in=health.would_sign_in,
            way=self._parts.terms.ways.get(health.login),
            accounts=accounts,
            signing_since=attempt.begun if attempt else None,
            sign_ins_left=self._tries.left(health.login, self._parts.clock.now()),
        )
