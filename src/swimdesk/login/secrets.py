"""Fetch a secret from where the configuration says that it is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from swimdesk.errors import ConfigError
from swimdesk.login.bounded import KEYRING_TIMEOUT_S, bounded
from swimdesk.login.vault import Vault
from swimdesk.telemetry.redaction import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
_MAX_BYTES = 65_536

# Backends that keep nothing, or keep it readable, or read from any of several others.
_REFUSED_BACKENDS = {
    "keyring.backends.fail": "this machine has no keyring that swimdesk can use",
    "keyring.backends.null": "the keyring in use (null) keeps nothing",
    "keyring.backends.chainer": "several keyrings are in use at once",
    "keyrings.alt": "the keyring in use may keep secrets in plain text",
}
_CHOOSE = (
    "unlock a keyring and name it in PYTHON_KEYRING_BACKEND"
    " (such as keyring.backends.SecretService.Keyring),"
    " or keep the secret as credential:NAME (systemd) or file:PATH"
)


def resolve(
    reference: str,
    home: Path,
    *,
    environ: Mapping[str, str] = os.environ,
    keyring_timeout_s: float = KEYRING_TIMEOUT_S,
    vault_at: Callable[[str], Vault] | None = None,
) -> Secret:
    """Return the secret that a ``keyring:``, ``credential:`` or ``file:`` reference names.

    ConfigError says what is missing and what to do; the secret is never part of it. ``vault_at``
    gives the vault of a service where one is chosen, which then stands for the keyring; VaultError
    where it fails. A keyring may block until its timeout, so call this outside the event loop.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "keyring" and vault_at is not None:
        text = _from_vault(reference, rest, vault_at)
    elif scheme == "keyring":
        text = _from_keyring(reference, rest, keyring_timeout_s)
    elif scheme == "credential":
        text = _from_credential(reference, rest, environ)
    elif scheme == "file":
        text = _read(reference, home / Path(rest).expanduser(), private=True)
    else:
        raise ConfigError("a secret is named by keyring:service/name, credential:name or file:path")
    if not text.strip():
        raise ConfigError(f"the secret {reference} is empty")
    return Secret(text.strip("\r\n"))


def _from_credential(reference: str, name: str, environ: Mapping[str, str]) -> str:
    folder = environ.get(CREDENTIALS_VARIABLE)
    if not folder:
        raise ConfigError(
            f"{reference} needs systemd: start swimdesk as a unit with LoadCredential={name}:…"
        )
    if not name or "/" in name or name in {".", ".."}:
        raise ConfigError(f"{reference} does not name a credential")
    return _read(reference, Path(folder) / name)


def _read(reference: str, path: Path, *, private: bool = False) -> str:
    try:
        with path.open("rb") as file:
            if private and os.fstat(file.fileno()).st_mode & 0o077:
                raise ConfigError(
                    f"the file of {reference} is open to other users: run `chmod 600 {path}`"
                )
            return file.read(_MAX_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"the secret {reference} is not text") from None
    except OSError as error:
        raise ConfigError(f"the secret {reference} cannot be read: {error.strerror}") from None


def _from_vault(reference: str, rest: str, vault_at: Callable[[str], Vault]) -> str:
    service, name = _service_and_name(reference, rest)
    secret = vault_at(service).get(name)
    if secret is None:
        raise ConfigError(f"{reference} is not there yet: run `swimdesk vault set {name}`")
    return secret.reveal()


def _service_and_name(reference: str, rest: str) -> tuple[str, str]:
    service, _, name = rest.partition("/")
    if not service or not name:
        raise ConfigError(f"{reference} must be keyring:service/name")
    return service, name


def _from_keyring(reference: str, rest: str, timeout_s: float) -> str:
    service, name = _service_and_name(reference, rest)

    def look_up() -> str | None:
        # Deferred: choosing a backend imports all of them.
        import keyring

        backend = keyring.get_keyring()
        _check_backend(backend)
        return backend.get_password(service, name)

    text = bounded(look_up, timeout_s, ConfigError, _CHOOSE)
    if text is None:
        raise ConfigError(f"{reference} is not there yet: run `keyring set {service} {name}`")
    return text


def _check_backend(backend: KeyringBackend) -> None:
    kind = type(backend)
    for module, reason in _REFUSED_BACKENDS.items():
        if kind.__module__ == module or kind.__module__.startswith(f"{module}."):
            raise ConfigError(f"{reason}: {_CHOOSE}")
    if "plaintext" in kind.__qualname__.lower():
        raise ConfigError(f"{_REFUSED_BACKENDS['keyrings.alt']}: {_CHOOSE}")
