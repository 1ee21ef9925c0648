"""GETs over httpx: the only requests that are ever repeated (architecture 5, rule 2)."""

from __future__ import annotations

import asyncio
import email.utils
import math
import ssl
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import httpx
import stamina

from swimdesk.desk.ports import Clock, TokenSource
from swimdesk.errors import (
    BrokerError,
    BrokerRefused,
    BrokerUnreachable,
    LoginRequired,
    ProtocolDrift,
    RateLimited,
    SwimdeskError,
)
from swimdesk.schwab.lane.transport import ACCOUNT
from swimdesk.schwab.network import is_untrusted_certificate, why_no_connection
from swimdesk.schwab.problems import error_text, says_not_found, tells_of_internal_error
from swimdesk.schwab.skew import Offset
from swimdesk.schwab.timeouts import USUAL
from swimdesk.schwab.values import clean, parse_json
from swimdesk.telemetry.logs import get_log
from swimdesk.telemetry.redaction import Secret, redact

log = get_log(__name__)

ResultT = TypeVar("ResultT")

CONNECT_S: Final = 3.0
POOL_S: Final = 2.0
WRITE_S: Final = 10.0
LIMITS: Final = httpx.Limits(max_connections=10, max_keepalive_connections=4, keepalive_expiry=30)
ATTEMPTS: Final = 3
_POSTS: Final = ""
"""Under this name, which no login has, stands the client of what is posted."""
RETRYING_S: Final = 8.0
"""How long after the first attempt a read may still be repeated."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a status that is worth looking at: 200, or a plain refusal."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether the broker gave what was asked for."""
        return self.status == 200

    @property
    def is_unknown(self) -> bool:
        """Whether the broker itself says that there is no such thing."""
        return self.status == 404 and says_not_found(self.headers, self.body)

    def document(self, what: str) -> Any:  # noqa: ANN401 - read by the models
        """Return the parsed JSON of a 200; BrokerRefused for a no, ProtocolDrift for no JSON."""
        if self.status == 404 and not self.is_unknown:
            raise BrokerUnreachable(f"{what}: {self.said()}")
        if not self.is_ok:
            raise BrokerRefused(f"{what}: {self.said()}")
        try:
            return parse_json(self.body)
        except ValueError:
            pass
        raise ProtocolDrift(f"{what}: the answer is not JSON")

    def said(self) -> str:
        """Return the text of an error answer, safe to show."""
        return f"status {self.status}, {redact(error_text(self.status, self.headers, self.body))}"


class ReadAgain(Exception):
    """Say to ``backoff`` that a read may be repeated, after ``wait_s`` if the broker named it."""

    def __init__(self, error: BrokerError, wait_s: float | None = None) -> None:
        super().__init__(error.detail)
        self.error = error
        self.wait_s = wait_s


