"""Legs picked from a chain, what they cost together, and the order they make; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import gcd
from types import MappingProxyType
from typing import Final

from swimdesk.domain.instruments import OptionContract
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orders import Leg, OrderType, Side, StructureKind, Ticket
from swimdesk.domain.strategies import max_loss, recognise
from swimdesk.domain.structures import MOST_RATIO, STRUCTURES
from swimdesk.errors import InputError

MOST_LEGS: Final = 4
_MARKET: Final = f"@{OrderType.MARKET}"
_MIDDLE: Final = "@mid"


@dataclass(frozen=True, slots=True)
class Touch:
    """What a contract is quoted at."""

    bid: Decimal
    ask: Decimal
    delta: Decimal | None = None

    @property
    def is_market(self) -> bool:
        """Whether there is somebody on the other side, and the two are not crossed."""
        return self.ask > 0 and self.bid <= self.ask


@dataclass(frozen=True, slots=True)
class Net:
    """Cash received for a unit at once and in the middle; negative is paid."""

    natural: Decimal
    mid: Decimal
    delta: Decimal | None
    """Per share of the underlying; None where a leg has none."""


@dataclass(frozen=True, slots=True)
class Picks:
    """Contracts by signed count, bought ones positive, and how many units of them."""

    counts: Mapping[OptionContract, int] = field(default_factory=lambda: MappingProxyType({}))
    units: int = 1

    def traded(self, contract: OptionContract, sign: int) -> Picks:
        """Return these with one more bought (+1) or sold (-1); InputError where no order can be."""
        counts = dict(self.counts)
        counts[contract] = counts.get(contract, 0) + sign
        if not counts[contract]:
            del counts[contract]
        if len(counts) > MOST_LEGS:
            raise InputError(f"An order has at most {MOST_LEGS} legs; a takes them away.")
        if any(other.underlying != contract.underlying for other in counts):
            raise InputError("The legs of an order are of one underlying; a takes them away.")
        if abs(counts.get(contract, 0)) > MOST_RATIO:
            raise InputError(f"A leg has at most {MOST_RATIO} contracts in a unit; + adds units.")
        return Picks(MappingProxyType(counts), self.units if counts else 1)

    def flipped(self) -> Picks:
        """Return these with every side turned round."""
        turned = {contract: -count for contract, count in self.counts.items()}
        return replace(self, counts=MappingProxyType(turned))

    def more(self, units: int) -> Picks:
        """Return these for more units, or fewer; never below one."""
        return replace(self, units=max(self.units + units, 1))

    @property
    def divisor(self) -> int:
        """What all counts have in common; an order writes it as its quantity."""
        return gcd(*self.counts.values()) or 1

    def legs(self) -> tuple[Leg, ...]:
        """Return the legs of one unit, the nearest expiry and the lowest strike first."""
        ordered = sorted(self.counts, key=lambda one: (one.expiry, one.root, one.strike, one.right))
        return tuple(
            Leg(
                contract,
                Side.BUY if self.counts[contract] > 0 else Side.SELL,
                abs(self.counts[contract]) // self.divisor,
            )
            for contract in ordered
        )


def net_of(legs: tuple[Leg, ...], touch_of: Callable[[OptionContract], Touch | None]) -> Net | None:
    """Return what a unit is quoted at; None while a leg has no market."""
    natural = against = delta = Decimal(0)
    has_delta = True
    for leg in legs:
        touch = touch_of(leg.instrument) if isinstance(leg.instrument, OptionContract) else None
        if touch is None or not touch.is_market:
            return None
        gives, takes = (touch.ask, touch.bid) if leg.side is Side.BUY else (touch.bid, touch.ask)
        natural -= leg.side.sign * leg.ratio * gives
        against -= leg.side.sign * leg.ratio * takes
        has_delta = has_delta and touch.delta is not None
        delta += leg.side.sign * leg.ratio * (touch.delta or Decimal(0))
    return Net(natural, (natural + against) / 2, delta if has_delta else None)


def ticket_of(picks: Picks, net: Net | None) -> Ticket:
    """Return the order at the market that the legs make; InputError without legs.

    What has no name is CUSTOM, sold where its middle is a credit.
    """
    legs = picks.legs()
    if not legs:
        raise InputError("There are no legs: b buys and s sells the contract under the cursor.")
    quantity = picks.units * picks.divisor
    known = recognise(legs)
    if known is not None:
        return Ticket(known.side, quantity, known.kind, known.legs, OrderType.MARKET)
    side = Side.SELL if net is not None and net.mid > 0 else Side.BUY
    return Ticket(side, quantity, StructureKind.CUSTOM, legs, OrderType.MARKET)


def order_text(ticket: Ticket) -> str:
    """Return the order in the order language, its price left to the middle of the market."""
    text = print_ticket(ticket)
    if not text.endswith(_MARKET):
        raise ValueError(f"a price stands in {text}")
    return text.removesuffix(_MARKET) + _MIDDLE


def worst_of(ticket: Ticket, net: Net | None) -> Decimal | None:
    """Return the most dollars one unit can lose at the middle; None where nothing bounds it."""
    if net is None:
        return max_loss(ticket)
    price = -ticket.side.sign * net.mid
    return max_loss(replace(ticket, order_type=OrderType.LIMIT, price=price))


def name_of(ticket: Ticket) -> str:
    """Return what an operator calls the structure."""
    first = ticket.legs[0].instrument
    right = first.right.value if isinstance(first, OptionContract) else ""
    return STRUCTURES[ticket.kind].word or right
