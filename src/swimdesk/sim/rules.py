"""The asynchronous rules: why an order that was taken is rejected a moment later (13.3, 13.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from swimdesk.domain.instruments import option_tick
from swimdesk.sim.accounts import AccountKind, SimAccount
from swimdesk.sim.funds import Change, available_funds, cost_of, coverage_changes
from swimdesk.sim.levels import level_needed
from swimdesk.sim.matching import NetQuote, Prices, net_quote, net_tick
from swimdesk.sim.orders import OrderTerms, SimLeg, SimOrder
from swimdesk.sim.validation import Describe

BUYING_POWER = "You do not have enough available cash/buying power for this order."
OPTION_LEVEL = "The account is not approved for this level of options trading."
DECIMALS = (
    "Orders above $1 can be entered in no more than two decimals; "
    "orders below $1, no more than four decimals."
)
FAR_LIMIT = (
    "Your limit price is significantly away from the current market price. "
    "Please adjust your order."
)
SPX_TICK = "Spread orders for SPX options must be priced in 5-cent increments."
OPTION_TICK = (
    "Enter the price in decimal form: Penny Pilot options $0.01 under $3; $0.05 over $3; "
    "& all other options $0.05 under $3; $0.10 over $3."
)
OVERSOLD = "This order may result in an oversold/overbought position in your account"
STOP_PRICE = (
    "The stop price must be above the current ask for buy stop orders "
    "and below the bid for sell stop orders."
)
NO_TRADES = "No trades are currently allowed"
NO_SHORT_SALES = "Short sales are not allowed in this type of account."
NO_MARKET = "There is no market for this symbol."

_FAR_FACTOR = 2
_FAR_OPTION_FACTOR = 3
_FAR_OPTION_SLACK = Decimal(5)


@dataclass(frozen=True, slots=True)
class Case:
    """An order before the rules: whose, what, and the market it meets."""

    account: SimAccount
    terms: OrderTerms
    prices: Prices
    describe: Describe
    others: tuple[SimOrder, ...]
    """The account's other live orders, without the one that this replaces."""
    replaced: SimOrder | None
    quote: NetQuote | None
    """None where a leg has no market."""
    changes: tuple[Change, ...]
    cost: Decimal
    """What it takes from the available funds, dollars; negative where it frees some."""

    @property
    def opens(self) -> bool:
        """Tell whether any leg opens a position."""
        return any(leg.is_opening for leg in self.terms.legs)

    @property
    def single(self) -> SimLeg | None:
        """The leg of a single-leg order."""
        return self.terms.legs[0] if len(self.terms.legs) == 1 else None


def open_case(
    account: SimAccount,
    terms: OrderTerms,
    prices: Prices,
    describe: Describe,
    *,
    order: SimOrder | None = None,
    replaced: SimOrder | None = None,
) -> Case:
    """Gather what the rules look at; ``order`` is the record of these terms where there is one."""
    others = tuple(o for o in account.live.values() if o is not order and o is not replaced)
    quote = net_quote(terms, prices)
    changes = coverage_changes(account, terms)
    cost = Decimal(0) if quote is None else cost_of(account, terms, quote, changes, prices)
    return Case(account, terms, prices, describe, others, replaced, quote, changes, cost)


def rejections(case: Case) -> list[str]:
    """Return the texts of all rules that the order breaks, without repetition."""
    return list(dict.fromkeys(text for rule in _RULES for text in rule(case)))


def _trading_allowed(case: Case) -> Iterator[str]:
    if case.account.closing_only and case.opens:
        yield NO_TRADES


def _market_exists(case: Case) -> Iterator[str]:
    if case.quote is None:
        yield NO_MARKET


def _option_approval(case: Case) -> Iterator[str]:
    """Ask for the level that the change of cover needs; without any, options are out of reach."""
    account, terms = case.account, case.terms
    if account.option_level is None:
        refused = any(leg.contract for leg in terms.legs)
    else:
        needed = (level_needed(account, terms, c.before, c.after) for c in case.changes)
        refused = max(needed, default=0) > account.option_level
    if refused:
        yield OPTION_LEVEL


def _short_sale(case: Case) -> Iterator[str]:
    selling_short = any(leg.instruction == "SELL_SHORT" for leg in case.terms.legs)
    if selling_short and case.account.kind is not AccountKind.MARGIN:
        yield NO_SHORT_SALES


def _decimals(case: Case) -> Iterator[str]:
    if case.single is None or case.single.contract:
        return
    for price in (case.terms.price, case.terms.stop_price):
        if price is not None and price % Decimal("0.01" if price >= 1 else "0.0001"):
            yield DECIMALS


def _tick(case: Case) -> Iterator[str]:
    price = case.terms.price
    if not price:
        return
    if case.single is None:
        tick = net_tick(case.terms)
        if price % tick:
            yield SPX_TICK if tick > Decimal("0.01") else DECIMALS
    elif case.single.contract:
        listing = case.describe(case.single.symbol)
        penny_pilot = listing is not None and listing.penny_pilot
        if price % option_tick(case.single.contract.root, price, penny_pilot=penny_pilot):
            yield OPTION_TICK


def _far_limit(case: Case) -> Iterator[str]:
    """Reject a share limit far off on either side, an option limit only when it overpays."""
    quote, limit = case.quote, case.terms.signed_limit
    if quote is None or limit is None or case.terms.stop_price is not None:
        return
    if case.single is not None and case.single.contract is None:
        ratio = abs(limit) / abs(quote.mid)
        if not Decimal(1) / _FAR_FACTOR <= ratio <= _FAR_FACTOR:
            yield FAR_LIMIT
        return
    slack = max(_FAR_OPTION_SLACK, (_FAR_OPTION_FACTOR - 1) * abs(quote.natural))
    if limit > quote.natural + slack:
        yield FAR_LIMIT


def _stop_side(case: Case) -> Iterator[str]:
    stop, leg = case.terms.stop_price, case.terms.legs[0]
    quote = case.prices.quote(leg.symbol)
    if stop is None or quote is None:
        return
    if (stop <= quote.ask) if leg.is_buy else (stop >= quote.bid):
        yield STOP_PRICE


def _holdings(case: Case) -> Iterator[str]:
    """Reject closing more than is held (less what other live orders close), and boxing."""
    for leg in case.terms.legs:
        held = case.account.held(leg.symbol)
        if leg.is_opening:
            if held * leg.sign < 0:
                yield OVERSOLD
            continue
        pending = sum(_closing(order, leg) for order in case.others)
        if leg.quantity + pending > -held * leg.sign:
            yield OVERSOLD


def _closing(order: SimOrder, wanted: SimLeg) -> int:
    return sum(
        leg.quantity * order.open_units // order.units
        for leg in order.terms.legs
        if leg.symbol == wanted.symbol and leg.instruction == wanted.instruction
    )


def _buying_power(case: Case) -> Iterator[str]:
    if case.cost <= 0:
        return
    available = available_funds(case.account, case.prices)
    if case.replaced is not None:
        available += case.replaced.reserve
    if case.cost > available:
        yield BUYING_POWER


_RULES: tuple[Callable[[Case], Iterator[str]], ...] = (
    _trading_allowed,
    _market_exists,
    _option_approval,
    _short_sale,
    _decimals,
    _tick,
    _far_limit,
    _stop_side,
    _holdings,
    _buying_power,
)
