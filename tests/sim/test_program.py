"""The process behind ``swimdesk sim``, as another program starts it."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from swimdesk.config import load_settings
from swimdesk.errors import ConfigError, InputError
from swimdesk.sim.clock import SystemClock
from swimdesk.sim.program import SimOptions, broker_of, run

START = """
import json, sys, uvloop
from pathlib import Path
from swimdesk.sim.program import SimOptions, run
given = json.loads(sys.argv[1])
paths = {key: Path(given.pop(key)) for key in ("state", "client_home") if key in given}
options = SimOptions(**given, **paths, latency_ms=(0.0, 0.0))
uvloop.run(run(options))
"""
PARENT = """
import json, subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-c", sys.argv[1], sys.argv[2]],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
)
about = json.loads(child.stdout.readline())
print(json.dumps({"pid": child.pid, "ca_file": about["ca_file"]}))
sys.stdout.flush()
child.wait()
"""
SMALL = {"accounts": 5, "logins": 2, "profile": "mixed"}


class Process:
    """A running brokerage and the line it printed."""

    def __init__(self, process: asyncio.subprocess.Process, line: bytes) -> None:
        self.process = process
        self.about: dict[str, Any] = json.loads(line)

    def client(self) -> httpx.AsyncClient:
        trust = ssl.create_default_context(cafile=self.about["ca_file"])
        return httpx.AsyncClient(base_url=self.about["base_url"], verify=trust, trust_env=False)

    async def token(self, client: httpx.AsyncClient, login: dict[str, Any]) -> dict[str, Any]:
        reply = await client.post(
            "/v1/oauth/token",
            auth=(self.about["client_id"], self.about["client_secret"]),
            data={"grant_type": "refresh_token", "refresh_token": login["refresh_token"]},
        )
        document: dict[str, Any] = reply.raise_for_status().json()
        return document

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, bytes]:
        """Signal the process; return its exit code and what else it printed."""
        self.process.send_signal(number)
        rest, _ = await self.process.communicate()
        return self.process.returncode or 0, rest


@asynccontextmanager
async def started(**options: object) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", START, json.dumps({**SMALL, **options})),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield Process(process, await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_first_line_is_enough_to_trade() -> None:
    async with started() as sim, sim.client() as client:
        assert list(sim.about) == [
            "base_url",
            "stream_url",
            "ca_file",
            "client_id",
            "client_secret",
            "callback_url",
            "control_url",
            "control_token",
            "logins",
        ]
        assert sim.about["stream_url"] is None
        login = sim.about["logins"][0]
        assert sorted(login) == [
            "accounts",
            "name",
            "password",
            "refresh_token",
            "totp_secret",
            "user",
        ]
        token = await sim.token(client, login)
        reply = await client.get(
            "/trader/v1/accounts/accountNumbers",
            headers={"authorization": f"Bearer {token['access_token']}"},
        )
        assert {entry["accountNumber"] for entry in reply.json()} == set(login["accounts"])
        control = {"authorization": f"Bearer {sim.about['control_token']}"}
        counts = (await client.get(sim.about["control_url"] + "/counts", headers=control)).json()
        assert counts["requests"] == {"account_numbers": 1, "token": 1}
        assert (await client.get(sim.about["control_url"] + "/counts")).status_code == 401


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_ends_it_cleanly_and_its_keys_are_gone(number: signal.Signals) -> None:
    async with started() as sim:
        folder = Path(sim.about["ca_file"]).parent
        assert folder.stat().st_mode & 0o777 == 0o700
        assert await sim.stop(number) == (0, b"")
        assert not folder.exists()


async def test_kept_state_keeps_the_authority_and_the_books(tmp_path: Path) -> None:
    ca_file = tmp_path / "state" / "ca.pem"
    authorities, grants = [], []
    for _ in range(2):
        async with started(state=str(ca_file.parent)) as sim, sim.client() as client:
            assert sim.about["ca_file"] == str(ca_file)
            login = sim.about["logins"][0]
            rotated = (await sim.token(client, login))["refresh_token"]
            grants.append((login["refresh_token"], rotated))
            assert await sim.stop() == (0, b"")
        authorities.append(ca_file.read_text())
    assert authorities[0] == authorities[1]
    assert grants[0][1] == grants[1][0]


async def test_client_home_is_a_valid_configuration_with_working_tokens(tmp_path: Path) -> None:
    async with started(client_home=f"{tmp_path}/home") as sim, sim.client() as client:
        settings = load_settings(tmp_path / "home")
        assert settings.broker.api_url == sim.about["base_url"]
        assert [login.name for login in settings.login] == ["login-01", "login-02"]
        assert [account.alias for account in settings.account] == [
            f"FAM-{number:02d}" for number in range(1, 6)
        ]
        assert {account.last4 for account in settings.account} == {
            number[-4:] for login in sim.about["logins"] for number in login["accounts"]
        }
        for login in sim.about["logins"]:
            kept = json.loads((tmp_path / "home" / "tokens" / f"{login['name']}.json").read_text())
            bearer = {"authorization": f"Bearer {kept['token']['access_token']}"}
            assert (await client.get("/trader/v1/accounts", headers=bearer)).status_code == 200
            assert kept["token"]["refresh_token"] == login["refresh_token"]
            await sim.token(client, login)


async def test_logins_that_have_yet_to_sign_in_get_no_tokens(tmp_path: Path) -> None:
    async with started(client_home=f"{tmp_path}/home", signed_out=1) as sim:
        first, *others = [login["name"] for login in sim.about["logins"]]
        tokens = sorted(file.stem for file in (tmp_path / "home" / "tokens").iterdir())
        assert tokens == others
        assert load_settings(tmp_path / "home").login[0].name == first
        assert load_settings(tmp_path / "home").login[0].browser == "automatic"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"profile": "rich"}, "profile"),
        ({"accounts": 1, "logins": 2}, "logins"),
        ({"faults": "no-such-plan"}, "no-such-plan"),
        ({"market": "someday"}, "someday"),
        ({"speed": 0.0}, "speed 0"),
        ({"speed": float("nan")}, "speed nan"),
    ],
)
def test_option_that_cannot_be_met_is_said_in_a_sentence(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        broker_of(SimOptions(**{**SMALL, **options}), SystemClock())


async def test_home_of_a_person_is_refused_before_anything_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text("# mine\n")
    with pytest.raises(ConfigError, match=r"config\.toml"):
        await run(SimOptions(client_home=tmp_path))
    assert capsys.readouterr().out == ""


async def test_brokerage_ends_with_a_parent_that_is_killed() -> None:
    given = json.dumps({**SMALL, "exit_with_parent": True})
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, START, given), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = json.loads(await parent.stdout.readline())
    ending = os.pidfd_open(child["pid"])
    try:
        parent.kill()
        await parent.wait()
        assert await asyncio.to_thread(select.select, [ending], [], [], 30) == ([ending], [], [])
    finally:
        os.close(ending)
    # It stopped in order: its folder of keys is gone as well.
    assert not await asyncio.to_thread(os.path.exists, child["ca_file"])


async def test_brokerage_with_a_living_parent_goes_on() -> None:
    async with started(exit_with_parent=True) as sim, sim.client() as client:
        assert (await client.get("/trader/v1/accounts")).status_code == 401
        assert await sim.stop() == (0, b"")
