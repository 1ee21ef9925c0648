"""Fault by fault: what the lane reports is what the table says, and nothing is sent twice."""

from __future__ import annotations

import json

import pytest
from tests.fakes.misbehaving import (
    ORDER_ID,
    Ending,
    Script,
    location,
    misbehaving,
    response,
)
from tests.integration.lanes import Tls, accounts, burst, request

from swimdesk.desk.ports import OutcomeKind

ACCEPTED, REFUSED, UNKNOWN = OutcomeKind.ACCEPTED, OutcomeKind.REFUSED, OutcomeKind.UNKNOWN
FINE = response(201, headers={"Location": location("A1")})
INNER_500 = json.dumps({"errors": [{"status": 500, "title": "Internal Server Error"}]}).encode()
BREAKS = [
    pytest.param(Ending.CLOSE, id="close"),
    pytest.param(Ending.CUT, id="fin"),
    pytest.param(Ending.RESET, id="rst"),
]


@pytest.fixture(params=["plain", "tls"])
def secure(request: pytest.FixtureRequest, tls: Tls) -> Tls | None:
    return tls if request.param == "tls" else None


async def fire_one_bad_of_48(
    script: Script, tls: Tls | None
) -> tuple[OutcomeKind, str | None, str | None]:
    """Fire 48 orders, account A1 served by the script; return what became of A1."""
    names = accounts(48)
    async with misbehaving(tls.server if tls else None) as server:
        server.scripts["A1"] = script
        fired = await burst(server, names, tls)
    outcomes = fired.outcomes()
    bad = outcomes.pop("A1")
    assert len(fired.answers) == 48
    assert {outcome.kind for outcome in outcomes.values()} == {ACCEPTED}
    assert server.seen.connections == 48
    read = [name for name in names if name != "A1" or script.reads_request]
    assert sorted(server.seen.requests) == sorted(request(name).wire for name in read)
    return bad.kind, bad.order_id, bad.reason


@pytest.mark.parametrize("ending", BREAKS)
@pytest.mark.parametrize(
    "says",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(FINE[:1], id="first byte"),
        pytest.param(FINE[:40], id="part of the headers"),
        pytest.param(response(400, b'{"message":"no"}')[:-3], id="part of a refusal"),
    ],
)
async def test_break_after_the_request_is_unknown(
    says: bytes, ending: Ending, secure: Tls | None
) -> None:
    kind, order_id, _ = await fire_one_bad_of_48(Script(says, ending), secure)
    assert (kind, order_id) == (UNKNOWN, None)


@pytest.mark.parametrize("ending", BREAKS)
async def test_break_before_the_request_was_read_is_unknown(
    ending: Ending, secure: Tls | None
) -> None:
    script = Script(ending=ending, reads_request=False)
    assert (await fire_one_bad_of_48(script, secure))[0] is UNKNOWN


@pytest.mark.parametrize("ending", BREAKS)
async def test_break_after_the_whole_answer_changes_nothing(
    ending: Ending, secure: Tls | None
) -> None:
    outcome = await fire_one_bad_of_48(Script(FINE, ending), secure)
    assert outcome == (ACCEPTED, ORDER_ID, None)


async def test_slow_answer_is_read_byte_by_byte(secure: Tls | None) -> None:
    outcome = await fire_one_bad_of_48(Script(FINE, byte_by_byte=True), secure)
    assert outcome == (ACCEPTED, ORDER_ID, None)


@pytest.mark.parametrize("ending", [Ending.CUT, Ending.RESET])
async def test_answer_cut_at_every_byte_is_unknown_until_it_is_whole(ending: Ending) -> None:
    refusal = response(400, b'{"message":"no"}')
    scripts = {f"C{n}": Script(FINE[:n], ending) for n in range(len(FINE))}
    scripts |= {f"R{n}": Script(refusal[:n], ending) for n in range(len(refusal))}
    async with misbehaving() as server:
        server.scripts |= scripts
        fired = await burst(server, list(scripts))
    assert set(fired.kinds().values()) == {UNKNOWN}
    assert len(fired.answers) == len(server.seen.requests) == len(scripts)


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        pytest.param(b"\x00\x01\x02\x03\x04\x05\x06\x07", UNKNOWN, id="garbage"),
        pytest.param(b"HTTP/2 201\r\n\r\n", UNKNOWN, id="another protocol"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + FINE, UNKNOWN, id="100 before 201"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n", UNKNOWN, id="103"),
        pytest.param(
            b"HTTP/1.1 201 X\r\nBig: " + b"x" * 40_000 + b"\r\n\r\n", UNKNOWN, id="huge header"
        ),
        pytest.param(
            b"HTTP/1.1 201 X\r\nContent-Length: 1\r\nContent-Length: 0\r\n\r\n",
            UNKNOWN,
            id="two lengths",
        ),
        pytest.param(response(200), UNKNOWN, id="200"),
        pytest.param(response(201), ACCEPTED, id="201 without Location"),
        pytest.param(
            response(201, headers={"Location": location("B9")}), ACCEPTED, id="foreign Location"
        ),
        pytest.param(response(302, headers={"Location": location("A1")}), UNKNOWN, id="302"),
        pytest.param(response(400, b'{"message":"no"}'), REFUSED, id="400"),
        pytest.param(response(400, INNER_500), UNKNOWN, id="400 around 500"),
        pytest.param(response(401, b'{"message":"Unauthorized"}'), REFUSED, id="401"),
        pytest.param(response(403, b"<html><h1>Access Denied</h1></html>"), REFUSED, id="403"),
        pytest.param(response(429), REFUSED, id="429"),
        pytest.param(response(500, b"oops"), UNKNOWN, id="500"),
        pytest.param(response(503), UNKNOWN, id="503"),
    ],
)
async def test_answer_means_what_the_table_says(says: bytes, kind: OutcomeKind) -> None:
    outcome = await fire_one_bad_of_48(Script(says), None)
    assert outcome[:2] == (kind, None)
    assert outcome[2]


async def test_chunked_answer_is_read() -> None:
    head = f"HTTP/1.1 201 X\r\nLocation: {location('A1')}\r\nTransfer-Encoding: chunked\r\n\r\n"
    script = Script(head.encode() + b"3\r\nabc\r\n0\r\n\r\n", byte_by_byte=True)
    assert (await fire_one_bad_of_48(script, None))[:2] == (ACCEPTED, ORDER_ID)


@pytest.mark.parametrize("ending", BREAKS)
async def test_connections_ended_at_once_by_the_server_send_nothing(ending: Ending) -> None:
    async with misbehaving() as server:
        server.at_connection = ending
        names = accounts(5)
        fired = await burst(server, names)
    # Whoever was written to before the end was seen is unknown; nobody is called accepted.
    assert set(fired.kinds().values()) <= {OutcomeKind.NOT_SENT, UNKNOWN}
    assert len(fired.answers) == 5
    assert server.seen.connections == 5
    assert server.seen.requests == []
