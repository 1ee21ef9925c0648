"""Reading an order body: what the API refuses at once with a 400, before an order exists."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from swimdesk.sim.answers import INVALID_BODY, INVALID_DATA, UNEXPECTED, message
from swimdesk.sim.listings import Listing
from swimdesk.sim.messages import SimResponse
from swimdesk.sim.orders import (
    AT_CLOSE,
    OPTION_INSTRUCTIONS,
    SHARE_INSTRUCTIONS,
    OrderTerms,
    SimLeg,
)
from swimdesk.sim.universe import AssetType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENUMS: dict[str, frozenset[str]] = {
    "session": frozenset({"NORMAL", "AM", "PM", "SEAMLESS"}),
    "duration": _words(
        "DAY GOOD_TILL_CANCEL FILL_OR_KILL IMMEDIATE_OR_CANCEL END_OF_WEEK END_OF_MONTH "
        "NEXT_END_OF_MONTH UNKNOWN"
    ),
    "orderType": _words(
        "MARKET LIMIT STOP STOP_LIMIT TRAILING_STOP CABINET NON_MARKETABLE MARKET_ON_CLOSE "
        "EXERCISE TRAILING_STOP_LIMIT NET_DEBIT NET_CREDIT NET_ZERO LIMIT_ON_CLOSE"
    ),
    "complexOrderStrategyType": _words(
        "NONE COVERED VERTICAL BACK_RATIO CALENDAR DIAGONAL STRADDLE STRANGLE COLLAR_SYNTHETIC "
        "BUTTERFLY CONDOR IRON_CONDOR VERTICAL_ROLL COLLAR_WITH_STOCK DOUBLE_DIAGONAL "
        "UNBALANCED_BUTTERFLY UNBALANCED_CONDOR UNBALANCED_IRON_CONDOR UNBALANCED_VERTICAL_ROLL "
        "MUTUAL_FUND_SWAP CUSTOM"
    ),
    "orderStrategyType": _words(
        "SINGLE CANCEL RECALL PAIR FLATTEN TWO_DAY_SWAP BLAST_ALL OCO TRIGGER"
    ),
    "taxLotMethod": _words("FIFO LIFO HIGH_COST LOW_COST AVERAGE_COST SPECIFIC_LOT LOSS_HARVESTER"),
    "specialInstruction": frozenset({"ALL_OR_NONE", "DO_NOT_REDUCE", "ALL_OR_NONE_DO_NOT_REDUCE"}),
}
_INSTRUCTIONS = SHARE_INSTRUCTIONS | OPTION_INSTRUCTIONS | {"EXCHANGE", "SELL_SHORT_EXEMPT"}
_ASSET_TYPES = _words(
    "EQUITY OPTION INDEX MUTUAL_FUND CASH_EQUIVALENT FIXED_INCOME CURRENCY COLLECTIVE_INVESTMENT"
)
_SUPPORTED_TYPES = frozenset(
    {"MARKET", "LIMIT", "STOP", "STOP_LIMIT", "NET_DEBIT", "NET_CREDIT", "NET_ZERO", *AT_CLOSE}
)
_NET_TYPES = frozenset({"NET_DEBIT", "NET_CREDIT", "NET_ZERO"})
_PRICED = frozenset({"LIMIT", "STOP_LIMIT", "NET_DEBIT", "NET_CREDIT", "LIMIT_ON_CLOSE"})
_STOPPED = frozenset({"STOP", "STOP_LIMIT"})
_REQUEST_KEYS = frozenset(
    {
        "quantity",
        "price",
        "stopPrice",
        "stopType",
        "cancelTime",
        "releaseTime",
        "activationPrice",
        "orderLegCollection",
        "childOrderStrategies",
        "stopPriceLinkBasis",
        "stopPriceLinkType",
        "stopPriceOffset",
        "priceLinkBasis",
        "priceLinkType",
        *_ENUMS,
    }
)
_REQUIRED = ("orderStrategyType", "orderType", "session")
_NULL_DURATION = "Duration cannot be null. Valid values: DAY, GOOD_TILL_CANCEL, FILL_OR_KILL"
_MAX_LEGS = 4

Describe = Callable[[str], Listing | None]


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """A body that passed: as parsed, and what it asks for."""

    received: dict[str, Any]
    terms: OrderTerms


class _Refused(Exception):
    """A body that does not pass, with the answer to it."""

    def __init__(self, response: SimResponse) -> None:
        super().__init__(response.status)
        self.response = response


class _Twice(Exception):
    """A key comes twice in one object, over which the real brokerage stumbles."""


def read_order(body: bytes, describe: Describe) -> ReadOrder | SimResponse:
    """Read an order body, or return the 400 that answers it."""
    try:
        raw = json.loads(body, object_pairs_hook=_once)
    except _Twice:
        return message(500, UNEXPECTED)
    except ValueError:
        return message(400, INVALID_BODY)
    if not isinstance(raw, dict) or not set(raw) <= _REQUEST_KEYS:
        return message(400, INVALID_BODY)
    try:
        _check_enums(raw)
        _check_head(raw)
        return ReadOrder(raw, _terms(raw, _legs(raw, describe)))
    except _Refused as refused:
        return refused.response


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise _Twice
    return document


def _refuse(*errors: str) -> _Refused:
    return _Refused(message(400, INVALID_DATA, errors))


def _check_enums(raw: Mapping[str, Any]) -> None:
    for key, known in _ENUMS.items():
        value = raw.get(key)
        if value is not None and not (isinstance(value, str) and value in known):
            raise _Refused(message(400, f"Invalid value '{value}'"))


def _check_head(raw: Mapping[str, Any]) -> None:
    errors = [f"Field: {key} - must not be null" for key in _REQUIRED if raw.get(key) is None]
    if raw.get("orderStrategyType") in ("TRIGGER", "OCO"):
        raise _refuse("Field: orderStrategyType - conditional orders are not supported here")
    if raw.get("duration") is None:
        errors.append(_NULL_DURATION)
    if errors:
        raise _refuse(*errors)
    if raw["orderStrategyType"] != "SINGLE" or raw["orderType"] not in _SUPPORTED_TYPES:
        raise _refuse("Field: orderType - not supported here")
    if raw["session"] == "NORMAL":
        return
    durations = {"DAY", "GOOD_TILL_CANCEL"} if raw["session"] == "SEAMLESS" else {"DAY"}
    if raw["orderType"] != "LIMIT" or raw["duration"] not in durations:
        raise _Refused(message(400, INVALID_DATA))


def _legs(raw: Mapping[str, Any], describe: Describe) -> tuple[SimLeg, ...]:
    collection = raw.get("orderLegCollection")
    if not isinstance(collection, list) or not 1 <= len(collection) <= _MAX_LEGS:
        raise _refuse(f"Field: orderLegCollection - size must be between 1 and {_MAX_LEGS}")
    legs = tuple(_leg(place, leg, describe) for place, leg in enumerate(collection))
    if len({leg.symbol for leg in legs}) < len(legs):
        raise _refuse("Field: orderLegCollection - the same symbol in two legs")
    if raw["session"] != "NORMAL" and any(leg.contract for leg in legs):
        raise _Refused(message(400, INVALID_DATA))
    return legs


def _leg(place: int, raw: Any, describe: Describe) -> SimLeg:  # noqa: ANN401 - unread JSON
    field = f"Field: orderLegCollection[{place}]"
    instrument = raw.get("instrument") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(instrument, dict):
        raise _refuse(f"{field}.instrument - must not be null")
    instruction, asset_type = raw.get("instruction"), instrument.get("assetType")
    for value, known in ((instruction, _INSTRUCTIONS), (asset_type, _ASSET_TYPES)):
        if value is not None and not (isinstance(value, str) and value in known):
            raise _Refused(message(400, f"Invalid value '{value}'"))
    listing = describe(str(instrument.get("symbol")))
    if listing is None or listing.asset_type is AssetType.INDEX:
        raise _refuse(f"{field}.instrument.symbol - is not a known symbol")
    is_option = listing.asset_type is AssetType.OPTION
    if (asset_type == "OPTION") is not is_option or asset_type is None:
        raise _refuse(f"{field}.instrument.assetType - does not fit the symbol")
    if instruction not in (OPTION_INSTRUCTIONS if is_option else SHARE_INSTRUCTIONS):
        raise _refuse(f"{field}.instruction - is not valid for this asset type")
    quantity = _number(raw.get("quantity"), f"{field}.quantity")
    if quantity <= 0 or quantity % 1:
        raise _refuse(f"{field}.quantity - must be a positive whole number")
    return SimLeg(place + 1, str(instruction), listing.symbol, int(quantity), listing.contract)


def _terms(raw: Mapping[str, Any], legs: tuple[SimLeg, ...]) -> OrderTerms:
    order_type = raw["orderType"]
    if len(legs) > 1 and order_type not in _NET_TYPES | {"MARKET"}:
        raise _refuse("Field: orderType - is not valid for several legs")
    if len(legs) == 1 and order_type in _NET_TYPES:
        raise _refuse("Field: orderType - is not valid for a single leg")
    if order_type in AT_CLOSE and (legs[0].contract or raw["duration"] != "DAY"):
        raise _refuse("Field: orderType - is for shares and one day")
    price = stop_price = None
    if order_type in _PRICED:
        price = _positive(raw.get("price"), "Field: price")
    elif order_type == "NET_ZERO":
        price = Decimal(0)
    if order_type in _STOPPED:
        stop_price = _positive(raw.get("stopPrice"), "Field: stopPrice")
    return OrderTerms(
        order_type=order_type,
        session=raw["session"],
        duration=raw["duration"],
        complex_type=raw.get("complexOrderStrategyType") or "NONE",
        price=price,
        stop_price=stop_price,
        legs=legs,
        cancel_at=_time(raw.get("cancelTime"), "Field: cancelTime"),
        tax_lot_method=raw.get("taxLotMethod"),
        special_instruction=raw.get("specialInstruction"),
    )


def _positive(value: Any, field: str) -> Decimal:  # noqa: ANN401 - unread JSON
    number = _number(value, field)
    if number <= 0:
        raise _refuse(f"{field} - must be greater than 0")
    return number


def _number(value: Any, field: str) -> Decimal:  # noqa: ANN401 - unread JSON
    if value is None or isinstance(value, bool):
        raise _refuse(f"{field} - must not be null")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _refuse(f"{field} - must be a number") from None
    if not number.is_finite():
        raise _refuse(f"{field} - must be a number")
    return number


def _time(value: Any, field: str) -> datetime | None:  # noqa: ANN401 - unread JSON
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise _refuse(f"{field} - is not a valid date-time") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
