"""The cache of this process, and which memcached may be used."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.market import HandClock

from swimdesk.errors import ConfigError
from swimdesk.market.cache import MemoryCache, server_of


async def test_a_value_is_there_until_its_time_is_over() -> None:
    clock = HandClock()
    cache = MemoryCache(clock)
    await cache.set("a", b"1", ttl_s=1.5)
    clock.pass_(1.4)
    assert await cache.get("a") == b"1"
    clock.pass_(0.1)
    assert await cache.get("a") is None


async def test_a_new_value_replaces_the_old_one_and_its_time() -> None:
    clock = HandClock()
    cache = MemoryCache(clock)
    await cache.set("a", b"1", ttl_s=10)
    clock.pass_(9)
    await cache.set("a", b"", ttl_s=10)
    clock.pass_(9)
    assert await cache.get("a") == b""


async def test_the_value_unused_for_longest_makes_room() -> None:
    cache = MemoryCache(HandClock(), max_entries=2)
    await cache.set("a", b"1", ttl_s=10)
    await cache.set("b", b"2", ttl_s=10)
    await cache.get("a")
    await cache.set("c", b"3", ttl_s=10)
    assert [await cache.get(key) for key in "abc"] == [b"1", None, b"3"]


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0.1, 30)), max_size=40))
async def test_no_more_is_kept_than_there_is_room_for(puts: list[tuple[int, float]]) -> None:
    clock = HandClock()
    cache = MemoryCache(clock, max_entries=3)
    for key, ttl_s in puts:
        await cache.set(str(key), b"x", ttl_s=ttl_s)
        assert await cache.get(str(key)) == b"x"
        clock.pass_(0.05)
    kept = [key for key in range(10) if await cache.get(str(key)) is not None]
    assert len(kept) <= 3


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("unix:/run/swimdesk/memcached.sock", "/run/swimdesk/memcached.sock"),
        ("127.0.0.1:11211", ("127.0.0.1", 11211)),
        ("127.8.8.8:1", ("127.8.8.8", 1)),
    ],
)
def test_a_memcached_on_this_machine_is_taken(address: str, server: str | tuple[str, int]) -> None:
    assert server_of(address) == server


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.7:11211",
        "0.0.0.0:11211",
        "cache.example:11211",
        # What a name stands for is decided elsewhere.
        "localhost:11211",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:1e3",
        "127.0.0.1:²",
        "user@127.0.0.1:11211",
        "unix:run/memcached.sock",
        "unix:",
        "/run/memcached.sock",
        " 127.0.0.1:11211",
    ],
)
def test_any_other_memcached_is_refused(address: str) -> None:
    with pytest.raises(ConfigError) as refused:
        server_of(address)
    assert repr(address) in refused.value.detail
    assert "127.0.0.1:11211" in refused.value.detail


def test_the_library_is_not_loaded_before_a_memcached_is_used() -> None:
    program = "import sys, swimdesk.market.cache; print('pymemcache' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert result.stdout.strip() == "False"
