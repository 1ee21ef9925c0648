"""What must hold between settings: hosts by mode, unique names, accounts with known logins."""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from swimdesk.config.locate import KeyPath
from swimdesk.config.model import Settings

BROKER_HOSTS = frozenset({"api.schwabapi.com"})
SERVICE = "swimdesk"
"""The service name that live homes use where none is given."""
_PROTECTED = '"secret-service", "encrypted-file" or "credentials"'
_REPEATED = {
    "name": "is the name of another login too",
    "alias": "is the alias of another account too",
    "last4": "is the same as that of another account of this login",
    "number": "is the number of another account too",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with one key; ``text`` continues a sentence that begins with the key.

    ``first`` points to the earlier entry that this one repeats; ``label`` is how to call the
    key where its path does not say it.
    """

    path: KeyPath
    text: str
    first: KeyPath | None = None
    label: str | None = None


def problems_of(settings: Settings, home: Path) -> Iterator[Problem]:
    """Yield what single values cannot show to be wrong."""
    yield from _host_problems(settings)
    yield from _trust_problems(settings, home)
    yield from _name_problems(settings)
    yield from _account_problems(settings)
    yield from _risk_problems(settings)
    yield from _vault_problems(settings)


def is_loopback(host: str) -> bool:
    """Tell whether the host can only be this machine: ``localhost``, 127.0.0.0/8, ``::1``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host_problems(settings: Settings) -> Iterator[Problem]:
    broker = settings.broker
    parts = urlsplit(broker.api_url)
    host = parts.hostname or ""
    if broker.mode == "paper" and not is_loopback(host):
        text = f'names {host}; mode "paper" talks only to this machine (127.0.0.1, ::1, localhost)'
        yield Problem(("broker", "api_url"), text)
    if broker.mode == "live" and (host not in BROKER_HOSTS or parts.port not in {None, 443}):
        allowed = " or ".join(sorted(BROKER_HOSTS))
        text = f'names {parts.netloc}; mode "live" talks only to the broker\'s own host {allowed}'
        yield Problem(("broker", "api_url"), text)


def _trust_problems(settings: Settings, home: Path) -> Iterator[Problem]:
    ca_file = settings.broker.ca_file
    if ca_file is None:
        return
    if settings.broker.mode == "live":
        text = 'must be empty: an extra trust root is only for mode "paper"'
        yield Problem(("broker", "ca_file"), text)
    elif not (home / ca_file).is_file():
        yield Problem(("broker", "ca_file"), f"names {ca_file}, and there is no such file")


def _name_problems(settings: Settings) -> Iterator[Problem]:
    # Names that differ only in case would be mistaken for each other.
    yield from _repeated("login", "name", [login.name.casefold() for login in settings.login])
    accounts = settings.account
    yield from _repeated("account", "alias", [account.alias.casefold() for account in accounts])
    last4s = [(account.login, account.last4) if account.last4 else None for account in accounts]
    yield from _repeated("account", "last4", last4s)
    yield from _repeated("account", "number", [account.number for account in accounts])


def _repeated(section: str, key: str, values: Sequence[Hashable | None]) -> Iterator[Problem]:
    seen: dict[Hashable, int] = {}
    for index, value in enumerate(values):
        first = index if value is None else seen.setdefault(value, index)
        if first != index:
            yield Problem((section, index, key), _REPEATED[key], first=(section, first, key))


def _account_problems(settings: Settings) -> Iterator[Problem]:
    logins = [login.name for login in settings.login]
    for index, account in enumerate(settings.account):
        if account.login not in logins:
            text = f"is {account.login}, and no [[login]] has that name"
            yield Problem(("account", index, "login"), text + hint(account.login, logins))
        if (account.last4 is None) == (account.number is None):
            text = "needs either last4 or number, to tell which account it is"
            yield Problem(("account", index), text)


def _risk_problems(settings: Settings) -> Iterator[Problem]:
    risk = settings.risk
    if risk.ceiling_notional_share < risk.max_notional_share:
        text = f"is below max_notional_share {risk.max_notional_share:.0%}, which it must not be"
        yield Problem(("risk", "ceiling_notional_share"), text)
    if risk.absent_horizon_s < risk.bind_horizon_s:
        text = f"is below bind_horizon_s {risk.bind_horizon_s}, which it must not be"
        yield Problem(("risk", "absent_horizon_s"), text)


def _vault_problems(settings: Settings) -> Iterator[Problem]:
    vault = settings.vault
    if settings.broker.mode == "paper":
        # A password of play money must never be typed at the broker.
        if "secret-service" in {vault.backend, vault.totp_backend} and vault.service == SERVICE:
            text = f'must be another name than "{SERVICE}" in mode "paper", such as "{SERVICE}-sim"'
            yield Problem(("vault", "service"), text)
        return
    for key in ("backend", "totp_backend"):
        if getattr(vault, key) == "files":
            text = f'must be one of {_PROTECTED}: "files" keeps secrets in plain text'
            yield Problem(("vault", key), text)
    if vault.backend == "credentials":
        text = (
            'must be "encrypted-file" or "secret-service": credentials are only read, and live'
            " sign-ins have to be kept (the passphrase of an encrypted file may be a credential)"
        )
        yield Problem(("vault", "backend"), text)


def _browser_problems(settings: Settings) -> Iterator[Problem]:
    executable = settings.browser.executable
    if executable is not None and not os.access(executable, os.X_OK):
        text = f"names {executable}, and there is no such program"
        yield Problem(("browser", "executable"), text)


def hint(word: str, known: Sequence[str]) -> str:
    """Return ``; did you mean X?`` where a known word comes close, else nothing."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
