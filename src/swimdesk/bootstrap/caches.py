"""The memcached of a home, where its configuration names one, and what is kept there."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from swimdesk.bootstrap.home import SystemClock
from swimdesk.bootstrap.vaults import vault_of

if TYPE_CHECKING:
    from swimdesk.config import Settings
    from swimdesk.login.cache import SealedTokens
    from swimdesk.market.cache import MemcachedCache


def open_memcached(
    stack: AsyncExitStack, settings: Settings, clock: SystemClock
) -> MemcachedCache | None:
    """Open the configured memcached, None where none is; ConfigError if it is not here."""
    from swimdesk.market.cache import MemcachedCache

    address = settings.cache.memcached
    if not address:
        return None
    cache = MemcachedCache(address, brokerage_of(settings), clock)
    stack.push_async_callback(cache.aclose)
    return cache


def brokerage_of(settings: Settings) -> str:
    """Return what desks of another mode or another brokerage must not share a name with."""
    return f"{settings.broker.mode} {settings.broker.api_url}"


async def open_token_cache(
    home: Path, settings: Settings, memcached: MemcachedCache | None, clock: SystemClock
) -> SealedTokens | None:
    """Return where access tokens are left for later starts; None where no memcached is named."""
    if memcached is None:
        return None
    from swimdesk.login.cache import SealedTokens, cache_key_of

    key = await asyncio.to_thread(cache_key_of, vault_of(settings, home))
    return None if key is None else SealedTokens(memcached, key, brokerage_of(settings), clock.now)
