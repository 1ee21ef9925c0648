"""Conditions on accounts: what they are, hold and can spend, and what is not known of that."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

from swimdesk.domain.accounts import Account, AccountType, Balances
from swimdesk.errors import UnknownReference


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """What a condition looks at; ``balances`` and ``holdings`` are None where they were not read.

    ``holdings`` are signed quantities by symbol.
    """

    account: Account
    balances: Balances | None = None
    holdings: Mapping[str, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """The groups, aliases and logins that there are."""

    group: frozenset[str]
    alias: frozenset[str]
    login: frozenset[str]


@dataclass(frozen=True, slots=True)
class Compare:
    """A number or a name of an account against a value; ``symbol`` goes with ``holds``."""

    name: str
    sign: str
    value: Decimal | str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something an account is or is not; ``symbol`` goes with ``holds``."""

    name: str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    one: Condition


@dataclass(frozen=True, slots=True)
class Joined:
    """Two conditions by ``and`` or ``or``."""

    word: str
    left: Condition
    right: Condition


Condition: TypeAlias = Compare | Flag | Not | Joined

SIGNS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
NUMBERS = ("bp", "netliq", "cash", "level")
FLAGS = ("ira", "margin", "closing_only")
TEXTS = ("group", "alias", "login")
HOLDS = "holds"


def meets(condition: Condition, facts: AccountFigures) -> bool | None:
    """Tell whether an account meets a condition; None where that hangs on what is not known."""
    match condition:
        case Not(one):
            found = meets(one, facts)
            return None if found is None else not found
        case Joined(word, left, right):
            # One side that settles it is enough, whatever the other one would have said.
            settles = word == "or"
            sides = (meets(left, facts), meets(right, facts))
            return settles if settles in sides else None if None in sides else not settles
        case Flag(name, symbol):
            return _flag(name, symbol, facts)
        case Compare():
            return _compare(condition, facts)


def _flag(name: str, symbol: str, facts: AccountFigures) -> bool | None:
    able = facts.account.capabilities
    if name == HOLDS:
        return None if facts.holdings is None else facts.holdings.get(symbol, Decimal(0)) != 0
    if name == "ira":
        return able.ira
    # The broker tells the rest together with the balances.
    if name == "closing_only":
        return True if able.closing_only else None if facts.balances is None else False
    is_known = facts.balances is not None and able.type is not AccountType.UNRECOGNISED
    return able.type is AccountType.MARGIN if is_known else None


def _compare(condition: Compare, facts: AccountFigures) -> bool | None:
    if condition.name == "group":
        is_in = condition.value in facts.account.groups
        return is_in is (condition.sign == "=")
    found = _value(condition, facts)
    return None if found is None else SIGNS[condition.sign](found, condition.value)


def _value(condition: Compare, facts: AccountFigures) -> Decimal | str | int | None:
    account, known = facts.account, facts.balances
    match condition.name:
        case "alias":
            return account.alias
        case "login":
            return account.login
        case "level":
            return account.capabilities.option_level
        case _ if condition.name == HOLDS:
            holdings = facts.holdings
            return None if holdings is None else holdings.get(condition.symbol, Decimal(0))
    if known is None:
        return None
    figures = {
        "bp": known.option_buying_power,
        "netliq": known.liquidation_value,
        "cash": known.cash,
    }
    return figures[condition.name]


def needs_reading(condition: Condition) -> bool:
    """Tell whether a condition looks at what only the broker can say now."""
    return any(part.name not in (*TEXTS, "level", "ira") for part in _parts(condition))


def needs_level(condition: Condition) -> bool:
    """Tell whether a condition looks at the option level, which only the configuration knows."""
    return any(part.name == "level" for part in _parts(condition))


def check_names(condition: Condition, names: Names) -> None:
    """Refuse a group, alias or login that does not exist: ``not group = 'irra'`` would be all."""
    for part in _parts(condition):
        if isinstance(part, Compare) and part.name in TEXTS:
            known: frozenset[str] = getattr(names, part.name)
            if part.value not in known:
                listed = ", ".join(sorted(known)) or "none"
                raise UnknownReference(
                    f"--where: there is no {part.name} {part.value!r}; there are: {listed}."
                )


def _parts(condition: Condition) -> tuple[Compare | Flag, ...]:
    match condition:
        case Not(one):
            return _parts(one)
        case Joined(_, left, right):
            return _parts(left) + _parts(right)
        case Compare() | Flag():
            return (condition,)
