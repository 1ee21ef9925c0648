"""A home ready to trade at a simulated brokerage that is served in the test's own loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from swimdesk.sim.client_home import ClientHome, home_accounts, write_client_home
from swimdesk.sim.clock import SystemClock
from swimdesk.sim.core import SimBroker
from swimdesk.sim.program import describe, token_reply
from swimdesk.sim.settings import SimSettings
from tests.fakes.sim_server import serving


@dataclass(frozen=True, slots=True)
class ServedHome:
    """A home and the brokerage that its configuration names; ``requests`` counts by family."""

    home: Path
    broker: SimBroker
    requests: Counter[str]

    def add_to_config(self, text: str) -> None:
        """Write more at the end of the configuration."""
        file = self.home / "config.toml"
        file.write_text(f"{file.read_text()}\n{text}\n")


@asynccontextmanager
async def served_home(
    folder: Path, *, accounts: int = 4, logins: int = 2
) -> AsyncIterator[ServedHome]:
    """Serve a brokerage and write a home for it while the block runs."""
    broker = SimBroker(SimSettings(accounts=accounts, logins=logins), SystemClock())
    async with serving(broker, folder) as served:
        port = int(served.base_url.rpartition(":")[2])
        description = describe(broker, served.ca_file, port, control_token="unused")
        replies = {login.name: token_reply(broker, login.name) for login in broker.logins}
        content = ClientHome(description, home_accounts(broker.logins), replies)
        write_client_home(folder / "home", content, SystemClock().now())
        yield ServedHome(folder / "home", broker, served.server.traffic.requests)
