"""No token, app secret, account number or account hash in anything that a run leaves behind."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from tests.e2e.conftest import SetStage
from tests.e2e.leaks import HASH, leaks_in, secrets_of
from tests.e2e.stage import Stage

pytestmark = pytest.mark.slow

SMALL = ("--profile", "mixed", "--accounts", "8", "--logins", "2", "--latency-ms", "5:20")

CRASHING = """
import sys


class Loader:
    def find_spec(self, name, path=None, target=None):
        if name != "swimdesk.desk.planner":
            return None
        sys.meta_path.remove(self)
        import httpx

        async def send(client, request, **options):
            account = request.url.path
            raise RuntimeError(f"{request.method} {account} {dict(request.headers)} %(number)s")

        httpx.AsyncClient.send = send
        return None


sys.meta_path.insert(0, Loader())
"""
"""A bug of ours with the worst text that it could have: headers with a token, an account number."""


async def test_every_command_keeps_every_secret(set_stage: SetStage, tmp_path: Path) -> None:
    stage = await set_stage(*SMALL)
    order, other = await stage.condors(2)
    token_file = tmp_path / "imported.json"
    token_file.write_bytes((stage.home / "tokens" / "login-01.json").read_bytes())

    async with stage.daemon():
        assert (await stage.send(order)).code == 4
        for command in (
            ("accounts",), ("balances",), ("positions",), ("orders",), ("broadcasts",),
            ("status",), ("quote", "SPY"), ("chain", "SPY"), ("preview", other, "--all"),
            ("halt",), ("resume",), ("login", "login-01", "--import", str(token_file)),
        ):  # fmt: skip
            assert (await stage.run(*command)).code == 0, command
            assert (await stage.run(*command, "--json")).code == 0, command
        await stage.run("doctor")
    await stage.run("doctor")
    # The stage searches all of it when it is struck.


async def test_revoked_and_unreachable_brokerage_is_told_without_secrets(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    await stage.sim.control("POST", "/revoke", {"login": "login-01"})

    async with stage.daemon():
        await stage.send(order)
        await stage.sim.stop()
        assert (await stage.run("positions")).code in {6, 9}
    assert (await stage.run("accounts")).code in {6, 9}


async def test_crash_report_holds_no_secret(set_stage: SetStage, tmp_path: Path) -> None:
    stage = await set_stage(*SMALL)
    number = stage.sim.description["logins"][0]["accounts"][0]
    (tmp_path / "sitecustomize.py").write_text(CRASHING % {"number": number})
    python_path = f"{tmp_path}:{stage.commands.environment['PYTHONPATH']}"

    running = await stage.start("quote", "AAPL", "--json", environment={"PYTHONPATH": python_path})
    error = (await running.finished()).error(code=70)

    (report,) = (stage.home / "logs").glob("crash-*.txt")
    assert error["code"] == "BUG"
    assert str(report) in error["detail"]
    text = report.read_text()
    assert "RuntimeError" in text
    assert "authorization" in text, "the scenario needs the header in the text of the error"
    assert report.stat().st_mode & 0o777 == 0o600


async def test_everything_in_a_home_is_private(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()

    async with stage.daemon():
        await stage.send(order)
        modes = {path: path.stat().st_mode & 0o777 for path in stage.home.rglob("*")}

    folders = {path for path in modes if path.is_dir()}
    assert {modes[path] for path in folders} == {0o700}
    assert {mode for path, mode in modes.items() if path not in folders} <= {0o600}


async def test_search_finds_what_is_planted(set_stage: SetStage, tmp_path: Path) -> None:
    stage = await set_stage(*SMALL)
    secrets = secrets_of(stage.sim.description, stage.home)
    assert not [*leaks_in(tmp_path, secrets)]

    for place, text in enumerate([*secrets.values(), (await a_hash(stage)).encode()]):
        folder = tmp_path / str(place)
        folder.mkdir()
        with closing(sqlite3.connect(folder / "desk.db")) as connection, connection:
            connection.execute("CREATE TABLE t (text TEXT)")
            connection.execute("INSERT INTO t VALUES (?)", [f"about {text.decode()}."])
        assert [*leaks_in(folder, secrets)], text


async def a_hash(stage: Stage) -> str:
    """Ask the brokerage for the hash of an account, as it goes over the wire."""
    token = json.loads((stage.home / "tokens" / "login-01.json").read_text())["token"]
    async with httpx.AsyncClient(verify=stage.sim.trust, trust_env=False) as http:
        answer = await http.get(
            f"{stage.sim.description['base_url']}/trader/v1/accounts/accountNumbers",
            headers={"Authorization": f"Bearer {token['access_token']}"},
        )
    value = str(answer.json()[0]["hashValue"])
    assert HASH.fullmatch(value.encode())
    return value
