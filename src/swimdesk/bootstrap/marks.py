"""How a password that was refused is known again, and how a person takes that back.

A mark is a keyed digest of the password. Beside it stands in which setting of the vault's items it
was typed: setting them anew, even to the same, is a person's word that they are right.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Final

from swimdesk.bootstrap.home import HomePaths, digest_key_of
from swimdesk.errors import StoreError
from swimdesk.telemetry.redaction import Secret

_KINDS: Final = ("user", "password")
"""The items that the broker's complaint may be about."""


def mark_of(home: Path, login: str, password: Secret) -> str:
    """Return the mark of a password of a login as it would be typed now; StoreError."""
    key = digest_key_of(HomePaths(home)).reveal().encode()
    text = f"password of {login}\n{password.reveal()}".encode()
    digest = hmac.new(key, text, hashlib.sha256).hexdigest()
    setting = _setting(home, login)
    return f"{digest}.{setting}" if setting else digest


def set_anew(home: Path, item: str) -> None:
    """Note that a person has just set an item of the vault; StoreError.

    Where the note is lost, a password that was refused stays refused.
    """
    first, _, rest = item.partition("/")
    login, _, kind = rest.rpartition("/")
    if first != "login" or kind not in _KINDS:
        return
    from swimdesk.login.writing import reason_of, write_whole

    paths = HomePaths(home)
    paths.make()
    try:
        write_whole(_place(home, login), secrets.token_hex(8).encode())
    except OSError as error:
        raise StoreError(
            f"{item} was set, but this could not be noted ({reason_of(error)}): if the broker"
            " refused the same password before, it is still not typed; set it again"
        ) from None


def _setting(home: Path, login: str) -> str:
    try:
        text = _place(home, login).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return text if text.isalnum() else ""


def _place(home: Path, login: str) -> Path:
    return HomePaths(home).run / f"password-{login}"
