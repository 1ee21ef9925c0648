"""What a desk keeps for a while: in this process, or in the memcached that its home names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from swimdesk.bootstrap.home import SystemClock
from swimdesk.bootstrap.vaults import vault_of

if TYPE_CHECKING:
    from swimdesk.config import Settings
    from swimdesk.desk.ports import TokenCacheUse
    from swimdesk.login.cache import SealedTokens
    from swimdesk.market.cache import Cache


@dataclass(frozen=True, slots=True)
class Caches:
    """The caches of a desk; ``tokens`` is None where no memcached is named.

    Without one the keeper of tokens has them in this process anyway.
    """

    market: Cache
    tokens: SealedTokens | None

    @property
    def token_use(self) -> Callable[[], TokenCacheUse] | None:
        """What tells how the cache of tokens was used; None where there is none."""
        return self.tokens.use if self.tokens else None


async def open_caches(
    stack: AsyncExitStack, home: Path, settings: Settings, clock: SystemClock
) -> Caches:
    """Open the configured memcached, or a cache in this process; ConfigError if it is not here."""
    from swimdesk.market.cache import MemcachedCache, MemoryCache

    address, broker = settings.cache.memcached, settings.broker
    if not address:
        return Caches(MemoryCache(clock), None)
    from swimdesk.login.cache import SealedTokens, cache_key_of

    # Desks of another mode or another brokerage must not find what this one keeps.
    brokerage = f"{broker.mode} {broker.api_url}"
    cache = MemcachedCache(address, brokerage, clock)
    stack.push_async_callback(cache.aclose)
    key = await asyncio.to_thread(cache_key_of, vault_of(settings, home))
    if key is None:
        return Caches(cache, None)
    return Caches(cache, SealedTokens(cache, key, brokerage, clock.now))
