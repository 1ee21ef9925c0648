"""What the server answers, and what is then known: table 2.1 of the reliability paper.

Written from the table and from RFC 9112, never from the product: this is what it is judged by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from tests.chaos.cut_cases import BEFORE, Case, Ending, Method, Where, Wire
from tests.fakes.misbehaving import ORDER_ID, location, response
from tests.unit.schwab.site import hash_of

RECORD_BYTES = 22
"""What a record of TLS 1.3 adds to what it carries."""
ELSEWHERE = hash_of("33330001")


class Class(StrEnum):
    """What is known of a request afterwards."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    TAKEN = "taken"
    """Of a request to cancel: the order may still fill."""


class Framing(StrEnum):
    """How one knows that an answer is over."""

    COUNTED = "counted"
    """It says how long it is, or its chunks do."""
    ENDED = "ended"
    """The connection ends in order."""


@dataclass(frozen=True, slots=True)
class Kind:
    """An answer; ``make`` writes it for an account's hash, ``surplus`` bytes of it are too many."""

    known: Class
    make: Callable[[str], bytes]
    framing: Framing = Framing.COUNTED
    surplus: int = 0
    names_order: bool = False
    """Whether it carries the Location of an order of this account."""
    keeps: bool = True
    """Whether the connection is good for the next order."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known in the end; an order id only where the answer named one of this account."""

    known: Class
    order_id: str | None = None
    waits: bool = False
    """Whether nothing but the deadline ends the waiting."""
    keeps: bool = False
    """Whether the next order goes over the same connection."""


def expected(case: Case) -> Expected:
    """Say what must be known after a cut."""
    if case.where in BEFORE:
        return Expected(Class.NOT_SENT)
    stalls = case.ending is Ending.STALL
    if case.where is Where.REQUEST:
        return Expected(Class.UNKNOWN, waits=stalls)
    kind = kind_of(case)
    answer = kind.make(ELSEWHERE)
    came, whole = _came(case, answer), len(answer) - kind.surplus
    if not _is_whole(case, kind, answer, came):
        return Expected(Class.UNKNOWN, waits=stalls)
    keeps = kind.keeps and came == whole and case.ending in {Ending.STALL, Ending.SPLIT}
    return Expected(kind.known, ORDER_ID if kind.names_order else None, keeps=keeps)


def kind_of(case: Case) -> Kind:
    """Return what the server of this case answers."""
    return (CANCELS if case.method is Method.DELETE else ORDERS)[case.says]


