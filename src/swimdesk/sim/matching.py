"""Where orders meet the market: net quotes, marketability, fill prices per leg."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from random import Random
from typing import Protocol

from swimdesk.domain.instruments import spread_tick
from swimdesk.sim.market import SimQuote
from swimdesk.sim.orders import OrderTerms, SimLeg

ZERO = Decimal(0)
CENT = Decimal("0.01")
_COMBO_SHARE = Decimal("0.5")
"""A complex order book quotes half as wide as the sum of its legs."""
_IMPROVEMENTS = (Decimal("0.0001"), Decimal("0.0025"), Decimal("0.0049"))


class Prices(Protocol):
    """The part of the market that orders are matched against."""

    def quote(self, symbol: str) -> SimQuote | None:
        """Return the market of a symbol, None when it is not listed."""
        ...


@dataclass(frozen=True, slots=True)
class NetQuote:
    """What one unit of an order costs per share; negative where it brings money in."""

    natural: Decimal
    """Taking every leg at the far side, as the order's own book shows it."""
    mid: Decimal
    outright: Decimal
    """Taking every leg at the far side of its own market."""


def net_quote(terms: OrderTerms, prices: Prices) -> NetQuote | None:
    """Return what an order would pay now; None when a leg has no market."""
    units = terms.units
    outright = mid = ZERO
    for leg in terms.legs:
        quote = prices.quote(leg.symbol)
        if quote is None or (leg.is_buy and quote.ask <= 0):
            return None
        share = Decimal(leg.sign * leg.quantity * leg.multiplier)
        outright += share * (quote.ask if leg.is_buy else quote.bid)
        mid += share * (quote.bid + quote.ask) / 2
    scale = units * terms.unit_multiplier
    outright, mid = outright / scale, mid / scale
    if len(terms.legs) == 1:
        return NetQuote(outright, mid, outright)
    tick = net_tick(terms)
    inside = mid + (outright - mid) * _COMBO_SHARE
    # The book's own quote stands on its tick, rounded against the one who takes it.
    return NetQuote(min(_to_tick(inside, tick, ROUND_CEILING), outright), mid, outright)


def net_tick(terms: OrderTerms) -> Decimal:
    """Return the step of a net price."""
    roots = [leg.contract.root for leg in terms.legs if leg.contract]
    return max((spread_tick(root) for root in roots), default=CENT)


def is_marketable(terms: OrderTerms, quote: NetQuote) -> bool:
    """Tell whether the order trades at once at this quote."""
    limit = terms.signed_limit
    return limit is None or limit >= quote.natural


def stop_is_reached(terms: OrderTerms, prices: Prices) -> bool:
    """Tell whether the market has touched the order's stop price (no stop: always)."""
    if terms.stop_price is None:
        return True
    leg = terms.legs[0]
    quote = prices.quote(leg.symbol)
    if quote is None:
        return False
    return quote.ask >= terms.stop_price if leg.is_buy else quote.bid <= terms.stop_price


def fill_prices(
    terms: OrderTerms, quote: NetQuote, prices: Prices, random: Random
) -> tuple[Decimal, ...]:
    """Return the price per leg of a fill at ``quote``: at the touch or a little better."""
    if len(terms.legs) == 1:
        return (_single_price(terms.legs[0], quote, random),)
    improvement = (quote.natural - quote.mid) * Decimal(random.choice(("0", "0", "0.25", "0.5")))
    net = _to_tick(quote.natural - improvement, net_tick(terms), ROUND_CEILING)
    return _leg_prices(terms, min(net, quote.natural), quote, prices)


def _single_price(leg: SimLeg, quote: NetQuote, random: Random) -> Decimal:
    touch = abs(quote.natural)
    if leg.contract or random.random() < 0.6:
        return touch
    # Wholesalers improve shares by fractions of a cent (four decimals on the wire).
    better = random.choice(_IMPROVEMENTS)
    return touch - better if leg.is_buy else touch + better


def _leg_prices(
    terms: OrderTerms, net: Decimal, quote: NetQuote, prices: Prices
) -> tuple[Decimal, ...]:
    """Spread a net price over the legs, each inside its own market, to the cent."""
    width = quote.outright - quote.mid
    share = (net - quote.mid) / width if width else ZERO
    found = []
    for leg in terms.legs:
        market = prices.quote(leg.symbol)
        assert market is not None  # noqa: S101 - the net quote was just made of these
        middle = (market.bid + market.ask) / 2
        far = market.ask if leg.is_buy else market.bid
        exact = middle + (far - middle) * share
        found.append(min(max(_nearest_cent(exact), market.bid), market.ask))
    return _balanced(terms, net, found, prices)


def _balanced(
    terms: OrderTerms, net: Decimal, found: list[Decimal], prices: Prices
) -> tuple[Decimal, ...]:
    """Take up what rounding left over: cent by cent where possible, else in one leg's decimals."""
    weights = [
        Decimal(leg.sign * leg.quantity * leg.multiplier) / (terms.units * terms.unit_multiplier)
        for leg in terms.legs
    ]
    rest = net - sum((w * p for w, p in zip(weights, found, strict=True)), ZERO)
    order = sorted(range(len(found)), key=lambda place: abs(weights[place]))
    for place in order:
        if not rest:
            break
        market = prices.quote(terms.legs[place].symbol)
        assert market is not None  # noqa: S101 - the net quote was just made of these
        wanted = found[place] + rest / weights[place]
        moved = min(max(wanted, market.bid), market.ask)
        rest -= weights[place] * (moved - found[place])
        found[place] = moved
    return tuple(found)


def _to_tick(value: Decimal, tick: Decimal, rounding: str) -> Decimal:
    return (value / tick).to_integral_value(rounding) * tick


def _nearest_cent(value: Decimal) -> Decimal:
    return (value / CENT).to_integral_value(ROUND_FLOOR) * CENT
