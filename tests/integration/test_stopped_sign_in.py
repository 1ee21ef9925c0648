"""A sign-in that the operator stops while it begins leaves nothing behind at the desk."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from tests.contract.facades import Reach, in_process, over_the_socket
from tests.fakes.clock import SteadyClock
from tests.fakes.desk import a_desk
from tests.fakes.journal import MemoryJournal
from tests.fakes.logins import FakeLogins, FakeTokens
from tests.signin.stage import Played

from swimdesk.bootstrap.signing import sign_in

LOGIN = "login-01"
CONFIG = f'[broker]\nmode = "paper"\napi_url = "https://127.0.0.1:9"\n[[login]]\nname = "{LOGIN}"\n'


class HeldNotes(MemoryJournal):
    """A journal whose notes wait until they are let go."""

    def __init__(self, clock: SteadyClock) -> None:
        super().__init__(now=clock.now)
        self.arrived, self.gate = asyncio.Event(), asyncio.Event()

    async def note(self, at: datetime, kind: str, text: str) -> None:
        """Say that a note came, and wait."""
        self.arrived.set()
        await self.gate.wait()
        await super().note(at, kind, text)


@pytest.mark.parametrize(
    "reach", [in_process, over_the_socket], ids=lambda reach: str(reach.__name__)
)
async def test_sign_in_that_is_stopped_while_it_begins_frees_its_login(
    reach: Reach, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    clock = SteadyClock()
    tokens, journal = FakeTokens(clock), HeldNotes(clock)
    tokens.sign_in(LOGIN)
    made = a_desk(1, clock=clock, tokens=tokens, logins=FakeLogins(tokens), journal=journal)
    async with made as bench, reach(bench) as desk:
        signing = asyncio.create_task(sign_in(desk, tmp_path, None, LOGIN, "manual", Played()))
        await journal.arrived.wait()
        (view,) = await desk.logins()
        assert view.signing_since is not None
        signing.cancel()
        await asyncio.sleep(0)
        journal.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await signing
        (view,) = await desk.logins()
        assert view.signing_since is None
        assert "it was stopped" in journal.notes[-1][2]
