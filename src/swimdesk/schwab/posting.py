"""The bytes of an order's POST or PUT, built whole before the burst."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from swimdesk.desk.ports import PreparedOrder
from swimdesk.errors import ConfigError
from swimdesk.schwab.lane import LaneRequest
from swimdesk.telemetry.redaction import Secret

# Nothing that could end a header line.
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is; ``authority`` is what the Host header says."""

    host: str
    port: int
    authority: str


def address_of(api_url: str) -> Address:
    """Read the broker's address; ConfigError if it is none over https."""
    try:
        url = httpx.URL(api_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    host, port = url.host, url.port or 443
    if url.scheme != "https" or not host or url.path not in {"", "/"} or url.query or url.userinfo:
        raise ConfigError(
            f"[broker] api_url {api_url[:80]!r} is not an address such as https://127.0.0.1:8443"
        )
    shown = f"[{host}]" if ":" in host else host
    return Address(host, port, shown if port == 443 else f"{shown}:{port}")


def post(
    order: PreparedOrder, account_hash: str, address: Address, token: Secret | None
) -> LaneRequest | None:
    """Return the whole request of an order, a PUT where it replaces another.

    None without a token that fits into a header.
    """
    text = token.reveal() if token is not None else ""
    if not _TOKEN.fullmatch(text):
        return None
    method, place = ("POST", "") if order.replaces is None else ("PUT", f"/{order.replaces}")
    head = (
        f"{method} /trader/v1/accounts/{account_hash}/orders{place} HTTP/1.1\r\n"
        f"Host: {address.authority}\r\n"
        f"Authorization: Bearer {text}\r\n"
        "Accept: application/json\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(order.body)}\r\n\r\n"
    )
    return LaneRequest(order.ref, order.account, head.encode("ascii") + order.body)
