"""What an order costs an account: requirement, worst loss, fees (schwab-api 13.4 and 13.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from swimdesk.domain.accounts import AccountType
from swimdesk.domain.instruments import INDEX_ROOTS, OPTION_MULTIPLIER, OptionContract, Right
from swimdesk.domain.orders import ROLLING, Effect, Leg, Side, Ticket
from swimdesk.domain.payoff import cover, worst_loss

COMMISSION_PER_CONTRACT = Decimal("0.65")
REGULATORY_FEE_PER_CONTRACT = Decimal("0.02")
INDEX_FEE_PER_CONTRACT = Decimal("0.56")

_REG_T_SHARE = Decimal("0.20")
_REG_T_FLOOR = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars for the whole line: what is held or paid, the worst loss, the size of the bet.

    ``max_loss`` is None where the order alone does not bound it (short stock, short calls);
    ``notional``, free of fees, is the loss of what is bought or spread, else the requirement.
    """

    requirement: Decimal
    max_loss: Decimal | None
    notional: Decimal
    fees: Decimal


def fees(ticket: Ticket) -> Decimal:
    """Estimate commission and fees of a line in dollars, on the high side; stocks trade free."""
    total = Decimal(0)
    for leg in ticket.legs:
        if isinstance(leg.instrument, OptionContract):
            index = leg.instrument.root in INDEX_ROOTS
            each = COMMISSION_PER_CONTRACT + REGULATORY_FEE_PER_CONTRACT
            total += leg.ratio * (each + (INDEX_FEE_PER_CONTRACT if index else Decimal(0)))
    return total * ticket.quantity


def cost(
    ticket: Ticket,
    debit: Decimal,
    spot: Decimal | None,
    account_type: AccountType,
    holdings: Mapping[str, Decimal],
    marks: Mapping[str, Decimal] = MappingProxyType({}),
) -> Cost:
    """Work out what a sized line with its effect resolved costs one account.

    ``debit`` is paid per unit in price points (negative: a credit); ``spot`` is the underlying's
    price and ``marks`` the price of each option by symbol, needed for naked options only.
    """
    paid = debit * ticket.multiplier * ticket.quantity
    charge = fees(ticket)
    opened = _opened(ticket)
    if not opened:
        outlay = max(paid, Decimal(0))
        return Cost(outlay + charge, outlay + charge, outlay, charge)
    market = _Market(paid, spot, account_type, holdings, marks)
    held_against = _held_against(ticket, opened, market)
    if ticket.effect in ROLLING:
        closed = tuple(replace(leg, side=leg.side.opposite) for leg in ticket.legs_of(Effect.CLOSE))
        held_against = max(held_against - _held_against(ticket, closed, market), Decimal(0))
    requirement = held_against + paid + charge
    bounded = _max_loss(ticket, opened, paid)
    loss = None if bounded is None else bounded + charge
    is_naked = bounded is None or bool(cover(opened).naked)
    notional = max(requirement - charge, -paid) if is_naked or bounded is None else bounded
    return Cost(max(requirement, charge), loss, notional, charge)


def _opened(ticket: Ticket) -> tuple[Leg, ...]:
    """Return the legs that open; all of them while nobody knows yet."""
    return ticket.legs if ticket.effect is Effect.AUTO else ticket.legs_of(Effect.OPEN)


@dataclass(frozen=True, slots=True)
class _Market:
    """What a requirement is worked out from; ``paid`` are dollars for the whole line."""

    paid: Decimal
    spot: Decimal | None
    account_type: AccountType
    holdings: Mapping[str, Decimal]
    marks: Mapping[str, Decimal]


def _max_loss(ticket: Ticket, opened: Sequence[Leg], paid: Decimal) -> Decimal | None:
    """Return the worst loss in dollars before fees; None where it has no bound."""
    if ticket.is_equity:
        return paid if ticket.side is Side.BUY else None
    worst = worst_loss(opened)
    if worst is None:
        return None
    return max(worst * ticket.multiplier * ticket.quantity + paid, Decimal(0))


def _held_against(ticket: Ticket, legs: Sequence[Leg], market: _Market) -> Decimal:
    """Return what the broker holds back for legs in dollars, the premium received included.

    A spread is charged its worst payout at expiry, an iron condor therefore its wider side only; a
    short that nothing covers is charged by itself, premium included. Shares bought together with
    calls count as paid in full: no loan is reckoned with.
    """
    shares = ticket.shares
    if shares is not None and (ticket.is_equity or shares.side is Side.SELL):
        # Selling short: the proceeds are held and as much again, which leaves the price
        # itself as the charge on stock buying power. No call bought with it is reckoned with.
        return Decimal(0) if shares.side is Side.BUY else -2 * market.paid
    found = cover(legs)
    held = found.spread_loss * ticket.multiplier * ticket.quantity
    for contract, count in found.naked:
        contracts = count * ticket.quantity
        held += _naked(contract, contracts, market)
        held += _premium(ticket, contract, contracts, market)
    return held


def _premium(ticket: Ticket, contract: OptionContract, contracts: int, market: _Market) -> Decimal:
    """Return what a naked option brings in; the whole credit where nobody quotes the leg."""
    mark = market.marks.get(contract.symbol)
    if not ticket.is_multi_leg or mark is None:
        return max(-market.paid, Decimal(0))
    return mark * contract.multiplier * contracts


def _naked(contract: OptionContract, contracts: int, market: _Market) -> Decimal:
    """Return the requirement of a short option beyond its premium, in dollars.

    Cash accounts secure a put with its strike. Margin: 20 % of the underlying less the amount
    out of the money, at least 10 %, per Regulation T. A call on shares held needs nothing more.
    """
    shares = contracts * contract.multiplier
    if contract.right is Right.CALL and covers_call(contract, contracts, market.holdings):
        return Decimal(0)
    if contract.right is Right.PUT and market.account_type is AccountType.CASH:
        return contract.strike * shares
    price = market.spot if market.spot is not None else contract.strike
    out = contract.strike - price if contract.right is Right.CALL else price - contract.strike
    base = price if contract.right is Right.CALL else contract.strike
    per_share = max(_REG_T_SHARE * price - max(out, Decimal(0)), _REG_T_FLOOR * base)
    return per_share * shares


def covers_call(contract: OptionContract, units: int, holdings: Mapping[str, Decimal]) -> bool:
    """Tell whether the shares held cover so many more short calls, beside those written already."""
    shares = holdings.get(contract.underlying, Decimal(0))
    needed = units * contract.multiplier
    return shares >= needed and shares - _pledged(contract.underlying, holdings) >= needed


def _pledged(underlying: str, holdings: Mapping[str, Decimal]) -> Decimal:
    """Return the shares that calls written earlier need; a long call that outlives them helps."""
    calls = [
        (contract, quantity)
        for contract, quantity in ((_call(symbol), q) for symbol, q in holdings.items())
        if contract is not None and contract.underlying == underlying
    ]
    written = [contract.expiry for contract, quantity in calls if quantity < 0]
    if not written:
        return Decimal(0)
    short = sum((-quantity for _, quantity in calls if quantity < 0), Decimal(0))
    last = max(written)
    long = sum((q for contract, q in calls if q > 0 and contract.expiry >= last), Decimal(0))
    return max(short - long, Decimal(0)) * OPTION_MULTIPLIER


def _call(symbol: str) -> OptionContract | None:
    try:
        contract = OptionContract.parse(symbol)
    except ValueError:
        return None
    return contract if contract.right is Right.CALL else None
