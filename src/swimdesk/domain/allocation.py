"""Allocation: how many units each account gets, before anything is checked or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from swimdesk.domain.accounts import Account, Balances
from swimdesk.domain.orders import Leg, Ticket
from swimdesk.domain.sizing import BUDGETS, SPLITS, Remainder, Sizing, SizingRule


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account brings to an allocation; only accounts that could be read have one."""

    balances: Balances
    holdings: Mapping[str, Decimal]
    """Signed quantity by symbol."""
    unit_loss: Decimal | None = None
    """Worst loss in dollars of one unit there, fees included; None where it has no bound."""
    unit_closes: bool = False
    """Whether one unit would close something there."""


@dataclass(frozen=True, slots=True)
class Allocated:
    """What one account gets; ``reason`` says why it gets nothing."""

    quantity: int
    reason: str | None = None


def allocate(
    sizing: Sizing,
    ticket: Ticket,
    accounts: Sequence[Account],
    standings: Mapping[str, Standing],
    turn: int = 0,
) -> dict[str, Allocated]:
    """Give each account its units; what ``drop`` does not drop, a split gives out to the last.

    ``turn`` counts broadcasts, for the remainder rule ``rotate``.
    """
    if sizing.rule is SizingRule.TEXT:
        return {account.alias: Allocated(ticket.quantity) for account in accounts}
    if sizing.rule is SizingRule.MULT:
        return _multiplied(sizing, ticket.quantity, accounts, turn)
    if sizing.rule in SPLITS:
        return _split(sizing, accounts, standings, turn)
    size = _by_budget if sizing.rule in BUDGETS else _by_holding
    return {
        account.alias: size(sizing, ticket, standings[account.alias])
        if account.alias in standings
        else Allocated(0, "it could not be read")
        for account in accounts
    }


def unweighed(
    sizing: Sizing, accounts: Sequence[Account], standings: Mapping[str, Standing]
) -> tuple[str, ...]:
    """Return the accounts whose share of a split went to the others: they could not be read."""
    if sizing.rule not in SPLITS or sizing.rule is SizingRule.EQUAL:
        return ()
    return tuple(account.alias for account in accounts if account.alias not in standings)


# --- shares of a total -------------------------------------------------------------------------


def _multiplied(
    sizing: Sizing, units: int, accounts: Sequence[Account], turn: int
) -> dict[str, Allocated]:
    exact = {account.alias: Fraction(account.multiplier) * units for account in accounts}
    shares = round_shares(exact, sizing.remainder, turn)
    why = {a.alias: f"{units} x multiplier {a.multiplier} rounds down to 0" for a in accounts}
    return {alias: _given(shares[alias], why[alias]) for alias in exact}


def _split(
    sizing: Sizing, accounts: Sequence[Account], standings: Mapping[str, Standing], turn: int
) -> dict[str, Allocated]:
    weights = {a.alias: _weight(sizing.rule, standings.get(a.alias)) for a in accounts}
    shares = round_shares(exact_shares(int(sizing.figure or 0), weights), sizing.remainder, turn)
    return {
        alias: _given(
            shares[alias],
            f"{sizing}: {'its share rounds down to 0' if weight else 'it has nothing to weigh'}",
        )
        for alias, weight in weights.items()
    }


def _weight(rule: SizingRule, known: Standing | None) -> Decimal:
    if rule is SizingRule.EQUAL:
        return Decimal(1)
    if known is None:
        return Decimal(0)
    return max(_figure_of(rule, known.balances), Decimal(0))


def _figure_of(rule: SizingRule, balances: Balances) -> Decimal:
    if rule in (SizingRule.NETLIQ, SizingRule.NETLIQ_BUDGET):
        return balances.liquidation_value
    return balances.option_buying_power


def _given(quantity: int, why_not: str) -> Allocated:
    return Allocated(quantity) if quantity else Allocated(0, why_not)


def exact_shares(total: int, weights: Mapping[str, Decimal]) -> dict[str, Fraction]:
    """Divide a total by weight, without rounding; all weights zero: everyone gets 0."""
    whole = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    # Fractions: a quotient rounded up to a whole number would be taken for a floor.
    return {
        name: Fraction(weight) * total / whole if whole else Fraction(0)
        for name, weight in weights.items()
    }


def round_shares(
    exact: Mapping[str, Fraction], remainder: Remainder | None, turn: int = 0
) -> dict[str, int]:
    """Round shares down, then give the whole units left over to the largest remainders.

    Ties go by name, so the same input gives the same shares; with ``rotate`` those that tie take
    turns. ``drop`` leaves it at the floors.
    """
    shares = {name: int(share) for name, share in exact.items()}
    if remainder in (None, Remainder.DROP):
        return shares
    left = int(sum(exact.values(), Fraction(0))) - sum(shares.values())
    rest = {name: shares[name] - exact[name] for name in exact}
    ranked = sorted(exact, key=lambda name: (rest[name], name))
    for _, group in groupby(ranked, rest.__getitem__):
        tied = list(group)
        start = turn % len(tied) if remainder is Remainder.ROTATE else 0
        for name in (tied[start:] + tied[:start])[:left]:
            shares[name] += 1
        left = max(left - len(tied), 0)
    return shares


# --- each account by itself --------------------------------------------------------------------


def _by_budget(sizing: Sizing, _: Ticket, known: Standing) -> Allocated:
    """Give the units whose maximum loss fits the budget."""
    budget = sizing.figure or Decimal(0)
    if sizing.rule is not SizingRule.RISK:
        budget *= _figure_of(sizing.rule, known.balances) / 100
    if known.unit_closes:
        return Allocated(0, f"{sizing}: the order closes here; pct: sizes what closes")
    if known.unit_loss is None:
        return Allocated(0, f"{sizing}: the maximum loss of one unit has no bound")
    if known.unit_loss <= 0:
        return Allocated(0, f"{sizing}: one unit has no loss that a budget could bound")
    units = max(int(Fraction(budget) / Fraction(known.unit_loss)), 0)
    why_not = f"one unit may lose ${known.unit_loss:,.2f}, the budget is ${budget:,.2f}"
    return _given(units, f"{sizing}: {why_not}")


def _by_holding(sizing: Sizing, ticket: Ticket, known: Standing) -> Allocated:
    """Give a share of the whole units that the order could close."""
    whole = min(_closable(leg, known.holdings) for leg in ticket.legs)
    # Broken shares count towards a share of them; half a spread is none.
    whole = whole if ticket.is_equity else Fraction(int(whole))
    if not whole:
        return Allocated(0, f"{sizing}: it holds nothing that the order would close")
    units = int(abs(Fraction(sizing.figure or 0)) * whole / 100)
    return _given(units, f"{sizing}: its share of {float(whole):g} held rounds down to 0")


def _closable(leg: Leg, holdings: Mapping[str, Decimal]) -> Fraction:
    """Return how many units of this leg a holding is the other side of."""
    held = max(-leg.side.sign * holdings.get(leg.instrument.symbol, Decimal(0)), Decimal(0))
    return Fraction(held) / leg.ratio
