"""CLOSE, ROLL, FLAT, UNDO: what to do with what an account holds, turned into one ticket for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from swimdesk.domain.broadcast import Denial
from swimdesk.domain.holdings import Held, held_of, same_underlying
from swimdesk.domain.instruments import OptionContract, Right, plain
from swimdesk.domain.net_price import PriceFormula, beyond_worth
from swimdesk.domain.orders import Effect, Leg, OrderType, Side, StructureKind, Ticket
from swimdesk.domain.positions import Position, held
from swimdesk.domain.risk import DenialCode, denial
from swimdesk.domain.strategies import Shape, build_legs, contradicts_sign
from swimdesk.domain.structures import STRUCTURES

Series: TypeAlias = tuple[str, date]
"""An option root and a day."""


class Verb(StrEnum):
    """What is to be done."""

    CLOSE = "CLOSE"
    ROLL = "ROLL"
    FLAT = "FLAT"


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be done with which structure; empty fields fit anything.

    ``terms`` is a ticket of one share that carries price, order type and life for all tickets.
    """

    verb: Verb
    name: str
    terms: Ticket
    formula: PriceFormula | None = None
    kind: StructureKind | None = None
    series: tuple[Series, ...] = ()
    strikes: tuple[Decimal, ...] = ()
    right: Right | None = None
    to_series: Series | None = None
    to_strikes: tuple[Decimal, ...] = ()

    @property
    def what(self) -> str:
        """What is looked for, for a person."""
        if self.kind is None:
            return self.name
        words = {StructureKind.EQUITY: "shares", StructureKind.OPTION: "single option"}
        strikes = "/".join(f"{plain(strike):f}" for strike in self.strikes)
        days = "/".join(f"{day:%d %b %y}".upper() for _, day in self.series)
        right = f" {self.right}" if self.right else ""
        parts = (words.get(self.kind, self.kind.value), self.name, days, strikes)
        return " ".join(part for part in parts if part) + right


@dataclass(frozen=True, slots=True)
class Nothing:
    """The account has nothing to do, and why."""

    reason: str


Found: TypeAlias = Ticket | Nothing | Denial
"""A ticket for the account, or why there is none."""


def ticket_for(
    intent: Intent, positions: Sequence[Position], free: Mapping[str, Decimal], share: Decimal
) -> Found:
    """Return the order that carries out an intent in one account.

    ``free`` are the holdings that no working order of ours closes already, ``share`` the part of
    them that is meant, up to 1.
    """
    chosen = _chosen(intent, positions)
    if not isinstance(chosen, Held):
        return chosen
    free_units = chosen.free_units(free)
    units = int(free_units * share)
    if not units:
        if free_units:
            return Nothing(f"its share of {free_units} {intent.what} rounds down to 0")
        return Nothing(f"working orders of ours close its {shown(chosen)} already")
    if intent.to_series is not None:
        return _rolled(intent, chosen, units)
    return closing_ticket(intent, chosen, units)


def closing_ticket(intent: Intent, one: Held, units: int) -> Ticket | Denial:
    """Return the order that closes so many units of a holding, on the terms of an intent."""
    return _ticket(intent, one.side.opposite, one.kind, one.closing_legs, units, Effect.CLOSE)


def undone(ticket: Ticket, filled: int) -> Held | Nothing:
    """Return what an order has opened by its fills; UNDO closes that, and opens nothing again."""
    if ticket.effect is Effect.OPEN:
        return Held(ticket.kind, ticket.side, ticket.legs, filled)
    did = "closed" if ticket.effect is Effect.CLOSE else "rolled"
    return Nothing(f"it {did} {filled}, and undo opens nothing: send an order for that")


def shown(one: Held) -> str:
    """Name a structure that is held, as CLOSE would have to name it, with its signed units."""
    unit = " shares" if one.kind is StructureKind.EQUITY else ""
    return f"{name_of(one)} ({one.side.sign * one.units:+d}{unit})"


def name_of(one: Held) -> str:
    """Name a structure that is held, as CLOSE would have to name it."""
    if one.kind is StructureKind.EQUITY:
        return one.legs[0].instrument.symbol
    contracts = one.contracts
    days = "/".join(f"{day:%d%b%y}".upper() for day in dict.fromkeys(c.expiry for c in contracts))
    strikes = "/".join(f"{plain(k):f}" for k in dict.fromkeys(c.strike for c in contracts))
    rights = {contract.right for contract in contracts}
    letter = contracts[0].right.value[0] if len(rights) == 1 else ""
    row = STRUCTURES[one.kind]
    word = row.short or row.word
    name = contracts[0].underlying.removeprefix("$")
    parts = (name, word, days, f"{strikes}{letter}")
    return " ".join(part for part in parts if part)


