"""What `swimdesk vault` does with the vault of a home."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swimdesk.bootstrap.vaults import backend_of, vault_of
from swimdesk.config import load_settings
from swimdesk.errors import InputError, UnknownReference, VaultError
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.vaulting import VaultItemView, VaultMoveView, VaultProbeView

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
        for item in sorted(there | _expected(settings))
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
    """Keep a secret that a person gave, and return what there is to say about it."""
    from swimdesk.login.vault import is_seed, item_of

    settings = load_settings(home, config)
    vault = vault_of(settings, home)
    if not is_seed(item):
        vault.put(item, secret)
        return ""
    vault.put(item, _seed(item, secret))
    password = item_of(item.split("/")[1], "password")
    if settings.vault.totp_backend not in {"", settings.vault.backend} or not vault.get(password):
        return ""
    return (
        f"the seed is in the same vault as {password}: whoever opens it has both factors;"
        " [vault] totp_backend keeps seeds in another one"
    )


def probe_vault(home: Path, config: Path | None) -> VaultProbeView:
    """Write an item, read it back and remove it; VaultError where that fails."""
    from swimdesk.login.vaults import try_out

    vault = vault_of(load_settings(home, config), home)
    return VaultProbeView(vault.name, try_out(vault))


def move_vault(home: Path, config: Path | None, backend: str) -> VaultMoveView:
    """Copy all items to another backend, compare each, then drop the old ones; VaultError.

    The caller holds the home's lock: a running desk would go on keeping its sign-ins in the old
    vault. Seeds that ``totp_backend`` keeps apart stay there, and so do files that the
    configuration names by their path.
    """
    settings = load_settings(home, config)
    # The name for "files" may be left out of the configuration.
    chosen = settings.vault.backend or "files"
    if backend == chosen:
        raise InputError(f"the vault is {backend} already; nothing was moved")
    source = backend_of(settings, home, chosen)
    target = backend_of(settings, home, backend)
    by_path = set(_references(settings))
    items = tuple(one for one in source.items() if f"file:secrets/{one}" not in by_path)
    _copy(source, target, items)
    for item in items:
        source.drop(item)
    left = f'set backend = "{backend}" under [vault] in config.toml: until then nothing is found'
    return VaultMoveView(source.name, target.name, items, left)


def _copy(source: Vault, target: Vault, items: tuple[str, ...]) -> None:
    """Copy, then compare in a second pass; VaultError, and the source is as it was."""
    for item in items:
        secret = source.get(item)
        if secret is not None:
            target.put(item, secret)
    differing = [item for item in items if target.get(item) != source.get(item)]
    if differing:
        raise VaultError(
            f"{target.name} gave back something else for {', '.join(differing)}: nothing was"
            f" removed, {source.name} still has everything"
        )


def _expected(settings: Settings) -> set[str]:
    """Return what could be in the vault by the configuration."""
    kinds = ["user", "password", "totp"]
    if settings.broker.mode == "live":
        kinds.append("grant")
    items = {f"login/{login.name}/{kind}" for login in settings.login for kind in kinds}
    if settings.vault.backend:
        prefix = f"keyring:{settings.vault.service}/"
        references = _references(settings)
        items |= {one.removeprefix(prefix) for one in references if one.startswith(prefix)}
    return items


def _references(settings: Settings) -> tuple[str, ...]:
    """Return every reference to a secret that the configuration has."""
    numbers = (one.number for one in settings.account if one.number is not None)
    return (settings.broker.app_key, settings.broker.app_secret, *numbers)


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
