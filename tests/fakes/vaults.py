"""Vaults for tests: a Secret Service in memory, a passphrase that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from swimdesk.login.vault_sealed import EncryptedFileVault
from swimdesk.telemetry.redaction import Secret

PASSPHRASE = "correct horse battery"


class SecretService:
    """Stands for ``keyring.backends.SecretService.Keyring`` and the desktop behind it."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.connection = _Connection()

    def __call__(self) -> SecretService:
        return self

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]

    def get_preferred_collection(self) -> Any:
        return self

    def search_items(self, wanted: Mapping[str, str]) -> Iterator[_Item]:
        for service, username in self.kept:
            if service == wanted["service"]:
                yield _Item({"service": service, "username": username})


class _Connection:
    def close(self) -> None:
        """Close nothing."""


class _Item:
    def __init__(self, attributes: dict[str, str]) -> None:
        self._attributes = attributes

    def get_attributes(self) -> dict[str, str]:
        return self._attributes


def sealed_vault(home: Path, passphrase: str = PASSPHRASE, **others: Any) -> EncryptedFileVault:
    """Return the encrypted file of a home, opened with this passphrase."""
    return EncryptedFileVault(home / "vault.sealed", lambda _: Secret(passphrase), **others)
