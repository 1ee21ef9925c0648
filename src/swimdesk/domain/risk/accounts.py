"""What an account may trade and can pay for."""

from __future__ import annotations

from decimal import Decimal

from swimdesk.domain.accounts import AccountType
from swimdesk.domain.broadcast import Denial
from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.domain.margin import covers_call
from swimdesk.domain.orders import Effect, Side, Ticket
from swimdesk.domain.payoff import cover
from swimdesk.domain.risk.controls import DenialCode, denial
from swimdesk.domain.risk.facts import LineFacts
from swimdesk.domain.risk.levels import level_needed
from swimdesk.domain.risk.limits import RiskLimits


def closing_only(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Deny opening where the account may only close."""
    if not facts.account.capabilities.closing_only or facts.ticket.effect is Effect.CLOSE:
        return None
    return denial(DenialCode.CLOSING_ONLY, "the broker lets this account only close positions")


def cash_account(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Deny what a cash account cannot hold: spreads, and shorts that nothing covers."""
    ticket = facts.ticket
    if facts.account.capabilities.type is not AccountType.CASH or ticket.effect is Effect.CLOSE:
        return None
    if all(leg.side is Side.BUY for leg in ticket.legs) or _brings_its_cover(ticket):
        return None
    if ticket.is_multi_leg:
        return denial(DenialCode.CASH_ACCOUNT, "spreads need a margin account, this is a cash one")
    if _is_covered(facts):
        return None
    lacking = "" if ticket.is_equity else f", {_cover_lacking(facts)}"
    return denial(DenialCode.CASH_ACCOUNT, f"a cash account cannot sell short{lacking}")


def _brings_its_cover(ticket: Ticket) -> bool:
    """Tell whether the shares bought with the options cover all that is sold."""
    shares = ticket.shares
    return (
        ticket.is_multi_leg
        and shares is not None
        and shares.side is Side.BUY
        and not cover(ticket.legs).naked
    )


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


def option_level(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Deny what the account is not approved for, as far as the configuration says."""
    level = facts.account.capabilities.option_level
    if level is None or facts.ticket.effect is Effect.CLOSE or facts.ticket.is_equity:
        return None
    needed = level_needed(facts.ticket, covered=_is_covered(facts))
    if level >= needed:
        return None
    return denial(DenialCode.OPTION_LEVEL, f"needs option level {needed}, the account has {level}")


def buying_power(facts: LineFacts, limits: RiskLimits) -> Denial | None:
    """Deny what the account cannot pay for, our own live orders counted in."""
    stock = facts.ticket.shares is not None
    have = facts.balances.stock_buying_power if stock else facts.balances.option_buying_power
    free = have - facts.reserved
    if facts.cost.requirement <= free or facts.cost.requirement <= 0:
        return None
    if facts.ticket.effect is Effect.CLOSE and facts.cost.requirement <= facts.cost.fees:
        return None
    held = f" after ${facts.reserved:,.2f} held by our live orders" if facts.reserved else ""
    return denial(
        DenialCode.BUYING_POWER,
        f"needs ${facts.cost.requirement:,.2f}, has ${free:,.2f}{held}",
        is_hard=facts.balances_age_s >= limits.balances_max_age_s,
    )


def token_short(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Ask before an order opens that nobody could follow or cancel in a few minutes."""
    if not facts.token or facts.ticket.effect is Effect.CLOSE:
        return None
    return denial(DenialCode.TOKEN_SHORT, facts.token)


def learned(facts: LineFacts, _: RiskLimits) -> Denial | None:
    """Ask before trying again what the broker said this account may not trade."""
    if facts.learned is None:
        return None
    if not facts.learned.forbids(facts.ticket):
        return None
    return denial(DenialCode.LEARNED_REJECT, facts.learned.sentence)
