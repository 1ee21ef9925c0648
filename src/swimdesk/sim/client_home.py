"""A home of the program, written ready to trade at the simulated brokerage."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from swimdesk.errors import ConfigError
from swimdesk.sim.accounts import AccountKind, SimLogin
from swimdesk.sim.description import LoginDescription, SimDescription
from swimdesk.sim.files import private_folder, write_private

MARK: Final = "# Written by the simulated brokerage, which replaces this file at its next start."

_GROUPS: Final = {"IRA": "ira", "Trust": "trust", "Custodial": "custodial"}
"""The group of an account by the last word of its nickname."""
_MULTIPLIERS: Final = (
    (Decimal(1_000_000), Decimal(3)),
    (Decimal(250_000), Decimal(2)),
    (Decimal("-Infinity"), Decimal(1)),
)
"""The multiplier of an account from that many dollars."""
_WAYS: Final = {1: "assisted", 2: "manual"}
"""How the login in a place, from 0, signs in; the others do so by themselves."""


@dataclass(frozen=True, slots=True)
class HomeAccount:
    """An account as the home's configuration names it."""

    alias: str
    login: str
    last4: str
    groups: tuple[str, ...] = ()
    multiplier: Decimal = Decimal(1)
    option_level: int | None = None
    ira: bool = False


def home_accounts(logins: Iterable[SimLogin]) -> tuple[HomeAccount, ...]:
    """Return the brokerage's accounts as a home names them: FAM-01 onwards, by kind and size."""
    accounts = sorted(
        (account for login in logins for account in login.accounts), key=lambda a: a.index
    )
    digits = max(2, len(str(len(accounts))))
    return tuple(
        HomeAccount(
            alias=f"FAM-{number:0{digits}}",
            login=account.login,
            last4=account.last4,
            groups=(_GROUPS.get(account.nickname.split()[-1], "family"),),
            multiplier=_multiplier(account.start_value),
            option_level=account.option_level,
            ira=account.kind is AccountKind.LIMITED_MARGIN,
        )
        for number, account in enumerate(accounts, start=1)
    )


def _multiplier(value: Decimal) -> Decimal:
    return next(multiplier for least, multiplier in _MULTIPLIERS if value >= least)


def ways_of(logins: Iterable[str]) -> dict[str, str]:
    """Return how each login signs in: by itself, but the second with help, the third by hand."""
    return {login: _WAYS.get(place, "automatic") for place, login in enumerate(logins)}


@dataclass(frozen=True, slots=True)
class ClientHome:
    """What goes into a home; ``token_replies`` holds each login's answer of the token endpoint.

    A login without an answer gets no tokens, one without a way signs in by hand.
    """

    description: SimDescription
    accounts: Sequence[HomeAccount]
    token_replies: Mapping[str, Mapping[str, Any]] = field(repr=False)
    ways: Mapping[str, str] = field(default_factory=dict)


def refuse_foreign_home(home: Path) -> None:
    """Raise ConfigError where the home has a configuration that a person wrote."""
    config = home / "config.toml"
    if not config.exists():
        return
    first_line, _, _ = config.read_text(encoding="utf-8", errors="replace").partition("\n")
    if first_line != MARK:
        raise ConfigError(
            f"{config} was not written by the simulated brokerage and is left as it is; "
            "name another folder, or move that file away"
        )


def write_client_home(home: Path, content: ClientHome, now: datetime) -> None:
    """Write configuration, secrets, trust root and tokens; folders 0700, files 0600."""
    refuse_foreign_home(home)
    description = content.description
    secrets = private_folder(private_folder(home) / "secrets")
    tokens = private_folder(home / "tokens")
    write_private(secrets / "app_key", description.client_id.encode())
    write_private(secrets / "app_secret", description.client_secret.encode())
    write_private(home / "ca.pem", description.ca_file.read_bytes())
    for login in description.logins:
        _write_vault(secrets, login)
        _write_tokens(tokens / f"{login.name}.json", content.token_replies.get(login.name), now)
    # The configuration comes last: a home that has one is complete.
    write_private(home / "config.toml", config_text(content).encode())


def _write_vault(secrets: Path, login: LoginDescription) -> None:
    """Write what the login signs in with, where the program's vault of files looks for it."""
    folder = private_folder(private_folder(secrets / "login") / login.name)
    kept = {"user": login.user, "password": login.password, "totp": login.totp_secret}
    for item, secret in kept.items():
        write_private(folder / item, secret.encode())


def _write_tokens(file: Path, reply: Mapping[str, Any] | None, now: datetime) -> None:
    if reply is None:
        # Those of an earlier start: this login has yet to sign in.
        file.unlink(missing_ok=True)
        return
    write_private(file, json.dumps(token_document(reply, now), indent=1).encode())


def token_document(reply: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the token file that schwab-py keeps for an answer of the token endpoint."""
    now_s = int(now.timestamp())
    token = {**reply, "expires_at": now_s + int(reply["expires_in"])}
    return {"creation_timestamp": now_s, "token": token}


def config_text(content: ClientHome) -> str:
    """Return the home's ``config.toml``."""
    description = content.description
    tables = [
        _table(
            "[broker]",
            {
                "mode": "paper",
                "api_url": description.base_url,
                "ca_file": "ca.pem",
                "callback_url": description.callback_url,
                "app_key": "file:secrets/app_key",
                "app_secret": "file:secrets/app_secret",
            },
        )
    ]
    tables += [
        _table("[[login]]", {"name": login.name, "browser": content.ways.get(login.name, "manual")})
        for login in description.logins
    ]
    tables += [_table("[[account]]", dict(_account_keys(account))) for account in content.accounts]
    return "\n".join([MARK + "\n", *tables])


def _account_keys(account: HomeAccount) -> Iterator[tuple[str, str | int | bool | list[str]]]:
    yield "alias", account.alias
    yield "login", account.login
    yield "last4", account.last4
    yield "groups", list(account.groups)
    yield "multiplier", str(account.multiplier)
    if account.option_level is not None:
        yield "option_level", account.option_level
    if account.ira:
        yield "ira", True


def _table(heading: str, keys: Mapping[str, str | int | bool | list[str]]) -> str:
    # JSON's strings, whole numbers, booleans and lists of strings are TOML's as well.
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join([heading, *lines, ""])
