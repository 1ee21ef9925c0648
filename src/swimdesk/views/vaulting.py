"""What is told about a vault: names and states, never a secret."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VaultItemView:
    """An item of the vault, or one that the configuration leads to expect there.

    ``is_there`` is null for a seed that is kept where only the daemon's unit can look.
    """

    item: str
    is_there: bool | None


@dataclass(frozen=True, slots=True)
class VaultProbeView:
    """The vault in use, and what came of writing an item, reading it back and removing it."""

    backend: str
    found: str


@dataclass(frozen=True, slots=True)
class VaultPassphraseView:
    """The encrypted file that got another passphrase, and how many items are in it."""

    backend: str
    items: int
    next: str
    """What is left to do by hand."""


@dataclass(frozen=True, slots=True)
class VaultMoveView:
    """What went from one vault to another."""

    source: str
    target: str
    items: tuple[str, ...]
    next: str
    """What is left to do by hand."""
