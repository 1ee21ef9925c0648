"""Hours and expirations are kept for a while, prices never; what is not sound is absent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.market import CountedMarket, HandClock

from swimdesk.desk.ports import Expiry, SessionHours
from swimdesk.errors import UnknownSymbol
from swimdesk.market.cache import MemoryCache
from swimdesk.market.cached_data import CachedMarketData, are_listed, is_of_day

DAY = date(2026, 12, 18)
HOURS_KEY = "hours 2026-12-18"
EXPIRIES_KEY = "expiries $SPX"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def market() -> CountedMarket:
    return CountedMarket()


@pytest.fixture
def cache(clock: HandClock) -> MemoryCache:
    return MemoryCache(clock)


@pytest.fixture
def cached(market: CountedMarket, cache: MemoryCache) -> CachedMarketData:
    return CachedMarketData(market, cache)


async def test_hours_are_read_once_a_minute(
    cached: CachedMarketData, market: CountedMarket, clock: HandClock
) -> None:
    first = await cached.hours(DAY)
    clock.pass_(59)
    assert await cached.hours(DAY) == first == await market.hours(DAY)
    assert market.calls["hours"] == 1 + 1  # the second is this test's own
    clock.pass_(1)
    assert await cached.hours(DAY) == first
    assert market.calls["hours"] == 3


async def test_each_day_has_its_own_hours(cached: CachedMarketData, market: CountedMarket) -> None:
    before = await cached.hours(DAY - timedelta(days=1))
    assert await cached.hours(DAY) != before
    assert market.calls["hours"] == 2


async def test_expirations_are_read_every_ten_minutes_for_each_symbol(
    cached: CachedMarketData, market: CountedMarket, clock: HandClock
) -> None:
    first = await cached.expiries("$SPX")
    clock.pass_(599)
    assert await cached.expiries("$SPX") == first
    assert market.calls["expiries"] == 1
    await cached.expiries("$NDX")
    assert market.calls["expiries"] == 2
    clock.pass_(1)
    assert await cached.expiries("$SPX") == first
    assert market.calls["expiries"] == 3


async def test_prices_are_read_every_time(cached: CachedMarketData, market: CountedMarket) -> None:
    for _ in range(3):
        await cached.quotes(["SPY"])
        await cached.chain("SPY", DAY, 10)
    assert market.calls == {"quotes": 3, "chain": 3}


async def test_an_error_is_not_kept(cached: CachedMarketData, market: CountedMarket) -> None:
    market.unknown = {"NOPE"}
    with pytest.raises(UnknownSymbol):
        await cached.expiries("NOPE")
    market.unknown = set()
    assert await cached.expiries("NOPE")
    assert market.calls["expiries"] == 2


async def test_an_answer_that_cannot_be_written_is_passed_on(
    cached: CachedMarketData, market: CountedMarket
) -> None:
    market.kinds = "\ud800"
    assert (await cached.expiries("$SPX"))[0].kind == "\ud800"
    assert (await cached.expiries("$SPX"))[0].kind == "\ud800"
    assert market.calls["expiries"] == 2


async def good(cached: CachedMarketData, cache: MemoryCache, key: str) -> Any:
    """Return the parsed value that is kept under the key after one read."""
    await cached.hours(DAY)
    await cached.expiries("$SPX")
    data = await cache.get(key)
    assert data is not None
    return json.loads(data)


def _edit(path: tuple[str | int, ...], new: object) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = new

    return change


SPAN = (1, "EQ", "spans", "regularMarket")
POISON: dict[str, tuple[str, Callable[[Any], None]]] = {
    "another key": (HOURS_KEY, _edit((0,), "hours 2026-12-17")),
    "no product": (HOURS_KEY, _edit((1,), {})),
    "another type": (HOURS_KEY, _edit((1, "EQ", "is_open"), "true")),
    "a number for a truth": (HOURS_KEY, _edit((1, "EQ", "is_open"), 1)),
    "an unknown field": (HOURS_KEY, _edit((1, "EQ", "more"), 1)),
    "a missing field": (HOURS_KEY, _edit((1, "EQ"), {"market": "EQUITY", "spans": {}})),
    "no zone": (HOURS_KEY, _edit(SPAN, [["2026-12-18T09:30:00", "2026-12-18T16:00:00"]])),
    "one zone": (HOURS_KEY, _edit(SPAN, [["2026-12-18T09:30:00Z", "2026-12-18T16:00:00"]])),
    "backwards": (HOURS_KEY, _edit(SPAN, [["2026-12-18T16:00:00Z", "2026-12-18T09:30:00Z"]])),
    "always open": (HOURS_KEY, _edit(SPAN, [["2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"]])),
    "epoch seconds": (HOURS_KEY, _edit(SPAN, [[1797604200, 1797627600]])),
    "half a span": (HOURS_KEY, _edit(SPAN, [["2026-12-18T09:30:00Z"]])),
    "no expirations": (EXPIRIES_KEY, _edit((1,), [])),
    "a day as text": (EXPIRIES_KEY, _edit((1, 0, "day"), "soon")),
    "days as text": (EXPIRIES_KEY, _edit((1, 0, "days"), "18")),
    "days as truth": (EXPIRIES_KEY, _edit((1, 0, "days"), True)),
    "no root": (EXPIRIES_KEY, _edit((1, 0, "root"), "")),
    "out of order": (EXPIRIES_KEY, _edit((1, 0, "day"), "2027-12-11")),
    "another's": (EXPIRIES_KEY, _edit((0,), "expiries $NDX")),
}


@pytest.mark.parametrize("name", POISON)
async def test_a_poisoned_value_is_absent_and_replaced(
    name: str, cached: CachedMarketData, cache: MemoryCache, market: CountedMarket
) -> None:
    key, poison = POISON[name]
    document = await good(cached, cache, key)
    original = await cache.get(key)
    poison(document)
    await cache.set(key, json.dumps(document, separators=(",", ":")).encode(), ttl_s=60)

    assert await cached.hours(DAY) == await CountedMarket().hours(DAY)
    assert await cached.expiries("$SPX") == await CountedMarket().expiries("$SPX")

    assert market.calls.total() == 3  # both at first, then the poisoned one again
    assert await cache.get(key) == original


async def test_what_stands_unpoisoned_among_those_is_taken(
    cached: CachedMarketData, cache: MemoryCache, market: CountedMarket
) -> None:
    document = await good(cached, cache, HOURS_KEY)
    await cache.set(HOURS_KEY, json.dumps(document, separators=(",", ":")).encode(), ttl_s=60)
    await cached.hours(DAY)
    assert market.calls["hours"] == 1


RUBBISH = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.just(HOURS_KEY),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(lambda value: json.dumps(value).encode()),
)


@given(RUBBISH)
async def test_rubbish_is_absent(data: bytes) -> None:
    market, cache = CountedMarket(), MemoryCache(HandClock())
    await cache.set(HOURS_KEY, data, ttl_s=60)
    assert await CachedMarketData(market, cache).hours(DAY) == await CountedMarket().hours(DAY)
    assert market.calls["hours"] == 1


def test_spans_reach_one_day_beyond_theirs_at_most() -> None:
    start = datetime(2026, 12, 17, tzinfo=UTC)
    longest = SessionHours("EQUITY", True, {"regularMarket": ((start, start + timedelta(days=3)),)})
    assert is_of_day(longest, DAY)
    second = timedelta(seconds=1)
    for span in (
        (start - second, start + second),
        (start, start + timedelta(days=3) + second),
        (start, start),
    ):
        assert not is_of_day(replace(longest, spans={"regularMarket": (span,)}), DAY)


def test_a_closed_day_is_sound() -> None:
    assert is_of_day(SessionHours("EQUITY", False, {}), DAY)


def test_expirations_are_listed_in_order() -> None:
    first, second = Expiry(DAY, "SPX", "AM", "S", 1), Expiry(DAY, "SPXW", "PM", "W", 1)
    assert are_listed((first, second))
    assert not are_listed((second, first))
    assert not are_listed(())
