"""One HTTP exchange as the brokerage's core sees it: request in, response out, no sockets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Transport(StrEnum):
    """What the connection does with a response, besides delivering it."""

    DELIVER = "deliver"
    RESET = "reset"
    """Close with a TCP reset; no byte of the response leaves."""
    HANG = "hang"
    """Keep the connection open and never answer."""
    CUT = "cut"
    """Send the first half of the response, then close."""


@dataclass(frozen=True, slots=True)
class SimRequest:
    """A request as received; header names are lower case, ``query`` has each key's last value."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SimResponse:
    """What the core answers; ``extra_delay_ms`` comes on top of the served latency."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    transport: Transport = Transport.DELIVER
    extra_delay_ms: float = 0.0
