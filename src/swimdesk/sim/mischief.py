"""What a fault looks like on the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from swimdesk.sim.answers import (
    HTML,
    INVALID_BODY,
    JSON,
    TEXT,
    UNEXPECTED,
    answer,
    as_bytes,
    gateway,
    message,
    not_authorized,
)
from swimdesk.sim.encoding import gzipped
from swimdesk.sim.faults import Fault, FaultRule
from swimdesk.sim.messages import SimResponse, Transport
from swimdesk.sim.rules import BUYING_POWER
from swimdesk.sim.venue import NO_QUIRKS, Quirks

DEFAULT_DELAY_S = 5.0
UNKNOWN_STATUS = "AWAITING_VENUE_REVIEW"
_PAGE = b"<!DOCTYPE html><html><head><title>Service notice</title></head><body>...</body></html>"

_NO_ROUTE = (
    b"404 Not Found: Requested route ('traderapi-accounts.apigx-origin.schwab.com') does not exist."
)
_TARGET_LOST = {
    "fault": {
        "faultstring": "Unexpected EOF at target",
        "detail": {"errorcode": "messaging.adaptors.http.flow.UnexpectedEOFAtTarget"},
    }
}
_GREEK = re.compile(rb'"(delta|gamma|theta|vega|rho)":[^,}]+')
_VOLATILITY = re.compile(rb'"volatility":[^,}]+')

_TRANSPORTS = {
    Fault.RESET_BEFORE: Transport.RESET,
    Fault.RESET_AFTER: Transport.RESET,
    Fault.LATE_ACCEPT: Transport.RESET,
    Fault.HANG_BEFORE: Transport.HANG,
    Fault.HANG_AFTER: Transport.HANG,
    Fault.CUT_AFTER: Transport.CUT,
}


def answer_instead(rule: FaultRule, random: Random) -> SimResponse:
    """Return what is sent when the request itself is not carried out."""
    make = _ANSWERS.get(rule.fault)
    if make is not None:
        return make(rule.parameters, random)
    return SimResponse(500, transport=_TRANSPORTS[rule.fault])


def spoil(
    rule: FaultRule, response: SimResponse, wrong_location: Callable[[str], str]
) -> SimResponse:
    """Return what is sent instead of a right answer to a request that was carried out.

    ``wrong_location`` makes a Location that names another "account" or another "order".
    """
    fault = rule.fault
    if fault in _TRANSPORTS:
        return replace(response, transport=_TRANSPORTS[fault])
    if fault in _SPOILED:
        return _SPOILED[fault](response)
    if "Location" not in response.headers:
        return response
    headers = dict(response.headers)
    if fault is Fault.NO_LOCATION:
        del headers["Location"]
    elif fault is Fault.WRONG_LOCATION:
        headers["Location"] = wrong_location(str(rule.parameters.get("of", "account")))
    return replace(response, headers=headers)


def quirks_of(rule: FaultRule | None) -> Quirks:
    """Return what a fault does to the order that the request creates."""
    if rule is None:
        return NO_QUIRKS
    given = rule.parameters
    delay_s = delay_of(rule)
    match rule.fault:
        case Fault.LIST_LAG:
            return Quirks(hidden_s=delay_s)
        case Fault.PARTIAL:
            return Quirks(half_only=True)
        case Fault.ASYNC_REJECT:
            return Quirks(reject_with=str(given.get("text", BUYING_POWER)))
        case Fault.UNKNOWN_STATUS:
            status = str(given.get("status", UNKNOWN_STATUS))
            return Quirks(shown_status=status, shown_for_s=delay_s)
        case _:
            return NO_QUIRKS


def delay_of(rule: FaultRule) -> float:
    """Return the seconds a delaying fault takes."""
    return float(rule.parameters.get("delay_s", DEFAULT_DELAY_S))


def _refuse(given: Any, _: Random) -> SimResponse:  # noqa: ANN401 - a plan's parameters
    return message(400, str(given.get("text", INVALID_BODY)))


def _wrapped(_: Any, random: Random) -> SimResponse:  # noqa: ANN401 - a plan's parameters
    return gateway(500, "Internal Server Error", UNEXPECTED, random, http_status=400)


def _limited(given: Any, random: Random) -> SimResponse:  # noqa: ANN401 - a plan's parameters
    response = gateway(429, "Too Many Requests", "Rate limit exceeded", random)
    headers = {**JSON, "Retry-After": str(given.get("retry_after_s", 5))}
    return replace(response, headers=headers)


def _refuse_compressed(given: Any, random: Random) -> SimResponse:  # noqa: ANN401 - a plan's parameters
    """Refuse, compressed whatever the client asked for and however short."""
    return gzipped(_refuse(given, random))


_ANSWERS: dict[Fault, Callable[[Any, Random], SimResponse]] = {
    Fault.REFUSE: _refuse,
    Fault.WRAPPED_500: _wrapped,
    Fault.RATE_LIMITED: _limited,
    Fault.RATE_LIMITED_BARE: lambda _, __: SimResponse(429),
    Fault.UNAUTHORIZED: lambda _, random: not_authorized(random),
    Fault.FORBIDDEN: lambda _, __: message(403, "Access to this account is not allowed"),
    Fault.ERROR_BEFORE: lambda _, __: message(500, UNEXPECTED),
    Fault.UNAVAILABLE_BEFORE: lambda _, random: gateway(
        503, "Service Unavailable", "Service temporarily unavailable", random
    ),
    Fault.GARBAGE: lambda given, _: SimResponse(
        200, str(given.get("body", "")).encode() or _PAGE, HTML
    ),
    Fault.GZIP_ERROR: _refuse_compressed,
    Fault.ROUTE_LOST: lambda _, __: SimResponse(404, _NO_ROUTE, TEXT),
    Fault.REDIRECT: lambda _, __: SimResponse(
        302, headers={"Location": "https://127.0.0.1/maintenance"}
    ),
}


def _without_last(response: SimResponse) -> SimResponse:
    """Leave the last account out of a list of accounts."""
    if not response.body.startswith(b"["):
        return response
    return replace(response, body=as_bytes(json.loads(response.body)[:-1]))


def _without_greeks(response: SimResponse) -> SimResponse:
    """Write greeks as the brokerage does where it cannot work them out."""
    body = _VOLATILITY.sub(b'"volatility":"NaN"', _GREEK.sub(rb'"\1":-999.0', response.body))
    return replace(response, body=body)


_SPOILED: dict[Fault, Callable[[SimResponse], SimResponse]] = {
    Fault.ERROR_AFTER: lambda _: message(500, UNEXPECTED),
    Fault.BAD_GATEWAY_AFTER: lambda _: answer(_TARGET_LOST, 502),
    Fault.ACCOUNT_MISSING: _without_last,
    Fault.NAN_GREEKS: _without_greeks,
}
