"""Renew and replace the tokens of one login: one flight at a time, saved before it is used."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from swimdesk.errors import BrokerUnreachable, LoginRequired, StoreError, SwimdeskError
from swimdesk.login.exchanges import new_grant, successor, why_refused
from swimdesk.login.grants import AccessCache, GrantStore
from swimdesk.login.locks import LoginLock
from swimdesk.login.oauth import TokenEndpoint, TokensRefused, TokensUnavailable
from swimdesk.login.standing import Pause, Standing, is_newer
from swimdesk.login.token_files import Grant
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret

EARLY_S = 320.0
"""Five minutes, which a broadcast wants, and the time between two looks of the upkeep."""
JITTER_S = 40.0
"""Logins that signed in together do not renew together."""
MAX_PAUSE_S = 60
IDLE_S = 10.0
LOCK_WAIT_S = 30.0
"""Two requests and their answers, and then some: another process renews in that time."""
CODE_WAIT_S = 15.0
"""Half of what an authorization code lives."""
CLOSE_WAIT_S = 5.0
"""Nobody waits long for the end of a program."""

_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Means:
    """What renewing works with; the same for all logins of a home."""

    store: GrantStore
    endpoint: TokenEndpoint
    locks: Path
    callback_url: str
    cache: AccessCache | None
    now: Callable[[], datetime]
    draw: Callable[[], float]
    """Return a number from 0 up to 1, another one at each call."""


class Renewing:
    """The tokens of one login and the only way in which they change."""

    def __init__(self, name: str, means: Means) -> None:
        self._means = means
        self._lock = LoginLock(means.locks, name)
        self._saving = asyncio.Lock()
        self._asked_cache = means.cache is None
        self._flight: asyncio.Task[SwimdeskError | None] | None = None
        self._sign_in: asyncio.Task[SwimdeskError | None] | None = None
        self.standing = Standing(name)
        try:
            kept = means.store.load(name)
        except StoreError as error:
            self.standing.trouble = error
        else:
            if kept is not None:
                self._use(kept)

    @property
    def name(self) -> str:
        """The login's name."""
        return self.standing.name

    def begin(self) -> None:
        """Start to renew unless that is under way, useless or too early; nobody waits for it."""
        if self._flight is None and not self.standing.is_idle(self._means.now()):
            self._flight = asyncio.create_task(self._fly(0.0), name=f"tokens of {self.name}")

    async def renewed(self, span_s: float, wait_s: float | None = None) -> SwimdeskError | None:
        """Join the renewal under way, or start one; return its trouble for each to judge.

        The caller's end does not end it. Tokens that live for the span need no renewal. That it
        goes on for longer than ``wait_s`` is trouble too.
        """
        if self._flight is None:
            self._flight = asyncio.create_task(self._fly(span_s), name=f"tokens of {self.name}")
        flight = self._flight
        await asyncio.wait({flight}, timeout=wait_s)
        if flight.done():
            return flight.result()
        return BrokerUnreachable(
            f"login {self.name}: no new token yet, and none is lost: it is waited for since"
            f" {wait_s:g} s"
        )

    async def redeem(self, code: Secret) -> None:
        """Take in a new sign-in in place of all that was; goes on if the caller ends.

        SignInFailed, BrokerUnreachable, StoreError. The code is spent in any case.
        """
        # Tasks of their own for both: a caller that ends must not lose what the broker granted.
        earlier = self._sign_in
        task = asyncio.create_task(self._redeem_after(earlier, code), name=f"code of {self.name}")
        self._sign_in = task
        trouble = await asyncio.shield(task)
        if trouble:
            raise trouble

    async def aclose(self) -> None:
        """Wait for what is under way, so that no exchanged token is lost; bounded by timeouts.

        What could not be saved is tried once more: it ends with this process.
        """
        tasks = [task for task in (self._flight, self._sign_in) if task]
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.standing.pending is None:
            return
        try:
            async with self._lock.held(CLOSE_WAIT_S):
                await self._take_up_kept()
        except SwimdeskError as trouble:
            _log.error("tokens.lost", login=self.name, reason=trouble.detail)

    # --- a new sign-in

    async def _redeem_after(
        self, earlier: asyncio.Task[SwimdeskError | None] | None, code: Secret
    ) -> SwimdeskError | None:
        if earlier:
            await asyncio.wait({earlier})
        try:
            await self._redeem(code)
        except SwimdeskError as trouble:
            _log.error("tokens.not_redeemed", login=self.name, reason=trouble.detail)
            return trouble
        return None

    async def _redeem(self, code: Secret) -> None:
        async with self._lock.held(CODE_WAIT_S):
            await self._try_store()
            asked = self._means.now()
            answer = await self._means.endpoint.redeem(code, self._means.callback_url)
            grant = new_grant(self.name, answer, asked)
            # The older grant is dead from now on: what is still asked for it is not taken in.
            self.standing.sign_ins += 1
            self.standing.failures = 0
            self.standing.traded = self.standing.grant.refresh if self.standing.grant else None
            try:
                await self._save(grant, self.standing.sign_ins)
            except StoreError:
                # Whoever wants a token tries to save it again, rather than use a dead one.
                self.standing.reject()
                raise
        _log.info("tokens.signed_in", login=self.name, ends=grant.refresh_expires)
        await self._share()

    # --- renewing

    async def _fly(self, span_s: float) -> SwimdeskError | None:
        """Renew and return the trouble, which every waiting caller raises or not on its own."""
        standing, earlier = self.standing, self.standing.trouble
        trouble: SwimdeskError | None
        try:
            trouble = await self._renew(span_s)
        except SwimdeskError as error:
            if earlier is None or earlier.detail != error.detail:
                _log.error("tokens.not_renewed", login=self.name, reason=error.detail)
            trouble = error
        finally:
            self._flight = None
        standing.trouble = trouble
        if trouble:
            standing.idle = self._pause(IDLE_S)
        return trouble

    async def _renew(self, span_s: float) -> SwimdeskError | None:
        if self._sign_in:
            await asyncio.wait({self._sign_in})
        standing, now = self.standing, self._means.now
        if standing.is_quiet(now()) and standing.pending is None:
            return standing.trouble
        async with self._lock.held(LOCK_WAIT_S):
            # Whoever held the lock may have renewed already.
            await self._take_up_kept()
            await self._ask_cache()
            trouble: SwimdeskError | None = None
            # Twice: a sign-in brought in beside us shows in the store once ours is refused.
            for _ in range(2):
                if standing.is_fresh(now(), span_s):
                    return None
                if standing.grant is None or standing.is_refused():
                    return standing.sign_in_needed()
                trouble = await self._exchange(standing.grant)
                if not standing.is_refused():
                    break
                await self._take_up_kept()
        if trouble is None:
            await self._share()
        return trouble

    async def _exchange(self, grant: Grant) -> SwimdeskError | None:
        """Trade the refresh token and take in what comes back, unless a sign-in came between."""
        standing, sign_ins = self.standing, self.standing.sign_ins
        await self._try_store()
        if standing.sign_ins != sign_ins:
            return None
        asked = self._means.now()
        answer = await self._means.endpoint.exchange(grant.refresh)
        if standing.sign_ins != sign_ins:
            return None
        if isinstance(answer, TokensUnavailable):
            return self._unreachable(answer.reason, answer.wished_s)
        if isinstance(answer, TokensRefused):
            return self._refused(grant, answer)
        rejected = standing.rejected
        standing.traded = grant.refresh
        if not await self._save(successor(grant, answer, asked), sign_ins):
            return None
        if answer.access == rejected:
            return self._unreachable("the broker issues the token again that it refuses")
        standing.failures, standing.issued_s = 0, answer.life_s
        _log.info("tokens.renewed", login=self.name, life_s=answer.life_s)
        return None

    # --- what is kept

    async def _try_store(self) -> None:
        """Save what is kept once more; StoreError where that fails.

        Before anything is traded: what the broker has issued and nobody can keep is lost with this
        process, and what was kept is dead by then.
        """

        def save_again() -> None:
            try:
                kept = self._means.store.load(self.name)
            except StoreError:
                # One that is damaged is no obstacle to the sign-in that replaces it.
                return
            if kept is not None:
                self._means.store.save(self.name, kept)

        async with self._saving:
            await asyncio.to_thread(save_again)

    async def _save(self, grant: Grant, sign_ins: int) -> bool:
        """Write new tokens down, then use them; unsaved ones are kept for the next attempt.

        Not, and False, where another sign-in was taken in after the ``sign_ins``-th, theirs.
        """
        async with self._saving:
            if sign_ins != self.standing.sign_ins:
                return False
            self.standing.pending = grant
            await asyncio.to_thread(self._means.store.save, self.name, grant)
            self._use(grant)
        return True

    async def _take_up_kept(self) -> None:
        """Bring in what another process saved, and save what could not be saved before."""
        standing = self.standing
        kept = await asyncio.to_thread(self._means.store.load, self.name)
        pending = standing.pending
        if pending is not None and (kept is None or kept.signed_in <= pending.signed_in):
            await self._save(pending, standing.sign_ins)
        elif kept is not None and standing.grant is not None and standing.is_forerunner(kept):
            # A store that was put back, or a late write: what it has is dead.
            await self._save(standing.grant, standing.sign_ins)
        elif kept is not None and is_newer(kept, standing.grant):
            standing.traded = None
            self._use(kept)

    def _use(self, grant: Grant) -> None:
        early_s = EARLY_S + JITTER_S * self._means.draw()
        self.standing.replace(grant, self._means.now(), early_s)

    async def _ask_cache(self) -> None:
        """Look once, at the start, for a token that an earlier process has left to spare us one."""
        cache, grant = self._means.cache, self.standing.grant
        if cache is None or self._asked_cache or grant is None:
            return
        self._asked_cache = True
        found = await cache.get(self.name)
        if found is not None and self.standing.grant is grant:
            access, expires = found
            cached = dataclasses.replace(grant, access=access, access_expires=expires)
            if not self.standing.is_refused() and is_newer(cached, grant):
                self._use(cached)

    async def _share(self) -> None:
        """Leave the token at hand to other processes; it is saved and in use already."""
        cache, grant = self._means.cache, self.standing.grant
        if cache is not None and grant is not None:
            await cache.put(self.name, grant.access, grant.access_expires)

    # --- trouble

    def _pause(self, seconds: float) -> Pause:
        now = self._means.now()
        return Pause(now, now + timedelta(seconds=seconds))

    def _unreachable(self, reason: str, wished_s: int = 0) -> SwimdeskError:
        """Leave the endpoint alone: twice as long each time, and as long as it wishes."""
        standing = self.standing
        standing.failures += 1
        pause_s = max(min(2 ** (standing.failures - 1), MAX_PAUSE_S), wished_s)
        standing.quiet = self._pause(pause_s)
        _log.warning("tokens.unreachable", login=self.name, reason=reason, pause_s=pause_s)
        if standing.has_ended(self._means.now()):
            # Whatever the endpoint would say: it is a person that is waited for.
            return standing.sign_in_needed()
        return BrokerUnreachable(f"login {self.name}: no new token yet, and none is lost: {reason}")

    def _refused(self, grant: Grant, answer: TokensRefused) -> LoginRequired:
        standing = self.standing
        standing.refused, standing.failures = grant.refresh, 0
        standing.is_sign_in_blamed = answer.blames_sign_in
        usually = (
            f"the broker no longer accepts its sign-in ({answer.error});"
            f" run `swimdesk login {self.name}`"
        )
        standing.refusal = why_refused(answer, usually)
        _log.warning(
            "tokens.refused", login=self.name, error=answer.error, description=answer.description
        )
        return standing.sign_in_needed()
