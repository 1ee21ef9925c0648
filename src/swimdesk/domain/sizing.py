"""``--size`` and ``--remainder``: what was asked for, before it is known what the accounts have."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from swimdesk.domain.figures import read_figure
from swimdesk.domain.orders import Side
from swimdesk.errors import InputError


class SizingRule(StrEnum):
    """How units are found for each account; a ``%`` marks the budgets that are a share."""

    TEXT = "text"
    MULT = "mult"
    EQUAL = "equal"
    NETLIQ = "netliq"
    BUYING_POWER = "bp"
    NETLIQ_BUDGET = "netliq%"
    BUYING_POWER_BUDGET = "bp%"
    RISK = "risk"
    PERCENT = "pct"


SPLITS = frozenset({SizingRule.EQUAL, SizingRule.NETLIQ, SizingRule.BUYING_POWER})
BUDGETS = frozenset({SizingRule.NETLIQ_BUDGET, SizingRule.BUYING_POWER_BUDGET, SizingRule.RISK})
_BARE = frozenset({SizingRule.TEXT, SizingRule.MULT})
_WHOLE_SHARE = 100


class Remainder(StrEnum):
    """Who gets the units that rounding down leaves over."""

    LARGEST = "largest"
    ROTATE = "rotate"
    DROP = "drop"


_DEFAULT_REMAINDERS = dict.fromkeys(SPLITS, Remainder.LARGEST) | {SizingRule.MULT: Remainder.DROP}


@dataclass(frozen=True, slots=True)
class Sizing:
    """A sizing rule with its figure: units of a split, percent or dollars of a budget."""

    rule: SizingRule = SizingRule.TEXT
    figure: Decimal | None = None
    remainder: Remainder | None = None
    """None where each account is sized by itself and nothing is left over."""

    def __str__(self) -> str:
        if self.figure is None:
            return self.rule.value
        word = self.rule.value.removesuffix("%")
        return f"{word}:{self.figure:f}{'%' if word != self.rule.value else ''}"


def parse_sizing(text: str, remainder: str | None = None) -> Sizing:
    """Read ``mult``, ``equal:90``, ``netliq:1%``, ``risk:500``, ``pct:-50`` ...; InputError.

    Without a remainder rule splits give every unit out and multipliers round down.
    """
    word, colon, figure = text.strip().lower().partition(":")
    if figure.endswith("%") and not word.endswith("%"):
        word, figure = f"{word}%", figure[:-1]
    elif word.endswith("%"):
        raise _not_a_sizing(text)
    try:
        rule = SizingRule(word)
    except ValueError:
        raise _not_a_sizing(text) from None
    if rule in _BARE:
        if colon:
            raise _not_a_sizing(text)
        return Sizing(rule, None, _read_remainder(rule, remainder))
    number = read_figure(figure)
    if number is None or not _is_fit(rule, number):
        raise _not_a_sizing(text)
    return Sizing(rule, number, _read_remainder(rule, remainder))


def _is_fit(rule: SizingRule, figure: Decimal) -> bool:
    if rule in SPLITS:
        return figure >= 1 and figure == figure.to_integral_value()
    if rule is SizingRule.PERCENT:
        return 0 < abs(figure) <= _WHOLE_SHARE
    return figure > 0 and (rule is SizingRule.RISK or figure <= _WHOLE_SHARE)


def _read_remainder(rule: SizingRule, text: str | None) -> Remainder | None:
    if text is None:
        return _DEFAULT_REMAINDERS.get(rule)
    try:
        remainder = Remainder(text)
    except ValueError:
        raise InputError(
            f"--remainder {text!r} is not a rule; expected {', '.join(Remainder)}"
        ) from None
    if rule not in _DEFAULT_REMAINDERS:
        raise InputError(
            f"--remainder goes with --size equal:N, netliq:N, bp:N and mult; {rule.value} leaves"
            " nothing over: each account is sized by itself"
        )
    return remainder


def _not_a_sizing(text: str) -> InputError:
    return InputError(
        f"--size {text!r} is not a sizing; expected text, mult, equal:N, netliq:N or bp:N (N units"
        " over all accounts), netliq:P%, bp:P% or risk:DOLLARS (a budget per account), pct:-P or"
        " pct:P (percent of what an account holds, sold or bought back), P at most 100"
    )


def check_text(sizing: Sizing, units: int, side: Side) -> None:
    """Refuse a sizing that contradicts the quantity or the side of the order text."""
    if sizing.rule not in _BARE and units != 1:
        raise InputError(
            f"--size {sizing} finds the quantity itself, so the order text must say quantity 1;"
            f" it says {units}"
        )
    if sizing.rule is SizingRule.PERCENT and sizing.figure and sizing.figure * side.sign < 0:
        right = "negative, like pct:-50" if side is Side.SELL else "positive, like pct:50"
        raise InputError(
            f"--size {sizing} contradicts the side of the order: with {side} it is {right}"
        )
