"""Answers as servers may give them: whole, cut, coded, doubled, endless; each means one thing."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from tests.fakes.misbehaving import ORDER_ID, Ending, Script, location, misbehaving, response
from tests.integration.lane.steps import FINE, REFUSAL, answered, firing, staged
from tests.integration.lanes import Tls, burst, fire, lane_to, server_side
from tests.integration.lanes import request as order

from swimdesk.desk.ports import Outcome, OutcomeKind

ACCEPTED, REFUSED = OutcomeKind.ACCEPTED, OutcomeKind.REFUSED
NOT_SENT, UNKNOWN = OutcomeKind.NOT_SENT, OutcomeKind.UNKNOWN
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NO = json.dumps({"message": "price too far away"}).encode()
INNER_500 = json.dumps({"errors": [{"status": 500, "title": "Internal Server Error"}]}).encode()
CHUNKED_HEAD = (
    f"HTTP/1.1 201 X\r\nLocation: {location('A0')}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
)
CHUNKED = CHUNKED_HEAD + b"3\r\nabc\r\n2 ;note=1\r\nde\r\n0\r\n\r\n"


async def outcome_of(script: Script, secure: Tls | None) -> Outcome:
    """Fire one order at a server with this script."""
    async with misbehaving(server_side(secure)) as server:
        server.scripts["A0"] = script
        fired = await burst(server, ["A0"], secure)
    (outcome,) = fired.outcomes().values()
    assert len(fired.answers) == len(server.seen.requests) == server.seen.connections == 1
    return outcome


def coded(body: bytes, coding: str = "gzip") -> bytes:
    """Return a refusal whose body is said to be coded so."""
    return response(400, body, {"Content-Encoding": coding})


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        pytest.param(CONTINUE + FINE, UNKNOWN, id="100, then 201 in one write"),
        pytest.param(CONTINUE + REFUSAL, UNKNOWN, id="100, then 400 in one write"),
        pytest.param(CONTINUE, UNKNOWN, id="100 alone"),
        pytest.param(CHUNKED, ACCEPTED, id="chunked"),
        pytest.param(CHUNKED.replace(b"0\r\n\r\n", b"0\r\nA: b\r\n\r\n"), UNKNOWN, id="trailer"),
        pytest.param(CHUNKED.replace(b"3\r\n", b"-3\r\n"), UNKNOWN, id="negative chunk"),
        pytest.param(CHUNKED.replace(b"3\r\n", b"fffffffff\r\n"), UNKNOWN, id="vast chunk"),
        pytest.param(FINE.replace(b"/1.1", b"/1.0"), ACCEPTED, id="HTTP/1.0"),
        pytest.param(REFUSAL.replace(b"/1.1", b"/1.0"), REFUSED, id="HTTP/1.0 refusal"),
        pytest.param(CHUNKED.replace(b"/1.1", b"/1.0"), UNKNOWN, id="HTTP/1.0 chunked"),
        pytest.param(coded(gzip.compress(NO)), REFUSED, id="gzip"),
        pytest.param(coded(gzip.compress(INNER_500)), UNKNOWN, id="gzip around 500"),
        pytest.param(coded(gzip.compress(NO)[:-9]), UNKNOWN, id="gzip cut"),
        pytest.param(coded(b"\x00" + gzip.compress(NO)), UNKNOWN, id="gzip damaged"),
        pytest.param(coded(NO), UNKNOWN, id="gzip in word only"),
        pytest.param(coded(zlib.compress(NO), "deflate"), REFUSED, id="deflate"),
        pytest.param(coded(NO, "br"), UNKNOWN, id="coding that is not known"),
        pytest.param(coded(gzip.compress(b"x" * 10_000_000)), REFUSED, id="gzip bomb"),
        pytest.param(FINE[:-2] + b"A: " + b"a" * 40_000 + b"\r\n\r\n", UNKNOWN, id="40 kB header"),
        pytest.param(
            FINE[:-2] + b"A: b\r\n" * 7_000 + b"\r\n", UNKNOWN, id="40 kB of small headers"
        ),
        pytest.param(FINE[:-2] + b"A: b\r\n" * 90_000, UNKNOWN, id="endless headers"),
        pytest.param(b"HTTP/1.1 400 X\r\n\r\n" + b"x" * 300_000, UNKNOWN, id="endless body"),
        pytest.param(b"\xff" * 70_000, UNKNOWN, id="much garbage"),
        pytest.param(b"\r\n" + FINE, UNKNOWN, id="empty line first"),
        pytest.param(FINE.replace(b"\r\n", b"\n"), UNKNOWN, id="bare newlines"),
        pytest.param(FINE.replace(b"201", b"0201"), UNKNOWN, id="status of four digits"),
        pytest.param(FINE.replace(b"Length: 0", b"Length: +0"), UNKNOWN, id="signed length"),
        pytest.param(
            FINE.replace(b"Content-Length: 0", b"Content-Length : 0"), UNKNOWN, id="odd space"
        ),
        pytest.param(response(204), UNKNOWN, id="204"),
        pytest.param(response(304), UNKNOWN, id="304"),
        pytest.param(response(408), UNKNOWN, id="408"),
        pytest.param(response(413), UNKNOWN, id="413"),
        pytest.param(response(404, NO), UNKNOWN, id="404"),
    ],
)  # fmt: skip
async def test_answer_means_what_the_table_says(
    says: bytes, kind: OutcomeKind, secure: Tls | None
) -> None:
    outcome = await outcome_of(Script(says, Ending.CLOSE), secure)
    assert outcome.kind is kind
    assert outcome.order_id == (ORDER_ID if kind is ACCEPTED else None)


async def test_text_of_a_packed_refusal_is_read(secure: Tls | None) -> None:
    outcome = await outcome_of(Script(coded(gzip.compress(NO))), secure)
    assert "price too far away" in (outcome.reason or "")


@pytest.mark.parametrize("says", [CHUNKED, FINE, REFUSAL, coded(gzip.compress(NO))])
async def test_answer_cut_in_two_at_every_byte_is_the_same_answer(
    secure: Tls | None, says: bytes
) -> None:
    async with staged(secure) as stage:
        for cut in range(1, len(says), 3 if secure else 2):
            async with firing(stage.lane.load([order("A0")])) as fired:
                await stage.next.request()
                await stage.next.say(says[:cut])
                await stage.next.say(says[cut:])
            assert fired.kinds() == {"A0": ACCEPTED if b" 201 " in says else REFUSED}
    assert len(stage.server.peers) == 1


@pytest.mark.parametrize("ending", [Ending.CLOSE, Ending.CUT, Ending.RESET])
async def test_chunked_answer_cut_short_at_every_byte_is_unknown(
    secure: Tls | None, ending: Ending
) -> None:
    names = [f"A{cut}" for cut in range(len(CHUNKED))]
    async with misbehaving(server_side(secure)) as server:
        server.scripts = {name: Script(CHUNKED[:cut], ending) for cut, name in enumerate(names)}
        fired = await burst(server, names, secure)
    assert set(fired.kinds().values()) == {UNKNOWN}
    assert len(fired.answers) == len(server.seen.requests) == len(names)


@pytest.mark.parametrize(
    "second", [FINE, REFUSAL, b"HTTP/1.1 4", b"\r\n", b"x"], ids=["201", "400", "part", "line", "x"]
)
@pytest.mark.parametrize("together", [True, False], ids=["one read", "two reads"])
async def test_first_of_several_answers_counts_and_the_connection_is_never_used_again(
    secure: Tls | None, second: bytes, together: bool
) -> None:
    async with staged(secure) as stage:
        says = FINE + second if together else FINE
        fired, _ = await answered(stage.next, stage.lane.load([order("A0")]), says)
        if not together:
            await stage.next.say(second)
        again = await fire(stage.lane, ["A0"])
        assert stage.next.heard == b""
    assert fired.kinds() == {"A0": ACCEPTED}
    assert again.kinds() == {"A0": NOT_SENT}


@pytest.mark.parametrize(
    ("says", "connections"),
    [
        (FINE, 1),
        (FINE.replace(b"/1.1", b"/1.0"), 2),
        (FINE.replace(b"/1.1", b"/1.0")[:-2] + b"Connection: keep-alive\r\n\r\n", 1),
        (FINE[:-2] + b"Connection: Close\r\n\r\n", 2),
        (FINE[:-2] + b"Connection: keep-alive, close\r\n\r\n", 2),
        (FINE[:-2] + b"Connection: KEEP-ALIVE\r\n\r\n", 1),
        (CHUNKED, 1),
        (CONTINUE + FINE, 2),
    ],
)
async def test_connection_is_kept_where_the_answer_says_so(
    secure: Tls | None, says: bytes, connections: int
) -> None:
    async with misbehaving(server_side(secure)) as server:
        server.scripts["A0"] = Script(says)
        lane = lane_to(server.port, secure)
        for _ in range(2):
            await lane.warm(["A0"])
            assert len((await fire(lane, ["A0"])).answers) == 1
        await lane.close()
    assert server.seen.connections == connections
    assert len(server.seen.requests) == 2
