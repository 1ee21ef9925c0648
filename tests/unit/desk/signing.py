"""A desk with two logins of two accounts each, and what signs them in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fakes.broker import Act, FakeBroker
from tests.fakes.builders import some_accounts
from tests.fakes.desk import Bench, a_desk
from tests.fakes.journal import MemoryJournal
from tests.fakes.logins import CALLBACK, FakeLogins, FakeTokens
from tests.fakes.virtual import VirtualClock

from swimdesk.desk.evidence import Horizons
from swimdesk.desk.signing import SignInTerms
from swimdesk.domain.broadcast import Broadcast
from swimdesk.views.requests import Scope
from swimdesk.views.signing import BeginSignIn, FinishSignIn, SignInStart

LOGIN, OTHER = "login-01", "login-02"


class SlowJournal(MemoryJournal):
    """A journal that takes half a second to write a broadcast down."""

    async def open_broadcast(self, broadcast: Broadcast) -> None:
        """Take its time."""
        await asyncio.sleep(0.5)
        await super().open_broadcast(broadcast)


class SlowNotes(MemoryJournal):
    """A journal on a disk that takes a minute for a note."""

    async def note(self, at: datetime, kind: str, text: str) -> None:
        """Take its time."""
        await asyncio.sleep(60)
        await super().note(at, kind, text)


@dataclass
class SignInBench:
    """A desk with two logins of two accounts each."""

    bench: Bench
    logins: FakeLogins
    tokens: FakeTokens

    async def begin(self, login: str = LOGIN, mark: str | None = None) -> SignInStart:
        return await self.bench.desk.begin_sign_in(BeginSignIn(login, "assisted", mark))

    async def finish(self, start: SignInStart, code: str = "C0.code@") -> None:
        callback = f"{CALLBACK}?state={start.state}&code={code}"
        await self.bench.desk.finish_sign_in(FinishSignIn(start.attempt, callback))

    async def signed_in(self, login: str = LOGIN) -> None:
        await self.finish(await self.begin(login))

    @property
    def notes(self) -> list[str]:
        return [text for _, kind, text in self.bench.journal.notes if kind == "sign-in"]


@asynccontextmanager
async def a_bench(
    journal: MemoryJournal | None = None,
    *,
    is_read: bool = True,
    clock: VirtualClock | None = None,
    **acts: Act,
) -> AsyncIterator[SignInBench]:
    clock = clock or VirtualClock()
    accounts = some_accounts(4, per_login=2)
    broker = FakeBroker(clock, accounts)
    broker.acts |= {name.replace("_", "-"): act for name, act in acts.items()}
    tokens = FakeTokens(clock)
    for login in (LOGIN, OTHER):
        tokens.sign_in(login)
    logins = FakeLogins(tokens)
    terms = SignInTerms({LOGIN: "assisted"}, {LOGIN: (accounts[0].last4,)})
    async with a_desk(
        accounts,
        broker=broker,
        clock=clock,
        tokens=tokens,
        logins=logins,
        sign_in=terms,
        journal=journal,
        horizons=Horizons(timedelta(seconds=20), timedelta(seconds=60)),
    ) as bench:
        if is_read:
            await bench.desk.accounts(Scope(everyone=True))
        yield SignInBench(bench, logins, tokens)
