"""What an order costs an account: requirement, worst loss, fees (schwab-api 13.4 and 13.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from swimdesk.domain.accounts import AccountType
from swimdesk.domain.instruments import INDEX_ROOTS, OPTION_MULTIPLIER, OptionContract, Right
from swimdesk.domain.orders import Effect, Side, StructureKind, Ticket

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
) -> Cost:
    """Work out what a sized line with its effect resolved costs one account.

    ``debit`` is paid per unit in price points (negative: a credit); ``spot`` is the underlying's
    price, needed for naked options only.
    """
    paid = debit * ticket.multiplier * ticket.quantity
    charge = fees(ticket)
    if ticket.effect is Effect.CLOSE:
        outlay = max(paid, Decimal(0))
        return Cost(outlay + charge, outlay + charge, outlay, charge)
    held_against = _held_against(ticket, paid, spot, account_type, holdings)
    requirement = held_against + paid + charge
    bounded = _max_loss(ticket, paid)
    loss = None if bounded is None else bounded + charge
    is_short = not ticket.is_multi_leg and ticket.side is Side.SELL
    notional = max(requirement - charge, -paid) if is_short or bounded is None else bounded
    return Cost(max(requirement, charge), loss, notional, charge)


def _max_loss(ticket: Ticket, paid: Decimal) -> Decimal | None:
    """Return the worst loss in dollars before fees; None where it has no bound."""
    if ticket.kind is StructureKind.EQUITY:
        return paid if ticket.side is Side.BUY else None
    if ticket.kind is StructureKind.OPTION:
        return paid if ticket.side is Side.BUY else _short_option_loss(ticket, paid)
    return max(_spread_width(ticket) * ticket.multiplier * ticket.quantity + paid, Decimal(0))


def _short_option_loss(ticket: Ticket, paid: Decimal) -> Decimal | None:
    contract = ticket.legs[0].instrument
    if not isinstance(contract, OptionContract) or contract.right is Right.CALL:
        return None
    return contract.strike * contract.multiplier * ticket.quantity + paid


def _held_against(
    ticket: Ticket,
    paid: Decimal,
    spot: Decimal | None,
    account_type: AccountType,
    holdings: Mapping[str, Decimal],
) -> Decimal:
    """Return what the broker holds back in dollars, the premium received included."""
    if ticket.kind is StructureKind.EQUITY:
        # Selling short: the proceeds are held and as much again, which leaves the price
        # itself as the charge on stock buying power.
        return Decimal(0) if ticket.side is Side.BUY else -2 * paid
    if ticket.kind is StructureKind.OPTION:
        if ticket.side is Side.BUY:
            return Decimal(0)
        return _naked(ticket, spot, account_type, holdings) - paid
    return _spread_width(ticket) * ticket.multiplier * ticket.quantity


def _spread_width(ticket: Ticket) -> Decimal:
    """Return the worst payout of a spread in points: an iron condor is charged its wider side.

    A debit spread can pay nothing away beyond its premium, so its width counts as zero.
    """
    worst = Decimal(0)
    for right in Right:
        strikes = sorted(
            (leg.instrument.strike, leg.side)
            for leg in ticket.legs
            if isinstance(leg.instrument, OptionContract) and leg.instrument.right is right
        )
        if len(strikes) == 2:
            (low, low_side), (high, _) = strikes
            short_side = Side.SELL if right is Right.CALL else Side.BUY
            if low_side is short_side:
                worst = max(worst, high - low)
    return worst


def _naked(
    ticket: Ticket,
    spot: Decimal | None,
    account_type: AccountType,
    holdings: Mapping[str, Decimal],
) -> Decimal:
    """Return the requirement of a short option beyond its premium, in dollars.

    Cash accounts secure a put with its strike. Margin: 20 % of the underlying less the amount
    out of the money, at least 10 %, per Regulation T. A call on shares held needs nothing more.
    """
    contract = ticket.legs[0].instrument
    if not isinstance(contract, OptionContract):
        raise TypeError("a single option ticket holds an option")
    shares = ticket.quantity * contract.multiplier
    if contract.right is Right.CALL and covers_call(contract, ticket.quantity, holdings):
        return Decimal(0)
    if contract.right is Right.PUT and account_type is AccountType.CASH:
        return contract.strike * shares
    price = spot if spot is not None else contract.strike
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
