"""What a vault is: secrets by item, such as ``login/smith/password``, and its probe."""

from __future__ import annotations

import re
import secrets
from typing import Final, Protocol

from swimdesk.errors import InputError, VaultError
from swimdesk.telemetry.redaction import Secret

CACHE_KEY: Final = "cache/key"
_PROBE: Final = "vault-probe"
LOGIN_KINDS: Final = ("user", "password", "totp", "grant")
"""What is kept for each login."""

_LOGIN_ITEM = re.compile(rf"login/([A-Za-z0-9][A-Za-z0-9._-]{{0,31}})/({'|'.join(LOGIN_KINDS)})")
_OWN_ITEM = re.compile(r"(?!(?:login|cache)\.)[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Vault(Protocol):
    """Keeps secrets by item. Calls block, each bounded by a timeout; VaultError where one fails.

    Whoever writes gets StoreFull where the disk is full; nothing that was kept is lost then.
    """

    name: str
    """How the vault is called in `doctor` and in messages."""
    is_read_only: bool
    """Whether ``put`` and ``drop`` only say how it is filled instead."""

    def unlock(self) -> None:
        """Ask a person now for what the vault needs before its first use; else do nothing."""
        ...

    def get(self, item: str) -> Secret | None:
        """Return the secret of an item; None where there is none."""
        ...

    def put(self, item: str, secret: Secret) -> None:
        """Keep the secret durably, in place of an earlier one."""
        ...

    def drop(self, item: str) -> bool:
        """Forget an item; tell whether there was one."""
        ...

    def items(self) -> tuple[str, ...]:
        """Return the names of all items that are there, in order."""
        ...


def item_of(login: str, kind: str) -> str:
    """Return the item of a login: its ``user``, ``password``, ``totp`` or ``grant``; InputError."""
    return check_item(f"login/{login}/{kind}")


def check_item(item: str) -> str:
    """Return the item if it can be one; InputError says how items are called."""
    if is_item(item):
        return item
    raise InputError(
        f"{item[:80]!r} is not the name of an item; there are login/NAME/user, login/NAME/password,"
        f" login/NAME/totp, login/NAME/grant, {CACHE_KEY}, and names of your own such as app_key"
        " (letters, digits, dots, dashes, underscores)"
    )


def is_item(item: str) -> bool:
    """Tell whether an item can be called so."""
    return item == CACHE_KEY or bool(_LOGIN_ITEM.fullmatch(item) or _OWN_ITEM.fullmatch(item))


def is_seed(item: str) -> bool:
    """Tell whether the item is the seed of a second factor."""
    return item.startswith("login/") and item.endswith("/totp")


def probe(vault: Vault) -> str:
    """Write an item, read it back and drop it; return what was found, VaultError if it differs."""
    if vault.is_read_only:
        return f"{len(vault.items())} items can be read; it is not written from here"
    # A name of its own: another process may be trying the vault out at this moment.
    item = f"{_PROBE}.{secrets.token_hex(8)}"
    wrote = Secret(secrets.token_urlsafe(32))
    vault.put(item, wrote)
    try:
        read = vault.get(item)
    finally:
        vault.drop(item)
    if read != wrote:
        found = "nothing" if read is None else "something else"
        raise VaultError(
            f"the vault {vault.name} gave back {found} for what had just been written:"
            " do not use it before you know why"
        )
    return "an item was written, read back alike and removed"