class Reader:
    """Read from the broker on behalf of a login; one httpx client per login, TLS shared."""

    def __init__(
        self,
        api_url: str,
        ssl_context: ssl.SSLContext,
        tokens: TokenSource,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        posts: httpx.AsyncBaseTransport | None = None,
        timeout_s: float = USUAL.read_s,
    ) -> None:
        """``posts`` carries what is posted and changes nothing, by account: the lane."""
        self._posts = posts
        self._api_url = api_url
        self._ssl_context = ssl_context
        self._tokens = tokens
        self._clock = clock
        self._transport = transport
        self._timeout = httpx.Timeout(connect=CONNECT_S, pool=POOL_S, read=timeout_s, write=WRITE_S)
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._host = httpx.URL(api_url).host
        self.offset = Offset()
        """The broker's clock against ours, measured with every answer."""

    async def read(self, login: str, path: str, params: Mapping[str, str] | None = None) -> Reply:
        """GET a path; raises BrokerUnreachable, RateLimited, LoginRequired, ProtocolDrift.

        StoreError if the login has new tokens that cannot be saved.
        """
        token = await self._tokens.access_token(login)
        reply = await self._with_patience(login, path, params, token)
        if reply.status == 401:
            token = await self._tokens.replace_rejected(login, token)
            reply = await self._with_patience(login, path, params, token)
        if reply.status == 401:
            raise LoginRequired(
                f"the broker refuses the tokens of login {login} ({reply.said()}); sign in again"
            )
        return reply

    async def get(
        self, login: str, path: str, what: str, params: Mapping[str, str] | None = None
    ) -> Any:  # noqa: ANN401 - read by the models
        """GET a path and return its JSON; any refusal is an error that names ``what``."""
        return (await self.read(login, path, params)).document(what)

    async def ask(self, login: str, account: str, path: str, body: bytes) -> Reply:
        """POST once to a path that changes nothing at the broker (a preview); BrokerError."""
        token = await self._tokens.access_token(login)
        reply = await self._posted(account, path, body, token)
        if reply.status == 401:
            token = await self._tokens.replace_rejected(login, token)
            reply = await self._posted(account, path, body, token)
        return reply

    async def _posted(self, account: str, path: str, body: bytes, token: Secret) -> Reply:
        sent = self._clock.now()
        headers = {
            "Authorization": f"Bearer {token.reveal()}",
            "Content-Type": "application/json",
        }
        failure: BrokerError
        try:
            response = await self._poster().post(
                path, content=body, headers=headers, extensions={ACCOUNT: account}
            )
            return self._usable(response, sent)
        except ReadAgain as again:
            failure = again.error
        except httpx.TransportError as error:
            failure = BrokerUnreachable(why_no_connection(error, self._host))
        except (httpx.HTTPError, httpx.InvalidURL):
            failure = ProtocolDrift(f"{self._host} answered in a way that HTTP does not know")
        # Outside the handlers: the context of an error would hold the URL, and with it a hash.
        raise failure

    async def aclose(self) -> None:
        """Close all connections."""
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.aclose()

    async def _with_patience(
        self, login: str, path: str, params: Mapping[str, str] | None, token: Secret
    ) -> Reply:
        failure: BrokerError | None = None
        try:
            async for attempt in stamina.retry_context(
                on=backoff,
                attempts=ATTEMPTS,
                timeout=RETRYING_S,
                wait_initial=0.2,
                wait_jitter=0.2,
                wait_max=2.0,
            ):
                with attempt:
                    return await self._once(login, path, params, token)
        except ReadAgain as again:
            failure = again.error
        # Outside the handler: the context of an error would hold the URL, and with it a hash.
        raise failure or BrokerUnreachable(f"{self._host} did not answer")

    async def _once(
        self, login: str, path: str, params: Mapping[str, str] | None, token: Secret
    ) -> Reply:
        trouble: ReadAgain | BrokerError
        sent = self._clock.now()
        try:
            response = await self._client(login).get(
                path, params=params, headers={"Authorization": f"Bearer {token.reveal()}"}
            )
            return self._usable(response, sent)
        except httpx.TransportError as error:
            unreachable = BrokerUnreachable(why_no_connection(error, self._host))
            trouble = unreachable if is_untrusted_certificate(error) else ReadAgain(unreachable)
        except (httpx.HTTPError, httpx.InvalidURL):
            trouble = ProtocolDrift(f"{self._host} answered in a way that HTTP does not know")
        raise trouble

    def _usable(self, response: httpx.Response, sent: datetime) -> Reply:
        """Return an answer that says something; raise for the others, some to be asked again."""
        reply = Reply(response.status_code, _plain_headers(response), response.content)
        now = self._clock.now()
        if reply.is_ok:
            date = moment_of(response.headers.get("date"))
            if date is not None:
                self.offset.sample(date, sent, now)
            return reply
        if reply.status == 429:
            header = response.headers.get("retry-after")
            wait_s = retry_after_s(header, self.offset.to_broker(now))
            raise ReadAgain(RateLimited(f"{self._host} asked us to slow down"), wait_s)
        inner_failure = reply.status == 400 and tells_of_internal_error(reply.headers, reply.body)
        if reply.status >= 500 or reply.status == 408 or inner_failure:
            raise ReadAgain(BrokerUnreachable(f"{self._host}: {reply.said()}"))
        if reply.status < 400:
            raise ProtocolDrift(
                f"{self._host} answered a read with {clean(str(reply.status))}; a proxy or a "
                "wrong [broker] api_url may be in the way"
            )
        return reply

    def _client(self, login: str) -> httpx.AsyncClient:
        if login not in self._clients:
            self._clients[login] = self._new_client(self._transport)
        return self._clients[login]

    def _poster(self) -> httpx.AsyncClient:
        if _POSTS not in self._clients:
            self._clients[_POSTS] = self._new_client(self._posts or self._transport)
        return self._clients[_POSTS]

    def _new_client(self, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self._api_url,
            verify=self._ssl_context,
            timeout=self._timeout,
            limits=LIMITS,
            trust_env=False,
            follow_redirects=False,
            headers={"Accept": "application/json"},
            transport=transport,
        )


async def all_of(reads: Iterable[Awaitable[ResultT]]) -> list[ResultT]:
    """Return all results, or raise the first failure once every read has come to its end."""
    results = await asyncio.gather(*reads, return_exceptions=True)
    found: list[ResultT] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        found.append(result)
    return found


@contextmanager
def broker_errors() -> Iterator[None]:
    """Let the block raise BrokerError only: tokens that cannot be saved are a failed read too."""
    try:
        yield
    except BrokerError:
        raise
    except SwimdeskError as error:
        raise BrokerError(error.detail) from None


def _log_repetition(details: stamina.instrumentation.RetryDetails) -> None:
    log.info(
        "broker.read_again",
        attempt=details.retry_num + 1,
        wait_s=round(details.wait_for, 2),
        reason=str(details.caused_by),
    )


# Its own hook would write to standard output, where commands print their JSON.
stamina.instrumentation.set_on_retry_hooks([_log_repetition])


def backoff(error: Exception) -> bool | float:
    """Tell stamina whether a read may be repeated: True, False, or after how many seconds."""
    if not isinstance(error, ReadAgain):
        return False
    if error.wait_s is None:
        return True
    return error.wait_s if error.wait_s < RETRYING_S else False


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header names, at least one; None without a usable one.

    Both forms of RFC 9110 section 10.2.3 are read: seconds and a date.
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        moment = moment_of(header)
        if moment is None:
            return None
        seconds = (moment - now) / timedelta(seconds=1)
    return max(1.0, seconds) if math.isfinite(seconds) else None


def moment_of(header: str | None) -> datetime | None:
    """Return the time that a header names (RFC 9110 section 5.6.7); None without a usable one."""
    try:
        moment = email.utils.parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain_headers(response: httpx.Response) -> dict[str, str]:
    """Return the headers in lower case; httpx has undone the body's encoding already."""
    return {
        name.lower(): value
        for name, value in response.headers.items()
        if name.lower() != "content-encoding"
    }
