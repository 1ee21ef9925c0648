"""The desk as a web application: one POST per method of the facade, JSON in and out."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from swimdesk import __version__
from swimdesk.control.methods import METHODS, Method
from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import HomeHeld, InputError, InvariantBroken, SwimdeskError
from swimdesk.telemetry.logs import get_log
from swimdesk.views.codec import to_json

log = get_log(__name__)

LARGEST_BODY: Final = 1_000_000
"""Bytes; an order text and its scope need a few hundred."""

BODY_S: Final = 10.0
"""How long the body of a request may take to arrive."""


class DeskApp:
    """Answer calls of other processes; a call that fails is answered with an error document."""

    def __init__(self, desk: DeskFacade) -> None:
        self._desk = desk
        self._deadlines: set[asyncio.Timeout] = set()
        self.asgi = Starlette(
            routes=[
                Route("/v1", _introduce, methods=["GET"]),
                Route("/v1/{method}", self._call, methods=["POST"]),
            ],
            exception_handlers={HTTPException: _no_such_route},
        )

    def end_within(self, grace_s: float) -> None:
        """Give the calls in flight that much more time; what is not done then is told so."""
        end = asyncio.get_running_loop().time() + grace_s
        for deadline in self._deadlines:
            deadline.reschedule(end)

    async def _call(self, request: Request) -> Response:
        try:
            method = _method(request.path_params["method"])
            arguments = method.read_arguments(await _read_json(request))
        except ClientDisconnect:
            return Response()
        except SwimdeskError as error:
            return _error_document(error)
        if not method.only_waits:
            return await self._answer(method, arguments, asyncio.timeout(None))
        return await self._answer_while_heard(method, arguments, request)

    async def _answer_while_heard(
        self, method: Method, arguments: dict[str, Any], request: Request
    ) -> Response:
        """Answer a call that only waits; it ends when its caller hangs up."""
        deadline = asyncio.timeout(None)

        async def hang_up() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            deadline.reschedule(asyncio.get_running_loop().time())

        async with asyncio.TaskGroup() as group:
            listening = group.create_task(hang_up())
            response = await self._answer(method, arguments, deadline)
            listening.cancel()
        return response

    async def _answer(
        self, method: Method, arguments: dict[str, Any], deadline: asyncio.Timeout
    ) -> Response:
        try:
            async with deadline:
                self._deadlines.add(deadline)
                result = await getattr(self._desk, method.name)(**arguments)
            return _document({"result": to_json(result)})
        except SwimdeskError as error:
            return _error_document(error)
        except Exception as error:  # noqa: BLE001 - one call that fails must not end the desk
            if isinstance(error, TimeoutError) and deadline.expired():
                return _error_document(HomeHeld("The owner of this home stopped meanwhile."))
            return _bug_document(method.name, error)
        finally:
            self._deadlines.discard(deadline)


async def _introduce(_: Request) -> Response:
    """Say who answers, so that a caller learns at once whether anybody does."""
    return _document({"result": {"version": __version__, "pid": os.getpid()}})


def _method(name: str) -> Method:
    if name not in METHODS:
        raise InputError(f"The desk has no method {name!r:.40}; it has {', '.join(METHODS)}.")
    return METHODS[name]


async def _read_json(request: Request) -> object:
    try:
        async with asyncio.timeout(BODY_S):
            body = await _read_body(request)
        return json.loads(body, parse_constant=_refuse_constant)
    except TimeoutError:
        raise InputError(f"The request did not arrive within {BODY_S:g} s.") from None
    except (ValueError, RecursionError):
        raise InputError("The request is not JSON.") from None


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise InputError(f"The request is longer than {LARGEST_BODY} bytes.")
    return bytes(body)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


async def _no_such_route(request: Request, error: Exception) -> Response:
    return _error_document(InputError(f"There is no {request.method} {request.url.path:.60}."))


def _bug_document(method: str, error: Exception) -> Response:
    log.error("control.bug", method=method, exc_info=error)
    name = type(error).__name__
    return _error_document(
        InvariantBroken(f"{method} failed with {name}; the log of this home has the traceback.")
    )


def _error_document(error: SwimdeskError) -> Response:
    status = 500 if isinstance(error, InvariantBroken) else 400
    body = {"error": error.as_json(), "exit_code": int(error.exit_code)}
    return _document(body, status)


def _document(body: dict[str, Any], status: int = 200) -> Response:
    text = json.dumps(body, allow_nan=False, separators=(",", ":"))
    return Response(text, status, media_type="application/json")
