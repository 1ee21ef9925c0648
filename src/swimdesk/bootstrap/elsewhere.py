"""Whether another vault of the home has what the configured one has not: one moved, or misnamed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swimdesk.bootstrap.vaults import backend_of, has_credential, vault_of
from swimdesk.errors import SwimdeskError

if TYPE_CHECKING:
    from swimdesk.config import Settings

_PROMPTS: Final = frozenset({"secret-service"})
"""What may ask a person, or wait: looked into only where the vault that is named has nothing."""


def elsewhere(settings: Settings, home: Path, expected: frozenset[str]) -> tuple[str, str] | None:
    """Return the backend that has expected items which the configured vault has not, and its name.

    None where nothing is missing, or no other is known to have it. VaultError where the configured
    one fails.
    """
    chosen = settings.vault.backend or "files"
    there = expected & set(vault_of(settings, home).items())
    missing = expected - there
    if not missing:
        return None
    for backend in _others(home, chosen, is_empty=not there, is_named=bool(settings.vault.backend)):
        try:
            other = backend_of(settings, home, backend)
            if backend == "encrypted-file" and not has_credential():
                # It would have to be asked for; that it is there says enough of an empty one.
                return backend, other.name
            if missing & set(other.items()):
                return backend, other.name
        except SwimdeskError:
            continue
    return None


def _others(home: Path, chosen: str, *, is_empty: bool, is_named: bool) -> tuple[str, ...]:
    from swimdesk.login.vaults import BACKENDS, SEALED_FILE

    left_out = {chosen}
    if not is_empty or not is_named:
        left_out |= _PROMPTS
    if not (home / SEALED_FILE).exists() or not (is_empty or has_credential()):
        left_out.add("encrypted-file")
    if not os.environ.get("CREDENTIALS_DIRECTORY"):
        left_out.add("credentials")
    return tuple(backend for backend in BACKENDS if backend not in left_out)
