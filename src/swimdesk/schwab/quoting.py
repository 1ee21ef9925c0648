"""Schwab's market words -> the desk's: quotes, chains, expirations, session hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from swimdesk.desk.ports import ChainContract, Expiry, Quote, SessionHours
from swimdesk.domain.instruments import OptionContract
from swimdesk.errors import ProtocolDrift
from swimdesk.schwab.wire import read_as
from swimdesk.schwab.wire_market import (
    WireChain,
    WireContract,
    WireExpiration,
    WireExpirations,
    WireHours,
    WireQuote,
)

NO_TIME = datetime.fromtimestamp(0, UTC)
"""When a quote without any time counts as made."""

_SETTLEMENTS = {"A": "AM", "P": "PM"}
CLOSED_PRODUCTS = {"equity": ("EQ",), "option": ("EQO", "IND")}
"""On a closed day the broker names the market where it names products on an open one."""


def quotes_of(document: object) -> dict[str, Quote]:
    """Return the quotes of an answer; symbols that are unknown or have no price are missing."""
    if not isinstance(document, dict):
        raise ProtocolDrift("the broker's quotes are not a list of symbols")
    found = {}
    for symbol, data in document.items():
        if symbol != "errors":
            quote = _quote(symbol, read_as(WireQuote, data, f"the quote of {symbol[:30]!r}"))
            if quote is not None:
                found[symbol] = quote
    return found


def _quote(symbol: str, wire: WireQuote) -> Quote | None:
    figures = wire.quote
    last = figures.last_price if figures.last_price is not None else figures.close_price
    if last is None:
        return None
    is_index = wire.asset_main_type == "INDEX"
    status = (figures.security_status or "Normal").lower()
    close = wire.regular.regular_market_last_price if wire.regular else None
    return Quote(
        symbol=symbol,
        last=last,
        mark=last if figures.mark is None else figures.mark,
        # Without any time a quote counts as older than any limit.
        as_of=figures.quote_time or figures.trade_time or NO_TIME,
        bid=None if is_index else figures.bid_price,
        ask=None if is_index else figures.ask_price,
        description=wire.reference.description or "",
        penny_pilot=bool(wire.reference.is_penny_pilot),
        realtime=wire.realtime is not False,
        is_normal=status == "normal",
        is_halted="halt" in status,
        close=figures.close_price if close is None else close,
        average_volume=wire.fundamental.average_volume if wire.fundamental else None,
    )


def chain_of(document: object) -> tuple[ChainContract, ...]:
    """Return the standard contracts of a chain, ordered by strike, calls before puts."""
    chain = read_as(WireChain, document, "the option chain")
    maps = (chain.call_exp_date_map, chain.put_exp_date_map)
    contracts = [
        contract
        for expiries in maps
        for strikes in expiries.values()
        for rows in strikes.values()
        for row in rows
        if (contract := _contract(row)) is not None
    ]
    return tuple(sorted(contracts, key=_chain_order))


def _chain_order(contract: ChainContract) -> tuple[str, Decimal, str]:
    option = contract.instrument
    assert isinstance(option, OptionContract)  # noqa: S101 - chains hold nothing else
    return (option.root, option.strike, option.right)


def _contract(row: WireContract) -> ChainContract | None:
    if row.symbol is None or row.non_standard:
        return None
    try:
        option = OptionContract.parse(row.symbol)
    except ValueError:
        return None
    bid, ask = row.bid or Decimal(0), row.ask or Decimal(0)
    return ChainContract(
        instrument=option,
        bid=bid,
        ask=ask,
        mark=(bid + ask) / 2 if row.mark is None else row.mark,
        delta=row.delta,
        volatility=row.volatility,
        open_interest=row.open_interest,
        volume=row.total_volume,
    )


def expiries_of(document: object, symbol: str) -> tuple[Expiry, ...]:
    """Return the listed expirations, nearest first, a row per root where a day has several."""
    rows = read_as(WireExpirations, document, f"the expirations of {symbol!r}").expiration_list
    found = [expiry for row in rows for expiry in _expiries(row, symbol)]
    return tuple(sorted(found, key=lambda expiry: (expiry.day, expiry.root)))


def _expiries(row: WireExpiration, symbol: str) -> Iterator[Expiry]:
    try:
        day = date.fromisoformat((row.expiration_date or "")[:10])
    except ValueError:
        raise ProtocolDrift(f"an expiration of {symbol!r} has no date") from None
    settlement = row.settlement_type or ""
    for root in (row.option_roots or symbol.lstrip("$")).split(","):
        yield Expiry(
            day=day,
            root=root.strip(),
            settlement=_SETTLEMENTS.get(settlement, settlement),
            kind=row.expiration_type or "",
            days=row.days_to_expiration,
        )


def hours_of(document: object) -> Mapping[str, SessionHours]:
    """Return the hours by product, ``EQ``, ``EQO``, ``IND``; ProtocolDrift if there are none."""
    if not isinstance(document, dict):
        raise ProtocolDrift("the broker's market hours are not understood")
    found = {
        product: hours
        for market, products in document.items()
        if isinstance(products, dict)
        for key, data in products.items()
        for product, hours in _product_hours(market, key, read_as(WireHours, data, "market hours"))
    }
    if not found:
        raise ProtocolDrift("the broker's market hours name no product")
    return found


def _product_hours(market: str, key: str, wire: WireHours) -> Iterator[tuple[str, SessionHours]]:
    spans = {
        name: tuple((span.start, span.end) for span in row if span.start and span.end)
        for name, row in (wire.session_hours or {}).items()
    }
    for product in CLOSED_PRODUCTS.get(key, (key,)):
        yield product, SessionHours(market.upper(), bool(wire.is_open), spans)
