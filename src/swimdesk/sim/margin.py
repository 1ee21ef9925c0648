"""Margin requirements of the brokerage: its own reading of the rules (schwab-api 13.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from swimdesk.domain.instruments import OPTION_MULTIPLIER, OptionContract, Right

ZERO = Decimal(0)
_NAKED_SHARE = Decimal("0.20")
_NAKED_FLOOR = Decimal("0.10")

Group = Mapping[OptionContract, int]
"""Options of one expiry; shorts are negative."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What the spreads of one expiry hold back, and which side's shorts carry it."""

    amount: Decimal = ZERO
    """Dollars."""
    side: Right = Right.PUT
    covered: int = 0
    """Shorts that long options cover."""


@dataclass(slots=True)
class Coverage:
    """How the options on one underlying cover each other."""

    charges: dict[date, Charge] = field(default_factory=dict)
    naked: list[tuple[OptionContract, int]] = field(default_factory=list)
    """Shorts that nothing covers, with their (positive) number of contracts."""
    covered_by_shares: int = 0
    crosses_expiries: bool = False
    """A long of a later expiry covers a short."""

    @property
    def covered_by_options(self) -> int:
        """Shorts that long options cover."""
        return sum(charge.covered for charge in self.charges.values())

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
        spreads = sum((charge.amount for charge in self.charges.values()), ZERO)
        return spreads + sum((naked_charge(c) * n for c, n in self.naked), ZERO)


def coverage(groups: Mapping[date, Group], shares: int) -> Coverage:
    """Pair the options on one underlying with each other and with the shares held.

    Within an expiry the requirement is the worst loss of the whole at expiry, which charges an
    iron condor for its wider side only. Shorts left over take a spare long of a later expiry
    (calendars, diagonals), then shares, and are naked after that.
    """
    result = Coverage()
    working = {expiry: dict(groups[expiry]) for expiry in sorted(groups)}
    spare_shares = max(0, shares) // OPTION_MULTIPLIER
    expiries = list(working)
    for place, expiry in enumerate(expiries):
        group = working[expiry]
        for right in Right:
            missing = uncovered_shorts(group, right)
            if not missing:
                continue
            later = [working[other] for other in expiries[place + 1 :]]
            missing -= _borrow_longs(group, later, right, missing, result)
            by_shares = min(missing, spare_shares) if right is Right.CALL else 0
            _drop_shorts(group, right, by_shares)
            spare_shares -= by_shares
            result.covered_by_shares += by_shares
            result.naked += _drop_shorts(group, right, missing - by_shares)
        result.charges[expiry] = _charge(group)
    return result


def amended(before: Coverage, changed: Mapping[date, Group]) -> Coverage | None:
    """Return the coverage after some expiries changed, where the others cannot be touched by it.

    None where shorts are or become uncovered within an expiry: then all has to be paired anew.
    """
    if before.naked or before.crosses_expiries or before.covered_by_shares:
        return None
    if any(uncovered_shorts(group, right) for group in changed.values() for right in Right):
        return None
    fresh = {expiry: _charge(group) for expiry, group in changed.items()}
    return Coverage({**before.charges, **fresh})


def uncovered_shorts(group: Group, right: Right) -> int:
    """Return how many shorts of an expiry have no long of the same right beside them."""
    return max(0, -sum(n for contract, n in group.items() if contract.right is right))


def _borrow_longs(
    group: dict[OptionContract, int],
    later: list[dict[OptionContract, int]],
    right: Right,
    missing: int,
    result: Coverage,
) -> int:
    """Move spare longs of later expiries into the group, the best protection first."""
    sources = [
        (contract, source) for source in later for contract, n in source.items()
        if contract.right is right and n > 0
    ]  # fmt: skip
    spare = sum(n for source in later for contract, n in source.items() if contract.right is right)
    wanted = min(missing, max(0, spare))
    # A long call protects the more the lower its strike, a long put the higher.
    sources.sort(key=lambda pair: pair[0].strike, reverse=right is Right.PUT)
    left = wanted
    for contract, source in sources:
        taken = min(left, source[contract])
        if taken:
            source[contract] -= taken
            group[contract] = group.get(contract, 0) + taken
            left -= taken
            result.crosses_expiries = True
    return wanted


def _drop_shorts(
    group: dict[OptionContract, int], right: Right, number: int
) -> list[tuple[OptionContract, int]]:
    """Take shorts out of the group, the farthest out of the money first, and return them."""
    shorts = [contract for contract, n in group.items() if contract.right is right and n < 0]
    shorts.sort(key=lambda contract: contract.strike, reverse=right is Right.CALL)
    dropped = []
    for contract in shorts:
        taken = min(number, -group[contract])
        if taken:
            group[contract] += taken
            number -= taken
            dropped.append((contract, taken))
    return dropped


def _charge(group: Group) -> Charge:
    """Return the group's worst loss at expiry and the side on which it happens."""
    shorts = [(contract, -n) for contract, n in group.items() if n < 0]
    if not shorts:
        return Charge()
    covered = sum(n for _, n in shorts)
    worst, price = min(_payoffs(group))
    if worst >= 0:
        return Charge(covered=covered)
    hit = any(c.right is Right.CALL and c.strike * 1000 < price for c, _ in shorts)
    amount = Decimal(-worst * OPTION_MULTIPLIER) / 1000
    return Charge(amount, Right.CALL if hit else Right.PUT, covered)


def _payoffs(group: Group) -> list[tuple[int, int]]:
    """Return (worth, price) at expiry for each strike, both in thousandths of a dollar.

    Between strikes the worth is a straight line, and shorts that would make it fall without end
    beyond the outer strikes were taken out before; so the worst is among these.
    """
    calls: dict[int, int] = defaultdict(int)
    puts: dict[int, int] = defaultdict(int)
    for contract, quantity in group.items():
        side = calls if contract.right is Right.CALL else puts
        side[int(contract.strike * 1000)] += quantity
    strikes = sorted({*calls, *puts})
    worth = dict.fromkeys(strikes, 0)
    for held, direction in ((calls, 1), (puts, -1)):
        contracts = weighted = 0
        for strike in strikes[::direction]:
            worth[strike] += direction * (strike * contracts - weighted)
            quantity = held.get(strike, 0)
            contracts += quantity
            weighted += quantity * strike
    return [(amount, strike) for strike, amount in worth.items()]


def naked_charge(contract: OptionContract, underlying: Decimal, premium: Decimal) -> Decimal:
    """Return the Reg-T requirement of one naked contract, in dollars."""
    if contract.right is Right.CALL:
        out_of_money = max(ZERO, contract.strike - underlying)
        floor = _NAKED_FLOOR * underlying
    else:
        out_of_money = max(ZERO, underlying - contract.strike)
        floor = _NAKED_FLOOR * contract.strike
    return (max(_NAKED_SHARE * underlying - out_of_money, floor) + premium) * OPTION_MULTIPLIER


def carried(group: Group, charge: Charge) -> dict[OptionContract, Decimal]:
    """Spread an expiry's charge over the shorts that carry it, dollars."""
    shorts = {c: -n for c, n in group.items() if n < 0 and c.right is charge.side}
    total = sum(shorts.values())
    return {c: charge.amount * n / total for c, n in shorts.items()} if charge.amount else {}
