"""The whole adapter against a misbehaving broker: reads without sockets, orders over real TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import httpx
import pytest
import stamina
from tests.fakes.misbehaving import (
    ORDER_ID,
    Ending,
    MisbehavingServer,
    Script,
    misbehaving,
    response,
    unused_port,
)
from tests.integration.lanes import Tls
from tests.unit.schwab.site import Site, hash_of
from tests.unit.schwab.support import vertical

from swimdesk.desk.ports import LineOrder, Outcome, OutcomeKind, Prepared
from swimdesk.errors import BrokerUnreachable, LoginRequired
from swimdesk.schwab.client import SchwabBroker

ALL = ("smith-1", "smith-2", "jones-1")


@dataclass
class Burst:
    """What one call of fire reported."""

    outcomes: list[Outcome] = field(default_factory=list)
    sent_after: list[int] = field(default_factory=list)

    def on_sent(self) -> None:
        self.sent_after.append(len(self.outcomes))

    def kinds(self) -> dict[str, OutcomeKind]:
        return {outcome.ref: outcome.kind for outcome in self.outcomes}


def broker_at(port: int, site: Site, tls: Tls) -> SchwabBroker:
    return SchwabBroker(
        api_url=f"https://127.0.0.1:{port}",
        ssl_context=tls.client,
        tokens=site.tokens,
        logins=("smith", "jones"),
        accounts=(),
        clock=site.clock,
        transport=httpx.MockTransport(site.handle),
    )


def prepared(broker: SchwabBroker, accounts: Sequence[str] = ALL) -> Prepared:
    return broker.prepare([LineOrder(account, account, vertical()) for account in accounts])


async def fire(broker: SchwabBroker, orders: Prepared) -> Burst:
    burst = Burst()
    await broker.load(orders).fire(burst.on_sent, burst.outcomes.append)
    return burst


def posts(server: MisbehavingServer) -> dict[str, bytes]:
    """Return the requests by the hash in their path."""
    return {request.split(b"/")[4].decode(): request for request in server.seen.requests}


async def test_each_account_gets_its_own_request_on_its_own_connection(tls: Tls) -> None:
    site = Site()
    async with misbehaving(tls.server) as server:
        broker = broker_at(server.port, site, tls)
        await broker.ready(ALL)
        orders = prepared(broker)
        burst = await fire(broker, orders)
        await broker.aclose()
    assert set(burst.kinds().values()) == {OutcomeKind.ACCEPTED}
    assert {outcome.order_id for outcome in burst.outcomes} == {ORDER_ID}
    assert burst.sent_after == [0]
    assert server.seen.connections == len(server.seen.requests) == 3
    request = posts(server)[hash_of("22220001")]
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.decode().split("\r\n") == [
        f"POST /trader/v1/accounts/{hash_of('22220001')}/orders HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Authorization: Bearer first.jones",
        "Accept: application/json",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    assert body == orders.orders[2].body
    assert site.tokens.asked_life_s.count(300.0) == 2


async def test_order_that_replaces_another_is_a_put_on_that_order(tls: Tls) -> None:
    async with misbehaving(tls.server) as server:
        broker = broker_at(server.port, Site(), tls)
        await broker.ready(["smith-1"])
        (order,) = prepared(broker, ["smith-1"]).orders
        burst = await fire(broker, Prepared((replace(order, replaces="77"),)))
        await broker.aclose()
    assert [(one.kind, one.order_id) for one in burst.outcomes] == [
        (OutcomeKind.ACCEPTED, ORDER_ID)
    ]
    (request,) = server.seen.requests
    path = f"/trader/v1/accounts/{hash_of('11110001')}/orders/77"
    assert request.startswith(f"PUT {path} HTTP/1.1\r\n".encode())
    assert request.endswith(b"\r\n\r\n" + order.body)


async def test_what_is_no_order_id_is_never_put_into_a_path(tls: Tls) -> None:
    async with misbehaving(tls.server) as server:
        broker = broker_at(server.port, Site(), tls)
        await broker.ready(["smith-1"])
        (order,) = prepared(broker, ["smith-1"]).orders
        for wrong in ("", "77/../78", "77 HTTP/1.1\r\nX: y", "word"):
            burst = await fire(broker, Prepared((replace(order, replaces=wrong),)))
            assert [one.kind for one in burst.outcomes] == [OutcomeKind.NOT_SENT]
        await broker.aclose()
    assert not server.seen.requests


@pytest.mark.parametrize(
    "script",
    [
        Script(ending=Ending.CLOSE),
        Script(ending=Ending.CUT),
        Script(ending=Ending.RESET),
        Script(b"HTTP/1.1 20", Ending.CLOSE),
        Script(response(401)),
        Script(response(500)),
        Script(response(503)),
    ],
    ids=["closed", "cut", "reset", "half a head", "401", "500", "503"],
)
async def test_replacement_is_never_sent_again_whatever_the_answer(
    tls: Tls, script: Script
) -> None:
    site = Site()
    async with misbehaving(tls.server) as server:
        server.scripts[hash_of("11110001")] = script
        broker = broker_at(server.port, site, tls)
        await broker.ready(["smith-1"])
        (order,) = prepared(broker, ["smith-1"]).orders
        burst = await fire(broker, Prepared((replace(order, replaces="77"),)))
        await broker.aclose()
    assert len(burst.outcomes) == 1
    assert burst.outcomes[0].kind in {OutcomeKind.UNKNOWN, OutcomeKind.REFUSED}
    assert len(server.seen.requests) == 1
    assert site.tokens.replaced == []


async def test_location_of_another_of_our_accounts_is_not_bound(tls: Tls) -> None:
    foreign = f"/trader/v1/accounts/{hash_of('11110002')}/orders/9"
    async with misbehaving(tls.server) as server:
        server.scripts[hash_of("11110001")] = Script(response(201, headers={"Location": foreign}))
        broker = broker_at(server.port, Site(), tls)
        await broker.ready(["smith-1"])
        (outcome,) = (await fire(broker, prepared(broker, ["smith-1"]))).outcomes
        await broker.aclose()
    assert (outcome.kind, outcome.order_id) == (OutcomeKind.ACCEPTED, None)


async def test_login_without_a_token_is_not_sent_and_the_others_go(tls: Tls) -> None:
    site = Site()
    async with misbehaving(tls.server) as server:
        broker = broker_at(server.port, site, tls)
        await broker.discover()
        site.tokens.dead = {"smith"}
        with pytest.raises(LoginRequired):
            await broker.ready(ALL)
        burst = await fire(broker, prepared(broker))
        await broker.aclose()
    assert burst.kinds() == {
        "smith-1": OutcomeKind.NOT_SENT,
        "smith-2": OutcomeKind.NOT_SENT,
        "jones-1": OutcomeKind.ACCEPTED,
    }
    assert set(posts(server)) == {hash_of("22220001")}


async def test_tokens_that_cannot_be_saved_keep_no_good_token_from_sending(tls: Tls) -> None:
    site = Site()
    async with misbehaving(tls.server) as server:
        broker = broker_at(server.port, site, tls)
        await broker.discover()
        site.tokens.unsaved = {"smith"}
        await broker.ready(ALL)
        burst = await fire(broker, prepared(broker))
        await broker.aclose()
    assert set(burst.kinds().values()) == {OutcomeKind.ACCEPTED}


async def test_account_that_was_never_discovered_is_not_sent(tls: Tls) -> None:
    async with misbehaving(tls.server) as server:
        broker = broker_at(server.port, Site(), tls)
        burst = await fire(broker, prepared(broker))
    assert set(burst.kinds().values()) == {OutcomeKind.NOT_SENT}
    assert burst.sent_after == [0]
    assert server.seen.connections == 0


async def test_broker_that_is_down_is_not_sent_and_says_so(tls: Tls) -> None:
    broker = broker_at(unused_port(), Site(), tls)
    await broker.ready(ALL)
    burst = await fire(broker, prepared(broker))
    assert set(burst.kinds().values()) == {OutcomeKind.NOT_SENT}
    assert "refuses the connection" in (burst.outcomes[0].reason or "")


@pytest.mark.parametrize("status", [401, 403, 429, 500])
async def test_order_is_never_sent_again_whatever_the_answer(tls: Tls, status: int) -> None:
    site = Site()
    async with misbehaving(tls.server) as server:
        for number in ("11110001", "11110002"):
            server.scripts[hash_of(number)] = Script(response(status))
        server.scripts[hash_of("22220001")] = Script(ending=Ending.RESET)
        broker = broker_at(server.port, site, tls)
        await broker.ready(ALL)
        burst = await fire(broker, prepared(broker))
        await broker.aclose()
    assert len(burst.outcomes) == len(server.seen.requests) == 3
    assert burst.kinds()["jones-1"] is OutcomeKind.UNKNOWN
    refused = OutcomeKind.UNKNOWN if status == 500 else OutcomeKind.REFUSED
    assert burst.kinds()["smith-1"] is refused
    assert site.tokens.replaced == []


async def test_failing_callbacks_lose_no_outcome(tls: Tls) -> None:
    site = Site()
    troubles: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, c: troubles.append(c["exception"]))
    reported: list[str] = []

    def on_outcome(outcome: Outcome) -> None:
        reported.append(outcome.ref)
        raise RuntimeError(outcome.ref)

    def on_sent() -> None:
        raise ValueError("painting")

    async with misbehaving(tls.server) as server:
        broker = broker_at(server.port, site, tls)
        await broker.ready(ALL)
        site.tokens.dead = {"jones"}
        await broker.load(prepared(broker)).fire(on_sent, on_outcome)
        await broker.aclose()
    assert sorted(reported) == sorted(ALL)
    assert len(troubles) == 4


def reading(port: int, context: ssl.SSLContext) -> SchwabBroker:
    site = Site()
    return SchwabBroker(
        api_url=f"https://127.0.0.1:{port}",
        ssl_context=context,
        tokens=site.tokens,
        logins=("smith",),
        accounts=(),
        clock=site.clock,
    )


async def test_read_from_nobody_names_host_and_cause(tls: Tls) -> None:
    broker = reading(unused_port(), tls.client)
    with stamina.set_testing(True):
        found = await broker.discover()
    assert isinstance(found.objection, BrokerUnreachable)
    assert "127.0.0.1 refuses" in found.objection.detail
    await broker.aclose()


async def test_read_under_an_untrusted_certificate_names_the_setting(tls: Tls) -> None:
    async with misbehaving(tls.server) as server:
        broker = reading(server.port, ssl.create_default_context())
        found = await broker.discover()
        assert isinstance(found.objection, BrokerUnreachable)
        assert "ca_file" in found.objection.detail
        await broker.aclose()
