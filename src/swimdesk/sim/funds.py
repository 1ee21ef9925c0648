"""What an account is worth and what it may still spend (schwab-api 4.2 and 13.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from swimdesk.domain.instruments import OPTION_MULTIPLIER, OptionContract, Right
from swimdesk.sim.accounts import AccountKind, SimAccount, SimPosition
from swimdesk.sim.fees import fees
from swimdesk.sim.levels import secures_puts
from swimdesk.sim.margin import Coverage, amended, coverage, naked_charge
from swimdesk.sim.matching import NetQuote, Prices
from swimdesk.sim.orders import OrderTerms, SimLeg

ZERO = Decimal(0)
_HALF = Decimal("0.5")
_WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Funds:
    """The figures of one account at one moment, dollars; short values are negative."""

    cash: Decimal
    long_stock: Decimal
    short_stock: Decimal
    long_options: Decimal
    short_options: Decimal
    requirement: Decimal
    """What margin rules hold back for stocks and options together."""
    reserved: Decimal
    """What live orders hold back."""

    @property
    def stock(self) -> Decimal:
        """Value of all shares."""
        return self.long_stock + self.short_stock

    @property
    def equity(self) -> Decimal:
        """Cash and shares; options do not count."""
        return self.cash + self.stock

    @property
    def liquidation(self) -> Decimal:
        """What would be left if everything were closed."""
        return self.equity + self.long_options + self.short_options

    @property
    def available(self) -> Decimal:
        """What new orders may take."""
        return self.equity - self.requirement - self.reserved


def share_rate(kind: AccountKind) -> Decimal:
    """Return the part of a share position's value that the account must bring itself."""
    return _HALF if kind is AccountKind.MARGIN else _WHOLE


def market_value(position: SimPosition, prices: Prices) -> Decimal:
    """Return what a position is worth, dollars (negative when short)."""
    quote = prices.quote(position.symbol)
    # A symbol that is no longer quoted keeps its last known price.
    price = quote.mark if quote else position.trade_price
    return price * position.quantity * position.multiplier


def market_values(account: SimAccount, prices: Prices) -> dict[str, Decimal]:
    """Return what each position is worth, dollars, by symbol."""
    return {symbol: market_value(p, prices) for symbol, p in account.positions.items()}


def funds_of(
    account: SimAccount, prices: Prices, values: Mapping[str, Decimal] | None = None
) -> Funds:
    """Return the account's figures now; ``values`` where they have been worked out."""
    values = market_values(account, prices) if values is None else values
    sums = {"long_stock": ZERO, "short_stock": ZERO, "long_options": ZERO, "short_options": ZERO}
    for position in account.positions.values():
        side = "long" if position.quantity > 0 else "short"
        kind = "options" if position.contract else "stock"
        sums[f"{side}_{kind}"] += values[position.symbol]
    held_stock = sums["long_stock"] - sums["short_stock"]
    requirement = share_rate(account.kind) * held_stock + _options_held_back(account, prices)
    return Funds(account.cash, requirement=requirement, reserved=account.reserved(), **sums)


def available_funds(account: SimAccount, prices: Prices) -> Decimal:
    """Return what new orders may take, without valuing the options."""
    rate = share_rate(account.kind)
    funds = account.cash - account.reserved() - _options_held_back(account, prices)
    for position in account.positions.values():
        if position.contract is None:
            value = market_value(position, prices)
            funds += value - rate * abs(value)
    return funds


def option_requirements(account: SimAccount, prices: Prices) -> dict[str, Decimal]:
    """Return what is held back per short option symbol, dollars."""
    charge = _charge_of_naked(account, prices)
    held: dict[OptionContract, Decimal] = defaultdict(Decimal)
    for underlying in account.chains:
        found = account.coverage_of(underlying)
        for contract, amount in account.spread_charges(underlying).items():
            held[contract] += amount
        for contract, number in found.naked:
            held[contract] += charge(contract) * number
    return {contract.symbol: amount for contract, amount in held.items()}


def _options_held_back(account: SimAccount, prices: Prices) -> Decimal:
    charge = _charge_of_naked(account, prices)
    return sum((account.coverage_of(u).requirement(charge) for u in account.chains), ZERO)


@dataclass(frozen=True, slots=True)
class Change:
    """How the cover of the options on one underlying changes by an order."""

    before: Coverage
    after: Coverage


def coverage_changes(account: SimAccount, terms: OrderTerms) -> tuple[Change, ...]:
    """Return the cover before and after an order, for each underlying whose options it touches."""
    return tuple(
        _coverage_change(account, terms, underlying)
        for underlying in {leg.underlying for leg in terms.legs}
        if underlying in account.chains or any(leg.contract for leg in terms.legs)
    )


def _coverage_change(account: SimAccount, terms: OrderTerms, underlying: str) -> Change:
    before = account.coverage_of(underlying)
    chain = account.chains.get(underlying, {})
    changed: dict[date, dict[OptionContract, int]] = {}
    bought_shares = 0
    for leg in terms.legs:
        signed = leg.sign * leg.quantity
        if leg.contract is None:
            bought_shares += signed if leg.symbol == underlying else 0
        elif leg.underlying == underlying:
            expiry = leg.contract.expiry
            group = changed.setdefault(expiry, dict(chain.get(expiry, {})))
            group[leg.contract] = group.get(leg.contract, 0) + signed
    after = amended(before, changed)
    if after is None:
        after = coverage({**chain, **changed}, account.held(underlying) + bought_shares)
    return Change(before, after)


def cost_of(
    account: SimAccount,
    terms: OrderTerms,
    quote: NetQuote,
    changes: tuple[Change, ...],
    prices: Prices,
) -> Decimal:
    """Return what the order would take from the available funds, fees included.

    Negative where the order frees more than it takes.
    """
    limit = terms.signed_limit
    net = quote.natural if limit is None else limit
    cash_out = net * terms.unit_multiplier * terms.units
    charge = _charge_of_naked(account, prices)
    for change in changes:
        cash_out += change.after.requirement(charge) - change.before.requirement(charge)
    for leg in terms.legs:
        price = _leg_price(leg, abs(net) if len(terms.legs) == 1 else None, prices)
        cash_out += fees(leg, leg.quantity, price)
        if leg.contract is None:
            cash_out -= _collateral(leg, leg.quantity * price, account.kind)
    return cash_out


def _collateral(leg: SimLeg, value: Decimal, kind: AccountKind) -> Decimal:
    """Return what a trade in shares adds to the funds beside its cash."""
    rate = share_rate(kind)
    short_side = leg.instruction in ("SELL_SHORT", "BUY_TO_COVER")
    return leg.sign * value * (1 + rate if short_side else 1 - rate)


def _leg_price(leg: SimLeg, known: Decimal | None, prices: Prices) -> Decimal:
    if known is not None:
        return known
    quote = prices.quote(leg.symbol)
    return quote.mark if quote else ZERO


def _charge_of_naked(account: SimAccount, prices: Prices) -> Callable[[OptionContract], Decimal]:
    secured = secures_puts(account)

    def charge(contract: OptionContract) -> Decimal:
        if secured and contract.right is Right.PUT:
            return contract.strike * OPTION_MULTIPLIER
        underlying = prices.quote(contract.underlying)
        option = prices.quote(contract.symbol)
        spot = underlying.last if underlying else contract.strike
        return naked_charge(contract, spot, option.mark if option else ZERO)

    return charge
