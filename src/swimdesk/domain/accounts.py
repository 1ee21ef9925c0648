"""Accounts as the desk knows them: names, abilities, balances."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class AccountType(StrEnum):
    """The broker's kind of account."""

    MARGIN = "MARGIN"
    CASH = "CASH"
    UNRECOGNISED = "UNRECOGNISED"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an account may trade; ``option_level`` is None where nobody has told us."""

    type: AccountType = AccountType.MARGIN
    option_level: int | None = None
    closing_only: bool = False
    ira: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """One brokerage account: the alias is for humans and logs, the number is never kept here."""

    alias: str
    login: str
    last4: str
    groups: frozenset[str] = frozenset()
    multiplier: Decimal = Decimal(1)
    capabilities: Capabilities = field(default_factory=Capabilities)


@dataclass(frozen=True, slots=True)
class Balances:
    """What an account can spend, in dollars.

    ``option_buying_power`` is the broker's availableFundsNonMarginableTrade (margin) or
    cashAvailableForTrading (cash); spreads and long options are paid from it.
    """

    liquidation_value: Decimal
    cash: Decimal
    option_buying_power: Decimal
    stock_buying_power: Decimal
    as_of: datetime
