"""Where chaos plays: a brokerage that outlives the desks, fresh books and a fresh home per case."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.condors import RISK

from swimdesk.sim.client_home import ClientHome, home_accounts, write_client_home
from swimdesk.sim.clock import SystemClock
from swimdesk.sim.core import SimBroker
from swimdesk.sim.latency import Latency
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.program import describe, token_reply
from swimdesk.sim.server import SimServer
from swimdesk.sim.settings import SimSettings
from swimdesk.sim.tls import issue, make_authority
from swimdesk.views.codec import from_json
from swimdesk.views.models import BroadcastView
from tests.chaos.forks import Ended, Forks, forks
from tests.fakes.audit import Audit, audit
from tests.fakes.sim_client import shares

SYMBOL: Final = "SPY"
FILLS, RESTS, HIGHER = Decimal("1.01"), Decimal("0.92"), Decimal("0.93")
"""Prices of the script, as parts of the market's."""
SLIPPED_S: Final = 8.0
"""A desk with a bug may hang; nobody waits for it as long as for a sound one."""

WAVES: Final = ("all", "all", "1", "canary")


class WallClock(SystemClock):
    """The brokerage's clock; its wall time can be moved to place what is long there."""

    def __init__(self) -> None:
        self.behind = timedelta()

    def now(self) -> datetime:
        """Return the wall time, UTC-aware."""
        return super().now() - self.behind


class Counters:
    """The core that is served: it changes from case to case, its address does not."""

    def __init__(self) -> None:
        self.broker: SimBroker | None = None

    def handle(self, request: SimRequest) -> SimResponse:
        """Return the answer to a request; a case that is over answers nobody."""
        return SimResponse(503) if self.broker is None else self.broker.handle(request)

    def advance(self) -> None:
        """Carry out what is due."""
        if self.broker is not None:
            self.broker.advance()

    def next_due_s(self) -> float | None:
        """Return in how many seconds something is due."""
        return None if self.broker is None else self.broker.next_due_s()


@dataclass(frozen=True, slots=True)
class Case:
    """One home and its brokerage, for one case."""

    yard: Yard
    folder: Path
    broker: SimBroker
    clock: WallClock
    orders: Mapping[str, str]
    before: Counter[str]
    by_hand: set[int]
    """Orders that no desk has sent."""

    @property
    def home(self) -> Path:
        """The home."""
        return self.folder / "home"

    @property
    def database(self) -> Path:
        """The home's database."""
        return self.home / "desk.db"

    async def run(self, act: str, **job: Any) -> Ended:
        """Let a child act on the home; its connections are gone when this returns."""
        ended = await self.yard.forks.run(act, home=str(self.home), **job, **self.yard.slip)
        await self.yard.idle()
        return ended

    async def commands(self, *commands: Mapping[str, Any]) -> list[Ended]:
        """Let children be commands on the home, all from the same moment on."""
        always = {"act": "command", "home": str(self.home), **self.yard.slip}
        jobs = [{**always, **command} for command in commands]
        ended = await self.yard.forks.run_together(jobs)
        await self.yard.idle()
        return ended

    def requests(self) -> Counter[str]:
        """Count what the brokerage was asked in this case."""
        return self.yard.server.traffic.requests - self.before

    def sent(self) -> dict[str, int]:
        """Count the requests that change something: orders, replacements, cancels."""
        requests = self.requests()
        return {name: requests[name] for name in ("order_place", "order_replace", "order_cancel")}

    def ledger(self) -> dict[str, Any]:
        """Return the brokerage's books, without what was placed by hand."""
        self.broker.advance()
        found: dict[str, Any] = json.loads(self.broker.ledger.as_json())
        for account in found["accounts"].values():
            account["orders"] = [one for one in account["orders"] if one["id"] not in self.by_hand]
        return found

    def place_by_hand(self, price: str, ago: timedelta) -> None:
        """Place a share order in every account, as a person did that long ago."""
        self.clock.behind = ago
        for login in self.broker.logins:
            kept = json.loads((self.home / "tokens" / f"{login.name}.json").read_text())
            headers = {"authorization": f"Bearer {kept['token']['access_token']}"}
            headers["content-type"] = "application/json"
            body = json.dumps(shares("BUY", 1, SYMBOL, price)).encode()
            for account in login.accounts:
                path = f"/trader/v1/accounts/{account.hash_value}/orders"
                reply = self.broker.handle(SimRequest("POST", path, {}, headers, body))
                assert reply.status == HTTPStatus.CREATED, reply.body
                self.by_hand.add(account.orders[-1].order_id)
        self.clock.behind = timedelta()

    def audit(self, views: Iterable[Mapping[str, Any]]) -> Audit:
        """Compare what a desk shows with the books."""
        return audit(self.ledger(), [from_json(BroadcastView, dict(view)) for view in views])


