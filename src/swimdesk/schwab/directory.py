"""Which accounts the logins see, under which names: the only keeper of numbers and hashes.

Aliases go out, hashes go into paths, numbers are compared; neither of the two leaves the adapter.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from swimdesk.domain.accounts import Account
from swimdesk.errors import BrokerError, ConfigError, LoginRequired, ProtocolDrift, UnknownReference
from swimdesk.schwab.mapping import account_as_read
from swimdesk.schwab.reads import Reader, all_of
from swimdesk.schwab.wire import WireAccount, WireAccountNumber, WireSecuritiesAccount, read_as
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret

log = get_log(__name__)

NUMBERS_PATH = "/trader/v1/accounts/accountNumbers"
ACCOUNTS_PATH = "/trader/v1/accounts"


@dataclass(frozen=True, slots=True)
class Entry:
    """An account as the desk and as the broker name it; ``named`` is without what was read."""

    account: Account
    named: Account
    number: str = field(repr=False)
    hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Seen:
    """An account that a login sees."""

    login: str
    hash: str = field(repr=False)
    wire: WireSecuritiesAccount = field(repr=False)

    @property
    def number(self) -> str:
        return self.wire.account_number


class Directory:
    """The accounts of all logins, read when first needed."""

    def __init__(
        self,
        reader: Reader,
        logins: Sequence[str],
        configured: Sequence[Account],
        numbers: Mapping[str, Secret],
    ) -> None:
        self._reader = reader
        self._logins = tuple(logins)
        self._configured = tuple(configured)
        self._by_last4, self._by_whole = _tell_apart(configured, numbers)
        self._missing: set[str] = set()
        self._seen: dict[str, tuple[_Seen, ...]] = {}
        self._by_alias: dict[str, Entry] = {}
        self._by_number: dict[str, Entry] = {}
        self._refreshing = asyncio.Lock()

    def known(self, alias: str) -> Entry | None:
        """Return an account by its alias, without reading."""
        return self._by_alias.get(alias)

    def by_number(self, number: str) -> Entry | None:
        """Return an account by the number that the broker writes into answers."""
        return self._by_number.get(number)

    async def entries(self, aliases: Iterable[str]) -> list[Entry]:
        """Return accounts by alias, reading the logins that were not read yet if one is missing."""
        wanted = list(dict.fromkeys(aliases))
        if not self._knows(wanted):
            async with self._refreshing:
                if not self._knows(wanted):
                    unread = [login for login in self._logins if login not in self._seen]
                    await self._read(unread or self._logins)
        missing = [alias for alias in wanted if alias not in self._by_alias]
        if missing:
            self._raise_missing(missing)
        return [self._by_alias[alias] for alias in wanted]

    async def entries_at_hand(self, aliases: Sequence[str]) -> list[Entry]:
        """Return those of the accounts that can be had; the others are missing, nothing raises."""
        try:
            return await self.entries(aliases)
        except (BrokerError, UnknownReference) as error:
            log.warning("broker.accounts_not_known", reason=error.detail)
        return [entry for alias in aliases if (entry := self._by_alias.get(alias)) is not None]

    def _knows(self, aliases: Iterable[str]) -> bool:
        return all(alias in self._by_alias for alias in aliases)

    async def refresh(self) -> tuple[Account, ...]:
        """Read every login and return all accounts.

        Of a login that has to sign in there are the accounts known already or configured. Any
        other failure raises: accounts must not go missing unnoticed.
        """
        async with self._refreshing:
            await self._read(self._logins)
        unread = (a for a in self._configured if a.login not in self._seen)
        return (*(entry.account for entry in self._by_alias.values()), *unread)

    async def _read(self, logins: Sequence[str]) -> None:
        results = await asyncio.gather(
            *(self._read_login(login) for login in logins), return_exceptions=True
        )
        signed_out: list[LoginRequired] = []
        failures: list[BaseException] = []
        for login, result in zip(logins, results, strict=True):
            if isinstance(result, LoginRequired):
                log.warning("login.accounts_not_read", login=login, reason=result.detail)
                signed_out.append(result)
            elif isinstance(result, BaseException):
                failures.append(result)
            else:
                self._seen[login] = result
        self._name_all()
        if failures:
            raise failures[0]
        if not self._seen and signed_out:
            raise signed_out[0]

    async def _read_login(self, login: str) -> tuple[_Seen, ...]:
        numbers, accounts = await all_of(
            [
                self._reader.get(login, NUMBERS_PATH, "account numbers"),
                self._reader.get(login, ACCOUNTS_PATH, "accounts"),
            ]
        )
        hashes = {
            row.account_number: row.hash_value
            for data in rows(numbers, "account numbers")
            for row in [read_as(WireAccountNumber, data, "an account number")]
        }
        seen = []
        for data in rows(accounts, "accounts"):
            wire = read_as(WireAccount, data, "an account").securities_account
            if wire.account_number not in hashes:
                raise ProtocolDrift(f"login {login}: an account has no hash")
            seen.append(_Seen(login, hashes[wire.account_number], wire))
        # The broker promises no order; names must not depend on it.
        return tuple(sorted(seen, key=lambda one: one.number))

    def _name_all(self) -> None:
        entries: dict[str, Entry] = {}
        owners = self._owners()
        for seen in self._seen.values():
            self._refuse_ambiguous(seen)
            for position, one in enumerate(seen, 1):
                if owners[one.number] is one:
                    entry = self._entry(one, position)
                    if entry.account.alias in entries:
                        raise ConfigError(
                            f"two accounts would be called {entry.account.alias}; "
                            "give one of them another alias in the configuration"
                        )
                    entries[entry.account.alias] = entry
        self._warn_of_missing(entries)
        self._by_alias = entries
        self._by_number = {entry.number: entry for entry in entries.values()}

    def _warn_of_missing(self, entries: Mapping[str, Entry]) -> None:
        """Say once which configured accounts their logins do not show: nothing else would."""
        missing = {
            a.alias for a in self._configured if a.login in self._seen and a.alias not in entries
        }
        for alias in sorted(missing - self._missing):
            log.warning("broker.account_not_shown", account=alias)
        self._missing = missing

    def _owners(self) -> dict[str, _Seen]:
        """Choose one login per account: an account that two logins see is not traded twice."""
        owners: dict[str, _Seen] = {}
        for one in (one for seen in self._seen.values() for one in seen):
            holder = owners.setdefault(one.number, one)
            if self._configuration_of(one) and not self._configuration_of(holder):
                owners[one.number] = one
        return owners

    def _refuse_ambiguous(self, seen: Sequence[_Seen]) -> None:
        endings = Counter((one.login, one.number[-4:]) for one in seen)
        for (login, last4), count in endings.items():
            if count > 1 and (login, last4) in self._by_last4:
                raise ConfigError(
                    f"last4 {last4} of login {login} matches two accounts; "
                    "name the account by its number"
                )

    def _configuration_of(self, one: _Seen) -> Account | None:
        named = self._by_whole.get((one.login, one.number))
        return named or self._by_last4.get((one.login, one.number[-4:]))

    def _entry(self, one: _Seen, position: int) -> Entry:
        named = self._configuration_of(one) or Account(
            f"{one.login}-{position}", one.login, one.number[-4:]
        )
        return Entry(account_as_read(named, one.wire), named, one.number, one.hash)

    def _raise_missing(self, missing: Sequence[str]) -> None:
        unread = {a.alias: a.login for a in self._configured if a.login not in self._seen}
        logins = sorted({unread[alias] for alias in missing if alias in unread})
        if logins:
            raise LoginRequired(f"login {', '.join(logins)} has to sign in first")
        raise UnknownReference(f"the broker shows no account {', '.join(missing)}")


_Configured: TypeAlias = dict[tuple[str, str], Account]


def _tell_apart(
    configured: Sequence[Account], numbers: Mapping[str, Secret]
) -> tuple[_Configured, _Configured]:
    """Return the accounts by login and last4, and by login and whole number where that is given."""
    whole = {a.alias: numbers[a.alias].reveal() for a in configured if a.alias in numbers}
    aliases: dict[str, str] = {}
    for alias, number in whole.items():
        other = aliases.setdefault(number, alias)
        if other != alias:
            raise ConfigError(
                f"accounts {other} and {alias} have the same number; each account is named once"
            )
    endings = Counter((account.login, account.last4) for account in configured)
    by_last4 = {(a.login, a.last4): a for a in configured if a.alias not in whole}
    for (login, last4), account in by_last4.items():
        if not last4:
            raise ConfigError(f"account {account.alias} has neither last4 nor a number")
        if endings[login, last4] > 1:
            raise ConfigError(
                f"two configured accounts have login {login} and last4 {last4}; each account "
                "is named once, and such accounts by their numbers"
            )
    by_whole = {(a.login, whole[a.alias]): a for a in configured if a.alias in whole}
    return by_last4, by_whole


def rows(document: Any, what: str) -> list[Any]:  # noqa: ANN401 - parsed JSON
    """Return a list from parsed JSON; ProtocolDrift if it is none."""
    if not isinstance(document, list):
        raise ProtocolDrift(f"{what}: the answer is not a list")
    return document


def by_login(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Group accounts by the login that sees them."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.account.login, []).append(entry)
    return groups
