"""A whole desk keeps hours and expirations, in itself or in the configured memcached."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.memcached import memcached
from tests.fakes.served_home import ServedHome, served_home

from swimdesk.bootstrap import open_desk
from swimdesk.errors import ConfigError
from swimdesk.market.cache import MemcachedCache


async def look_twice(served: ServedHome) -> None:
    """Open the desk and look at a chain twice."""
    async with open_desk(served.home) as desk:
        first = await desk.chain("SPY", None, 5)
        second = await desk.chain("SPY", None, 5)
        assert first.expiries == second.expiries


async def test_a_desk_reads_expirations_once_and_prices_every_time(tmp_path: Path) -> None:
    async with served_home(tmp_path) as served:
        await look_twice(served)
        assert served.requests["expiration_chain"] == 1
        assert served.requests["chains"] == served.requests["quotes"] == 2
        await look_twice(served)
        assert served.requests["expiration_chain"] == 2


async def test_a_later_desk_finds_them_in_memcached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine is not to be taken for a memcached that hangs.
    monkeypatch.setattr(MemcachedCache.__init__, "__kwdefaults__", {"timeout_s": 10.0})
    async with served_home(tmp_path) as served:
        with memcached(tmp_path) as server:
            served.add_to_config(f'[cache]\nmemcached = "{server.address}"')
            await look_twice(served)
            await look_twice(served)
            assert served.requests["expiration_chain"] == 1
            assert served.requests["chains"] == 4
            server.kill()
            await look_twice(served)
        assert served.requests["expiration_chain"] == 3


async def test_a_memcached_elsewhere_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    async with served_home(tmp_path) as served:
        served.add_to_config('[cache]\nmemcached = "10.0.0.7:11211"')
        with pytest.raises(ConfigError, match=r"\[cache\] memcached is '10\.0\.0\.7:11211'"):
            async with open_desk(served.home):
                pass
        assert not served.requests
        assert not (served.home / "desk.db").exists()