def pieces(answer: bytes) -> list[bytes]:
    """Return what goes into a record each: the lines of the head, and the body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [line + b"\r\n" for line in head.split(b"\r\n")]
    return [*lines, b"\r\n", *([body] if body else [])]


def size_on(wire: Wire, answer: bytes) -> int:
    """Return how many bytes an answer takes on a wire."""
    records = len(pieces(answer)) if wire is Wire.TLS else 0
    return len(answer) + records * RECORD_BYTES


def ends_on(wire: Wire, answer: bytes) -> list[int]:
    """Return the offsets at which the lines of the head and the body end."""
    around = RECORD_BYTES if wire is Wire.TLS else 0
    return list(accumulate(len(piece) + around for piece in pieces(answer)))


def _is_whole(case: Case, kind: Kind, answer: bytes, came: int) -> bool:
    """Tell whether the client has a complete answer, the end of the connection included."""
    if kind.framing is Framing.COUNTED:
        return came >= len(answer) - kind.surplus
    proof = Ending.FIN if case.wire is Wire.PLAIN else Ending.BYE
    return came > answer.index(b"\r\n\r\n") + 3 and case.ending is proof


def _came(case: Case, answer: bytes) -> int:
    """Count the bytes of the answer that the client can read."""
    if case.where is Where.EARLY or case.ending is Ending.SPLIT:
        return len(answer)
    if case.wire is not Wire.TLS:
        return case.offset
    came, room = 0, case.offset
    for piece in pieces(answer):
        room -= len(piece) + RECORD_BYTES
        if room < 0:
            break
        came += len(piece)
    return came


def _fixed(
    status: int, body: bytes = b"", headers: dict[str, str] | None = None
) -> Callable[[str], bytes]:
    return lambda _: response(status, body, headers)


def _created(account_hash: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    said = {"Location": location(account_hash), "Schwab-Client-CorrelId": "c0ffee"}
    return response(201, body, said | (headers or {}), reason="Created")


def _without_length(account_hash: str, tail: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 201 Created\r\nLocation: {location(account_hash)}\r\n{tail}"
    return head.encode() + b"\r\n" + body


def _chunked(account_hash: str) -> bytes:
    body = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    return _without_length(account_hash, "Transfer-Encoding: chunked\r\n", body)


JSON = {"Content-Type": "application/json"}
WAIT = {"Retry-After": "30"}
NO = b'{"message":"Quantity is not valid","errors":["no"]}'
NO_ACCESS = b'{"errors":[{"status":401,"title":"Unauthorized"}]}'
NOT_FOUND = b'{"message":"Order not found"}'
INNER = b'{"errors":[{"status":"500","title":"Internal Server Error"}]}'
PAGE = b"<html><head><title>Access Denied</title></head><body>Reference #18</body></html>"
DOWN = b"<html><head><title>503</title></head><body>Service Unavailable</body></html>"

_ACC, _REF, _UNK = Class.ACCEPTED, Class.REFUSED, Class.UNKNOWN

ORDERS: dict[str, Kind] = {
    "201": Kind(_ACC, _created, names_order=True),
    "201-closing": Kind(
        _ACC, lambda h: _created(h, headers={"Connection": "close"}), names_order=True, keeps=False
    ),
    "201-chunked": Kind(_ACC, _chunked, names_order=True),
    "201-until-end": Kind(
        _ACC, lambda h: _without_length(h, "", b"abc"), Framing.ENDED, names_order=True, keeps=False
    ),
    "201-too-long": Kind(_ACC, lambda h: _created(h) + b"xyz", surplus=3, names_order=True),
    "201-bare": Kind(_ACC, _fixed(201)),
    "201-elsewhere": Kind(_ACC, lambda _: _created(ELSEWHERE)),
    "400": Kind(_REF, _fixed(400, NO, JSON)),
    "401": Kind(_REF, _fixed(401, NO_ACCESS, JSON)),
    "403-page": Kind(_REF, _fixed(403, PAGE, {"Content-Type": "text/html"})),
    "429": Kind(_REF, _fixed(429, headers=WAIT)),
    "302": Kind(_UNK, lambda h: response(302, headers={"Location": location(h)})),
    "408": Kind(_UNK, _fixed(408)),
    "409": Kind(_UNK, _fixed(409, NO, JSON)),
    "425": Kind(_UNK, _fixed(425)),
    "500": Kind(_UNK, _fixed(500, INNER, JSON)),
    "503-page": Kind(_UNK, _fixed(503, DOWN, WAIT)),
    # Not listed, so unknown by default.
    "103-first": Kind(_UNK, lambda h: response(103) + _created(h), keeps=False),
    # The table has a refusal and two acceptances here. The house is more careful: a broker was
    # seen to wrap its own failure into a 400, and neither of the others is documented for orders.
    "400-inner-500": Kind(_UNK, _fixed(400, INNER, JSON)),
    "200": Kind(_UNK, _fixed(200)),
    "202": Kind(_UNK, _fixed(202)),
}
"""What is answered to an order, or to one that replaces another."""

CANCELS: dict[str, Kind] = {
    "200": Kind(Class.TAKEN, _fixed(200)),
    "400": Kind(_REF, _fixed(400, NO, JSON)),
    "401": Kind(_REF, _fixed(401, NO_ACCESS, JSON)),
    "404": Kind(_REF, _fixed(404, NOT_FOUND, JSON)),
    "429": Kind(_REF, _fixed(429, headers=WAIT)),
    "302": Kind(_UNK, lambda h: response(302, headers={"Location": location(h)})),
    "409": Kind(_UNK, _fixed(409, NO, JSON)),
    "500": Kind(_UNK, _fixed(500, INNER, JSON)),
    "503-page": Kind(_UNK, _fixed(503, DOWN, WAIT)),
}
"""What is answered to a request to cancel."""
