"""The lane for ordinary httpx requests: previews, cancels, and whatever a test wants to send.

One request over the account's spare connection, or over one opened for it: no retry, no redirect,
no pool, and nothing ever waits behind another account's request.
"""

from __future__ import annotations

import re
from typing import Final

import httpx

from swimdesk.schwab.lane.connection import LaneRequest
from swimdesk.schwab.lane.lane import Lane
from swimdesk.schwab.network import NoConnection
from swimdesk.schwab.outcomes import FAULTS, Answer, Fault

ACCOUNT: Final = "account"
"""The extension of a request that names the account (its alias) on whose connection it goes."""
DEADLINE_S: Final = 20.0
"""How long a request without a read timeout may stay without an answer."""

# httpx leaves it to its own transport to refuse what would end a header line.
_ENDS_A_LINE: Final = re.compile(rb"[\r\n\0]")

_ERRORS: Final[dict[Fault, type[httpx.TransportError]]] = {
    Fault.NO_CONNECTION: httpx.ConnectError,
    Fault.CONNECTION_ENDED: httpx.ConnectError,
    Fault.WRITE_FAILED: httpx.WriteError,
    Fault.RESET: httpx.ReadError,
    Fault.END_OF_STREAM: httpx.RemoteProtocolError,
    Fault.MALFORMED: httpx.RemoteProtocolError,
    Fault.DEADLINE: httpx.ReadTimeout,
    Fault.ABANDONED: httpx.ReadError,
}


class LaneTransport(httpx.AsyncBaseTransport):
    """Carries requests that name their account; whoever owns the lane closes it."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request once; ``httpx.ConnectError`` means that nothing of it has left."""
        account = request.extensions.get(ACCOUNT)
        if not isinstance(account, str):
            raise httpx.UnsupportedProtocol("a request over the lane names its account")
        body = await request.aread()
        wire = _head(request, len(body)) + body
        timeout_s = request.extensions.get("timeout", {}).get("read") or DEADLINE_S
        answer = await self._lane.ask(LaneRequest("", account, wire), timeout_s)
        if answer.response is None:
            raise _error_of(answer)
        found = answer.response
        return httpx.Response(
            found.status, headers=found.headers, stream=httpx.ByteStream(found.body)
        )


def _head(request: httpx.Request, length: int) -> bytes:
    headers = request.headers.copy()
    if headers.pop("transfer-encoding", None) is not None:
        # Its body was a stream, and is whole by now.
        headers["content-length"] = str(length)
    if any(_ENDS_A_LINE.search(part) for header in headers.raw for part in header):
        raise httpx.LocalProtocolError("a header of the request is malformed")
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [name + b": " + value for name, value in headers.raw]
    return b"\r\n".join((*lines, b"", b""))


def _error_of(answer: Answer) -> httpx.TransportError:
    fault = answer.fault or Fault.MALFORMED
    error = _ERRORS.get(fault, httpx.ReadError)(answer.detail or FAULTS[fault].reason)
    if fault is Fault.NO_CONNECTION and answer.detail:
        error.__cause__ = NoConnection(answer.detail)
    return error
