"""What `swimdesk vault` does with the vault of a home."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swimdesk.bootstrap.marks import set_anew
from swimdesk.bootstrap.vaults import PASSPHRASE, references_of, vault_of
from swimdesk.config import load_settings
from swimdesk.errors import InputError, UnknownReference, VaultError
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.vaulting import (
    VaultItemView,
    VaultPassphraseView,
    VaultProbeView,
)

if TYPE_CHECKING:
    from swimdesk.config import Settings
    from swimdesk.login.vault import Vault

_MADE_BY_US: Final = {"grant": "a sign-in or `swimdesk login NAME --import FILE`"}


def vault_items(home: Path, config: Path | None) -> tuple[VaultItemView, ...]:
    """Tell which items the vault has, and which that could be there it has not; VaultError.

    Seeds that are kept apart, for the daemon's unit alone, cannot be seen by anybody else.
    """
    from swimdesk.login.vault import is_seed
    from swimdesk.login.vaults import SeedsApart

    settings = load_settings(home, config)
    vault = vault_of(settings, home)
    hidden = isinstance(vault, SeedsApart) and not _can_list(vault.seeds)
    there = set(vault.vault.items() if isinstance(vault, SeedsApart) and hidden else vault.items())
    return tuple(
        VaultItemView(item, None if hidden and is_seed(item) else item in there)
        for item in sorted(there | expected_items(settings))
    )


def _can_list(vault: Vault) -> bool:
    if not vault.is_read_only:
        return True
    try:
        vault.items()
    except VaultError:
        return False
    return True


def check_vault_item(home: Path, config: Path | None, item: str) -> None:
    """Raise InputError or UnknownReference where a person cannot set the item, before asking."""
    from swimdesk.login.vault import CACHE_KEY, check_item

    settings = load_settings(home, config)
    first, *rest = check_item(item).split("/")
    if item == CACHE_KEY:
        raise InputError(f"{item} is made by swimdesk itself")
    if first != "login":
        return
    login, kind = rest
    if kind in _MADE_BY_US:
        raise InputError(f"{item} comes with {_MADE_BY_US[kind]}")
    known = [one.name for one in settings.login]
    if login not in known:
        raise UnknownReference(
            f"There is no [[login]] named {login} in the configuration;"
            f" there are {', '.join(known) or 'none'}."
        )


def set_vault_item(home: Path, config: Path | None, item: str, secret: Secret) -> str:
    """Keep a secret that a person gave, and return what there is to say about it.

    A password may be typed again from then on, also one that the broker refused before.
    """
    from swimdesk.login.vault import is_seed, item_of

    settings = load_settings(home, config)
    vault = vault_of(settings, home)
    if not is_seed(item):
        vault.put(item, secret)
        set_anew(home, item)
        return ""
    vault.put(item, _seed(item, secret))
    password = item_of(item.split("/")[1], "password")
    if settings.vault.totp_backend not in {"", settings.vault.backend} or not vault.get(password):
        return ""
    return (
        f"the seed is in the same vault as {password}: whoever opens it has both factors;"
        " [vault] totp_backend keeps seeds in another one"
    )


def look_up_for_dropping(home: Path, config: Path | None, item: str) -> str:
    """Return what dropping the item means; InputError, UnknownReference where it is not there."""
    from swimdesk.login.vault import check_item

    settings = load_settings(home, config)
    vault = vault_of(settings, home)
    if check_item(item) not in _all_of(vault):
        raise UnknownReference(f"There is no {item} in {vault.name}; see `swimdesk vault list`.")
    return _meaning(settings, item)


def drop_vault_item(home: Path, config: Path | None, item: str) -> None:
    """Forget an item, and see that it is gone; VaultError, StoreFull, UnknownReference."""
    vault = vault_of(load_settings(home, config), home)
    if not vault.drop(item):
        raise UnknownReference(f"There is no {item} in {vault.name}; see `swimdesk vault list`.")
    if vault.get(item) is not None:
        raise VaultError(f"{vault.name} said that {item} was removed, and still gives it out")


def is_kept_by_a_desk(item: str) -> bool:
    """Tell whether a running desk holds the item and would write it back."""
    from swimdesk.login.vault import CACHE_KEY

    return item == CACHE_KEY or (item.startswith("login/") and item.endswith("/grant"))


def change_vault_passphrase(
    home: Path, config: Path | None, new: Callable[[], Secret]
) -> VaultPassphraseView:
    """Ask for the passphrase, then for a new one, and seal the encrypted file under that.

    The caller holds the home's lock: a running desk could no longer save its sign-ins. VaultError,
    StoreFull, InputError, and the file is as it was.
    """
    from swimdesk.login.vaults import encrypted_file_of

    vault = vault_of(load_settings(home, config), home)
    file = encrypted_file_of(vault)
    if file is None:
        raise InputError(f"the vault is {vault.name}: only an encrypted file has a passphrase")
    if not file.has_file():
        raise InputError(
            f"there is no {file.name} yet: the first `swimdesk vault set` asks for its passphrase"
        )
    # Before the new one is asked, so that it is not typed for nothing.
    file.unlock()
    count = file.change_passphrase(new())
    left = (
        f"a unit that gets the passphrase as its credential {PASSPHRASE} needs the new one, sealed"
        " anew; copies of the file that were made before open with the old one"
    )
    return VaultPassphraseView(file.name, count, left)


def probe_vault(home: Path, config: Path | None) -> VaultProbeView:
    """Write an item, read it back and remove it; VaultError where that fails."""
    from swimdesk.login.vaults import try_out

    vault = vault_of(load_settings(home, config), home)
    return VaultProbeView(vault.name, try_out(vault))


def _all_of(vault: Vault) -> set[str]:
    """Return all items that can be dropped, also seeds that were left beside their passwords."""
    from swimdesk.login.vaults import SeedsApart

    if not isinstance(vault, SeedsApart):
        return set(vault.items())
    seeds = vault.seeds.items() if _can_list(vault.seeds) else ()
    return {*vault.vault.items(), *seeds}


def _meaning(settings: Settings, item: str) -> str:
    """Say what is without the item from then on."""
    from swimdesk.login.vault import CACHE_KEY

    if item == CACHE_KEY:
        return "access tokens in memcached cannot be opened any more; the next start makes a key"
    first, _, rest = item.partition("/")
    if first != "login":
        is_named = f"keyring:{settings.vault.service}/{item}" in references_of(settings)
        return "config.toml names it: nothing starts before it is set again" if is_named else ""
    login, _, kind = rest.rpartition("/")
    if kind == "grant":
        return (
            f"{login} has to sign in again (`swimdesk login {login}`); the broker is not told, and"
            " honours what was dropped until its seven days are over or a new sign-in ends it"
        )
    return f"from the next sign-in on {login} is asked for it, and does not sign in by itself"


def expected_items(settings: Settings) -> set[str]:
    """Return what could be in the vault by the configuration."""
    kinds = ["user", "password", "totp"]
    if settings.broker.mode == "live":
        kinds.append("grant")
    items = {f"login/{login.name}/{kind}" for login in settings.login for kind in kinds}
    if settings.vault.backend:
        prefix = f"keyring:{settings.vault.service}/"
        references = references_of(settings)
        items |= {one.removeprefix(prefix) for one in references if one.startswith(prefix)}
    return items


def _seed(item: str, secret: Secret) -> Secret:
    """Return a TOTP seed as one run of capitals; InputError where it is none, never showing it."""
    text = "".join(secret.reveal().split()).replace("-", "").rstrip("=").upper()
    try:
        base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        raise InputError(
            f"what was given for {item} is no TOTP seed: expected the letters A to Z and digits"
            " 2 to 7 that are shown beside the code to scan"
        ) from None
    return Secret(text)
