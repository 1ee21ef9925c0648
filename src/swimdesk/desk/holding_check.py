"""Positions against fills: what an account should hold by all that it traded, and what it holds.

No input or output. A day's baseline is what was held before anything of that day was traded; every
fill of the day, whoever sent the order, is added once. Only a picture in which no fill moved while
it was taken is judged, and only a difference that is still the same in the next one is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from swimdesk.desk.ports import BrokerOrder
from swimdesk.domain.positions import Baseline

FillKey: TypeAlias = tuple[str, str, int, datetime]
Traded: TypeAlias = Mapping[FillKey, tuple[str, Decimal]]
"""Fills by what makes each itself: the symbol, and the quantity, negative where it sold."""

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fills:
    """The fills of a day in a list of orders, and the orders whose fills it does not tell whole."""

    traded: Traded
    untold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """An account's positions, and its fills as listed before and after these were read.

    ``after`` is None where the fills were read only once.
    """

    account: str
    login: str
    last4: str
    day: date
    at: datetime
    held: Mapping[str, Decimal]
    before: Fills
    after: Fills | None = None
    is_in_doubt: bool = False
    """Whether a line of ours has an order there that is not known."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A holding that is not what the fills come to."""

    symbol: str
    expected: Decimal
    found: Decimal


class Finding(StrEnum):
    """What a picture says."""

    FIRST = "first"
    """It became the baseline."""
    EQUAL = "equal"
    UNTOLD = "untold"
    """Not judged: the fills of an order are not listed whole."""
    MOVING = "moving"
    """Not judged: fills came while it was taken, or were read once only."""
    IN_DOUBT = "in_doubt"
    """Not judged: an order of ours may be there unknown."""
    SUSPECT = "suspect"
    """It differs, for the first time."""
    DIFFERENT = "different"
    """It differed like this before; it became the baseline, so that it is told once."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a picture says, where it differs, and the baseline that is to be kept, if a new one."""

    finding: Finding
    mismatches: tuple[Mismatch, ...] = ()
    baseline: Baseline | None = None


def fills_of(orders: Iterable[BrokerOrder], morning: datetime) -> Fills:
    """Return what these orders traded since then; orders of one account."""
    traded: dict[FillKey, tuple[str, Decimal]] = {}
    untold = []
    for order in orders:
        sides = {leg.leg_id: leg.side for leg in order.legs}
        is_told = _is_told(order)
        for execution in order.executions:
            side = sides.get(execution.leg_id)
            if side is None:
                is_told = False
            elif execution.time >= morning:
                traded[execution.key] = (execution.symbol, side.sign * execution.quantity)
        if not is_told:
            untold.append(order.order_id)
    return Fills(traded, tuple(untold))


def _is_told(order: BrokerOrder) -> bool:
    """Tell whether the fills listed come to the quantity that is reported as filled."""
    if not order.filled or not order.quantity:
        return True
    return bool(order.legs) and all(
        sum((e.quantity for e in order.executions if e.leg_id == leg.leg_id), _ZERO)
        >= order.filled * leg.quantity / order.quantity
        for leg in order.legs
    )


@dataclass(slots=True)
class _Account:
    """What is remembered of one account on one day."""

    traded: dict[FillKey, tuple[str, Decimal]] = field(default_factory=dict)
    suspects: tuple[Mismatch, ...] = ()


class HoldingCheck:
    """Judge pictures of accounts one after the other; remembers baselines and fills."""

    def __init__(self, baselines: Iterable[Baseline] = ()) -> None:
        self._baselines = {one.account: one for one in baselines}
        self._accounts: dict[tuple[str, date], _Account] = {}

    def has_whole(self, account: str, day: date) -> bool:
        """Tell whether an account's fills of the day were taken from a whole list once."""
        return (account, day) in self._accounts

    def is_equal(self, picture: Picture) -> bool:
        """Tell whether a picture needs no second look at the fills: it is as expected."""
        return self._is_known(picture) and not self._mismatches(picture)

    def judge(self, picture: Picture, *, at_once: bool = False) -> Judgement:
        """Judge a picture; ``at_once``: a difference is told without waiting for the next one.

        The first picture of an account must come from a whole list of its orders.
        """
        account = self._remember(picture)
        fills = picture.after or picture.before
        is_first = not self._has_baseline(picture)
        mismatches = () if is_first else self._mismatches(picture)
        finding = None if is_first or mismatches else Finding.EQUAL
        if finding is None and fills.untold:
            finding = Finding.UNTOLD
        if finding is None and _moved(picture):
            finding = Finding.MOVING
        if finding is None and not is_first and picture.is_in_doubt:
            finding = Finding.IN_DOUBT
        if finding is not None:
            account.suspects = ()
            return Judgement(finding, mismatches)
        if not is_first and not at_once and mismatches != account.suspects:
            account.suspects = mismatches
            return Judgement(Finding.SUSPECT, mismatches)
        account.suspects = ()
        baseline = self._baselines[picture.account] = self._new_baseline(picture)
        return Judgement(Finding.FIRST if is_first else Finding.DIFFERENT, mismatches, baseline)

    # --- inside ------------------------------------------------------------------------------

    def _remember(self, picture: Picture) -> _Account:
        key = (picture.account, picture.day)
        if key not in self._accounts:
            # Another day: what was traded before is in the positions.
            self._accounts = {k: v for k, v in self._accounts.items() if k[0] != picture.account}
            self._accounts[key] = _Account()
        account = self._accounts[key]
        for fills in (picture.before, picture.after):
            account.traded |= {} if fills is None else fills.traded
        return account

    def _is_known(self, picture: Picture) -> bool:
        return self._has_baseline(picture) and self.has_whole(picture.account, picture.day)

    def _has_baseline(self, picture: Picture) -> bool:
        base = self._baselines.get(picture.account)
        return base is not None and (base.login, base.last4, base.day) == (
            picture.login,
            picture.last4,
            picture.day,
        )

    def _net(self, picture: Picture) -> dict[str, Decimal]:
        """Return what all known fills of the day come to, by symbol."""
        known = self._accounts.get((picture.account, picture.day), _Account()).traded
        net: dict[str, Decimal] = {}
        for symbol, quantity in {**known, **picture.before.traded}.values():
            net[symbol] = net.get(symbol, _ZERO) + quantity
        return net

    def _mismatches(self, picture: Picture) -> tuple[Mismatch, ...]:
        base, net = self._baselines[picture.account].quantities, self._net(picture)
        expected = {s: base.get(s, _ZERO) + net.get(s, _ZERO) for s in {*base, *net}}
        return tuple(
            Mismatch(symbol, expected.get(symbol, _ZERO), picture.held.get(symbol, _ZERO))
            for symbol in sorted({*expected, *picture.held})
            if expected.get(symbol, _ZERO) != picture.held.get(symbol, _ZERO)
        )

    def _new_baseline(self, picture: Picture) -> Baseline:
        net = self._net(picture)
        quantities = {
            symbol: left
            for symbol in sorted({*picture.held, *net})
            if (left := picture.held.get(symbol, _ZERO) - net.get(symbol, _ZERO))
        }
        return Baseline(
            picture.account, picture.login, picture.last4, picture.day, picture.at, quantities
        )


def _moved(picture: Picture) -> bool:
    """Tell whether fills came between the two looks at them, or there was only one."""
    after = picture.after
    return after is None or bool(after.traded.keys() - picture.before.traded.keys())
