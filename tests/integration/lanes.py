"""What the lane's tests share: requests, a lane to a fake server, and what a burst reported."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.fakes.misbehaving import MisbehavingServer
from tests.unit.schwab.support import StoppedClock

from swimdesk.desk.ports import Outcome, OutcomeKind
from swimdesk.schwab.lane import Lane, LaneBurst, LaneRequest
from swimdesk.schwab.outcomes import Answer, outcome_of
from swimdesk.sim.tls import issue, make_authority

BODY = b'{"orderType":"MARKET"}'
DEADLINE_S = 20.0


@dataclass(frozen=True, slots=True)
class Tls:
    """Both sides' contexts of one authority."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@dataclass
class Fired:
    """What a burst reported, in order."""

    answers: list[Answer] = field(default_factory=list)
    sent: int = 0

    def on_sent(self) -> None:
        self.sent += 1

    def outcomes(self) -> dict[str, Outcome]:
        return {a.account: outcome_of(a, a.account) for a in self.answers}

    def kinds(self) -> dict[str, OutcomeKind]:
        return {account: outcome.kind for account, outcome in self.outcomes().items()}


def accounts(count: int) -> list[str]:
    """Return names that serve as alias and as the hash in the path."""
    return [f"A{number}" for number in range(count)]


def request(account: str, body: bytes = BODY) -> LaneRequest:
    head = (
        f"POST /trader/v1/accounts/{account}/orders HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer t\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return LaneRequest(f"ref-{account}", account, head.encode() + body)


def authority_in(folder: Path) -> Tls:
    """Make an authority there, and both sides' contexts."""
    now = datetime.now(UTC)
    authority = make_authority(folder, now)
    server = issue(authority, folder, now).ssl_context()
    return Tls(server, ssl.create_default_context(cafile=str(authority.ca_file)))


def server_side(tls: Tls | None) -> ssl.SSLContext | None:
    return tls.server if tls else None


def lane_to(
    port: int, tls: Tls | None = None, clock: StoppedClock | None = None, *, spares: bool = False
) -> Lane:
    context = tls.client if tls else None
    return Lane("127.0.0.1", port, context, "127.0.0.1", clock or StoppedClock(), spares=spares)


async def fire(lane: Lane, names: Sequence[str], deadline_s: float = DEADLINE_S) -> Fired:
    return await fire_loaded(lane.load([request(n) for n in names]), deadline_s)


async def fire_loaded(loaded: LaneBurst, deadline_s: float = DEADLINE_S) -> Fired:
    fired = Fired()
    await loaded.fire(fired.on_sent, fired.answers.append, deadline_s)
    return fired


async def burst(server: MisbehavingServer, names: Sequence[str], tls: Tls | None = None) -> Fired:
    """Warm, fire once and close."""
    lane = lane_to(server.port, tls)
    try:
        await lane.warm(names)
        return await fire(lane, names)
    finally:
        await lane.close()
