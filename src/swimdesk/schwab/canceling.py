"""DELETEs over connections of their own: never behind a read, never repeated by themselves."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import Final

import httpx

from swimdesk.desk.ports import CancelOutcome, TokenSource
from swimdesk.domain.commands import CommandOutcome
from swimdesk.errors import SwimdeskError
from swimdesk.schwab.directory import ACCOUNTS_PATH, Directory
from swimdesk.schwab.network import why_no_connection
from swimdesk.schwab.problems import error_text, says_not_found, tells_of_internal_error
from swimdesk.schwab.values import clean
from swimdesk.telemetry.redaction import Secret, redact

DEADLINE_S: Final = 15.0
"""How long a request to cancel may take as a whole; asking again later is harmless."""
TIMEOUT: Final = httpx.Timeout(connect=3.0, pool=None, read=10.0, write=5.0)
LIMITS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=30)

_ORDER_ID = re.compile(r"[0-9]{1,20}")
_PERHAPS: Final = "the request may or may not be at the broker"


@dataclass(frozen=True, slots=True)
class _Verdict:
    kind: CommandOutcome
    reason: str


_SLOW_DOWN = _Verdict(CommandOutcome.REFUSED, "the broker asked us to slow down")
_NO_ACCESS = _Verdict(CommandOutcome.REFUSED, "the broker refused our access")

STATUSES: Final[dict[int, _Verdict]] = {
    200: _Verdict(CommandOutcome.TAKEN, "taken"),
    400: _Verdict(CommandOutcome.REFUSED, "the broker refused to cancel"),
    401: _NO_ACCESS,
    403: _NO_ACCESS,
    404: _Verdict(CommandOutcome.REFUSED, "the broker does not know this order"),
    429: _SLOW_DOWN,
}
"""Statuses that tell; every other one is unknown, and so is a no around an inner failure."""

UNLISTED: Final = _Verdict(CommandOutcome.UNKNOWN, f"an answer that proves nothing; {_PERHAPS}")

_NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Cancels:
    """Ask the broker to cancel orders, all at once if need be, whatever else is being read."""

    def __init__(
        self,
        api_url: str,
        ssl_context: ssl.SSLContext,
        tokens: TokenSource,
        directory: Directory,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._tokens = tokens
        self._directory = directory
        self._deadline_s = deadline_s
        self._host = httpx.URL(api_url).host
        self._api_url = api_url
        self._ssl_context = ssl_context
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def cancel(self, account: str, order_id: str) -> CancelOutcome:
        """Ask once to cancel an order; what is wrong on the way there is part of the outcome."""
        if not is_order_id(order_id):
            return _not_sent("not an order id of the broker")
        try:
            (entry,) = await self._directory.entries([account])
            token = self._tokens.current(entry.account.login)
            if token is None:
                token = await self._tokens.access_token(entry.account.login)
        except SwimdeskError as error:
            return _not_sent(error.detail)
        return await self._delete(f"{ACCOUNTS_PATH}/{entry.hash}/orders/{order_id}", token)

    async def aclose(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self._api_url,
                verify=self._ssl_context,
                timeout=TIMEOUT,
                limits=LIMITS,
                trust_env=False,
                follow_redirects=False,
                headers={"Accept": "application/json"},
                transport=self._transport,
            )
        return self._client

    async def _delete(self, path: str, token: Secret) -> CancelOutcome:
        client = self._connected()
        headers = {"Authorization": f"Bearer {token.reveal()}"}
        try:
            async with asyncio.timeout(self._deadline_s):
                return _outcome_of(await client.delete(path, headers=headers))
        except _NEVER_LEFT as error:
            return _not_sent(why_no_connection(error, self._host))
        except (httpx.TimeoutException, TimeoutError):
            reason = f"no answer in time; {_PERHAPS}"
        except httpx.TransportError as error:
            reason = f"{why_no_connection(error, self._host)}; {_PERHAPS}"
        except (httpx.HTTPError, httpx.InvalidURL):
            reason = f"the answer is not understood; {_PERHAPS}"
        return CancelOutcome(CommandOutcome.UNKNOWN, clean(redact(reason)))


def is_order_id(text: str) -> bool:
    """Tell whether this may be the id of an order, and so stand in an address."""
    return _ORDER_ID.fullmatch(text) is not None


def _not_sent(reason: str) -> CancelOutcome:
    return CancelOutcome(CommandOutcome.NOT_SENT, clean(redact(reason)))


def _outcome_of(response: httpx.Response) -> CancelOutcome:
    verdict = STATUSES.get(response.status_code, UNLISTED)
    if verdict.kind is CommandOutcome.TAKEN:
        return CancelOutcome(verdict.kind)
    # Without the encoding: httpx has undone it.
    headers = {k.lower(): v for k, v in response.headers.items() if k.lower() != "content-encoding"}
    is_lost = response.status_code == 404 and not says_not_found(headers, response.content)
    if is_lost or tells_of_internal_error(headers, response.content):
        verdict = UNLISTED
    said = error_text(response.status_code, headers, response.content)
    text = f"{verdict.reason} (status {response.status_code}): {said}"
    return CancelOutcome(verdict.kind, clean(redact(text)))
