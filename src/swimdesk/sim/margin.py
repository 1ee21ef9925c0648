"""Margin requirements of the brokerage: its own reading of the rules (schwab-api 13.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from swimdesk.domain.instruments import OPTION_MULTIPLIER, OptionContract, Right

ZERO = Decimal(0)
_NAKED_SHARE = Decimal("0.20")
_NAKED_FLOOR = Decimal("0.10")


@dataclass(slots=True)
class _Lot:
    """Contracts of one kind left to pair; ``quantity`` is negative for shorts."""

    contract: OptionContract
    quantity: int

    @property
    def symbol(self) -> str:
        return self.contract.symbol


@dataclass(slots=True)
class Coverage:
    """How the options on one underlying cover each other."""

    charged: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Requirement of spreads by the symbol of the short leg that carries it, in dollars."""
    naked: list[tuple[OptionContract, int]] = field(default_factory=list)
    """Shorts that nothing covers, with their (positive) number of contracts."""
    covered_by_shares: int = 0
    covered_by_options: int = 0

    @property
    def naked_calls(self) -> int:
        """Uncovered short calls."""
        return sum(n for contract, n in self.naked if contract.right is Right.CALL)

    @property
    def naked_puts(self) -> int:
        """Uncovered short puts."""
        return sum(n for contract, n in self.naked if contract.right is Right.PUT)

    def requirement(self, naked_charge: Callable[[OptionContract], Decimal]) -> Decimal:
        """Return the whole requirement in dollars, given the charge of one naked contract."""
        spreads = sum(self.charged.values(), ZERO)
        return spreads + sum((naked_charge(c) * n for c, n in self.naked), ZERO)


def coverage(options: Iterable[tuple[OptionContract, int]], shares: int) -> Coverage:
    """Pair the options on one underlying with each other and with the shares held.

    Within an expiry the requirement is the worst loss of the whole at expiry, which charges an
    iron condor for its wider side only. Shorts left over take a spare long of a later expiry
    (calendars, diagonals), then shares, and are naked after that.
    """
    by_expiry: dict[date, list[_Lot]] = defaultdict(list)
    for contract, quantity in options:
        if quantity:
            by_expiry[contract.expiry].append(_Lot(contract, quantity))
    result = Coverage()
    expiries = sorted(by_expiry)
    spare_shares = max(0, shares) // OPTION_MULTIPLIER
    for place, expiry in enumerate(expiries):
        group = by_expiry[expiry]
        later = [lot for other in expiries[place + 1 :] for lot in by_expiry[other]]
        for right in Right:
            result.covered_by_options += _short_contracts(group, right)
            _borrow_longs(group, later, right)
            uncovered = _uncovered(group, right)
            result.covered_by_options -= uncovered
            if right is Right.CALL and uncovered:
                by_shares = min(uncovered, spare_shares)
                _drop_shorts(group, right, by_shares)
                spare_shares -= by_shares
                result.covered_by_shares += by_shares
                uncovered -= by_shares
            if uncovered:
                result.naked += _drop_shorts(group, right, uncovered)
        _charge(group, result.charged)
    return result


def _short_contracts(group: list[_Lot], right: Right) -> int:
    return -sum(lot.quantity for lot in group if lot.contract.right is right and lot.quantity < 0)


def _uncovered(group: list[_Lot], right: Right) -> int:
    return max(0, -sum(lot.quantity for lot in group if lot.contract.right is right))


def _borrow_longs(group: list[_Lot], later: list[_Lot], right: Right) -> None:
    """Move spare longs of later expiries into the group, the best protection first."""
    needed = _uncovered(group, right)
    spare = -_short_contracts(later, right) + sum(
        lot.quantity for lot in later if lot.contract.right is right and lot.quantity > 0
    )
    needed = min(needed, max(0, spare))
    if not needed:
        return
    longs = [lot for lot in later if lot.contract.right is right and lot.quantity > 0]
    # A long call protects the more the lower its strike, a long put the higher.
    longs.sort(key=lambda lot: lot.contract.strike, reverse=right is Right.PUT)
    for lot in longs:
        taken = min(needed, lot.quantity)
        lot.quantity -= taken
        needed -= taken
        if taken:
            group.append(_Lot(lot.contract, taken))


def _drop_shorts(group: list[_Lot], right: Right, number: int) -> list[tuple[OptionContract, int]]:
    """Take shorts out of the group, the farthest out of the money first, and return them."""
    shorts = [lot for lot in group if lot.contract.right is right and lot.quantity < 0]
    shorts.sort(key=lambda lot: lot.contract.strike, reverse=right is Right.CALL)
    dropped = []
    for lot in shorts:
        taken = min(number, -lot.quantity)
        if taken:
            lot.quantity += taken
            number -= taken
            dropped.append((lot.contract, taken))
    return dropped


def _charge(group: list[_Lot], charged: dict[str, Decimal]) -> None:
    """Add the group's worst loss at expiry to the shorts of the side on which it happens."""
    lots = [lot for lot in group if lot.quantity]
    shorts = [lot for lot in lots if lot.quantity < 0]
    if not shorts:
        return
    worst, side = min(_payoffs(lots))
    if worst >= 0:
        return
    right = Right.CALL if _short_call_is_hit(shorts, side) else Right.PUT
    carrying = [lot for lot in shorts if lot.contract.right is right] or shorts
    contracts = -sum(lot.quantity for lot in carrying)
    total = Decimal(-worst * OPTION_MULTIPLIER) / 1000
    for lot in carrying:
        charged[lot.symbol] += total * -lot.quantity / contracts


def _payoffs(lots: list[_Lot]) -> list[tuple[int, int]]:
    """Return (worth, price) at expiry for each strike, both in thousandths of a dollar.

    Between strikes the worth is a straight line, and shorts that would make it fall without end
    beyond the outer strikes were taken out before; so the worst is among these.
    """
    calls: dict[int, int] = defaultdict(int)
    puts: dict[int, int] = defaultdict(int)
    for lot in lots:
        side = calls if lot.contract.right is Right.CALL else puts
        side[int(lot.contract.strike * 1000)] += lot.quantity
    strikes = sorted({*calls, *puts})
    worth = dict.fromkeys(strikes, 0)
    for held, direction in ((calls, 1), (puts, -1)):
        contracts = weighted = 0
        for strike in strikes[::direction]:
            worth[strike] += direction * (strike * contracts - weighted)
            contracts += held.get(strike, 0)
            weighted += held.get(strike, 0) * strike
    return [(amount, strike) for strike, amount in worth.items()]


def _short_call_is_hit(shorts: list[_Lot], price: int) -> bool:
    return any(
        lot.contract.right is Right.CALL and lot.contract.strike * 1000 < price for lot in shorts
    )


def naked_charge(contract: OptionContract, underlying: Decimal, premium: Decimal) -> Decimal:
    """Return the Reg-T requirement of one naked contract, in dollars."""
    if contract.right is Right.CALL:
        out_of_money = max(ZERO, contract.strike - underlying)
        floor = _NAKED_FLOOR * underlying
    else:
        out_of_money = max(ZERO, underlying - contract.strike)
        floor = _NAKED_FLOOR * contract.strike
    return (max(_NAKED_SHARE * underlying - out_of_money, floor) + premium) * OPTION_MULTIPLIER


def grouped(
    options: Mapping[OptionContract, int],
) -> dict[str, list[tuple[OptionContract, int]]]:
    """Sort option holdings by their underlying."""
    groups: dict[str, list[tuple[OptionContract, int]]] = defaultdict(list)
    for contract, quantity in options.items():
        groups[contract.underlying].append((contract, quantity))
    return groups
