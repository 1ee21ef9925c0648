"""The console in a test's hand: real screens over a real desk on a fake broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from textual.pilot import Pilot

from swimdesk.console.app import Console
from swimdesk.console.shell.keymap import Keymap
from swimdesk.console.signing.work import SignIn
from swimdesk.desk.desk import Desk
from swimdesk.desk.facade import DeskFacade
from swimdesk.domain.accounts import Account
from swimdesk.domain.risk import RiskLimits
from swimdesk.views.requests import Scope
from tests.fakes.broker import FakeBroker
from tests.fakes.builders import CONDOR, some_accounts
from tests.fakes.clock import SteadyClock
from tests.fakes.desk import Bench, a_desk
from tests.fakes.logins import FakeTokens

PATIENCE_S = 15.0
"""A condition that is not true by then fails the test."""


@dataclass(frozen=True)
class Stage:
    """A console that runs, the keys to it, and the desk behind it."""

    console: Console
    pilot: Pilot[int]
    bench: Bench
    clock: SteadyClock

    @property
    def broker(self) -> FakeBroker:
        """The broker behind the desk."""
        return self.bench.broker

    async def press(self, *keys: str) -> None:
        """Press keys one after the other and let the console come to rest."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str, *, enter: bool = True) -> None:
        """Type on the command line."""
        await self.press("colon")
        self.console.prompt.value = text
        self.console.prompt.cursor_position = len(text)
        if enter:
            await self.press("enter")

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something is true; the test fails, saying what, if it never is."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds():
                    await self.pilot.pause(0.01)
        except TimeoutError:
            raise AssertionError(f"never happened: {what}\n{self.text()}") from None
        await self.pilot.pause()

    def text(self) -> str:
        """Return what stands on the screen, line by line."""
        return screen_text(self.console)

    async def plan(self, order: str = f"{CONDOR} all") -> None:
        """Stage an order and wait for its plan."""
        await self.type(order)
        session = self.console.session
        await self.until(
            lambda: session.stage is not None and session.stage.plan is not None, "a plan"
        )


def screen_text(console: Console) -> str:
    """Return the text of the screen as the terminal shows it."""
    screen = console.screen
    return "\n".join(
        "".join(segment.text for segment in strip).rstrip()
        for strip in screen._compositor.render_strips()
    )


@asynccontextmanager
async def a_console(
    size: tuple[int, int] = (120, 40),
    *,
    accounts: int | tuple[Account, ...] = 8,
    first: str = "ACC",
    limits: RiskLimits | None = None,
    furnish: Callable[[FakeBroker], None] | None = None,
    keymap: Keymap | None = None,
    home: Path | None = None,
    around: Callable[[Desk], DeskFacade] = lambda desk: desk,
    sign_in: SignIn | None = None,
    grants: Callable[[FakeTokens], None] | None = None,
) -> AsyncIterator[Stage]:
    """Run the console without a terminal; the clock stands still until the test moves it.

    ``around`` puts something between the console and its desk; ``grants`` gives logins theirs.
    """
    clock = SteadyClock()
    known = some_accounts(accounts) if isinstance(accounts, int) else accounts
    broker = FakeBroker(clock, known, latency_s=0.0)
    if furnish is not None:
        furnish(broker)
    numbers = count(1)
    tokens = FakeTokens(clock)
    if grants is not None:
        grants(tokens)
    async with a_desk(
        known, broker=broker, clock=clock, limits=limits, tokens=tokens if grants else None
    ) as bench:
        await bench.desk.balances(Scope(everyone=True))
        console = Console(
            around(bench.desk),
            now=clock.now,
            mint=lambda: f"01B{next(numbers):023d}",
            first=first,
            keymap=keymap,
            home=home,
            sign_in=sign_in,
        )
        async with console.run_test(size=size) as pilot:
            stage = Stage(console, pilot, bench, clock)
            await stage.until(lambda: console.board.status is not None, "the first news")
            market = console.frame
            await stage.until(
                lambda: bool(market.market.indices) or not market.indices.display, "the market"
            )
            yield stage
