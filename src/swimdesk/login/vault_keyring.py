"""The desktop's Secret Service (GNOME Keyring, KWallet), named and never chosen by a library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from swimdesk.errors import VaultError
from swimdesk.login.bounded import KEYRING_TIMEOUT_S, bounded
from swimdesk.login.vault import check_item, is_item
from swimdesk.telemetry.redaction import Secret

T = TypeVar("T")

_ADVICE: Final = (
    "unlock the keyring of this desktop; on a machine without one set [vault] backend ="
    ' "encrypted-file"'
)


class Backend(Protocol):
    """What is used of ``keyring.backends.SecretService.Keyring``."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is kept; None where there is nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it, in place of an earlier one."""

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""

    def get_preferred_collection(self) -> Any:  # noqa: ANN401 - the library has no types
        """Return the collection that all this is in, unlocked."""


def secret_service() -> Backend:
    """Return keyring's Secret Service backend itself, whatever keyring would choose."""
    from keyring.backends.SecretService import Keyring

    backend: Backend = Keyring()  # type: ignore[no-untyped-call]
    return backend


def names_in(backend: Backend, service: str) -> tuple[str, ...]:
    """Return the names that are kept under a service."""
    collection = backend.get_preferred_collection()
    try:
        found = [item.get_attributes() for item in collection.search_items({"service": service})]
    finally:
        collection.connection.close()
    return tuple(sorted({str(attributes.get("username", "")) for attributes in found}))


class SecretServiceVault:
    """Keeps items under one service name, as ``keyring set SERVICE ITEM`` does.

    Every call is given up after ``timeout_s``: the service may wait for a prompt nobody sees.
    """

    is_read_only = False

    def __init__(
        self,
        service: str,
        *,
        backend: Callable[[], Backend] = secret_service,
        timeout_s: float = KEYRING_TIMEOUT_S,
    ) -> None:
        self.name = f"secret-service (keyring.backends.SecretService.Keyring), service {service}"
        self._service = service
        self._backend = backend
        self._timeout_s = timeout_s

    def unlock(self) -> None:
        """Do nothing: the desktop unlocks its keyring itself."""

    def get(self, item: str) -> Secret | None:
        """Return the secret of an item; None where there is none; VaultError."""
        name = check_item(item)
        text = self._bounded(lambda: self._backend().get_password(self._service, name))
        return None if text is None else Secret(text)

    def put(self, item: str, secret: Secret) -> None:
        """Keep the secret in place of an earlier one; VaultError."""
        name, text = check_item(item), secret.reveal()
        self._bounded(lambda: self._backend().set_password(self._service, name, text))

    def drop(self, item: str) -> bool:
        """Forget an item; tell whether there was one; VaultError."""
        name = check_item(item)

        def forget() -> bool:
            backend = self._backend()
            if backend.get_password(self._service, name) is None:
                return False
            backend.delete_password(self._service, name)
            return True

        return self._bounded(forget)

    def items(self) -> tuple[str, ...]:
        """Return the names of all items that are there, in order."""
        names = self._bounded(lambda: names_in(self._backend(), self._service))
        return tuple(filter(is_item, names))

    def _bounded(self, call: Callable[[], T]) -> T:
        return bounded(call, self._timeout_s, VaultError, _ADVICE)
