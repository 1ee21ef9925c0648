"""What each account has in which structure, with cost and worth, from its last read; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, reduce
from typing import Final

from swimdesk.domain.holdings import Held, held_of, same_underlying
from swimdesk.domain.instruments import Instrument, OptionContract, parse_instrument, plain
from swimdesk.domain.orderlang.roots import written_day
from swimdesk.domain.orders import Leg, Side, StructureKind
from swimdesk.domain.payoff import Series, series_of
from swimdesk.domain.positions import Position
from swimdesk.domain.structures import STRUCTURES
from swimdesk.views.models import HoldingView, PositionView

_ZERO: Final = Decimal(0)

MOST_ON_A_DAY: Final = 16
"""More contracts of one account that end together are told one by one: to try all ways in which
they might form structures would hold the screen up."""

Quantities = tuple[tuple[str, Decimal], ...]
"""Symbols with their signed quantities, sorted."""


@dataclass(frozen=True, slots=True)
class Worth:
    """Dollars, negative for what is owed; ``cost`` is None where no average price tells it."""

    value: Decimal
    cost: Decimal | None

    def __add__(self, other: Worth) -> Worth:
        """Add up; a sum with an unknown cost in it has none."""
        known = self.cost is not None and other.cost is not None
        cost = (self.cost or _ZERO) + (other.cost or _ZERO) if known else None
        return Worth(self.value + other.value, cost)

    @property
    def gain(self) -> Decimal | None:
        """What closing at the broker's marks would have gained since it was opened."""
        return None if self.cost is None else self.value - self.cost


NO_WORTH: Final = Worth(_ZERO, _ZERO)


@dataclass(frozen=True, slots=True)
class Part:
    """One symbol of a stake; ``multiplier`` is None for what cannot be ordered here."""

    symbol: str
    label: str
    quantity: Decimal
    multiplier: int | None
    worth: Worth


@dataclass(frozen=True, slots=True)
class Stake:
    """What one account has in one structure; ``units`` are signed, shares where it is stock.

    ``held`` is None for what forms nothing that can be ordered: funds, bonds, parts of a share.
    """

    account: str
    underlying: str
    label: str
    held: Held | None
    units: Decimal
    parts: tuple[Part, ...]

    @property
    def key(self) -> str:
        """The same for the same structure held the same way round, whichever account has it."""
        if self.held is None:
            return f"-/{self.parts[0].symbol}"
        legs = ",".join(f"{leg.instrument.symbol}*{leg.ratio}" for leg in self.held.legs)
        return f"{self.held.kind}/{self.held.side}/{legs}"

    @property
    def multiplier(self) -> int | None:
        """Dollars per point of price and unit; None where a price per unit says nothing."""
        known = [part.multiplier for part in self.parts if part.multiplier is not None]
        return max(known) if len(known) == len(self.parts) else None

    @property
    def worth(self) -> Worth:
        """What all its parts are worth together."""
        return total(part.worth for part in self.parts)


def total(worths: Iterable[Worth]) -> Worth:
    """Add up."""
    return reduce(lambda one, other: one + other, worths, NO_WORTH)


def stakes_of(holding: HoldingView) -> tuple[Stake, ...]:
    """Tell what an account holds as structures; nothing that it holds is left out."""
    account = holding.balances.account
    by_underlying: dict[str, dict[str, _Pool]] = {}
    for position in holding.positions:
        name = _underlying(position.symbol, by_underlying)
        pools = by_underlying.setdefault(name, {})
        pools[position.symbol] = pools.get(position.symbol, _Pool()).with_position(position)
    return tuple(
        stake for name, pools in by_underlying.items() for stake in _stakes_in(account, name, pools)
    )


