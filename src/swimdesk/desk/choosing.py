"""Which accounts a scope means: by name, and by what they are, hold and can spend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from swimdesk.desk.ports import Discovered
from swimdesk.desk.reading import HoldingsAnswer, HoldingsReader
from swimdesk.domain.accounts import Account
from swimdesk.domain.conditions import (
    AccountFigures,
    Condition,
    Names,
    check_names,
    meets,
    needs_level,
    needs_reading,
)
from swimdesk.domain.positions import held
from swimdesk.domain.where import parse_where
from swimdesk.errors import BrokerError, InputError, UnknownReference
from swimdesk.views.comparing import UnreadView
from swimdesk.views.requests import Scope


async def choose(reader: HoldingsReader, scope: Scope) -> tuple[Account, ...]:
    """Return the accounts of a scope, all for an empty one.

    WhereTextError, UnknownReference; an account of which nobody can tell whether it meets the
    condition is an error that names it.
    """
    if scope.where is not None:
        parse_where(scope.where)  # what is not understood is said before anything is read
    return await choose_among(reader, scope, await reader.discover())


async def choose_among(
    reader: HoldingsReader, scope: Scope, accounts: tuple[Account, ...]
) -> tuple[Account, ...]:
    """Return those of the accounts that a scope means; what it names must be among them."""
    condition = None if scope.where is None else parse_where(scope.where)
    named = _named(scope, accounts)
    if condition is None:
        return named
    check_names(condition, _names(accounts))
    return await _meeting(reader, condition, named)


async def choose_seen(
    reader: HoldingsReader, scope: Scope, found: Discovered
) -> tuple[Account, ...]:
    """Return those that a scope means of the accounts that could be found.

    Raises why where none could, or where what the scope names may be of a login that was not read.
    """
    if found.is_blind and found.objection is not None:
        raise found.objection.with_traceback(None)
    try:
        return await choose_among(reader, scope, found.accounts)
    except UnknownReference:
        if found.unread:
            raise next(iter(found.unread.values())).with_traceback(None) from None
        raise


def unread_logins(scope: Scope, found: Discovered) -> Iterator[UnreadView]:
    """Name the logins that may have more accounts of the scope than are known."""
    if scope.everyone or not (scope.groups or scope.accounts):
        for login, failure in found.unread.items():
            yield UnreadView(None, login, "accounts", failure.detail)


def _named(scope: Scope, accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    if scope.everyone or not (scope.groups or scope.accounts):
        return accounts
    known = _names(accounts)
    unknown = [a for a in scope.accounts if a not in known.alias]
    unknown += [g for g in scope.groups if g not in known.group]
    if unknown:
        raise UnknownReference(
            f"{', '.join(unknown)}: no such account or group. Groups:"
            f" {', '.join(sorted(known.group)) or 'none'}; `swimdesk accounts` lists the accounts."
        )
    return tuple(a for a in accounts if a.alias in scope.accounts or a.groups & set(scope.groups))


def _names(accounts: Sequence[Account]) -> Names:
    return Names(
        group=frozenset(group for account in accounts for group in account.groups),
        alias=frozenset(account.alias for account in accounts),
        login=frozenset(account.login for account in accounts),
    )


async def _meeting(
    reader: HoldingsReader, condition: Condition, accounts: tuple[Account, ...]
) -> tuple[Account, ...]:
    answer = HoldingsAnswer({}, {})
    if needs_reading(condition) and accounts:
        answer = await _read(reader, accounts)
    verdicts = {a.alias: meets(condition, _figures(a, answer)) for a in accounts}
    _check_all_known(condition, verdicts, answer)
    return tuple(account for account in accounts if verdicts[account.alias])


async def _read(reader: HoldingsReader, accounts: tuple[Account, ...]) -> HoldingsAnswer:
    try:
        return await reader.holdings(accounts)
    except BrokerError as error:
        # Not one could be read: the names alone may still settle the condition.
        return HoldingsAnswer({}, {account.alias: error for account in accounts})


def _figures(account: Account, answer: HoldingsAnswer) -> AccountFigures:
    read = answer.found.get(account.alias)
    if read is None:
        return AccountFigures(account)
    return AccountFigures(read.account, read.balances, held(read.positions))


def _check_all_known(
    condition: Condition, verdicts: dict[str, bool | None], answer: HoldingsAnswer
) -> None:
    unknown = [alias for alias, verdict in verdicts.items() if verdict is None]
    for alias in unknown:
        if alias in answer.failed:
            error = answer.failed[alias]
            unread = ", ".join(one for one in unknown if one in answer.failed)
            raise type(error)(f"--where: {unread} could not be read: {error.detail}")
    if unknown:
        what = "option_level is not configured" if needs_level(condition) else "type is not known"
        raise InputError(f"--where: of {', '.join(unknown)} the {what}.")