def _chosen(intent: Intent, positions: Sequence[Position]) -> Held | Nothing | Denial:
    if intent.strikes:
        exact = _by_strikes(intent, positions)
        return exact or Nothing(f"holds no {intent.what}")
    known = held_of(intent.name, positions)
    fitting = [one for one in known if _fits(intent, one)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        listed = ", ".join(f"CLOSE {shown(one)}" for one in fitting)
        problem = f"holds {len(fitting)} positions that {intent.verb} {intent.what} may mean"
        return denial(DenialCode.INTENT_UNCLEAR, f"{problem}; one at a time: {listed}")
    rest = ", ".join(shown(one) for one in known)
    return Nothing(f"holds no {intent.what}{f', but {rest}' if rest else ''}")


def _fits(intent: Intent, one: Held) -> bool:
    if intent.kind is not None and one.kind is not intent.kind:
        return False
    days = {(contract.root, contract.expiry) for contract in one.contracts}
    if intent.series and days != set(intent.series):
        return False
    return intent.right is None or {c.right for c in one.contracts} == {intent.right}


def _by_strikes(intent: Intent, positions: Sequence[Position]) -> Held | None:
    """Return the structure of these very strikes, whatever else is held."""
    if intent.kind is None:
        return None
    quantities = held(positions)
    row = STRUCTURES[intent.kind]
    roots, days = zip(*intent.series, strict=True)
    stock = next(
        (p.symbol for p in positions if p.symbol and _is_stock_of(intent.name, p)), intent.name
    )
    for rights in row.rights:
        if intent.right is not None and set(rights) != {intent.right}:
            continue
        shape = Shape(roots, days, intent.strikes, rights, stock=stock if row.shares else "")
        for side in Side:
            try:
                legs = build_legs(intent.kind, side, shape)
            except ValueError:
                continue
            one = Held(intent.kind, side, legs, max(_most(quantities, legs), 0))
            if one.units:
                return one
    return None


def _is_stock_of(name: str, position: Position) -> bool:
    instrument = position.instrument
    is_stock = instrument is not None and not isinstance(instrument, OptionContract)
    return is_stock and instrument is not None and same_underlying(name, instrument)


def _most(quantities: Mapping[str, Decimal], legs: Sequence[Leg]) -> int:
    return min(
        int(quantities.get(leg.instrument.symbol, Decimal(0)) * leg.side.sign) // leg.ratio
        for leg in legs
    )


def _rolled(intent: Intent, old: Held, units: int) -> Ticket | Denial:
    assert intent.to_series is not None  # noqa: S101 - asked by the caller
    root, day = intent.to_series
    strikes = _new_strikes(intent, old)
    opened = tuple(
        Leg(OptionContract(root, day, contract.right, strike), leg.side)
        for contract, leg, strike in zip(old.contracts, old.legs, strikes, strict=True)
    )
    both = [leg.instrument for leg in (*opened, *old.legs)]
    if len(set(both)) < len(both):
        return denial(
            DenialCode.INTENT_UNCLEAR,
            f"the new strikes share a contract with {shown(old)}, which one order cannot close and"
            " open: CLOSE it and open the other separately",
        )
    if old.kind is StructureKind.VERTICAL:
        legs, effect, side = (*opened, *old.closing_legs), Effect.OPEN_CLOSE, old.side
        return _ticket(intent, side, StructureKind.VERTICAL_ROLL, legs, units, effect)
    same = strikes[0] == old.contracts[0].strike
    kind = StructureKind.CALENDAR if same else StructureKind.DIAGONAL
    if day > old.contracts[0].expiry:
        legs, effect = (*opened, *old.closing_legs), Effect.OPEN_CLOSE
    else:
        legs, effect = (*old.closing_legs, *opened), Effect.CLOSE_OPEN
    return _ticket(intent, legs[0].side, kind, legs, units, effect)


def _new_strikes(intent: Intent, old: Held) -> tuple[Decimal, ...]:
    """Return the strikes of the new legs, in the direction of the old ones."""
    kept = tuple(contract.strike for contract in old.contracts)
    if not intent.to_strikes:
        return kept
    return tuple(sorted(intent.to_strikes, reverse=kept[0] > kept[-1]))


def _ticket(
    intent: Intent,
    side: Side,
    kind: StructureKind,
    legs: tuple[Leg, ...],
    units: int,
    effect: Effect,
) -> Ticket | Denial:
    price = intent.terms.price
    if price is not None and price <= 0 and len(legs) == 1:
        detail = f"{price} for a single leg, expected a price above zero"
        return denial(DenialCode.PRICE_SIGN, detail)
    if intent.terms.order_type not in STRUCTURES[kind].order_types:
        allowed = ", ".join(t for t in OrderType if t in STRUCTURES[kind].order_types)
        detail = f"{intent.terms.order_type} for {kind}, expected {allowed}"
        return denial(DenialCode.SESSION_MISMATCH, detail)
    ticket = replace(intent.terms, side=side, kind=kind, legs=legs, quantity=units, effect=effect)
    flaw = beyond_worth(ticket)
    if contradicts_sign(ticket):
        flow = "pays" if (ticket.credit or 0) < 0 else "receives"
        flaw = f"{side} at {price} {flow}, which these strikes rule out"
    return denial(DenialCode.PRICE_SIGN, flaw) if flaw else ticket
