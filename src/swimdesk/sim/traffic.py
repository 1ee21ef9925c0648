"""What the served brokerage counts: connections, requests by path family, statuses."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import Final

OTHER: Final = "other"
_ACCOUNT: Final = r"/trader/v1/accounts/[^/]+"
_FAMILIES: Final[tuple[tuple[str, str, str], ...]] = (
    ("POST", _ACCOUNT + r"/orders", "order_place"),
    ("GET", _ACCOUNT + r"/orders", "account_orders"),
    ("GET", _ACCOUNT + r"/orders/[^/]+", "order_get"),
    ("DELETE", _ACCOUNT + r"/orders/[^/]+", "order_cancel"),
    ("PUT", _ACCOUNT + r"/orders/[^/]+", "order_replace"),
    ("POST", _ACCOUNT + r"/previewOrder", "order_preview"),
    ("GET", r"/trader/v1/orders", "orders"),
    ("GET", r"/trader/v1/accounts", "accounts"),
    ("GET", r"/trader/v1/accounts/accountNumbers", "account_numbers"),
    ("GET", _ACCOUNT, "account"),
    ("GET", r"/trader/v1/userPreference", "user_preference"),
    ("GET", r"/marketdata/v1/(?:[^/]+/)?quotes", "quotes"),
    ("GET", r"/marketdata/v1/chains", "chains"),
    ("GET", r"/marketdata/v1/expirationchain", "expiration_chain"),
    ("GET", r"/marketdata/v1/markets(?:/[^/]+)?", "markets"),
    ("POST", r"/v1/oauth/token", "token"),
    ("GET", r"/v1/oauth/authorize", "authorize"),
    ("GET", r"/ui/host/.*", "sign_in"),
    ("POST", r"/ui/host/.*", "sign_in"),
)
_PATTERNS: Final = tuple(
    (method, re.compile(pattern), family) for method, pattern, family in _FAMILIES
)


def family_of(method: str, path: str) -> str:
    """Return the name under which a request is counted."""
    for family_method, pattern, family in _PATTERNS:
        if method == family_method and pattern.fullmatch(path):
            return family
    return OTHER


class Traffic:
    """Count what goes over the server's connections."""

    def __init__(self) -> None:
        self.connections_accepted = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.failures = 0
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.nobody_connected = asyncio.Event()
        self.nobody_connected.set()
        self._open: dict[int, int] = {}

    def connection_opened(self) -> int:
        """Count a connection and return its number."""
        self.connections_accepted += 1
        self._open[self.connections_accepted] = 0
        self.nobody_connected.clear()
        return self.connections_accepted

    def connection_closed(self, connection: int) -> None:
        """Forget the requests of a connection that is gone."""
        self._open.pop(connection, None)
        if not self._open:
            self.nobody_connected.set()

    def request_began(self, connection: int, method: str, path: str) -> None:
        """Count a request that was read whole."""
        self.requests[family_of(method, path)] += 1
        if connection in self._open:
            self._open[connection] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def request_ended(self) -> None:
        """Count a request as answered, or given up."""
        self.in_flight -= 1

    def as_json(self) -> dict[str, object]:
        """Return every count; statuses are those the core answered, delivered or not."""
        return {
            "connections": {
                "accepted": self.connections_accepted,
                "open": len(self._open),
                "requests_per_open": sorted(self._open.values(), reverse=True),
            },
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "failures": self.failures,
            "requests": dict(sorted(self.requests.items())),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
        }
