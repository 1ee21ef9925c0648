"""The market data endpoints: quotes, chains, expiry lists and market hours (schwab-api 8)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from urllib.parse import unquote
from uuid import uuid4

from swimdesk.domain.instruments import Right
from swimdesk.sim.chainjson import ChainFilter, ChainTooBig, render_chain, render_expiries
from swimdesk.sim.market import Market
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.quotejson import NODES, Json, render_quote
from swimdesk.sim.sessions import MARKETS
from swimdesk.sim.universe import UNDERLYINGS, ExpiryPlan

PREFIX = "/marketdata/v1/"
_MOST_SYMBOLS = 500
_RIGHTS = {"CALL": (Right.CALL,), "PUT": (Right.PUT,), "ALL": (Right.CALL, Right.PUT)}
_TOO_BIG = {
    "fault": {
        "faultstring": "Body buffer overflow",
        "detail": {"errorcode": "protocol.http.TooBigBody"},
    }
}


_BAD_FIELDS = (
    "valid fields should be any of all,fundamental,reference,extended,quote,regular or empty value"
)


class _Refusal(Exception):
    """A request that is answered with the gateway's error body."""

    def __init__(self, status: HTTPStatus, detail: str = "", source: Json | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.source = source


class MarketDataHandlers:
    """Answers what lies below ``/marketdata/v1/``; who may ask is decided before."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._routes = {
            "quotes": self._quotes,
            "chains": self._chains,
            "expirationchain": self._expiries,
            "markets": self._markets,
        }

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request; an unknown path is 404 in the gateway's shape."""
        try:
            return _json(HTTPStatus.OK, self._body(request))
        except _Refusal as refusal:
            return _refuse(refusal)
        except ChainTooBig:
            return _json(HTTPStatus.BAD_GATEWAY, _TOO_BIG)

    def _body(self, request: SimRequest) -> Mapping[str, object]:
        if request.method != "GET":
            raise _Refusal(HTTPStatus.METHOD_NOT_ALLOWED)
        path = unquote(request.path.removeprefix(PREFIX))
        route = self._routes.get(path)
        if route is not None:
            return route(request.query)
        if path.startswith("markets/"):
            return self._hours(path.removeprefix("markets/"), request.query)
        if path.endswith("/quotes"):
            # Symbols of share classes hold a slash of their own.
            return self._one_quote(path.removesuffix("/quotes"), request.query)
        raise _Refusal(HTTPStatus.NOT_FOUND)

    def _quotes(self, query: Mapping[str, str]) -> Json:
        symbols = [text.strip() for text in query.get("symbols", "").split(",") if text.strip()]
        if not 0 < len(symbols) <= _MOST_SYMBOLS:
            pointers = [f"/data/attributes/{name}" for name in ("symbols", "cusips", "ssids")]
            detail = "Search combination should have min of 1."
            if symbols:
                detail = f"Search combination should have max of {_MOST_SYMBOLS}."
            raise _Refusal(HTTPStatus.BAD_REQUEST, detail, {"pointer": pointers})
        fields = _fields(query)
        quotes = {symbol: render_quote(self._market, symbol, fields) for symbol in symbols}
        body: Json = {symbol: quote for symbol, quote in quotes.items() if quote is not None}
        unknown = [symbol for symbol, quote in quotes.items() if quote is None]
        if unknown:
            body["errors"] = {"invalidSymbols": unknown}
        return body

    def _one_quote(self, symbol: str, query: Mapping[str, str]) -> Json:
        quote = render_quote(self._market, symbol, _fields(query))
        if quote is None:
            raise _Refusal(HTTPStatus.NOT_FOUND)
        return {symbol: quote}

    def _chains(self, query: Mapping[str, str]) -> Json:
        symbol = _optionable(query)
        for name, offered in (("strategy", "SINGLE"), ("range", "ALL")):
            if query.get(name, offered) != offered:
                raise _bad_parameter(name, f"{name} is offered as {offered} only")
        rights = _RIGHTS.get(query.get("contractType", "ALL"))
        if rights is None:
            raise _bad_parameter("contractType", "contractType should be CALL, PUT or ALL")
        wanted = ChainFilter(
            rights=rights,
            strike_count=_strike_count(query),
            first_day=_day(query, "fromDate"),
            last_day=_day(query, "toDate"),
            with_underlying=query.get("includeUnderlyingQuote", "").lower() == "true",
        )
        return render_chain(self._market, symbol, wanted)

    def _expiries(self, query: Mapping[str, str]) -> Json:
        return render_expiries(self._market, _optionable(query))

    def _markets(self, query: Mapping[str, str]) -> Mapping[str, object]:
        return self._hours(query.get("markets", ""), query)

    def _hours(self, markets: str, query: Mapping[str, str]) -> Mapping[str, object]:
        wanted = [text.strip() for text in markets.split(",")]
        if any(market not in MARKETS for market in wanted):
            raise _bad_parameter("markets", f"markets should be any of {','.join(MARKETS)}")
        day = _day(query, "date") or self._market.today
        return self._market.sessions.hours_json(wanted, day)


def _optionable(query: Mapping[str, str]) -> str:
    symbol = query.get("symbol", "")
    if not symbol:
        raise _bad_parameter("symbol", "symbol is required")
    underlying = UNDERLYINGS.get(symbol)
    if underlying is None or underlying.expiries is ExpiryPlan.NONE:
        raise _Refusal(HTTPStatus.NOT_FOUND)
    return symbol


def _fields(query: Mapping[str, str]) -> frozenset[str]:
    fields = frozenset(name for name in query.get("fields", "").split(",") if name)
    if not fields <= {*NODES, "all"}:
        raise _Refusal(HTTPStatus.BAD_REQUEST, _BAD_FIELDS, {"parameter": "fields"})
    return frozenset(NODES) if "all" in fields else fields


def _strike_count(query: Mapping[str, str]) -> int | None:
    text = query.get("strikeCount")
    if text is None:
        return None
    if not text.isdecimal() or int(text) == 0:
        raise _bad_parameter("strikeCount", "strikeCount should be a whole number above 0")
    return int(text)


def _day(query: Mapping[str, str], name: str) -> date | None:
    text = query.get(name)
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as e:
        raise _bad_parameter(name, f"{name} should be a date like 2026-03-02") from e


def _bad_parameter(name: str, detail: str) -> _Refusal:
    return _Refusal(HTTPStatus.BAD_REQUEST, detail, {"parameter": name})


def _refuse(refusal: _Refusal) -> SimResponse:
    # The gateway writes the status as text.
    error: Json = {
        "id": str(uuid4()),
        "status": str(refusal.status.value),
        "title": refusal.status.phrase,
    }
    if refusal.detail:
        error["detail"] = refusal.detail
    if refusal.source:
        error["source"] = refusal.source
    return _json(refusal.status, {"errors": [error]})


def _json(status: HTTPStatus, body: Mapping[str, object]) -> SimResponse:
    content = json.dumps(body, separators=(",", ":")).encode()
    return SimResponse(status.value, content, {"content-type": "application/json"})
