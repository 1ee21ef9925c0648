"""A sign-in as front ends carry it out, and what they are shown of every login."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LoginView:
    """A login's grant and what to do about it.

    ``detail`` is the last trouble, or what a person is to do. ``way`` is how it signs in: assisted,
    automatic or manual; ``accounts`` are the aliases that it sees, as far as they are known.
    ``signing_since`` is null while no sign-in is under way, ``sign_ins_left`` how many may begin
    within the hour; both are null where no desk runs. ``would_sign_in`` is false while a sign-in
    would come to nothing: the token endpoint does not answer or refuses the application, or what is
    kept cannot be read or written.
    """

    login: str
    state: str
    access_expires: datetime | None
    refresh_expires: datetime | None
    detail: str
    way: str | None = None
    accounts: tuple[str, ...] = ()
    signing_since: datetime | None = None
    sign_ins_left: int | None = None
    would_sign_in: bool = True


@dataclass(frozen=True, slots=True)
class SignInEnd:
    """How one of several sign-ins ended: ``view`` where it went well, else ``code`` and ``detail``.

    ``code`` is that of the error.
    """

    login: str
    view: LoginView | None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class BeginSignIn:
    """A sign-in to be begun; ``way`` is assisted, automatic or manual.

    ``password_mark`` is a keyed digest of the password that will be typed, with a dot and the
    setting of the vault's item where that is known; null where none is.
    """

    login: str
    way: str
    password_mark: str | None = None


@dataclass(frozen=True, slots=True)
class SignInStart:
    """A sign-in that has begun: what to open, where it comes back to, what to expect there.

    ``accounts`` are the last four digits of every account that the consent has to name.
    """

    attempt: str
    login: str
    authorize_url: str = field(repr=False)
    callback_url: str
    state: str = field(repr=False)
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FinishSignIn:
    """A sign-in that came back: ``callback`` is the whole url, good once and for 30 s."""

    attempt: str
    callback: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FailSignIn:
    """A sign-in that came to nothing, and why; a wrong password is never typed again."""

    attempt: str
    reason: str
    is_wrong_password: bool = False


@dataclass(frozen=True, slots=True)
class TokenCacheView:
    """How often the cache of access tokens was asked since the start, and what came of it.

    ``absent``: nothing there, or the cache was slow or gone; ``refused``: not what was put there
    for this login; ``ended``: the token had ended. All three are misses and nothing else.
    """

    hits: int
    absent: int
    refused: int
    ended: int
