"""Pre-trade checks: pure functions from one line's facts to denials with stable codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from swimdesk.domain.accounts import Account, AccountType, Balances
from swimdesk.domain.broadcast import Denial
from swimdesk.domain.instruments import (
    OptionContract,
    Right,
    equity_tick,
    option_tick,
    spread_tick,
)
from swimdesk.domain.margin import Cost, covers_call
from swimdesk.domain.orders import (
    Effect,
    OrderType,
    Session,
    Side,
    StructureKind,
    Ticket,
    TimeInForce,
)
from swimdesk.domain.payoff import cover


class DenialCode(StrEnum):
    """Why our own checks say no; the words are stable, tests and operators read the same."""

    SIZE_SHARES = "SIZE_SHARES"
    SIZE_CONTRACTS = "SIZE_CONTRACTS"
    NOTIONAL_ORDER = "NOTIONAL_ORDER"
    NOTIONAL_BROADCAST = "NOTIONAL_BROADCAST"
    BUYING_POWER = "BUYING_POWER"
    CASH_ACCOUNT = "CASH_ACCOUNT"
    OPTION_LEVEL = "OPTION_LEVEL"
    CLOSING_ONLY = "CLOSING_ONLY"
    EFFECT_AMBIGUOUS = "EFFECT_AMBIGUOUS"
    SELL_MORE_THAN_HELD = "SELL_MORE_THAN_HELD"
    SESSION_CLOSED = "SESSION_CLOSED"
    SESSION_MISMATCH = "SESSION_MISMATCH"
    EXPIRED = "EXPIRED"
    PRICE_TICK = "PRICE_TICK"
    PRICE_SIGN = "PRICE_SIGN"
    DUPLICATE_IN_FLIGHT = "DUPLICATE_IN_FLIGHT"
    DUPLICATE_RECENT = "DUPLICATE_RECENT"
    LOGIN_NOT_READY = "LOGIN_NOT_READY"
    NOT_READ = "NOT_READ"
    SAME_PRICE = "SAME_PRICE"
    NO_PRICE = "NO_PRICE"


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """The ceilings of the limits file; money in dollars, windows in seconds."""

    max_shares_per_order: int = 1000
    max_contracts_per_order: int = 50
    max_notional_per_order: Decimal = Decimal(50_000)
    max_notional_per_broadcast: Decimal = Decimal(500_000)
    duplicate_window_s: int = 30


@dataclass(frozen=True, slots=True)
class LineFacts:
    """Everything the checks may know about one account's line; the ticket is sized."""

    account: Account
    ticket: Ticket
    balances: Balances
    holdings: Mapping[str, Decimal]
    """Signed quantity per symbol once our own working orders are through; what covers a call."""
    cost: Cost
    reserved: Decimal = Decimal(0)
    """Dollars that our own live orders hold which the broker's balances may not show yet."""
    penny_pilot: bool = False
    net_mid: Decimal | None = None
    """Mid of the quoted net per unit, as cash received (credit positive)."""
    session: str = ""
    """Empty when the market is open for this ticket, else why it is not."""
    expired: str = ""
    """Empty while every contract still trades, else which one does not."""
    duplicate: Denial | None = None


def denial(code: DenialCode, detail: str) -> Denial:
    """Build a denial from its code and the figures that led to it."""
    return Denial(code.value, detail)


def check_line(facts: LineFacts, limits: RiskLimits) -> tuple[Denial, ...]:
    """Run every check over one line, in order, and return all denials."""
    found = (check(facts, limits) for check in CHECKS)
    return tuple(one for one in found if one is not None)


def check_broadcast(notional: Decimal, limits: RiskLimits) -> Denial | None:
    """Check the sum over all accounts against the ceiling of a broadcast."""
    if notional <= limits.max_notional_per_broadcast:
        return None
    return denial(
        DenialCode.NOTIONAL_BROADCAST,
        f"${notional:,.2f} over all accounts, ceiling ${limits.max_notional_per_broadcast:,.2f}",
    )


