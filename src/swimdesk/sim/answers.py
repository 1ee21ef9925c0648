"""Answers in the brokerage's several error shapes (schwab-api section 7)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from random import Random
from typing import Any
from uuid import UUID

from swimdesk.sim.messages import SimResponse

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}
TEXT = {"Content-Type": "text/plain"}

UNEXPECTED = "Application encountered unexpected error that prevented fulfilling this request"
INVALID_BODY = "A validation error occurred while processing the request."
INVALID_DATA = "Invalid request data"
INVALID_ACCOUNT = "Invalid account number"
ORDER_NOT_FOUND = "Order not found"


def as_bytes(document: Any) -> bytes:  # noqa: ANN401 - whatever JSON can hold
    """Return a document as the wire carries it."""
    return json.dumps(document, separators=(",", ":")).encode()


def answer(document: Any, status: int = 200) -> SimResponse:  # noqa: ANN401 - whatever JSON can hold
    """Return a JSON answer."""
    return SimResponse(status, as_bytes(document), JSON)


def message(status: int, text: str, errors: Iterable[str] = ()) -> SimResponse:
    """Return an error of the trader API: shape A, or B where ``errors`` are listed."""
    listed = list(errors)
    return answer({"message": text, "errors": listed} if listed else {"message": text}, status)


def gateway(
    status: int, title: str, detail: str, random: Random, *, http_status: int | None = None
) -> SimResponse:
    """Return an error of the gateway (shape C); ``http_status`` where the body lies."""
    error = {"id": new_uuid(random), "status": status, "title": title, "detail": detail}
    return answer({"errors": [error]}, http_status or status)


def not_authorized(random: Random) -> SimResponse:
    """Return the answer to an expired, revoked or foreign token."""
    return gateway(401, "Unauthorized", "Client not authorized", random)


def new_uuid(random: Random) -> str:
    """Return a fresh uuid text."""
    return str(UUID(int=random.getrandbits(128), version=4))
