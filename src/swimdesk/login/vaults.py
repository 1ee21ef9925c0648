"""The vault that a configuration names, never one that a library chooses."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from swimdesk.errors import VaultError
from swimdesk.login.vault import Vault, is_seed, probe
from swimdesk.login.vault_credentials import CredentialsVault
from swimdesk.login.vault_files import FilesVault
from swimdesk.login.vault_keyring import SecretServiceVault
from swimdesk.login.vault_sealed import EncryptedFileVault, type_again
from swimdesk.telemetry.redaction import Secret

BACKENDS: Final = ("secret-service", "encrypted-file", "credentials", "files")


SEALED_FILE: Final = "vault.sealed"
_CHOOSE: Final = (
    'say in config.toml, under [vault], backend = "secret-service" (a desktop) or'
    ' backend = "encrypted-file" (a machine reached over SSH)'
)


@dataclass(frozen=True, slots=True)
class VaultChoice:
    """What ``[vault]`` says: each backend by name, ``totp_backend`` for the seeds alone."""

    backend: str
    totp_backend: str
    service: str
    mode: str


class SeedsApart:
    """A vault whose TOTP seeds are in another one, so that no single one opens an account."""

    def __init__(self, vault: Vault, seeds: Vault) -> None:
        self.vault, self.seeds = vault, seeds
        self.name = f"{vault.name}; TOTP seeds in {seeds.name}"
        self.is_read_only = vault.is_read_only

    def unlock(self) -> None:
        """Ask for what either vault needs before its first use; VaultError."""
        self.vault.unlock()
        self.seeds.unlock()

    def get(self, item: str) -> Secret | None:
        """Return the secret of an item; None where there is none; VaultError."""
        return self._of(item).get(item)

    def put(self, item: str, secret: Secret) -> None:
        """Keep the secret durably, in place of an earlier one; VaultError, StoreFull."""
        self._of(item).put(item, secret)

    def drop(self, item: str) -> bool:
        """Forget an item, a seed also where it was before; tell whether there was one; VaultError.

        One that is only read here is left where another was taken from beside its password.
        """
        was_beside = is_seed(item) and not self.vault.is_read_only and self.vault.drop(item)
        if was_beside and self.seeds.is_read_only:
            return True
        return self._of(item).drop(item) or was_beside

    def stray_seeds(self) -> tuple[str, ...]:
        """Return the seeds that are beside their passwords, where nothing uses them any more."""
        return tuple(filter(is_seed, self.vault.items()))

    def items(self) -> tuple[str, ...]:
        """Return the names of all items that are there, in order."""
        seeds = tuple(filter(is_seed, self.seeds.items()))
        others = tuple(item for item in self.vault.items() if not is_seed(item))
        return tuple(sorted(seeds + others))

    def _of(self, item: str) -> Vault:
        return self.seeds if is_seed(item) else self.vault


def encrypted_file_of(vault: Vault) -> EncryptedFileVault | None:
    """Return the encrypted file that a vault is, or keeps a part in; None where there is none."""
    parts = (vault.vault, vault.seeds) if isinstance(vault, SeedsApart) else (vault,)
    return next((part for part in parts if isinstance(part, EncryptedFileVault)), None)


def try_out(vault: Vault) -> str:
    """Write an item, read it back and drop it in each of the vaults that this is made of."""
    if not isinstance(vault, SeedsApart):
        return probe(vault)
    return f"{probe(vault.vault)}; of the seeds {probe(vault.seeds)}"


Ask: TypeAlias = Callable[[bool], Secret]
"""Asks for the passphrase of an encrypted file; True where one is set anew."""
Advice: TypeAlias = Callable[[], str]
"""Says what to do about a passphrase that was wrong."""


def open_vault(
    choice: VaultChoice,
    home: Path,
    *,
    passphrase: Ask,
    if_wrong: Advice = type_again,
    environ: Mapping[str, str] = os.environ,
) -> Vault:
    """Return the chosen vault; VaultError where none is chosen or it may not be used.

    Nothing is read and no passphrase asked before the first use.
    """
    open_one = partial(
        open_backend, choice, home=home, passphrase=passphrase, if_wrong=if_wrong, environ=environ
    )
    vault = open_one(choice.backend)
    if choice.totp_backend in {"", choice.backend}:
        return vault
    return SeedsApart(vault, open_one(choice.totp_backend))


def open_backend(
    choice: VaultChoice,
    backend: str,
    home: Path,
    *,
    passphrase: Ask,
    if_wrong: Advice = type_again,
    environ: Mapping[str, str] = os.environ,
) -> Vault:
    """Return the vault of a home that this backend keeps, whichever one is chosen; VaultError."""
    makers: dict[str, Callable[[], Vault]] = {
        "secret-service": lambda: SecretServiceVault(choice.service),
        "encrypted-file": lambda: EncryptedFileVault(
            home / SEALED_FILE, passphrase, if_wrong=if_wrong
        ),
        "credentials": lambda: CredentialsVault(environ),
    }
    if choice.mode == "paper":
        makers |= {"files": lambda: FilesVault(home), "": lambda: FilesVault(home)}
    if backend in makers:
        return makers[backend]()
    if backend == "files":
        raise VaultError(
            "files keep secrets in plain text, which is for the play money of paper mode only:"
            f" {_CHOOSE}"
        )
    raise VaultError(f"no vault is chosen for the secrets of this home: {_CHOOSE}")
