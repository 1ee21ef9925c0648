"""Market data of the broker: quotes, expirations, chains, hours, through any login that works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from swimdesk.desk.ports import (
    ChainContract,
    Expiry,
    LoginState,
    Quote,
    SessionHours,
    TokenSource,
)
from swimdesk.errors import LoginRequired, StoreError, SwimdeskError, UnknownSymbol
from swimdesk.schwab.quoting import NO_TIME, chain_of, expiries_of, hours_of, quotes_of
from swimdesk.schwab.reads import Reader, Reply, all_of, broker_errors

SYMBOLS_PER_CALL: Final = 200
"""The broker takes 500; option symbols make the URL long."""
_HEALTHY = frozenset({LoginState.OK, LoginState.EXPIRING})


class MarketReads:
    """Read market data as whichever login can."""

    def __init__(self, reader: Reader, tokens: TokenSource, logins: Sequence[str]) -> None:
        self._reader = reader
        self._tokens = tokens
        self._logins = tuple(logins)

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Read quotes; symbols the broker does not know are missing from the answer."""
        wanted = list(dict.fromkeys(symbols))
        parts = [
            wanted[start : start + SYMBOLS_PER_CALL]
            for start in range(0, len(wanted), SYMBOLS_PER_CALL)
        ]
        replies = await all_of(self._quotes(part) for part in parts)
        return {symbol: quote for reply in replies for symbol, quote in reply.items()}

    async def expiries(self, symbol: str) -> tuple[Expiry, ...]:
        """Read the listed expirations; UnknownSymbol if the broker does not list any."""
        reply = await self._read("/marketdata/v1/expirationchain", {"symbol": symbol})
        if reply.status == 400 or reply.is_unknown:
            raise UnknownSymbol(f"the broker lists no options on {symbol}: {reply.said()}")
        found = expiries_of(reply.document(f"the expirations of {symbol}"), symbol)
        if not found:
            raise UnknownSymbol(f"the broker lists no options on {symbol}")
        return found

    async def chain(self, symbol: str, expiry: date, strikes: int) -> tuple[ChainContract, ...]:
        """Read calls and puts of one day, ``strikes`` above and below the money."""
        params = {
            "symbol": symbol,
            "contractType": "ALL",
            "strikeCount": str(strikes),
            "includeUnderlyingQuote": "false",
            "strategy": "SINGLE",
            "fromDate": expiry.isoformat(),
            "toDate": expiry.isoformat(),
        }
        reply = await self._read("/marketdata/v1/chains", params)
        if reply.status == 400 or reply.is_unknown:
            raise UnknownSymbol(f"the broker has no chain of {symbol}: {reply.said()}")
        return chain_of(reply.document(f"the chain of {symbol}"))

    async def hours(self, day: date) -> Mapping[str, SessionHours]:
        """Read the session hours by product: ``EQ``, ``EQO``, ``IND``."""
        params = {"markets": "equity,option", "date": day.isoformat()}
        reply = await self._read("/marketdata/v1/markets", params)
        return hours_of(reply.document("market hours"))

    async def _quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        params = {
            "symbols": ",".join(symbols),
            "fields": "quote,reference,regular,fundamental",
            "indicative": "false",
        }
        reply = await self._read("/marketdata/v1/quotes", params)
        # Where no symbol at all is known, the broker may say so by its status.
        if reply.is_unknown:
            return {}
        to_ours = self._reader.offset.to_ours
        return {
            # What had no time stays older than any limit.
            symbol: quote if quote.as_of == NO_TIME else replace(quote, as_of=to_ours(quote.as_of))
            for symbol, quote in quotes_of(reply.document("quotes")).items()
        }

    async def _read(self, path: str, params: Mapping[str, str]) -> Reply:
        failure: SwimdeskError | None = None
        for login in self._by_health():
            try:
                return await self._reader.read(login, path, params)
            except (LoginRequired, StoreError) as error:
                failure = failure or error
        with broker_errors():
            raise failure or LoginRequired("no login is configured")

    def _by_health(self) -> list[str]:
        healthy = {h.login for h in self._tokens.health() if h.state in _HEALTHY}
        return sorted(self._logins, key=lambda login: login not in healthy)
