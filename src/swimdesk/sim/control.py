"""The control endpoint: tests and demonstrations look into the brokerage and move its levers."""

from __future__ import annotations

import hmac
import json
import math
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from swimdesk.errors import InputError, SwimdeskError
from swimdesk.sim.encoding import encoded
from swimdesk.sim.latency import Latency
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.traffic import Traffic

_LEDGER = ("GET", "ledger")


class ControlledBroker(Protocol):
    """What the control endpoint asks of the brokerage; bad input raises SwimdeskError."""

    async def prepare_ledger(self) -> None:
        """Do the long part of :meth:`ledger_json` without keeping others waiting."""
        ...

    def ledger_json(self) -> bytes:
        """Return every order ever taken, by account."""
        ...

    def faults_json(self) -> dict[str, Any]:
        """Return the fault plan in force."""
        ...

    def set_faults(self, plan: Mapping[str, Any]) -> None:
        """Put another fault plan in force."""
        ...

    def shock(self, symbol: str, factor: float) -> None:
        """Multiply an underlying's price."""
        ...

    def revoke(self, login: str) -> None:
        """End a login's grant."""
        ...

    def sign_ins_json(self) -> dict[str, Any]:
        """Return how every login signs in and has signed in."""
        ...

    def set_sign_ins(self, plans: Mapping[str, Any]) -> None:
        """Put other sign-in plans in force."""
        ...

    def answer_push(self, login: str, *, approve: bool) -> int:
        """Answer on the customer's phone; return how many requests waited there."""
        ...

    def unlock(self, login: str) -> None:
        """Let a login in again after wrong passwords."""
        ...


class Control:
    """Answer the requests below ``/control/`` that carry the token."""

    def __init__(
        self, broker: ControlledBroker, *, token: str, traffic: Traffic, latency: Latency
    ) -> None:
        self._broker = broker
        self._authorization = f"Bearer {token}".encode()
        self._traffic = traffic
        self._latency = latency
        self._routes: dict[tuple[str, str], Callable[[bytes], object]] = {
            _LEDGER: lambda _: broker.ledger_json(),
            ("GET", "counts"): lambda _: traffic.as_json(),
            ("GET", "faults"): lambda _: broker.faults_json(),
            ("PUT", "faults"): self._put_faults,
            ("GET", "latency"): lambda _: self._latency_json(),
            ("POST", "latency"): self._post_latency,
            ("POST", "shock"): self._post_shock,
            ("POST", "revoke"): self._post_revoke,
            ("GET", "sign-ins"): lambda _: broker.sign_ins_json(),
            ("PUT", "sign-ins"): self._put_sign_ins,
            ("POST", "push"): self._post_push,
            ("POST", "unlock"): self._post_unlock,
        }

    async def answer(self, request: SimRequest) -> SimResponse:
        """Return the answer; what takes long to make is made in pieces."""
        if _endpoint(request) == _LEDGER and self._knows(request):
            await self._broker.prepare_ledger()
        return await encoded(self.handle(request), request.headers)

    def handle(self, request: SimRequest) -> SimResponse:
        """Return the answer: 200 with JSON, 400 and a sentence for bad input, 401, 404."""
        if not self._knows(request):
            return _problem(401, "CONTROL_TOKEN", "the control token is missing or wrong")
        route = self._routes.get(_endpoint(request))
        if route is None:
            return _problem(404, "CONTROL_PATH", f"no {request.method} {request.path} here")
        try:
            return _answer(200, route(request.body))
        except SwimdeskError as error:
            return _answer(400, {"error": error.as_json()})

    def _knows(self, request: SimRequest) -> bool:
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, self._authorization)

    def _put_faults(self, body: bytes) -> object:
        self._broker.set_faults(_document(body))
        return self._broker.faults_json()

    def _post_latency(self, body: bytes) -> object:
        document = _document(body)
        self._latency.set_range(_number(document, "min_ms"), _number(document, "max_ms"))
        return self._latency_json()

    def _latency_json(self) -> object:
        min_ms, max_ms = self._latency.range_ms
        return {"min_ms": min_ms, "max_ms": max_ms}

    def _post_shock(self, body: bytes) -> object:
        document = _document(body)
        symbol, factor = _text(document, "symbol"), _number(document, "factor")
        if not (factor > 0 and math.isfinite(factor)):
            raise InputError(f"'factor' is {factor:g}; expected a finite number above 0")
        self._broker.shock(symbol, factor)
        return {"symbol": symbol, "factor": factor}

    def _post_revoke(self, body: bytes) -> object:
        login = _text(_document(body), "login")
        self._broker.revoke(login)
        return {"login": login}

    def _put_sign_ins(self, body: bytes) -> object:
        self._broker.set_sign_ins(_document(body))
        return self._broker.sign_ins_json()

    def _post_push(self, body: bytes) -> object:
        document = _document(body)
        login, approve = _text(document, "login"), document.get("approve", True)
        if not isinstance(approve, bool):
            raise InputError(f"'approve' is {approve!r}; expected true or false")
        return {"login": login, "answered": self._broker.answer_push(login, approve=approve)}

    def _post_unlock(self, body: bytes) -> object:
        login = _text(_document(body), "login")
        self._broker.unlock(login)
        return {"login": login}


def _endpoint(request: SimRequest) -> tuple[str, str]:
    return request.method, request.path.removeprefix("/control/")


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise InputError(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InputError("the body is not a JSON object")
    return document


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str):
        raise InputError(f"'{key}' is {value!r}; expected a text")
    return value


def _number(document: Mapping[str, Any], key: str) -> float:
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"'{key}' is {value!r}; expected a number")
    return float(value)


def _problem(status: int, code: str, detail: str) -> SimResponse:
    return _answer(status, {"error": {"code": code, "detail": detail}})


def _answer(status: int, document: object) -> SimResponse:
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return SimResponse(status, body, headers)
