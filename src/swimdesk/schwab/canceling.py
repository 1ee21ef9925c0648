"""DELETEs over the lane: never behind a read, never repeated by themselves."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

import httpx

from swimdesk.desk.ports import CancelOutcome, TokenSource
from swimdesk.domain.commands import CommandOutcome
from swimdesk.errors import SwimdeskError
from swimdesk.schwab.directory import ACCOUNTS_PATH, Directory
from swimdesk.schwab.lane.transport import ACCOUNT
from swimdesk.schwab.network import why_no_connection
from swimdesk.schwab.problems import error_text, says_not_found, tells_of_internal_error
from swimdesk.schwab.timeouts import USUAL
from swimdesk.schwab.values import clean
from swimdesk.telemetry.redaction import Secret, redact

CONNECT_S: Final = 3.0
WRITE_S: Final = 5.0
BEFORE_S: Final = 5.0
"""How long all that comes before the request may take; then come the seconds for its answer."""

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
        transport: httpx.AsyncBaseTransport,
        tokens: TokenSource,
        directory: Directory,
        answer_s: float = USUAL.cancel_s,
    ) -> None:
        """``transport`` is the lane's: each account has a connection that no order waits on."""
        self._tokens = tokens
        self._directory = directory
        self._deadline_s = BEFORE_S + answer_s
        self._host = httpx.URL(api_url).host
        self._client = httpx.AsyncClient(
            base_url=api_url,
            transport=transport,
            timeout=httpx.Timeout(connect=CONNECT_S, pool=None, read=answer_s, write=WRITE_S),
            trust_env=False,
            follow_redirects=False,
            headers={"Accept": "application/json"},
        )

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
        path = f"{ACCOUNTS_PATH}/{entry.hash}/orders/{order_id}"
        return await self._delete(account, path, token)

    async def aclose(self) -> None:
        """Ask no more."""
        await self._client.aclose()

    async def _delete(self, account: str, path: str, token: Secret) -> CancelOutcome:
        on = {ACCOUNT: account}
        headers = {"Authorization": f"Bearer {token.reveal()}"}
        try:
            async with asyncio.timeout(self._deadline_s):
                return _outcome_of(await self._client.delete(path, headers=headers, extensions=on))
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
