"""The vault of a home, as its configuration says."""

from __future__ import annotations

import getpass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from swimdesk.telemetry.redaction import Secret

if TYPE_CHECKING:
    from swimdesk.config import Settings
    from swimdesk.login.vault import Vault
    from swimdesk.login.vaults import VaultChoice


def vault_of(settings: Settings, home: Path) -> Vault:
    """Return the home's vault, the same one for all of this process; VaultError.

    Nothing is read or asked before the first use of it.
    """
    from swimdesk.login.vaults import VaultChoice

    vault = settings.vault
    choice = VaultChoice(vault.backend, vault.totp_backend, vault.service, settings.broker.mode)
    return _opened(choice, home)


@lru_cache(maxsize=8)
def _opened(choice: VaultChoice, home: Path) -> Vault:
    # Kept, because it is the vault that remembers a passphrase which is asked only once.
    from swimdesk.login.vaults import open_vault

    return open_vault(choice, home, passphrase=lambda is_new: ask_passphrase(home, is_new=is_new))


def ask_passphrase(home: Path, *, is_new: bool) -> Secret:
    """Ask on the terminal, without echo; twice where the passphrase is set anew."""
    return Secret(getpass.getpass(f"Passphrase of the vault of {home}: "))
