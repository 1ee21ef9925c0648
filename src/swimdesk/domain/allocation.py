"""Sizing rules: how many units each account gets, before anything is checked or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from fractions import Fraction

from swimdesk.domain.accounts import Account, Balances
from swimdesk.errors import InputError


class SizingRule(StrEnum):
    """How units are divided over accounts."""

    TEXT = "text"
    MULT = "mult"
    EQUAL = "equal"
    NETLIQ = "netliq"
    BUYING_POWER = "bp"


SPLITS = frozenset({SizingRule.EQUAL, SizingRule.NETLIQ, SizingRule.BUYING_POWER})


@dataclass(frozen=True, slots=True)
class Sizing:
    """A sizing rule; splits carry the total number of units over all accounts."""

    rule: SizingRule = SizingRule.TEXT
    total: int | None = None

    def __str__(self) -> str:
        return self.rule.value if self.total is None else f"{self.rule.value}:{self.total}"


@dataclass(frozen=True, slots=True)
class Allocated:
    """What one account gets; ``reason`` says why it gets nothing."""

    quantity: int
    reason: str | None = None


def parse_sizing(text: str) -> Sizing:
    """Read ``text``, ``mult``, ``equal:90``, ``netliq:90`` or ``bp:90``; InputError otherwise."""
    word, _, figure = text.strip().lower().partition(":")
    try:
        rule = SizingRule(word)
    except ValueError:
        raise _not_a_sizing(text) from None
    if rule not in SPLITS:
        if figure:
            raise _not_a_sizing(text)
        return Sizing(rule)
    if not figure.isascii() or not figure.isdigit() or int(figure) < 1:
        raise _not_a_sizing(text)
    return Sizing(rule, int(figure))


def _not_a_sizing(text: str) -> InputError:
    return InputError(
        f"--size {text!r} is not a sizing; expected text, mult, equal:N, netliq:N or bp:N,"
        " where N is the whole number of units over all accounts"
    )


def allocate(
    sizing: Sizing,
    units: int,
    accounts: Sequence[Account],
    balances: Mapping[str, Balances],
) -> dict[str, Allocated]:
    """Give each account its units; splits conserve the total exactly unless nobody has a share."""
    if sizing.rule in SPLITS and units != 1:
        raise InputError(
            f"--size {sizing} divides its own total, so the order text must say quantity 1;"
            f" it says {units}"
        )
    if sizing.rule is SizingRule.TEXT:
        return {account.alias: Allocated(units) for account in accounts}
    if sizing.rule is SizingRule.MULT:
        return {account.alias: _multiplied(units, account) for account in accounts}
    weights = {account.alias: _weight(sizing.rule, account, balances) for account in accounts}
    shares = largest_remainder(sizing.total or 0, weights)
    return {alias: _shared(sizing, shares[alias], weights[alias]) for alias in weights}


def _multiplied(units: int, account: Account) -> Allocated:
    quantity = int((units * account.multiplier).to_integral_value(ROUND_DOWN))
    if quantity:
        return Allocated(quantity)
    return Allocated(0, f"{units} x multiplier {account.multiplier} rounds down to 0")


def _weight(rule: SizingRule, account: Account, balances: Mapping[str, Balances]) -> Decimal:
    if rule is SizingRule.EQUAL:
        return Decimal(1)
    known = balances.get(account.alias)
    if known is None:
        return Decimal(0)
    figure = known.liquidation_value if rule is SizingRule.NETLIQ else known.option_buying_power
    return max(figure, Decimal(0))


def _shared(sizing: Sizing, quantity: int, weight: Decimal) -> Allocated:
    if quantity:
        return Allocated(quantity)
    why = "its share rounds down to 0" if weight else "it has nothing to weigh"
    return Allocated(0, f"{sizing}: {why}")


def largest_remainder(total: int, weights: Mapping[str, Decimal]) -> dict[str, int]:
    """Divide whole units by weight: floors first, the rest to the largest remainders.

    Ties go by name, so the same input gives the same split. All weights zero: everyone gets 0.
    """
    whole = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    if not whole:
        return dict.fromkeys(weights, 0)
    # Fractions: a quotient rounded up to a whole number would be taken for a floor.
    exact = {name: Fraction(weight) * total / whole for name, weight in weights.items()}
    shares = {name: int(share) for name, share in exact.items()}
    order = sorted(weights, key=lambda name: (shares[name] - exact[name], name))
    for name in order[: total - sum(shares.values())]:
        shares[name] += 1
    return shares
