"""Where a scenario plays: a simulated brokerage, a home logged in there, the commands run on it."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.condors import varying_condors
from tests.e2e.books import broadcast_ids
from tests.e2e.commands import Commands, Finished, Running, bare_environment
from tests.e2e.leaks import leaks_in, secrets_of
from tests.e2e.waiting import until, until_told
from tests.fakes.audit import Audit, audit
from tests.fakes.sim_process import SimProcess, sim_process

from swimdesk.bootstrap import open_desk
from swimdesk.cli.condor import condor_text
from swimdesk.domain.orderlang import parse, print_ticket
from swimdesk.views.codec import from_json
from swimdesk.views.models import BroadcastView, ChainView

HASTE = {
    # Narrow condors are quoted wide: what fills at once is further below mid than a person goes.
    "SWIMDESK_RISK__COLLAR_OPTION": "100%",
    "SWIMDESK_RISK__BROADCASTS_PER_MINUTE": "100",
}
"""Limits that scenarios need and persons do not."""

CONCESSION = Decimal("0.20")
"""So much less than the market gives now, to be filled at once; well within the price collar."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One home with its brokerage; every command that runs is searched for secrets at the end."""

    sim: SimProcess
    home: Path
    commands: Commands

    # --- commands ----------------------------------------------------------------------------

    async def start(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        most_bytes: int | None = None,
        to_pipes: bool = False,
    ) -> Running:
        """Start a command on this home."""
        return await self.commands.start(
            "--home", str(self.home), *arguments,
            environment=environment,
            most_bytes=most_bytes,
            to_pipes=to_pipes,
        )  # fmt: skip

    async def run(self, *arguments: str) -> Finished:
        """Run a command to its end."""
        return await (await self.start(*arguments)).finished()

    async def ask(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Run a command with ``--json`` and return its document."""
        return (await self.run(*arguments, "--json")).document(code)

    async def refusal(self, code: int, *arguments: str) -> dict[str, Any]:
        """Run a command that must end with this exit code; return its error."""
        return (await self.run(*arguments, "--json")).error(code)

    async def send(self, order: str, *options: str) -> Finished:
        """Send an order to every account."""
        return await self.run("send", order, "--all", "--yes", "--json", *options)

    async def learn_mark(self) -> BroadcastView:
        """Send an order to every account and see it, so that the mark on our orders is known."""
        sent = view_of((await self.send("BUY +1 AAPL @nat")).document())
        assert {line.state for line in sent.lines} == {"filled"}
        return sent

    async def start_send(self, order: str, key: str, *options: str) -> Running:
        """Begin to send an order to every account, under a key."""
        return await self.start("send", order, "--all", "--yes", "--json", "--key", key, *options)

    @asynccontextmanager
    async def daemon(self, environment: Mapping[str, str] | None = None) -> AsyncIterator[Running]:
        """Run the daemon, ready to serve; the scenario ends it, or else it is killed."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
            name = f"swimdesk-e2e-{uuid4()}"
            manager.bind(f"\0{name}")
            told = {"NOTIFY_SOCKET": f"@{name}", **(environment or {})}
            running = await self.start("--no-ui", environment=told)
            await until(lambda: running.is_over or _heard(manager), "the daemon is ready")
            assert not running.is_over, (await running.finished()).err
        try:
            yield running
        finally:
            await running.end()

    # --- the brokerage -----------------------------------------------------------------------

    async def latency(self, min_ms: float, max_ms: float) -> None:
        """Let answers take that long from now on."""
        await self.sim.control("POST", "/latency", {"min_ms": min_ms, "max_ms": max_ms})

    async def requests(self) -> Counter[str]:
        """Count what the brokerage was asked so far, once nothing is under way."""

        async def counts() -> dict[str, Any] | None:
            found: dict[str, Any] = await self.sim.control("GET", "/counts")
            return None if found["in_flight"] else found

        return Counter((await until_told(counts, "the brokerage is idle"))["requests"])

    async def posts(self) -> int:
        """Count the orders that were posted so far."""
        return (await self.requests())["order_place"]

    def all_posted(self, number: int) -> Callable[[], Awaitable[bool]]:
        """Return the question whether that many orders have arrived, answered or not."""

        async def arrived() -> bool:
            counts = await self.sim.control("GET", "/counts")
            return bool(counts["requests"].get("order_place", 0) >= number)

        return arrived

    async def posts_by_account(self) -> dict[str, int]:
        """Count the posted orders of every account, by its last four digits."""
        accounts = (await self.sim.ledger())["accounts"].values()
        return {account["last4"]: account["posts"] for account in accounts}

    # --- orders and their proof --------------------------------------------------------------

    async def condors(self, count: int) -> list[str]:
        """Write different iron condors that the market fills; only while nobody owns the home."""
        async with open_desk(self.home) as desk:
            return [*await varying_condors(desk, count)]

    async def condor(self) -> str:
        """Write an iron condor that the market fills; only while nobody owns the home."""
        return (await self.condors(1))[0]

    async def wide_condor(self) -> str:
        """Write an order from what `chain` prints, as a program beside ours would, to fill at once.

        Twenty points wide: what closing it costs at once is less than it can be worth.
        """
        day = (await self.ask("chain", "$SPX"))["expiries"][5]
        chain = await self.ask("chain", "$SPX", "--expiry", day, "--strikes", "160")
        ticket = parse(condor_text(from_json(ChainView, chain)))
        assert ticket.price is not None
        return print_ticket(replace(ticket, price=ticket.price - CONCESSION))

    async def views(self) -> list[BroadcastView]:
        """Ask the program for every broadcast of the home."""
        documents = [await self.ask("broadcasts", found) for found in broadcast_ids(self.home)]
        return [view_of(document) for document in documents]

    async def audit(self, views: Iterable[BroadcastView] | None = None) -> Audit:
        """Compare what the program says with the brokerage's own books."""
        shown = await self.views() if views is None else views
        return audit(await self.sim.ledger(), shown)

    # --- the home ----------------------------------------------------------------------------

    def configure(self, text: str) -> None:
        """Write more at the end of the configuration."""
        with (self.home / "config.toml").open("a") as config:
            config.write(f"\n{text}\n")


def view_of(document: dict[str, Any]) -> BroadcastView:
    """Read a document of a broadcast as the program's own front ends do."""
    return from_json(BroadcastView, document)


def _heard(manager: socket.socket) -> bool:
    try:
        return manager.recv(64) == b"READY=1"
    except BlockingIOError:
        return False


@asynccontextmanager
async def stage(folder: Path, *options: str) -> AsyncIterator[Stage]:
    """Set a stage; at the end no process is left, and no secret has been written anywhere."""
    outputs, user = folder / "outputs", folder / "user"
    outputs.mkdir()
    user.mkdir()
    commands = Commands(outputs, {**bare_environment(user), **HASTE})
    async with sim_process(folder / "home", *options) as sim:
        place = Stage(sim, folder / "home", commands)
        handed_out = secrets_of(sim.description, place.home)
        try:
            yield place
        finally:
            await commands.end()
        secrets = {**handed_out, **secrets_of(sim.description, place.home)}
        found = [leak for x in (place.home, outputs, user) for leak in leaks_in(x, secrets)]
        assert not found, found
