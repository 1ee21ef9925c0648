"""Which name an account has: from the configuration, else by login and place; never another one.

An order goes where a name points. Within a process a number therefore keeps the name that it was
given first, and a name its number, whatever is linked, unlinked or signed in later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from swimdesk.domain.accounts import Account
from swimdesk.errors import ConfigError
from swimdesk.telemetry.redaction import Secret


class Names:
    """The names of accounts by their numbers; only ever added to."""

    def __init__(
        self,
        configured: Sequence[Account],
        numbers: Mapping[str, Secret],
        logins: Sequence[str] = (),
    ) -> None:
        self._configured = {account.alias: place for place, account in enumerate(configured)}
        self._by_last4, self._by_whole = _tell_apart(configured, numbers)
        self._logins = {login: place for place, login in enumerate(logins)}
        self._places: dict[str, dict[str, int]] = {}
        self._named: dict[str, Account] = {}
        self._numbers: dict[str, str] = {}

    def of(self, number: str) -> Account:
        """Return the account of that number as it was named; KeyError if it has no name yet."""
        return self._named[number]

    def login_of(self, alias: str) -> str | None:
        """Return the login under which a name was given; None if it was not."""
        number = self._numbers.get(alias)
        return None if number is None else self._named[number].login

    def order(self, account: Account) -> tuple[int, int, int]:
        """Return what to sort accounts by: login, then configuration, then place."""
        number = self._numbers.get(account.alias, "")
        return (
            self._logins.get(account.login, len(self._logins)),
            self._configured.get(account.alias, len(self._configured)),
            self._places.get(account.login, {}).get(number, 0),
        )

    def check(self, login: str, numbers: Collection[str]) -> None:
        """See that what a login shows can be named, before ``give``; ConfigError if not."""
        places = self._places.setdefault(login, {})
        # The broker promises no order; names must not depend on it.
        for number in sorted(numbers):
            places.setdefault(number, len(places) + 1)
        new = [number for number in numbers if number not in self._named]
        self._refuse_ambiguous(login, new)
        for number in new:
            alias = self._by_place(login, number)
            if alias in self._configured and self._from_configuration(login, number) is None:
                raise ConfigError(
                    f"two accounts would be called {alias}; "
                    "give one of them another alias in the configuration"
                )

    def give(self, shown: Mapping[str, Collection[str]]) -> None:
        """Name the accounts that are new among the numbers, by login, that were checked."""
        pairs = [(login, number) for login, numbers in shown.items() for number in numbers]
        for login, number in pairs:
            account = self._from_configuration(login, number)
            if account is not None:
                self._name(number, account)
        for login, number in pairs:
            self._name(number, Account(self._by_place(login, number), login, number[-4:]))

    def _name(self, number: str, account: Account) -> None:
        if number not in self._named:
            self._named[number] = account
            self._numbers[account.alias] = number

    def _by_place(self, login: str, number: str) -> str:
        return f"{login}-{self._places[login][number]}"

    def _from_configuration(self, login: str, number: str) -> Account | None:
        """Return the configured account of a number, unless its name is another number's."""
        account = self._by_whole.get((login, number)) or self._by_last4.get((login, number[-4:]))
        taken = account is not None and self._numbers.get(account.alias, number) != number
        return None if taken else account

    def _refuse_ambiguous(self, login: str, numbers: Collection[str]) -> None:
        endings = Counter(number[-4:] for number in numbers)
        for last4, count in endings.items():
            account = self._by_last4.get((login, last4))
            if count > 1 and account is not None and account.alias not in self._numbers:
                raise ConfigError(
                    f"last4 {last4} of login {login} matches two accounts; "
                    "name the account by its number"
                )


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
