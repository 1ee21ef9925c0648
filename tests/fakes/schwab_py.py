"""schwab-py, a client written by others, with the broker's host rewritten to a simulator's."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path
from typing import Any

import httpx

with warnings.catch_warnings():
    # Two libraries below schwab-py announce their own successors when they are imported; the
    # first insists on it by a filter of its own, so ours has to come after that.
    from authlib.deprecate import AuthlibDeprecationWarning  # type: ignore[import-untyped]

    warnings.filterwarnings("ignore", "The httpx module", AuthlibDeprecationWarning)
    warnings.filterwarnings("ignore", "websockets.legacy is deprecated", DeprecationWarning)
    from authlib.integrations.httpx_client import (  # type: ignore[import-untyped]
        AsyncOAuth2Client,
    )
    from schwab.auth import TOKEN_ENDPOINT  # type: ignore[import-untyped]
    from schwab.client import AsyncClient  # type: ignore[import-untyped]
    from schwab.orders import common  # type: ignore[import-untyped]
    from schwab.orders.equities import equity_buy_limit  # type: ignore[import-untyped]
    from schwab.orders.generic import OrderBuilder  # type: ignore[import-untyped]
    from schwab.orders.options import bull_put_vertical_open  # type: ignore[import-untyped]
    from schwab.utils import Utils  # type: ignore[import-untyped]

__all__ = (
    "AsyncClient",
    "OrderBuilder",
    "ToSimulator",
    "Utils",
    "bull_put_vertical_open",
    "common",
    "equity_buy_limit",
    "schwab_py_client",
)

BROKER_HOST = "api.schwabapi.com"


class ToSimulator(httpx.AsyncBaseTransport):
    """Send what is meant for the broker to the simulator; refuse to send anything elsewhere."""

    def __init__(self, base_url: str, ca_file: Path) -> None:
        self._base_url = httpx.URL(base_url)
        trust = ssl.create_default_context(cafile=str(ca_file))
        self._transport = httpx.AsyncHTTPTransport(verify=trust, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (request.url.scheme, request.url.host) != ("https", BROKER_HOST):
            raise AssertionError(f"schwab-py asked {request.url.host} instead of the broker")
        request.url = request.url.copy_with(host=self._base_url.host, port=self._base_url.port)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()


def schwab_py_client(
    transport: ToSimulator, *, client_id: str, client_secret: str, token: dict[str, Any]
) -> Any:
    """Return schwab-py's own asynchronous client, made as its ``auth`` module makes it."""
    session = AsyncOAuth2Client(
        client_id,
        client_secret=client_secret,
        token=token,
        token_endpoint=TOKEN_ENDPOINT,
        leeway=300,
        transport=transport,
        trust_env=False,
    )
    return AsyncClient(client_id, session)
