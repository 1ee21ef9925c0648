"""TLS at its edges: what is said beside the answer harms nobody, what cannot be trusted is none."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from tests.fakes.misbehaving import Ending, misbehaving
from tests.fakes.stepped import stepped
from tests.integration.lane.steps import FINE, REFUSAL, answered, firing, staged, takes_leave
from tests.integration.lanes import Tls, burst, fire, lane_to, request
from tests.unit.schwab.support import StoppedClock

from swimdesk.desk.ports import OutcomeKind
from swimdesk.schwab.lane import Lane
from swimdesk.schwab.lane.connection import Connection
from swimdesk.schwab.lane.poll import Poll
from swimdesk.schwab.lane.secrecy import Tls as SecretTls
from swimdesk.schwab.outcomes import Fault
from swimdesk.sim import tls as sim_tls
from swimdesk.sim.tls import issue, make_authority

ENDLESS = b"HTTP/1.1 400 X\r\n\r\nno"
"""A refusal without a length: it ends where the connection ends."""


@pytest.fixture
def old_tls(tls: Tls, tmp_path: Path) -> Tls:
    """Both sides' contexts, the server's without TLS 1.3."""
    now = datetime.now(UTC)
    authority = make_authority(tmp_path, now)
    server = issue(authority, tmp_path, now).ssl_context()
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    return Tls(server, ssl.create_default_context(cafile=str(authority.ca_file)))


async def test_server_without_tls_13_takes_orders(old_tls: Tls) -> None:
    async with misbehaving(old_tls.server) as server:
        fired = await burst(server, ["A0", "A1"], old_tls)
    assert set(fired.kinds().values()) == {OutcomeKind.ACCEPTED}


@pytest.mark.parametrize("moment", ["idle", "loaded", "fired"])
async def test_session_tickets_do_no_harm_and_are_not_the_first_byte(tls: Tls, moment: str) -> None:
    async with staged(tls, keeps_tickets=True) as stage:
        tickets = stage.next.tickets
        assert len(tickets) > 100
        if moment == "idle":
            await stage.next.write(tickets)
        loaded = stage.lane.load([request("A0")])
        if moment == "loaded":
            await stage.next.write(tickets)
        async with firing(loaded) as fired:
            assert await stage.next.request() == request("A0").wire
            if moment == "fired":
                # In two halves: no whole record is there for a while.
                await stage.next.write(tickets[:50])
                await stage.next.write(tickets[50:])
            stage.clock.advance(5)
            await stage.next.say(FINE)
        assert fired.kinds() == {"A0": OutcomeKind.ACCEPTED}
        again, _ = await answered(stage.next, stage.lane.load([request("A0")]))
        assert again.kinds() == {"A0": OutcomeKind.ACCEPTED}
    (answer,) = fired.answers
    assert (answer.first_byte_ns or 0) - (answer.sent_ns or 0) >= 5e9
    assert len(stage.server.peers) == 1


async def test_every_bit_of_an_answers_record_counts(tls: Tls) -> None:
    for place in range(0, 200, 9):
        async with staged(tls) as stage, firing(stage.lane.load([request("A0")])) as fired:
            await stage.next.request()
            record = bytearray(stage.next.seal(FINE))
            record[place % len(record)] ^= 0x10
            await stage.next.write(bytes(record))
            await stage.next.end(Ending.CUT)
        assert fired.kinds() == {"A0": OutcomeKind.UNKNOWN}


@pytest.mark.parametrize("says", [FINE, REFUSAL, b"\x15\x03\x03\x00\x02\x02\x28", b"\x00" * 9])
async def test_answer_that_is_not_encrypted_is_unknown(tls: Tls, says: bytes) -> None:
    async with staged(tls) as stage, firing(stage.lane.load([request("A0")])) as fired:
        await stage.next.request()
        await stage.next.write(says)
    assert fired.kinds() == {"A0": OutcomeKind.UNKNOWN}
    assert fired.answers[0].fault is Fault.MALFORMED


async def test_leave_taken_without_an_answer_is_unknown_at_once(tls: Tls) -> None:
    async with staged(tls) as stage, firing(stage.lane.load([request("A0")])) as fired:
        await stage.next.request()
        await takes_leave(stage.next)
    assert fired.kinds() == {"A0": OutcomeKind.UNKNOWN}
    assert fired.answers[0].fault is Fault.END_OF_STREAM


async def test_leave_taken_along_with_the_answer_ends_the_connection(tls: Tls) -> None:
    async with staged(tls) as stage:
        async with firing(stage.lane.load([request("A0")])) as fired:
            await stage.next.request()
            stage.next.say_at_once(FINE)
            await takes_leave(stage.next)
        assert fired.kinds() == {"A0": OutcomeKind.ACCEPTED}
        await stage.lane.warm(["A0"])
        again, _ = await answered(await stage.server.peer(), stage.lane.load([request("A0")]))
    assert again.kinds() == {"A0": OutcomeKind.ACCEPTED}


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        pytest.param(Ending.CLOSE, OutcomeKind.REFUSED, id="close_notify"),
        pytest.param(Ending.CUT, OutcomeKind.UNKNOWN, id="fin alone"),
        pytest.param(Ending.RESET, OutcomeKind.UNKNOWN, id="rst"),
    ],
)
async def test_answer_without_a_length_needs_close_notify_to_be_whole(
    tls: Tls, ending: Ending, kind: OutcomeKind
) -> None:
    async with staged(tls) as stage, firing(stage.lane.load([request("A0")])) as fired:
        await stage.next.request()
        await stage.next.say(ENDLESS)
        await stage.next.end(ending)
    assert fired.kinds() == {"A0": kind}


async def test_answer_that_came_with_the_handshake_is_no_orders_answer(old_tls: Tls) -> None:
    async with stepped(old_tls.server, along=REFUSAL) as server:
        lane = lane_to(server.port, old_tls)
        await lane.warm(["A0"])
        fired = await fire(lane, ["A0"])
        await lane.close()
        assert (await server.peer()).heard == b""
    assert fired.kinds() == {"A0": OutcomeKind.NOT_SENT}


async def test_order_that_tls_does_not_take_is_not_written(tls: Tls) -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with closing(theirs), closing(Poll()) as poll:
        # A handshake that is not over takes no order, as one that began anew would not.
        connection = Connection(ours, SecretTls(tls.client, "127.0.0.1"), poll, StoppedClock())
        connection.load(request("A0"), lambda *_: pytest.fail("an order that never left"))
        assert not connection.shoot()
        assert connection.unload() == request("A0")
        assert theirs.recv(1) == b""


async def refused(server_side: ssl.SSLContext, client: ssl.SSLContext) -> str:
    """Fire at a server that must not be trusted; return why nothing was sent."""
    async with misbehaving(server_side) as server:
        lane = Lane("127.0.0.1", server.port, client, "127.0.0.1", StoppedClock())
        await lane.warm(["A0"])
        fired = await fire(lane, ["A0"])
        asked = await lane.ask(request("A0"), 1)
        await lane.close()
    assert server.seen.requests == []
    assert fired.kinds() == {"A0": OutcomeKind.NOT_SENT}
    assert asked.fault is Fault.NO_CONNECTION
    return fired.outcomes()["A0"].reason or ""


async def test_certificate_of_another_name_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = x509.SubjectAlternativeName(
        (x509.IPAddress(IPv4Address("127.0.0.2")), x509.DNSName("localhost"))
    )
    monkeypatch.setattr(sim_tls, "LOOPBACK_NAMES", other)
    assert "not trusted" in await refused(*made_at(tmp_path, datetime.now(UTC)))


async def test_certificate_that_has_expired_is_not_trusted(tmp_path: Path) -> None:
    authority = make_authority(tmp_path, datetime.now(UTC))
    old = issue(authority, tmp_path, datetime.now(UTC) - timedelta(days=30)).ssl_context()
    client = ssl.create_default_context(cafile=str(authority.ca_file))
    assert "not trusted" in await refused(old, client)


async def test_certificate_of_an_unknown_authority_is_not_trusted(tls: Tls, tmp_path: Path) -> None:
    server, _ = made_at(tmp_path, datetime.now(UTC))
    assert "ca_file" in await refused(server, tls.client)


async def test_server_that_speaks_no_tls_gets_no_order(tls: Tls) -> None:
    async with misbehaving() as server:
        server.at_connection = Ending.CLOSE
        lane = lane_to(server.port, tls)
        await lane.warm(["A0"])
        assert (await fire(lane, ["A0"])).kinds() == {"A0": OutcomeKind.NOT_SENT}
    assert server.seen.requests == []


def made_at(folder: Path, now: datetime) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return contexts of a server and of a client who trusts its authority."""
    authority = make_authority(folder, now)
    client = ssl.create_default_context(cafile=str(authority.ca_file))
    return issue(authority, folder, now).ssl_context(), client
