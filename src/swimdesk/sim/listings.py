"""What is listed on a day: option expiries, strikes, and how the broker names each symbol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b

from swimdesk.domain.instruments import (
    INDEX_ROOTS,
    OptionContract,
    Right,
    Settlement,
    plain,
    third_friday,
)
from swimdesk.sim.holidays import is_trading_day, trading_day_before
from swimdesk.sim.universe import UNDERLYINGS, AssetType, ExpiryPlan, Underlying

NEAR_DAYS = 70
"""Up to this many days an expiry lists the fine strikes, beyond only the wide ones."""

_WEEKS = {ExpiryPlan.DAILY: 10, ExpiryPlan.WEEKLY: 6, ExpiryPlan.WEDNESDAY: 6}
_WEEKDAY = {ExpiryPlan.DAILY: 4, ExpiryPlan.WEEKLY: 4, ExpiryPlan.WEDNESDAY: 2}
_DAILY_DAYS = 14
_YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class SimExpiry:
    """One listed expiry of one option root; ``type`` is S monthly, W weekly, M month, Q quarter."""

    date: date
    root: str
    settlement: Settlement
    type: str


@dataclass(frozen=True, slots=True)
class Listing:
    """How the broker describes a symbol; for options the underlying and what it delivers."""

    symbol: str
    asset_type: AssetType
    description: str
    cusip: str
    instrument_id: int
    underlying: str
    deliverable_symbol: str
    penny_pilot: bool
    contract: OptionContract | None = None


@lru_cache(maxsize=512)
def expiries_on(today: date, symbol: str) -> tuple[SimExpiry, ...]:
    """Return the expiries listed on a day, soonest first, without those past trading.

    AM-settled options trade for the last time on the day before their expiry.
    """
    underlying = UNDERLYINGS[symbol]
    months = monthly_days(today, underlying.expiries)
    listed = (
        expiry
        for day in sorted(weekly_days(today, underlying.expiries) | months)
        for expiry in _expiries_of_day(underlying, day, monthly=day in months)
    )
    return tuple(e for e in listed if e.date > today or e.settlement is Settlement.PM)


def weekly_days(today: date, plan: ExpiryPlan) -> set[date]:
    """Return the weekly and daily expiry days of a plan from today on."""
    if plan is ExpiryPlan.NONE:
        return set()
    span = 7 * _WEEKS[plan]
    weekday = _WEEKDAY[plan]
    horizon = [today + timedelta(days=n) for n in range(span + 1)]
    days = {_on_or_before(day) for day in horizon if day.weekday() == weekday}
    if plan is ExpiryPlan.DAILY:
        days |= {day for day in horizon[: _DAILY_DAYS + 1] if is_trading_day(day)}
    return {day for day in days if day >= today}


def monthly_days(today: date, plan: ExpiryPlan) -> set[date]:
    """Return the monthly expiry days of a plan within a year; a holiday moves one a day forward."""
    if plan is ExpiryPlan.NONE:
        return set()
    shift = timedelta(days=30 if plan is ExpiryPlan.WEDNESDAY else 0)
    fridays = (third_friday(today.year + m // 12, m % 12 + 1) for m in _months_ahead(today))
    days = {_on_or_before(friday - shift) for friday in fridays}
    return {day for day in days if today <= day <= today + timedelta(days=_YEAR_DAYS)}


def strikes_of(underlying: Underlying, days: int, low: float, high: float) -> tuple[Decimal, ...]:
    """Return the strikes listed around a price range for an expiry that many days away."""
    spans = _strike_spans(underlying, days, low, high)
    ladder = {k for step, first, last in spans for k in _multiples(step, first, last)}
    return tuple(plain(Decimal(k).scaleb(-3)) for k in sorted(ladder))


def is_listed_strike(
    underlying: Underlying, strike: Decimal, days: int, low: float, high: float
) -> bool:
    """Tell whether ``strikes_of`` holds that strike, without building the ladder."""
    thousandths = int(strike * 1000)
    return any(
        thousandths % step == 0 and first <= thousandths <= last
        for step, first, last in _strike_spans(underlying, days, low, high)
    )


@lru_cache(maxsize=16_384)
def describe(symbol: str) -> Listing | None:
    """Return how the broker names a symbol, listed today or expired; None for an unknown one."""
    underlying = UNDERLYINGS.get(symbol)
    if underlying is not None:
        return Listing(
            symbol=symbol,
            asset_type=underlying.asset_type,
            description=underlying.description,
            cusip=underlying.cusip,
            instrument_id=instrument_id(symbol),
            underlying=symbol,
            deliverable_symbol=symbol,
            penny_pilot=underlying.penny_pilot,
        )
    contract = read_contract(symbol)
    return None if contract is None else _option_listing(contract)


def underlying_of(contract: OptionContract) -> Underlying | None:
    """Return the underlying whose class lists the contract's root, or None."""
    underlying = UNDERLYINGS.get(contract.underlying)
    if underlying is None or underlying.expiries is ExpiryPlan.NONE:
        return None
    return underlying


