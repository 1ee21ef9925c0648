"""Market data of which the parts that hardly change are kept for a while; prices never are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from swimdesk.desk.ports import ChainContract, Expiry, MarketData, Quote, SessionHours
from swimdesk.market.cache import Cache
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

T = TypeVar("T")

HOURS_TTL_S: Final = 60.0
EXPIRIES_TTL_S: Final = 600.0
_A_DAY: Final = timedelta(days=1)


class CachedMarketData:
    """Implements the port MarketData: hours and expirations through a cache, the rest straight."""

    def __init__(self, market: MarketData, cache: Cache) -> None:
        self._market = market
        self._cache = cache

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Read quotes; symbols the broker does not know are missing from the answer."""
        return await self._market.quotes(symbols)

    async def expiries(self, symbol: str) -> tuple[Expiry, ...]:
        """Read the listed expirations, kept for 10 minutes; UnknownSymbol if there are none."""
        key = f"expiries {symbol}"
        return await self._kept(key, _EXPIRIES, lambda: self._market.expiries(symbol), are_listed)

    async def chain(self, symbol: str, expiry: date, strikes: int) -> tuple[ChainContract, ...]:
        """Read calls and puts of one day around the money."""
        return await self._market.chain(symbol, expiry, strikes)

    async def hours(self, day: date) -> Mapping[str, SessionHours]:
        """Read the session hours by product, kept for a minute: ``EQ``, ``EQO``, ``IND``."""

        def are_of_day(hours: dict[str, SessionHours]) -> bool:
            return bool(hours) and all(is_of_day(one, day) for one in hours.values())

        async def read() -> dict[str, SessionHours]:
            return dict(await self._market.hours(day))

        return await self._kept(f"hours {day.isoformat()}", _HOURS, read, are_of_day)

    async def _kept(
        self,
        key: str,
        kind: _Kind[T],
        read: Callable[[], Awaitable[T]],
        is_sound: Callable[[T], bool],
    ) -> T:
        data = await self._cache.get(key)
        kept = None if data is None else kind.loads(key, data)
        if kept is not None and is_sound(kept):
            return kept
        if data is not None:
            log.warning("cache.value_refused", key=key)
        fresh = await read()
        with suppress(PydanticSerializationError):  # text that is no text is not kept
            await self._cache.set(key, kind.dumps(key, fresh), ttl_s=kind.ttl_s)
        return fresh


@dataclass(frozen=True, slots=True)
class _Kind(Generic[T]):
    """How a kind of value is written as JSON, with its key beside it, and for how long."""

    form: TypeAdapter[tuple[str, T]]
    ttl_s: float

    def dumps(self, key: str, value: T) -> bytes:
        """Write the value."""
        return self.form.dump_json((key, value))

    def loads(self, key: str, data: bytes) -> T | None:
        """Read a value; None for everything that we would not have written under this key."""
        try:
            read_key, value = self.form.validate_json(data, strict=True)
        except ValidationError:
            return None
        return value if read_key == key and self.dumps(key, value) == data else None


_HOURS: Final = _Kind(TypeAdapter(tuple[str, dict[str, SessionHours]]), HOURS_TTL_S)
_EXPIRIES: Final = _Kind(TypeAdapter(tuple[str, tuple[Expiry, ...]]), EXPIRIES_TTL_S)


def are_listed(expiries: tuple[Expiry, ...]) -> bool:
    """Tell whether these can be an underlying's expirations: some, each with a root, in order."""
    order = [(expiry.day, expiry.root) for expiry in expiries]
    return bool(order) and order == sorted(order) and all(root for _, root in order)


def is_of_day(hours: SessionHours, day: date) -> bool:
    """Tell whether all spans are such of that day: zones known, forward, at most a day from it."""
    earliest = datetime.combine(day, time.min, UTC) - _A_DAY
    latest = earliest + 3 * _A_DAY
    return all(
        start.tzinfo is not None and end.tzinfo is not None and earliest <= start < end <= latest
        for spans in hours.spans.values()
        for start, end in spans
    )
