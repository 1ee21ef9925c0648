"""Token files in schwab-py's form: one per login, 0600, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from swimdesk.errors import ConfigError, InputError, StoreError, StoreFull
from swimdesk.login.writing import FULL, NotDurable, reason_of, unconfirmed, write_whole
from swimdesk.telemetry.redaction import Secret

if TYPE_CHECKING:
    from swimdesk.login.grants import GrantStore

Mode: TypeAlias = Literal["paper", "live"]

REFRESH_LIFE = timedelta(days=7)
"""From the sign-in; refreshing does not extend it."""

_LAST = datetime.max.replace(tzinfo=UTC) - REFRESH_LIFE
"""A sign-in later than this has no end that could be told."""
CLOCKS_APART = timedelta(minutes=5)
"""How far the clock of the machine that signed in may be ahead of this one."""

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_TOKEN = re.compile(r"[!-~]+")
_LIVE = "tokens of a live login are not kept in files: they belong in the vault of the home"


@dataclass(frozen=True, slots=True)
class Grant:
    """What one sign-in gave us: two tokens and their ends."""

    access: Secret
    refresh: Secret
    access_expires: datetime
    signed_in: datetime
    scope: str = "api"

    @property
    def refresh_expires(self) -> datetime:
        """When a person has to sign in again, at the latest."""
        return self.signed_in + REFRESH_LIFE


class TokenFiles:
    """The token files of a home; ConfigError in live mode."""

    def __init__(self, home: Path, mode: Mode) -> None:
        if mode == "live":
            raise ConfigError(_LIVE)
        self._folder = home / "tokens"

    def path(self, login: str) -> Path:
        """Return where the tokens of a login are kept."""
        if not _LOGIN.fullmatch(login):
            raise InputError(f"{login!r} is not the name of a login")
        return self._folder / f"{login}.json"

    def load(self, login: str) -> Grant | None:
        """Read the tokens of a login; None where there is no file, StoreError if it is unusable."""
        path = self.path(login)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"{path.name} in tokens cannot be read: {reason_of(error)}") from None
        try:
            return parse_token_file(text)
        except ValueError as error:
            raise StoreError(
                f"{path.name} in tokens is damaged ({error}): run `swimdesk login {login}`"
            ) from None

    def save(self, login: str, grant: Grant) -> None:
        """Write the tokens of a login durably; StoreError, and the old file kept, if it fails.

        Of a file that is new, but that the disk does not confirm, the error says so.
        """
        path = self.path(login)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, token_text(grant).encode())
        except NotDurable as error:
            raise StoreError(unconfirmed(f"{path.name} in tokens", error)) from None
        except OSError as error:
            kind = StoreFull if error.errno in FULL else StoreError
            raise kind(f"the tokens of {login} cannot be saved: {reason_of(error)}") from None


def import_token_file(
    source: Path, store: GrantStore, login: str, *, now: Callable[[], datetime]
) -> Grant:
    """Take the tokens of a login from a token file of schwab-py; InputError if it has none."""
    try:
        # Editors of some systems put a mark before the text.
        grant = parse_token_file(source.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{source} cannot be read: {reason_of(error)}") from None
    except ValueError as error:
        raise InputError(f"{source} is not a token file of schwab-py: {error}") from None
    _check_import(source, grant, now())
    store.save(login, grant)
    return grant


def _check_import(source: Path, grant: Grant, now: datetime) -> None:
    """Refuse a sign-in that has ended, or of which it is not known when it ends; InputError."""
    if grant.refresh_expires <= now:
        raise InputError(
            f"the sign-in in {source} ended {grant.refresh_expires:%Y-%m-%d %H:%M} UTC:"
            " sign in with schwab-py again and import the new file"
        )
    if grant.signed_in > now + CLOCKS_APART:
        raise InputError(
            f"the creation_timestamp of {source} is {grant.signed_in:%Y-%m-%d %H:%M} UTC, which is"
            " still to come: look at the clocks of both machines"
        )


def parse_token_file(text: str) -> Grant:
    """Read a token file; ValueError says what is wrong, without showing any of it."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    token = document.get("token") if isinstance(document, dict) else None
    if not isinstance(token, dict):
        raise ValueError("it has no token object")  # noqa: TRY004 - one kind of error for all
    signed_in = _moment(document.get("creation_timestamp"), "creation_timestamp")
    return Grant(
        access=_secret(token, "access_token"),
        refresh=_secret(token, "refresh_token"),
        # Without a stated end the token counts as ended with the sign-in that it came from, and is
        # refreshed before it is used.
        access_expires=_moment(token["expires_at"], "expires_at")
        if "expires_at" in token
        else signed_in,
        signed_in=signed_in,
        scope=str(token.get("scope") or "api"),
    )


def is_token(text: str) -> bool:
    """Tell whether a text can be a token: it has to fit into the head of a request."""
    return _TOKEN.fullmatch(text) is not None


def token_text(grant: Grant) -> str:
    """Return the token file that ``parse_token_file`` reads: for the one place that keeps it."""
    return json.dumps(_document(grant), indent=1)


def _document(grant: Grant) -> dict[str, Any]:
    return {
        "creation_timestamp": int(grant.signed_in.timestamp()),
        "token": {
            "expires_in": 1800,
            "token_type": "Bearer",
            "scope": grant.scope,
            "refresh_token": grant.refresh.reveal(),
            "access_token": grant.access.reveal(),
            "expires_at": int(grant.access_expires.timestamp()),
        },
    }


def _secret(token: dict[str, Any], key: str) -> Secret:
    text = token.get(key)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"it has no {key}")
    if not is_token(text):
        raise ValueError(f"its {key} has blanks or letters that no token has")
    return Secret(text)


def _moment(value: object, key: str) -> datetime:
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(ValueError, OverflowError, OSError):
            moment = datetime.fromtimestamp(value, UTC)
            if moment <= _LAST:
                return moment
    raise ValueError(f"its {key} is not a time")