@lru_cache(maxsize=16_384)
def instrument_id(symbol: str) -> int:
    """Return the broker's number for a symbol: nine digits, the same in every run."""
    digest = blake2b(symbol.encode(), digest_size=8).digest()
    return 100_000_000 + int.from_bytes(digest, "big") % 900_000_000


def _option_listing(contract: OptionContract) -> Listing | None:
    underlying = underlying_of(contract)
    if underlying is None:
        return None
    right = contract.right.value.capitalize()
    return Listing(
        symbol=contract.symbol,
        asset_type=AssetType.OPTION,
        description=(
            f"{underlying.description} {contract.expiry:%m/%d/%Y} ${contract.strike} {right}"
        ),
        cusip=_option_cusip(contract),
        instrument_id=instrument_id(contract.symbol),
        underlying=contract.root,
        deliverable_symbol=underlying.symbol,
        penny_pilot=underlying.penny_pilot,
        contract=contract,
    )


def _option_cusip(contract: OptionContract) -> str:
    """Return the broker's code: root, month and right as a letter, day, year digit, strike."""
    first_letter = "A" if contract.right is Right.CALL else "M"
    month = chr(ord(first_letter) + contract.expiry.month - 1)
    number = contract.expiry.day
    day = str(number) if number < 10 else chr(ord("A") + number - 10)
    strike = f"{int(contract.strike * 1000):07d}"
    return f"0{contract.root:.<5}{month}{day}{contract.expiry.year % 10}{strike}"


def read_contract(symbol: str) -> OptionContract | None:
    """Return the contract of a padded option symbol, or None for anything else."""
    if len(symbol) != 21:
        return None
    try:
        return OptionContract.parse(symbol)
    except ValueError:
        return None


def _expiries_of_day(underlying: Underlying, day: date, *, monthly: bool) -> Iterator[SimExpiry]:
    if not underlying.is_index:
        kind = "S" if monthly else _weekly_type(day, month_end=False)
        yield SimExpiry(day, underlying.symbol, Settlement.PM, kind)
        return
    for root in INDEX_ROOTS.values():
        if f"${root.index}" != underlying.symbol or (root.monthly_only and not monthly):
            continue
        if root.monthly_only:
            yield SimExpiry(day, root.root, root.settlement, "S")
        elif root.settlement is Settlement.PM or not monthly:
            # Two AM roots never share a day: VIXW pauses where VIX has its monthly.
            yield SimExpiry(day, root.root, root.settlement, _weekly_type(day, month_end=True))


def _weekly_type(day: date, *, month_end: bool) -> str:
    following = day + timedelta(days=1)
    while not is_trading_day(following):
        following += timedelta(days=1)
    if following.month == day.month:
        return "W"
    if day.month % 3 == 0:
        return "Q"
    return "M" if month_end else "W"


def _on_or_before(day: date) -> date:
    return day if is_trading_day(day) else trading_day_before(day)


def _months_ahead(today: date) -> range:
    """Return months to look at, counted from January of this year as 0."""
    return range(today.month - 1, today.month + 13)


def _strike_spans(
    underlying: Underlying, days: int, low: float, high: float
) -> tuple[tuple[int, int, int], ...]:
    """Return (step, first, last) of the fine and the wide ladder in thousandths of a dollar."""
    width = underlying.strike_width
    wide = _span(underlying.wide_step, low * (1.0 - 2.0 * width), high * (1.0 + 2.0 * width))
    if days > NEAR_DAYS:
        return (wide,)
    return (_span(underlying.strike_step, low * (1.0 - width), high * (1.0 + width)), wide)


def _span(step: float, low: float, high: float) -> tuple[int, int, int]:
    thousandths = round(step * 1000)
    return thousandths, max(thousandths, int(low * 1000)), int(high * 1000)


def _multiples(step: int, first: int, last: int) -> range:
    return range(-(-first // step) * step, last + 1, step)