def _size(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    ticket = facts.ticket
    if ticket.is_equity:
        if ticket.quantity <= limits.max_shares_per_order:
            return None
        return denial(
            DenialCode.SIZE_SHARES,
            f"{ticket.quantity} shares, ceiling {limits.max_shares_per_order} per order",
        )
    contracts = max(leg.ratio for leg in ticket.legs) * ticket.quantity
    if contracts <= limits.max_contracts_per_order:
        return None
    return denial(
        DenialCode.SIZE_CONTRACTS,
        f"{contracts} contracts in a leg, ceiling {limits.max_contracts_per_order} per order",
    )


def _notional(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    if facts.cost.notional <= limits.max_notional_per_order:
        return None
    return denial(
        DenialCode.NOTIONAL_ORDER,
        f"${facts.cost.notional:,.2f}, ceiling ${limits.max_notional_per_order:,.2f} per order",
    )


def _closing_only(facts: LineFacts, _: RiskLimits) -> Denial | None:
    if not facts.account.capabilities.closing_only or facts.ticket.effect is Effect.CLOSE:
        return None
    return denial(DenialCode.CLOSING_ONLY, "the broker lets this account only close positions")


def _cash_account(facts: LineFacts, _: RiskLimits) -> Denial | None:
    ticket = facts.ticket
    if facts.account.capabilities.type is not AccountType.CASH or ticket.effect is Effect.CLOSE:
        return None
    if all(leg.side is Side.BUY for leg in ticket.legs):
        return None
    if ticket.is_multi_leg:
        return denial(DenialCode.CASH_ACCOUNT, "spreads need a margin account, this is a cash one")
    if _is_covered(facts):
        return None
    lacking = "" if ticket.is_equity else f", {_cover_lacking(facts)}"
    return denial(DenialCode.CASH_ACCOUNT, f"a cash account cannot sell short{lacking}")


def _cover_lacking(facts: LineFacts) -> str:
    contract = facts.ticket.legs[0].instrument
    held = facts.holdings.get(contract.underlying, Decimal(0))
    return (
        f"the call needs {facts.ticket.quantity * contract.multiplier} {contract.underlying}"
        f" free of other calls, held {held:f}"
    )


def _is_covered(facts: LineFacts) -> bool:
    """Tell whether a short option is a call on shares held or a put that cash secures.

    A cash account secures every put: whether its cash suffices is a question of buying power.
    """
    contract = facts.ticket.legs[0].instrument
    if not isinstance(contract, OptionContract):
        return False
    if contract.right is Right.CALL:
        return covers_call(contract, facts.ticket.quantity, facts.holdings)
    strike_dollars = contract.strike * contract.multiplier * facts.ticket.quantity
    is_cash = facts.account.capabilities.type is AccountType.CASH
    return is_cash or facts.balances.cash >= strike_dollars


def level_needed(ticket: Ticket, *, covered: bool) -> int:
    """Return the option approval level that a ticket needs.

    0 covered calls and cash-secured puts, 1 long options, 2 spreads, 3 naked options also as part
    of a spread. ``covered`` is asked of single legs only.
    """
    if ticket.is_equity:
        return 0
    if all(leg.side is Side.BUY for leg in ticket.legs):
        return 1
    if ticket.is_multi_leg:
        return 3 if cover(ticket.legs).naked else 2
    return 0 if covered else 3


def _option_level(facts: LineFacts, _: RiskLimits) -> Denial | None:
    level = facts.account.capabilities.option_level
    if level is None or facts.ticket.effect is Effect.CLOSE or facts.ticket.is_equity:
        return None
    needed = level_needed(facts.ticket, covered=_is_covered(facts))
    if level >= needed:
        return None
    return denial(DenialCode.OPTION_LEVEL, f"needs option level {needed}, the account has {level}")


def _buying_power(facts: LineFacts, _: RiskLimits) -> Denial | None:
    stock = facts.ticket.is_equity
    have = facts.balances.stock_buying_power if stock else facts.balances.option_buying_power
    free = have - facts.reserved
    if facts.cost.requirement <= free or facts.cost.requirement <= 0:
        return None
    if facts.ticket.effect is Effect.CLOSE and facts.cost.requirement <= facts.cost.fees:
        return None
    held = f" after ${facts.reserved:,.2f} held by our live orders" if facts.reserved > 0 else ""
    return denial(
        DenialCode.BUYING_POWER,
        f"needs ${facts.cost.requirement:,.2f}, has ${free:,.2f}{held}",
    )


def _session(facts: LineFacts, _: RiskLimits) -> Denial | None:
    return denial(DenialCode.SESSION_CLOSED, facts.session) if facts.session else None


_BEYOND_TODAY = frozenset({TimeInForce.GTC, TimeInForce.GTD})
_AT_CLOSE = frozenset({OrderType.MARKET_ON_CLOSE, OrderType.LIMIT_ON_CLOSE})


def _session_mismatch(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Catch what the broker takes in no session or not in this one (schwab-api 5.2)."""
    ticket = facts.ticket
    session, order_type, life = ticket.session, ticket.order_type, ticket.time_in_force
    if not ticket.is_equity and order_type in _AT_CLOSE:
        return denial(DenialCode.SESSION_MISMATCH, f"options take no {order_type.value} orders")
    if session is Session.NORMAL:
        return None
    if not ticket.is_equity:
        why = "only stocks trade outside the regular session"
    elif order_type is not OrderType.LIMIT:
        why = f"outside the regular session an order must be LMT, this one is {order_type.value}"
    elif life in _BEYOND_TODAY and session is not Session.EXT:
        why = f"an order of the {session.value} session cannot be {life.value}"
    else:
        return None
    return denial(DenialCode.SESSION_MISMATCH, f"{session.value}: {why}")


def _expired(facts: LineFacts, _: RiskLimits) -> Denial | None:
    return denial(DenialCode.EXPIRED, facts.expired) if facts.expired else None


def price_tick(ticket: Ticket, price: Decimal, *, penny_pilot: bool) -> Decimal:
    """Return the step that this ticket's price must be a multiple of."""
    if ticket.kind is StructureKind.EQUITY:
        return equity_tick(price)
    contract = ticket.legs[0].instrument
    root = contract.root if isinstance(contract, OptionContract) else ""
    if ticket.is_multi_leg:
        return spread_tick(root)
    return option_tick(root, abs(price), penny_pilot=penny_pilot)


def _tick(facts: LineFacts, _: RiskLimits) -> Denial | None:
    for price in (facts.ticket.price, facts.ticket.stop_price):
        if price is None:
            continue
        tick = price_tick(facts.ticket, price, penny_pilot=facts.penny_pilot)
        if price % tick:
            return denial(DenialCode.PRICE_TICK, f"{price} is not a multiple of {tick}")
    return None


def _price_sign(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Catch a mirrored order: the price pays where the market would be paid, or the reverse."""
    credit, mid = facts.ticket.credit, facts.net_mid
    if not facts.ticket.is_multi_leg or credit is None or mid is None or credit * mid >= 0:
        return None
    meant, quoted = ("credit", "debit") if credit > 0 else ("debit", "credit")
    return denial(
        DenialCode.PRICE_SIGN,
        f"the order is a {meant} of {abs(credit)}, the market quotes a {quoted} of"
        f" {abs(mid):.2f}: check side and strikes",
    )


def _duplicate(facts: LineFacts, _: RiskLimits) -> Denial | None:
    return facts.duplicate


Check = Callable[[LineFacts, RiskLimits], Denial | None]

CHECKS: tuple[Check, ...] = (
    _session,
    _session_mismatch,
    _expired,
    _size,
    _notional,
    _tick,
    _price_sign,
    _closing_only,
    _cash_account,
    _option_level,
    _buying_power,
    _duplicate,
)
"""All checks of a line in the order they are reported."""


@dataclass(frozen=True, slots=True)
class LiveOrder:
    """One of our earlier orders in an account, as the duplicate check sees it."""

    fingerprint: str
    in_flight: bool
    """Whether it is sending, in doubt, or accepted under an unknown id."""
    sent: datetime


def duplicate_denial(
    fingerprint: str, earlier: tuple[LiveOrder, ...], now: datetime, limits: RiskLimits
) -> Denial | None:
    """Deny an order that looks like one in flight, or like one sent moments ago."""
    alike = sorted(
        (order for order in earlier if order.fingerprint == fingerprint),
        key=lambda order: order.sent,
        reverse=True,
    )
    for order in alike:
        if order.in_flight:
            return denial(
                DenialCode.DUPLICATE_IN_FLIGHT,
                f"the same order was sent {_age_s(order, now)} s ago and is not resolved",
            )
    if alike and _age_s(alike[0], now) < limits.duplicate_window_s:
        return denial(
            DenialCode.DUPLICATE_RECENT,
            f"the same order was sent {_age_s(alike[0], now)} s ago,"
            f" window {limits.duplicate_window_s} s",
        )
    return None


def _age_s(order: LiveOrder, now: datetime) -> int:
    return (now - order.sent) // timedelta(seconds=1)
