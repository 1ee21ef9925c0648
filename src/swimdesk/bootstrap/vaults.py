"""The vault of a home, as its configuration says, and what is kept in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swimdesk.bootstrap.terminal import ask_secret, has_terminal
from swimdesk.errors import ConfigError, InputError, VaultError
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret

if TYPE_CHECKING:
    from swimdesk.config import Settings
    from swimdesk.login.grants import GrantStore
    from swimdesk.login.vault import Vault
    from swimdesk.login.vaults import VaultChoice

log = get_log(__name__)

PASSPHRASE: Final = "vault-passphrase"  # noqa: S105 - a name
"""The systemd credential that opens an encrypted file where nobody can be asked."""


def vault_of(settings: Settings, home: Path) -> Vault:
    """Return the home's vault, the same one for all of this process; VaultError.

    Nothing is read or asked before the first use of it.
    """
    return _opened(choice_of(settings), home)


async def open_vault_of(settings: Settings, home: Path) -> None:
    """Unlock the chosen vault and, in live mode, see that it keeps what it is given; VaultError."""
    from swimdesk.login.vault import probe

    if settings.broker.mode == "paper" and not settings.vault.backend:
        return
    vault = vault_of(settings, home)
    vault.unlock()
    if settings.broker.mode == "live":
        found = await asyncio.to_thread(probe, vault)
        log.info("vault.ready", backend=vault.name, probe=found)


def backend_of(settings: Settings, home: Path, backend: str) -> Vault:
    """Return another vault of the home than the one it uses; VaultError."""
    from swimdesk.login.vaults import open_backend

    ask = passphrase_of(home)
    return open_backend(choice_of(settings), backend, home, passphrase=ask, if_wrong=_if_wrong)


def choice_of(settings: Settings) -> VaultChoice:
    """Return what the configuration says about the vault."""
    from swimdesk.login.vaults import VaultChoice

    vault = settings.vault
    return VaultChoice(vault.backend, vault.totp_backend, vault.service, settings.broker.mode)


def references_of(settings: Settings) -> tuple[str, ...]:
    """Return every reference to a secret that the configuration has."""
    numbers = (one.number for one in settings.account if one.number is not None)
    return (settings.broker.app_key, settings.broker.app_secret, *numbers)


def secret_at(reference: str, settings: Settings, home: Path) -> Secret:
    """Return the secret that a reference names; ConfigError, VaultError.

    ``keyring:`` is the home's vault where its configuration names one. May block: not on the loop.
    """
    from swimdesk.login.secrets import resolve

    def vault_at(service: str) -> Vault:
        return _of_service(settings, home, service)

    return resolve(reference, home, vault_at=vault_at if settings.vault.backend else None)


def grant_store(home: Path, settings: Settings) -> GrantStore:
    """Return where the sign-ins of a home are kept: files in paper mode, else its vault."""
    from swimdesk.login.token_files import TokenFiles
    from swimdesk.login.vault_grants import VaultGrants

    if settings.broker.mode == "paper":
        return TokenFiles(home, "paper")
    return VaultGrants(vault_of(settings, home))


def check_grants_can_be_read(settings: Settings, home: Path) -> None:
    """Raise VaultError where the vault of the sign-ins does not open: that no sign-in mends."""
    from swimdesk.login.vault import CACHE_KEY

    if settings.broker.mode == "live":
        vault_of(settings, home).get(CACHE_KEY)


@lru_cache(maxsize=8)
def _opened(choice: VaultChoice, home: Path) -> Vault:
    # Kept, because it is the vault that remembers a passphrase which is asked only once.
    from swimdesk.login.vaults import open_vault

    return open_vault(choice, home, passphrase=passphrase_of(home), if_wrong=_if_wrong)


def _of_service(settings: Settings, home: Path, service: str) -> Vault:
    from swimdesk.login.vault_keyring import SecretServiceVault

    if service == settings.vault.service:
        return vault_of(settings, home)
    if settings.vault.backend == "secret-service":
        return SecretServiceVault(service)
    raise ConfigError(
        f"the vault of this home keeps what is of the service {settings.vault.service}:"
        f" write keyring:{settings.vault.service}/NAME instead of keyring:{service}/…"
    )


def passphrase_of(home: Path) -> Callable[[bool], Secret]:
    """Return what asks for the passphrase of a home's encrypted file, True where it is new."""

    def ask(is_new: bool) -> Secret:
        kept = _credential()
        if kept is not None:
            return kept
        if not has_terminal():
            raise VaultError(
                f"the vault of {home} is locked, and nobody can be asked for its passphrase here:"
                f" give the unit a LoadCredentialEncrypted={PASSPHRASE}, or run the command on a"
                " terminal of its own"
            )
        return typed_twice(home) if is_new else ask_secret(f"passphrase of the vault of {home}")

    return ask


def _if_wrong() -> str:
    """Say what to do about a passphrase that does not open the file, by where it came from."""
    from swimdesk.login.vault_sealed import type_again

    if _credential() is None:
        return type_again()
    return (
        f"It was not typed: it came from the credential {PASSPHRASE} of this unit. Seal the right"
        " one anew and restart the unit (docs/vault.md), or run the command outside it to type it"
    )


def has_credential() -> bool:
    """Tell whether an encrypted file opens here without asking anybody; VaultError."""
    return _credential() is not None


def _credential() -> Secret | None:
    """Return the passphrase that systemd holds for this unit; None where it holds none."""
    from swimdesk.login.vault_credentials import CredentialsVault

    if not os.environ.get("CREDENTIALS_DIRECTORY"):
        return None
    kept = CredentialsVault().get(PASSPHRASE)
    if kept == Secret(""):
        raise VaultError(
            f"the credential {PASSPHRASE} is empty: seal it again, as docs/vault.md says"
        )
    return kept


def typed_twice(home: Path) -> Secret:
    """Return a new passphrase that a person types; InputError where the two differ."""
    first = ask_secret(f"new passphrase for the vault of {home}")
    if ask_secret("the same again") != first:
        raise InputError("the two passphrases differ; nothing was written")
    return first
