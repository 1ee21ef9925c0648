"""The vault that a configuration names, never one that a library chooses."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swimdesk.errors import VaultError
from swimdesk.login.vault import Vault, is_seed
from swimdesk.login.vault_files import FilesVault
from swimdesk.telemetry.redaction import Secret

BACKENDS: Final = ("secret-service", "encrypted-file", "credentials", "files")


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
        self._vault, self._seeds = vault, seeds
        self.name = f"{vault.name}; TOTP seeds in {seeds.name}"
        self.is_read_only = vault.is_read_only

    def get(self, item: str) -> Secret | None:
        """Return the secret of an item; None where there is none; VaultError."""
        return self._of(item).get(item)

    def put(self, item: str, secret: Secret) -> None:
        """Keep the secret durably, in place of an earlier one; VaultError, StoreFull."""
        self._of(item).put(item, secret)

    def drop(self, item: str) -> bool:
        """Forget an item; tell whether there was one; VaultError."""
        return self._of(item).drop(item)

    def items(self) -> tuple[str, ...]:
        """Return the names of all items that are there, in order."""
        seeds = tuple(filter(is_seed, self._seeds.items()))
        others = tuple(item for item in self._vault.items() if not is_seed(item))
        return tuple(sorted(seeds + others))

    def _of(self, item: str) -> Vault:
        return self._seeds if is_seed(item) else self._vault


def open_vault(
    choice: VaultChoice,
    home: Path,
    *,
    passphrase: Callable[[bool], Secret],
    environ: Mapping[str, str] = os.environ,
) -> Vault:
    """Return the chosen vault; VaultError where none is chosen or it may not be used.

    ``passphrase`` asks for that of an encrypted file, once; True where one is set anew. Nothing is
    read or asked before the first use.
    """
    vault = _backend(choice, choice.backend, home, passphrase, environ)
    if not choice.totp_backend or choice.totp_backend == choice.backend:
        return vault
    return SeedsApart(vault, _backend(choice, choice.totp_backend, home, passphrase, environ))


def _backend(
    choice: VaultChoice,
    backend: str,
    home: Path,
    passphrase: Callable[[bool], Secret],
    environ: Mapping[str, str],
) -> Vault:
    is_paper = choice.mode == "paper"
    if is_paper and backend in {"", "files"}:
        return FilesVault(home)
    raise VaultError(
        "no vault is chosen: say in config.toml, under [vault], which one keeps the secrets of"
        ' this home: backend = "secret-service" (a desktop) or "encrypted-file" (a machine'
        " reached over SSH)"
    )
