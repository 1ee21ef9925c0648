"""What the broker sends about the market, field by field (schwab-api 8)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field

from swimdesk.schwab.values import Absent, EpochMs, Flag, Greek, Moment, Number, Symbol, Text, Whole
from swimdesk.schwab.wire import Wire


class WireQuoteFigures(Wire):
    """The moving part of a quote; an index has no bid and ask."""

    bid_price: Number = None
    ask_price: Number = None
    last_price: Number = None
    close_price: Number = None
    mark: Number = None
    quote_time: EpochMs = None
    trade_time: EpochMs = None
    security_status: Text = None


class WireQuoteReference(Wire):
    """The standing part of a quote."""

    description: Text = None
    is_penny_pilot: Flag = None


class WireQuoteRegular(Wire):
    """The last trade of the regular session."""

    regular_market_last_price: Number = None


class WireQuoteFundamental(Wire):
    """What changes with days, not with trades."""

    average_volume: Annotated[Number, Field(validation_alias="avg10DaysVolume")] = None


class WireQuote(Wire):
    """One symbol of a quotes answer."""

    asset_main_type: Text = None
    symbol: Symbol = None
    realtime: Flag = None
    quote: WireQuoteFigures = WireQuoteFigures()
    reference: WireQuoteReference = WireQuoteReference()
    regular: WireQuoteRegular | None = None
    fundamental: WireQuoteFundamental | None = None


def _either(name: str, documented: str) -> AliasChoices:
    """Accept the name that really comes and the one in the documentation."""
    return AliasChoices(name, documented)


class WireContract(Wire):
    """One option of a chain."""

    symbol: Symbol = None
    bid: Annotated[Number, Field(validation_alias=_either("bid", "bidPrice"))] = None
    ask: Annotated[Number, Field(validation_alias=_either("ask", "askPrice"))] = None
    mark: Annotated[Number, Field(validation_alias=_either("mark", "markPrice"))] = None
    delta: Greek = None
    volatility: Greek = None
    open_interest: Whole = 0
    total_volume: Whole = 0
    non_standard: Annotated[
        Flag, Field(validation_alias=_either("nonStandard", "isNonStandard"))
    ] = None


Strikes = dict[str, Annotated[tuple[WireContract, ...], Absent]]
ExpiryMap = Annotated[dict[str, Strikes], Field(default_factory=dict)]


class WireChain(Wire):
    """An option chain: per expiry and strike a list of one contract."""

    status: Text = None
    call_exp_date_map: ExpiryMap
    put_exp_date_map: ExpiryMap


class WireExpiration(Wire):
    """One listed expiration; the documentation calls its day ``expiration``."""

    expiration_date: Annotated[
        Text, Field(validation_alias=_either("expirationDate", "expiration"))
    ] = None
    days_to_expiration: Whole = 0
    expiration_type: Text = None
    settlement_type: Text = None
    option_roots: Text = None


class WireExpirations(Wire):
    """The answer of the expiration chain."""

    expiration_list: Annotated[tuple[WireExpiration, ...], Absent] = ()


class WireSpan(Wire):
    """From when to when a session lasts."""

    start: Moment = None
    end: Moment = None


class WireHours(Wire):
    """The hours of one product on one day; a closed day has none."""

    market_type: Text = None
    product: Text = None
    is_open: Flag = None
    session_hours: dict[str, Annotated[tuple[WireSpan, ...], Absent]] | None = None
