"""Which accounts the logins see, under which names: the only keeper of numbers and hashes.

Aliases go out, hashes go into paths, numbers are compared; neither of the two leaves the adapter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from swimdesk.desk.ports import Clock, Discovered
from swimdesk.domain.accounts import Account
from swimdesk.errors import ProtocolDrift, SwimdeskError, UnknownReference, why_not_read
from swimdesk.schwab.mapping import account_as_read
from swimdesk.schwab.naming import Names
from swimdesk.schwab.reads import Reader, all_of
from swimdesk.schwab.wire import WireAccount, WireAccountNumber, WireSecuritiesAccount, read_as
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret

log = get_log(__name__)

NUMBERS_PATH = "/trader/v1/accounts/accountNumbers"
ACCOUNTS_PATH = "/trader/v1/accounts"
_MISS_LIFE_NS: Final = 60_000_000_000
"""How long an account that no login shows is not looked for again."""


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
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._logins = tuple(logins)
        self._configured = tuple(configured)
        self._clock = clock
        self._names = Names(configured, numbers, logins)
        self._missing: set[str] = set()
        self._seen: dict[str, tuple[_Seen, ...]] = {}
        self._failures: dict[str, SwimdeskError] = {}
        """Why a login's accounts could not be read the last time."""
        self._missed_ns: dict[str, int] = {}
        """When all logins were read in vain for an alias."""
        self._told: dict[str, str] = {}
        """What the log says already about an alias that cannot be had."""
        self._by_alias: dict[str, Entry] = {}
        self._by_number: dict[str, Entry] = {}
        self._refreshing = asyncio.Lock()

    def known(self, alias: str) -> Entry | None:
        """Return an account by its alias, without reading."""
        return self._by_alias.get(alias)

    def by_number(self, number: str) -> Entry | None:
        """Return an account by the number that the broker writes into answers."""
        return self._by_number.get(number)

    def hash_of(self, number: str) -> str | None:
        """Return the hash that stands for a number in paths, None where it is not known."""
        entry = self._by_number.get(number)
        return None if entry is None else entry.hash

    async def entries(self, aliases: Iterable[str]) -> list[Entry]:
        """Return accounts by alias, reading the logins that were not read yet if one is missing.

        A login that cannot be read raises only where one of its accounts is asked for.
        """
        wanted = list(dict.fromkeys(aliases))
        if self._worth_reading_for(wanted):
            async with self._refreshing:
                if self._worth_reading_for(wanted):
                    unread = [login for login in self._logins if login not in self._seen]
                    await self._read(unread or self._logins)
                    self._note_missed(wanted)
        missing = [alias for alias in wanted if alias not in self._by_alias]
        if missing:
            raise self._why_missing(missing)
        return [self._by_alias[alias] for alias in wanted]

    async def entries_at_hand(
        self, aliases: Sequence[str]
    ) -> tuple[list[Entry], SwimdeskError | None]:
        """Return those of the accounts that can be had, and why others cannot; nothing raises."""
        try:
            return await self.entries(aliases), None
        except SwimdeskError as error:
            self._tell_once([a for a in aliases if a not in self._by_alias], error.detail)
            why = error.with_traceback(None)
        found = (self._by_alias.get(alias) for alias in aliases)
        return [entry for entry in found if entry is not None], why

    async def refresh(self) -> Discovered:
        """Read every login and return all accounts, in an order that stays.

        Of a login that cannot be read there are the accounts known already, of one that never was
        those configured.
        """
        async with self._refreshing:
            await self._read(self._logins)
        found = {alias: entry.account for alias, entry in self._by_alias.items()}
        unread = {a.alias: a for a in self._configured if a.login not in self._seen}
        return Discovered(
            tuple(sorted((unread | found).values(), key=self._names.order)),
            {
                login: self._failures[login].with_traceback(None)
                for login in self._logins
                if login not in self._seen
            },
        )

    def _worth_reading_for(self, aliases: Iterable[str]) -> bool:
        """Tell whether an alias is missing that was not looked for in vain just now."""
        now_ns = self._clock.monotonic_ns()
        return any(
            alias not in self._by_alias
            and now_ns - self._missed_ns.get(alias, -_MISS_LIFE_NS) >= _MISS_LIFE_NS
            for alias in aliases
        )

    def _note_missed(self, aliases: Iterable[str]) -> None:
        """Remember which accounts no login shows; a login that was not read may still show it."""
        now_ns = self._clock.monotonic_ns()
        for alias in aliases:
            if alias not in self._by_alias and not self._unread_behind(alias):
                self._missed_ns[alias] = now_ns

    def _unread_behind(self, alias: str) -> list[str]:
        """Return the logins not read that may see an account of that name."""
        configured = {account.alias: account.login for account in self._configured}
        login = self._names.login_of(alias) or configured.get(alias)
        candidates = self._logins if login is None else (login,)
        return [one for one in candidates if one not in self._seen]

    def _why_missing(self, missing: Sequence[str]) -> SwimdeskError:
        unread = [login for alias in missing for login in self._unread_behind(alias)]
        failures = [self._failures[login] for login in unread if login in self._failures]
        if failures:
            return failures[0].with_traceback(None)
        return UnknownReference(f"the broker shows no account {', '.join(missing)}")

    def _tell_once(self, aliases: Iterable[str], reason: str) -> None:
        new = [alias for alias in aliases if self._told.get(alias) != reason]
        if new:
            self._told.update(dict.fromkeys(new, reason))
            log.warning("broker.accounts_not_known", accounts=", ".join(new), reason=reason)

    async def _read(self, logins: Sequence[str]) -> None:
        results = await asyncio.gather(
            *(self._read_login(login) for login in logins), return_exceptions=True
        )
        for login, result in zip(logins, results, strict=True):
            if isinstance(result, BaseException):
                failure = why_not_read(result)
                known = self._failures.get(login)
                if known is None or known.detail != failure.detail:
                    log.warning("login.accounts_not_read", login=login, reason=failure.detail)
                self._failures[login] = failure
            else:
                self._failures.pop(login, None)
                self._seen[login] = result
        self._name_all()

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
        self._names.check(login, [one.number for one in seen])
        return tuple(seen)

    def _name_all(self) -> None:
        seen = {login: self._seen[login] for login in self._logins if login in self._seen}
        self._names.give({login: [one.number for one in all_] for login, all_ in seen.items()})
        owners: dict[str, _Seen] = {}
        for one in (one for all_ in seen.values() for one in all_):
            # An account that two logins see is not traded twice: the login that named it has it.
            if one.number not in owners or self._names.of(one.number).login == one.login:
                owners[one.number] = one
        self._by_number = {number: self._entry(one) for number, one in owners.items()}
        self._by_alias = {entry.named.alias: entry for entry in self._by_number.values()}
        for alias in self._by_alias:
            self._missed_ns.pop(alias, None)
            self._told.pop(alias, None)
        self._warn_of_missing()

    def _entry(self, one: _Seen) -> Entry:
        named = replace(self._names.of(one.number), login=one.login)
        return Entry(account_as_read(named, one.wire), named, one.number, one.hash)

    def _warn_of_missing(self) -> None:
        """Say once which configured accounts their logins do not show: nothing else would."""
        missing = {
            a.alias
            for a in self._configured
            if a.login in self._seen and a.alias not in self._by_alias
        }
        for alias in sorted(missing - self._missing):
            log.warning("broker.account_not_shown", account=alias)
        self._missing = missing


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
