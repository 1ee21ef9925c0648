"""One product in a process of its own, with a console over it or without one.

``python -m swimdesk.bench.beside console|alone HOME PORT CA_FILE ACCOUNTS COMMANDS ANSWERS``; the
last two are descriptors. Each command is a line of JSON: ``{"wait_s": 0.6}`` makes a plan, waits
while the console paints, fires and answers with the shot; ``{"seen": […]}`` settles it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Final

from swimdesk.bench.product import EVERY_ACCOUNT, Product, product
from swimdesk.bench.responding import Place, Seen
from swimdesk.bench.shots import Shot
from swimdesk.bootstrap import SystemClock, Ulids
from swimdesk.console.app import Console
from swimdesk.console.session import LONGEST_ARMED_MIN, Stage
from swimdesk.desk.desk import Desk
from swimdesk.domain.events import HoldingsRead
from swimdesk.errors import InvariantBroken
from swimdesk.views.models import PlanView

PER_SECOND: Final = 4
LOOK_S: Final = 0.05


class Typed:
    """Plans and sends through the console, as a hand on its keys does."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def plan(self, order: str) -> PlanView:
        """Stage an order over all accounts, arm, and have it planned."""
        session, trading = self._console.session, self._console.trading
        session.arm(SystemClock().now(), LONGEST_ARMED_MIN)
        trading.put(Stage(order, EVERY_ACCOUNT))
        await trading.preview()
        plan = session.stage.plan if session.stage else None
        if plan is None:
            raise InvariantBroken("the console made no plan")
        return plan

    async def send(self, plan: PlanView) -> None:
        """Send the confirmed plan, with all painting held as the console holds it."""
        await self._console.trading.send(plan)


@asynccontextmanager
async def showing(own: Product) -> AsyncIterator[None]:
    """Show the console with its accounts on this process's terminal while inside."""
    console = Console(own.desk, now=SystemClock().now, mint=Ulids().mint, first="ACC")
    own.sender = Typed(console)
    async with asyncio.TaskGroup() as group:
        shown = group.create_task(console.run_async())
        while len(console.board.holdings) < len(own.accounts):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
        yield
        console.exit(0)
        await shown


async def stir(desk: Desk) -> None:
    """Change what every account is worth, four times a second, for ever."""
    for turn in count():
        snapshot = desk.book.snapshot
        changed = {
            alias: replace(one, liquidation_value=one.cash + Decimal(turn % 100) / 100)
            for alias, one in snapshot.balances.items()
        }
        desk.recorder.publish(HoldingsRead(changed, {}))
        await asyncio.sleep(1 / PER_SECOND)


async def shoot(own: Product, wait_s: float) -> Shot:
    """Make a plan, let the news of accounts come in for a while, and confirm in the midst of it.

    They come without a console too: painting is then the one thing that differs.
    """
    await own.prepare()
    gc.collect()
    async with asyncio.TaskGroup() as group:
        news = group.create_task(stir(own.desk))
        await asyncio.sleep(wait_s)
        shot = await own.fire()
        news.cancel()
    return shot


async def serve(own: Product, commands: int, answers: int) -> None:
    """Carry out commands until there are no more."""
    reader = asyncio.StreamReader(limit=1 << 24)
    loop = asyncio.get_running_loop()
    with os.fdopen(commands, "rb") as pipe:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        _say(answers, {})
        while line := await reader.readline():
            command: dict[str, Any] = json.loads(line)
            if "wait_s" in command:
                _say(answers, asdict(await shoot(own, command["wait_s"])))
            else:
                await own.settle([Seen(*row) for row in command["seen"]])
                _say(answers, {})


async def run(
    console: bool, home: Path, place: Place, accounts: int, pipes: tuple[int, int]
) -> None:
    """Open the product, and the console over it where one is wanted, and serve."""
    async with product(place, home, accounts) as own:
        if not console:
            return await serve(own, *pipes)
        async with showing(own):
            await serve(own, *pipes)
    return None


def _say(answers: int, answer: dict[str, Any]) -> None:
    os.write(answers, json.dumps(answer).encode() + b"\n")


def main(
    what: str, home: str, port: str, ca_file: str, accounts: str, commands: str, answers: str
) -> None:
    """Run as the command line says."""
    import uvloop

    pipes = (int(commands), int(answers))
    place = Place(int(port), Path(ca_file))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(what == "console", Path(home), place, int(accounts), pipes))


if __name__ == "__main__":
    main(*sys.argv[1:])
