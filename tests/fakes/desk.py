"""A whole desk on fakes and virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from swimdesk.desk.assembly import DeskSettings, Outside
from swimdesk.desk.desk import Desk
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.ports import Clock, LoginHealth, Logins, TokenSource
from swimdesk.desk.signing import SignInTerms
from swimdesk.domain.accounts import Account
from swimdesk.domain.risk import RiskLimits
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.models import BroadcastView, PlanView
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest
from tests.fakes.broker import FakeBroker
from tests.fakes.builders import CONDOR, roomy_limits, some_accounts
from tests.fakes.journal import MemoryJournal
from tests.fakes.virtual import VirtualClock

_NUMBERS = count(1)


class CountingIds:
    """Identifiers that count up, over all desks of a test."""

    def mint(self) -> str:
        """Return the next identifier."""
        return f"ID-{next(_NUMBERS):06d}"

    def mint_many(self, count: int) -> list[str]:
        """Return the next identifiers."""
        return [self.mint() for _ in range(count)]


class MemorySentinel:
    """A halt file in memory."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.at = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)

    def reason(self) -> str | None:
        """Return what the file says."""
        return self.text

    def since(self) -> datetime | None:
        """Return when the file was written."""
        return self.at if self.text is not None else None

    def raise_(self, reason: str) -> None:
        """Write the file."""
        self.text = reason

    def clear(self) -> None:
        """Remove the file."""
        self.text = None


class NoTokens:
    """A token source that is never asked by a fake broker."""

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Give a token."""
        return Secret("token")

    def current(self, login: str, *, min_life_s: float = 0.0) -> Secret | None:
        """Give a token."""
        return Secret("token")

    async def replace_rejected(self, login: str, rejected: Secret) -> Secret:
        """Give a token."""
        return Secret("token")

    def health(self) -> tuple[LoginHealth, ...]:
        """Know nothing."""
        return ()


@dataclass
class Bench:
    """A desk with everything around it in the test's hand."""

    desk: Desk
    broker: FakeBroker
    journal: MemoryJournal
    sentinel: MemorySentinel
    ids: CountingIds = field(default_factory=CountingIds)

    async def plan(self, order: str = CONDOR, **request: object) -> PlanView:
        """Preview over all accounts."""
        scope = request.pop("scope", Scope(everyone=True))
        return await self.desk.preview(PlanRequest(order, scope, **request))  # type: ignore[arg-type]

    async def submit(self, plan: PlanView, **request: object) -> BroadcastView:
        """Send a plan."""
        chosen = {"broadcast": f"B-{self.ids.mint()}", **request}
        return await self.desk.submit(SubmitRequest(plan.plan, **chosen))  # type: ignore[arg-type]

    async def send(
        self, order: str = CONDOR, *, wait_s: float = 10.0, **request: object
    ) -> BroadcastView:
        """Preview, send and follow."""
        shown = await self.submit(await self.plan(order), **request)
        return await self.desk.follow(shown.broadcast, wait_s)


@asynccontextmanager
async def a_desk(
    accounts: int | tuple[Account, ...] = 4,
    *,
    limits: RiskLimits | None = None,
    journal: MemoryJournal | None = None,
    broker: FakeBroker | None = None,
    sentinel: MemorySentinel | None = None,
    horizons: Horizons | None = None,
    clock: Clock | None = None,
    tokens: TokenSource | None = None,
    logins: Logins | None = None,
    sign_in: SignInTerms | None = None,
) -> AsyncIterator[Bench]:
    """Start a desk on fakes; use inside ``run_virtual``, or with a clock of the test's own."""
    clock = clock or VirtualClock()
    known = some_accounts(accounts) if isinstance(accounts, int) else accounts
    broker = broker or FakeBroker(clock, known)
    journal = journal or MemoryJournal(now=clock.now)
    sentinel = sentinel or MemorySentinel()
    outside = Outside(
        broker, broker, journal, tokens or NoTokens(), sentinel, clock, CountingIds(), logins
    )
    settings = DeskSettings(
        "paper",
        Path("/home"),
        limits or roomy_limits(),
        horizons=horizons or Horizons(),
        sign_in=sign_in or SignInTerms(),
    )
    desk = Desk(outside, settings)
    await desk.start()
    try:
        yield Bench(desk, broker, journal, sentinel)
    finally:
        await desk.close()


async def kill(bench: Bench) -> None:
    """Stop a desk as a kill would: no task finishes anything."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.sleep(0)
