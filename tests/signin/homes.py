"""A fresh home of a running brokerage, whose logins have yet to sign in."""

from __future__ import annotations

import re
from pathlib import Path

from swimdesk.login.vault import item_of
from swimdesk.login.vault_files import FilesVault
from swimdesk.telemetry.redaction import Secret
from tests.fakes.sim_process import SimProcess

KINDS = {"user": "user", "password": "password", "totp": "totp_secret"}
"""What the vault keeps of a login, by the name the brokerage prints it under."""


def sign_out(sim: SimProcess, way: str) -> None:
    """Take tokens and all that logins sign in with away; every login is to sign in this way."""
    vault = FilesVault(sim.home)
    for login in names(sim):
        for kind in KINDS:
            vault.drop(item_of(login, kind))
    for file in (sim.home / "tokens").glob("*.json"):
        file.unlink()
    config = sim.home / "config.toml"
    text = re.sub(r'(?m)^browser = ".*"$', f'browser = "{way}"', config.read_text("utf-8"))
    config.write_text(text, "utf-8")


def fill_vault(sim: SimProcess, login: str, *kinds: str) -> None:
    """Put what a login signs in with into the home's vault; everything where nothing is named."""
    vault = FilesVault(sim.home)
    known = one_login(sim, login)
    for kind in kinds or KINDS:
        vault.put(item_of(login, kind), Secret(known[KINDS[kind]]))


def one_login(sim: SimProcess, login: str) -> dict[str, str]:
    """Return what the brokerage printed about a login."""
    found: dict[str, str] = next(one for one in sim.description["logins"] if one["name"] == login)
    return found


def names(sim: SimProcess) -> list[str]:
    """Return the names of the brokerage's logins."""
    return [one["name"] for one in sim.description["logins"]]


def tokens_of(home: Path) -> set[str]:
    """Return the logins that have tokens."""
    return {file.stem for file in (home / "tokens").glob("*.json")}