class StakeBook:
    """The stakes of all accounts, told anew only for those that were read again."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[HoldingView, tuple[Stake, ...], Worth]] = {}

    def of(self, holding: HoldingView) -> tuple[Stake, ...]:
        """Tell what an account holds as structures."""
        return self._told(holding)[1]

    def worth(self, holding: HoldingView) -> Worth:
        """Tell what the positions of an account are worth together."""
        return self._told(holding)[2]

    def _told(self, holding: HoldingView) -> tuple[HoldingView, tuple[Stake, ...], Worth]:
        account = holding.balances.account
        known = self._known.get(account)
        if known is None or known[0] is not holding:
            stakes = stakes_of(holding)
            known = (holding, stakes, total(stake.worth for stake in stakes))
            self._known[account] = known
        return known


def _underlying(symbol: str, known: Mapping[str, object]) -> str:
    instrument = _instrument(symbol)
    if instrument is None:
        return symbol
    # Shares of BRK/B and options of BRKB belong together.
    same = (name for name in known if same_underlying(name, instrument))
    return next(same, instrument.underlying.removeprefix("$"))


@lru_cache(maxsize=8192)
def _instrument(symbol: str) -> Instrument | None:
    try:
        return parse_instrument(symbol)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Pool:
    """All that an account has of one symbol."""

    quantity: Decimal = _ZERO
    worth: Worth = NO_WORTH

    def with_position(self, position: PositionView) -> _Pool:
        instrument = _instrument(position.symbol)
        cost = None
        # A broker that has no average price writes 0: that is no cost of nothing.
        if instrument is not None and position.average_price:
            cost = position.average_price * position.quantity * instrument.multiplier
        worth = Worth(position.market_value, cost)
        return _Pool(self.quantity + position.quantity, self.worth + worth)

    def part(self, symbol: str, quantity: Decimal) -> Part:
        """Return so much of it with its share of worth and cost."""
        instrument = _instrument(symbol)
        worth = self.worth
        if quantity != self.quantity and self.quantity:
            share = quantity / self.quantity
            cost = None if worth.cost is None else worth.cost * share
            worth = Worth(worth.value * share, cost)
        multiplier = None if instrument is None else instrument.multiplier
        return Part(symbol, label_of(symbol), quantity, multiplier, worth)


def _stakes_in(account: str, name: str, pools: Mapping[str, _Pool]) -> Iterable[Stake]:
    quantities = tuple(sorted((symbol, pool.quantity) for symbol, pool in pools.items()))
    left = dict(quantities)
    for held in _structures(name, quantities):
        parts = []
        for leg in held.legs:
            symbol = leg.instrument.symbol
            quantity = Decimal(leg.side.sign * leg.ratio * held.units)
            left[symbol] -= quantity
            parts.append(pools[symbol].part(symbol, quantity))
        units = Decimal(held.side.sign * held.units)
        yield Stake(account, name, label_of_held(held), held, units, tuple(parts))
    for symbol, quantity in left.items():
        # Long and short of one symbol may stand beside each other and come to nothing.
        if quantity or not pools[symbol].quantity:
            part = pools[symbol].part(symbol, quantity)
            yield Stake(account, name, part.label, None, quantity, (part,))


@lru_cache(maxsize=4096)
def _structures(name: str, quantities: Quantities) -> tuple[Held, ...]:
    """Tell the structures; kept, since accounts that trade together hold the same."""
    days = Counter(day for symbol, _ in quantities if (day := _day_of(symbol)) is not None)
    crowded = {day for day, contracts in days.items() if contracts > MOST_ON_A_DAY}
    told = [
        Position(symbol, quantity, _ZERO, _ZERO, _instrument(symbol))
        for symbol, quantity in quantities
        if _day_of(symbol) not in crowded
    ]
    alone = (_single(s, quantity) for s, quantity in quantities if _day_of(s) in crowded)
    return (*held_of(name, told), *(one for one in alone if one is not None))


def _day_of(symbol: str) -> Series | None:
    instrument = _instrument(symbol)
    return series_of(instrument) if isinstance(instrument, OptionContract) else None


def _single(symbol: str, quantity: Decimal) -> Held | None:
    instrument, units = _instrument(symbol), abs(int(quantity))
    if instrument is None or not units:
        return None
    side = Side.BUY if quantity > 0 else Side.SELL
    return Held(StructureKind.OPTION, side, (Leg(instrument, side),), units)


def label_of(symbol: str) -> str:
    """Return a symbol for people: ``11DEC26 6200 CALL``; stocks and the rest as they are."""
    instrument = _instrument(symbol)
    if not isinstance(instrument, OptionContract):
        return symbol.strip()
    return f"{_day(instrument)} {plain(instrument.strike):f} {instrument.right}"


def label_of_held(held: Held) -> str:
    """Name a structure below its underlying: ``IC 11DEC26 6200/6220/5820/5800``."""
    if held.kind is StructureKind.EQUITY:
        return "shares"
    contracts = held.contracts
    if held.kind is StructureKind.OPTION:
        return label_of(contracts[0].symbol)
    days = "/".join(dict.fromkeys(_day(contract) for contract in contracts))
    strikes = "/".join(dict.fromkeys(f"{plain(one.strike):f}" for one in contracts))
    rights = {contract.right for contract in contracts}
    letter = contracts[0].right.value[0] if len(rights) == 1 else ""
    row = STRUCTURES[held.kind]
    return f"{row.short or row.word} {days} {strikes}{letter}"


def _day(contract: OptionContract) -> str:
    is_evening = series_of(contract)[1]
    return written_day(contract.expiry).replace(" ", "") + ("" if is_evening else "[AM]")
