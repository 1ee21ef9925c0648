"""How one login stands: its tokens at hand, what was refused, and what that means for people."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from swimdesk.desk.ports import LoginHealth, LoginState
from swimdesk.errors import LoginRequired, StoreError, SwimdeskError
from swimdesk.login.token_files import Grant
from swimdesk.telemetry.redaction import Secret

LAST_MINUTE_S = 60.0
"""A token with less life than this is waited out of use: whoever wants one waits for the next."""
EXPIRING = timedelta(days=1)
LONGEST_LIFE_S = 1860.0
"""No access token lives for longer: one that seems to was issued before the clock was set back."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A time of leaving alone, which ends early if the clock is set back before it."""

    begun: datetime
    ends: datetime

    def holds(self, now: datetime) -> bool:
        """Tell whether it goes on."""
        return self.begun <= now < self.ends


@dataclass(slots=True)
class Standing:
    """What is known about one login."""

    name: str
    grant: Grant | None = None
    lead_s: float = 0.0
    """How long before its end the access token at hand is to be replaced."""
    issued_s: float = 0.0
    """How long the access token at hand was issued for, if this process asked for it; else 0."""
    pending: Grant | None = None
    """Tokens received and not yet saved; the older ones may be dead already."""
    traded: Secret | None = field(default=None, repr=False)
    """The refresh token that the one at hand, or pending, was traded for."""
    rejected: Secret | None = field(default=None, repr=False)
    """The access token that the broker refused on a read, though it had not ended."""
    refused: Secret | None = field(default=None, repr=False)
    """The refresh token that the endpoint refused; it is not sent again."""
    refusal: str = ""
    """Why the endpoint refused it, and what to do."""
    is_sign_in_blamed: bool = True
    """Whether a refusal, if there is one, was of the sign-in rather than of anything else."""
    trouble: SwimdeskError | None = None
    """What the last renewal ended with, if not with new tokens."""
    failures: int = 0
    quiet: Pause | None = None
    """While the endpoint is left alone, as it did not answer."""
    idle: Pause | None = None
    """While nothing is renewed that nobody waits for."""
    sign_ins: int = 0
    """How many sign-ins were taken in; what was asked for an earlier one is not."""

    def lives(self, now: datetime, span_s: float = 0.0) -> bool:
        """Tell whether the access token at hand can be used now and for that long."""
        if self.grant is None or self.grant.access == self.rejected:
            return False
        left_s = (self.grant.access_expires - now).total_seconds()
        return left_s > 0 and left_s >= span_s

    def is_fresh(self, now: datetime, span_s: float = 0.0) -> bool:
        """Tell whether there is no reason yet to replace the access token at hand."""
        wanted_s = max(span_s, LAST_MINUTE_S, self.lead_s)
        # The endpoint has just shown that it issues none that live for longer.
        if not self.lives(now, min(wanted_s, self.issued_s / 2) if self.issued_s else wanted_s):
            return False
        return not self.lives(now, LONGEST_LIFE_S)

    def reject(self) -> None:
        """Use the access token at hand no more."""
        self.rejected = self.grant.access if self.grant else None

    def is_refused(self) -> bool:
        """Tell whether the endpoint refused the refresh token at hand."""
        return self.grant is not None and self.grant.refresh == self.refused

    def is_forerunner(self, kept: Grant) -> bool:
        """Tell whether kept tokens were traded by us for those at hand."""
        is_ours = self.grant is not None and self.grant.refresh == kept.refresh
        return kept.refresh == self.traded and not is_ours

    def is_quiet(self, now: datetime) -> bool:
        """Tell whether the endpoint is left alone for now."""
        return self.quiet is not None and self.quiet.holds(now)

    def is_idle(self, now: datetime) -> bool:
        """Tell whether to renew only for those who wait for it."""
        idle = self.idle is not None and self.idle.holds(now)
        return idle or self.is_refused() or self.is_quiet(now)

    def has_ended(self, now: datetime) -> bool:
        """Tell whether the sign-in at hand is older than a sign-in can be."""
        return self.grant is not None and self.grant.refresh_expires <= now

    def replace(self, grant: Grant, now: datetime, early_s: float) -> None:
        """Use these tokens from now on, and their successors ``early_s`` before they end."""
        life_s = (grant.access_expires - now).total_seconds()
        # A short life must not make every use of a token a reason to replace it.
        self.lead_s = max(0.0, min(early_s, life_s / 2))
        self.grant, self.issued_s = grant, 0.0
        self.pending = self.trouble = self.quiet = self.idle = None
        self.is_sign_in_blamed = True

    def sign_in_needed(self) -> LoginRequired:
        """Return the error that sends a person to sign in, with the reason."""
        advice = f"; run `swimdesk login {self.name}`"
        said = f"its sign-in has ended, as it does after seven days{advice}"
        if self.grant is None:
            said = f"it has no tokens yet{advice}"
        elif self.is_refused():
            said = self.refusal
        return LoginRequired(f"login {self.name}: {said}")

    def would_sign_in(self) -> bool:
        """Tell whether a new sign-in would help now."""
        is_answering = not self.failures and self.is_sign_in_blamed
        return is_answering and not isinstance(self.trouble, StoreError)

    def health(self, now: datetime) -> LoginHealth:
        """Tell how the login stands, as last known."""
        return replace(self._health(now), would_sign_in=self.would_sign_in())

    def _health(self, now: datetime) -> LoginHealth:
        grant = self.grant
        said = self.trouble.detail if self.trouble else ""
        if grant is None:
            detail = said or self.sign_in_needed().detail
            return LoginHealth(self.name, LoginState.NO_TOKEN, None, None, detail)
        left = grant.refresh_expires - now
        if self.is_refused() or self.has_ended(now):
            kind, detail = LoginState.SIGN_IN_NEEDED, self.sign_in_needed().detail
        elif left <= EXPIRING:
            kind = LoginState.EXPIRING
            detail = f"sign in again before {grant.refresh_expires:%Y-%m-%d %H:%M} UTC"
        else:
            kind, detail = LoginState.OK, said
        return LoginHealth(self.name, kind, grant.access_expires, grant.refresh_expires, detail)


def is_newer(kept: Grant, grant: Grant | None) -> bool:
    """Tell whether kept tokens are other ones than those at hand, and not their forerunners."""
    if grant is None or kept.refresh != grant.refresh:
        return True
    return kept.access != grant.access and kept.access_expires > grant.access_expires
