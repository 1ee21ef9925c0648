"""Bounded publish and subscribe: a slow reader loses old events and is told so, never the desk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from swimdesk.domain.events import Event

DEFAULT_BOUND = 1024


class Subscription:
    """One reader's queue; when full the oldest event is dropped and ``lagged`` counts it."""

    def __init__(self, bound: int) -> None:
        self._events: deque[Event] = deque(maxlen=bound)
        self._arrived = asyncio.Event()
        self.lagged = 0

    def put(self, event: Event) -> None:
        """Add an event without waiting."""
        if len(self._events) == self._events.maxlen:
            self.lagged += 1
        self._events.append(event)
        self._arrived.set()

    async def get(self) -> Event:
        """Wait for the next event; after a lag read the book instead of trusting the sequence."""
        while not self._events:
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()


class Bus:
    """Hand each event to every subscriber, in order."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def publish(self, event: Event) -> None:
        """Give the event to all who listen now."""
        for subscription in self._subscriptions:
            subscription.put(event)

    @contextmanager
    def subscribe(self, bound: int = DEFAULT_BOUND) -> Iterator[Subscription]:
        """Listen from now until the block ends."""
        subscription = Subscription(bound)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
