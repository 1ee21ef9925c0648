"""Make the pictures of the README from the real console on the simulated brokerage."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from swimdesk.bootstrap import Ulids, open_desk
from swimdesk.bootstrap.home import SystemClock
from swimdesk.cli.condor import choose_condor
from swimdesk.console.app import Console
from tests.console.stage import screen_text
from tests.fakes.sim_process import sim_process

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SIZE = (120, 36)
SIM = ("--seed", "11", "--latency-ms", "40:120", "--market", "open")
PATIENCE_S = 20.0


class Sitting:
    """A console with a real desk behind it, at which pictures are taken."""

    def __init__(self, console: Console, pilot: Pilot[int]) -> None:
        self._console = console
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self._pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Enter a line on the command line."""
        await self.press("colon")
        self._console.prompt.value = text
        await self.press("enter")

    async def until(self, holds: Callable[[str], bool]) -> None:
        """Wait until the screen's text is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds(screen_text(self._console)):
                await self._pilot.pause(0.05)

    def take(self, name: str) -> None:
        """Write the screen as a picture."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        picture = self._console.export_screenshot(title="swimdesk", simplify=True)
        (FOLDER / f"{name}.svg").write_text(picture, "utf-8")


async def take_pictures() -> None:
    """Pick from the chain, plan for every account, send, and follow to the fills."""
    with tempfile.TemporaryDirectory(prefix="sd-") as folder:
        home = Path(folder) / "home"
        async with sim_process(home, *SIM), open_desk(home, stays=True) as desk:
            order = await choose_condor(desk)
            console = Console(desk, now=SystemClock().now, mint=Ulids().mint)
            async with console.run_test(size=SIZE) as pilot:
                sitting = Sitting(console, pilot)
                await sitting.until(lambda text: "acc 48" in text)
                await sitting.type("SPX OMON")
                await sitting.until(lambda text: "delta" in text.lower() and "6" in text)
                await pilot.pause(3)
                sitting.take("chain")
                await sitting.type(f"{order} all")
                await sitting.until(lambda text: " send" in text and "max loss" in text.lower())
                await pilot.pause(3)
                sitting.take("ticket")
                await sitting.press("f8", "f10")
                await sitting.until(lambda text: "SEND" in text and "Cancel" in text)
                await pilot.pause(0.5)
                await sitting.press("Y")
                await sitting.until(lambda text: "filled" in text and "working 0" in text)
                await pilot.pause(2)
                sitting.take("blotter")


if __name__ == "__main__":
    asyncio.run(take_pictures())