@dataclass(frozen=True, slots=True)
class Yard:
    """A served brokerage and a template of desks."""

    forks: Forks
    server: SimServer
    counters: Counters
    latency: Latency
    ca_file: Path
    port: int
    slip: Mapping[str, Any]
    """The bug that is put into every desk, if any."""

    @contextmanager
    def case(self, seed: int, *, accounts: int = 3, logins: int = 2) -> Iterator[Case]:
        """Give fresh books and a fresh home, both gone afterwards."""
        random = Random(seed)
        clock = WallClock()
        broker = SimBroker(SimSettings(accounts=accounts, logins=logins, seed=seed % 7 + 1), clock)
        self.counters.broker = broker
        self.latency.set_range(0, random.choice((0, 0, 2, 10)))
        with TemporaryDirectory(prefix="sd-chaos-", dir="/tmp") as name:
            folder = Path(name)
            self._write_home(folder / "home", broker)
            before = Counter(self.server.traffic.requests)
            try:
                yield Case(self, folder, broker, clock, _orders(broker, random), before, set())
            finally:
                self.counters.broker = None

    async def idle(self) -> None:
        """Wait until nobody is connected and what had arrived was carried out."""
        traffic = self.server.traffic
        async with asyncio.timeout(10):
            await traffic.nobody_connected.wait()
            while traffic.in_flight:  # noqa: ASYNC110 - the server counts and sets no event
                await asyncio.sleep(0.001)

    def _write_home(self, home: Path, broker: SimBroker) -> None:
        description = describe(broker, self.ca_file, self.port, control_token="unused")
        replies = {login.name: token_reply(broker, login.name) for login in broker.logins}
        content = ClientHome(description, home_accounts(broker.logins), replies)
        write_client_home(home, content, datetime.now(UTC))
        with (home / "config.toml").open("a") as config:
            config.write(f'\n{RISK}collar_equity = "50%"\n')


def _orders(broker: SimBroker, random: Random) -> dict[str, str]:
    """Write the script's orders for the prices of this market."""
    quote = broker.market.quote(SYMBOL)
    assert quote is not None

    def price(part: Decimal) -> Decimal:
        return (quote.last * part).quantize(Decimal("0.01"))

    return {
        "fills": f"BUY +1 {SYMBOL} @{price(FILLS)} LMT",
        "rests": f"BUY +1 {SYMBOL} @{price(RESTS)} LMT",
        "price": str(price(HIGHER)),
        "waves": random.choice(WAVES),
        "cancels": random.choice(("early", "late", "late")),
        "closes": random.choice(("", "undo", "flatten")),
        "mark": random.choice(("known", "known", "unknown")),
    }


@asynccontextmanager
async def yard(slip: str = "") -> AsyncIterator[Yard]:
    """Serve while inside; every desk is given that bug."""
    counters, now = Counters(), datetime.now(UTC)
    given = {"slip": slip, "within_s": SLIPPED_S} if slip else {}
    async with forks() as template:
        with TemporaryDirectory(prefix="sd-yard-", dir="/tmp") as name:
            authority = make_authority(Path(name), now)
            tls = issue(authority, Path(name), now).ssl_context()
            latency = Latency((0, 0), seed=1)
            server = SimServer(counters, tls, latency=latency)
            ((_, port),) = await server.start()
            try:
                yield Yard(template, server, counters, latency, authority.ca_file, port, given)
            finally:
                await server.stop()
