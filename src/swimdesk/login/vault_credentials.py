"""What systemd hands to a unit: read-only, kept by the service manager."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from swimdesk.errors import VaultError
from swimdesk.login.secrets import CREDENTIALS_VARIABLE
from swimdesk.login.vault import check_item, is_item
from swimdesk.login.writing import reason_of
from swimdesk.telemetry.redaction import Secret

_MAX_BYTES = 65_536


class CredentialsVault:
    """Reads items from the folder of a unit's credentials; ``put`` and ``drop`` say how instead.

    A credential's name takes no slash: ``login/smith/totp`` is ``login.smith.totp`` there.
    """

    name = "systemd credentials of this unit, read only"
    is_read_only = True

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    def unlock(self) -> None:
        """Do nothing: the service manager has opened them."""

    def get(self, item: str) -> Secret | None:
        """Return the secret of an item; None where there is none; VaultError."""
        path = self._folder() / credential_of(item)
        try:
            with path.open("rb") as file:
                return Secret(file.read(_MAX_BYTES).decode("utf-8").strip("\r\n"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise VaultError(f"credential {path.name} cannot be read: {reason_of(error)}") from None

    def put(self, item: str, secret: Secret) -> None:
        """Say how a credential is made; VaultError always."""
        name = credential_of(item)
        raise VaultError(
            f"credentials are not written from here: run `systemd-creds encrypt --name={name} -"
            f" /etc/credstore.encrypted/{name}` as root, add LoadCredentialEncrypted={name} to the"
            " unit and restart it"
        )

    def drop(self, item: str) -> NoReturn:
        """Say how a credential is taken away; VaultError always."""
        name = credential_of(item)
        raise VaultError(
            f"credentials are not removed from here: remove /etc/credstore.encrypted/{name} and"
            " its line in the unit"
        )

    def items(self) -> tuple[str, ...]:
        """Return the names of all items that are there, in order."""
        try:
            names = [path.name for path in self._folder().iterdir()]
        except OSError as error:
            raise VaultError(f"the credentials cannot be listed: {reason_of(error)}") from None
        return tuple(sorted(item for item in map(_item_of, names) if is_item(item)))

    def _folder(self) -> Path:
        folder = self._environ.get(CREDENTIALS_VARIABLE)
        if not folder:
            raise VaultError(
                "credentials need systemd: start swimdesk as a unit with"
                " LoadCredentialEncrypted=…, or name another backend under [vault]"
            )
        return Path(folder)


def credential_of(item: str) -> str:
    """Return the name of the credential that holds an item; InputError."""
    return check_item(item).replace("/", ".")


def _item_of(credential: str) -> str:
    """Turn a credential's name back: the dots of a login's own name stay."""
    first, _, rest = credential.partition(".")
    if first == "cache":
        return f"cache/{rest}"
    login, _, kind = rest.rpartition(".")
    return f"login/{login}/{kind}" if first == "login" else credential
