"""Access tokens and how each grant stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from swimdesk.telemetry.redaction import Secret


class LoginState(StrEnum):
    """How a login's grant stands."""

    OK = "ok"
    EXPIRING = "expiring"
    SIGN_IN_NEEDED = "sign_in_needed"
    NO_TOKEN = "no_token"  # noqa: S105 - a state, not a secret


@dataclass(frozen=True, slots=True)
class LoginHealth:
    """A login's grant: when its tokens end and what to do about it."""

    login: str
    state: LoginState
    access_expires: datetime | None
    refresh_expires: datetime | None
    detail: str
    would_sign_in: bool = True
    """Whether a new sign-in would help now.

    Not while the endpoint does not answer or refuses the application, nor while the tokens that are
    kept cannot be read or written.
    """


@dataclass(frozen=True, slots=True)
class TokenCacheUse:
    """How often a cache of access tokens was asked, and what came of it."""

    hits: int = 0
    absent: int = 0
    """Never put there, forgotten, or the cache was slow or gone."""
    refused: int = 0
    """Not what we put there for this login: damaged, tampered with, or another one's."""
    ended: int = 0
    """Ours, and its token had ended."""


class TokenSource(Protocol):
    """Give access tokens; one owner refreshes, all others wait for its result."""

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Return a token that lives at least that long; LoginRequired, BrokerUnreachable."""
        ...

    def current(self, login: str, *, min_life_s: float = 0.0) -> Secret | None:
        """Return the token if it is alive now and for that long, without waiting."""
        ...

    async def replace_rejected(self, login: str, rejected: Secret) -> Secret:
        """Return another token after the broker refused this one on a read."""
        ...

    def health(self) -> tuple[LoginHealth, ...]:
        """Tell how each login stands."""
        ...


class Logins(Protocol):
    """Carry a sign-in of a person to the broker and back."""

    @property
    def callback_url(self) -> str:
        """Where the broker's pages send the browser at the end."""
        ...

    def authorize_url(self, login: str, state: str) -> Secret:
        """Return where a sign-in begins; ``state`` comes back with it."""
        ...

    def code_of(self, callback: Secret, state: str) -> Secret:
        """Return the code in a url that came back; SignInFailed says what is wrong with it."""
        ...

    async def redeem(self, login: str, code: Secret) -> None:
        """Trade a code for a new grant, once; the one before dies in that moment.

        SignInFailed, BrokerUnreachable, StoreError.
        """
        ...
