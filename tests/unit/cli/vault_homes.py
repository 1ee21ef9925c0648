"""Homes with a vault, and what the commands about it say."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.vaults import PASSPHRASE
from tests.unit.cli.support import Ran

from swimdesk.login.vault_files import FilesVault
from swimdesk.telemetry.redaction import Secret

LIVE = 'mode = "live"\n'
PAPER = 'mode = "paper"\napi_url = "https://127.0.0.1:9443"\n'


def give_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the passphrase come from the service manager, as in a daemon."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "vault-passphrase").write_text(PASSPHRASE, encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))


def configure(home: Path, broker: str, vault: str) -> None:
    """Write the configuration of a home with one login."""
    text = f'[broker]\n{broker}[[login]]\nname = "smith"\n[vault]\n{vault}\n'
    (home / "config.toml").write_text(text, encoding="utf-8")


def error_of(ran: Ran) -> tuple[int, str]:
    """Return how a command failed: its exit code and what it said."""
    return ran.code, ran.document["error"]["detail"]


def filled(home: Path) -> FilesVault:
    """Keep three secrets in files."""
    vault = FilesVault(home)
    for number in range(3):
        vault.put(f"item-{number}", Secret(f"secret {number}"))
    return vault
