"""`swimdesk login` at the simulated brokerage: three ways, alone and beside an owner."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from swimdesk.login.signin.child import drive
from swimdesk.login.vault import item_of
from swimdesk.login.vault_files import FilesVault
from swimdesk.telemetry.redaction import Secret
from tests.fakes.sim_process import sim_process
from tests.signin.homes import fill_vault, names, sign_out, tokens_of
from tests.signin.processes import command_lines
from tests.signin.stage import Played, Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    with TemporaryDirectory(prefix="sd-", dir="/tmp") as folder:
        home = Path(folder) / "home"
        async with sim_process(home, "--accounts", "4", "--logins", "2") as sim:
            yield Stage(sim, Path(folder))


@asynccontextmanager
async def started(stage: Stage, *arguments: str) -> AsyncIterator[Process]:
    """Run the program on the stage's home while inside."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "swimdesk", "--home", str(stage.sim.home), *arguments),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ran(stage: Stage, *arguments: str, typed: str = "") -> Ran:
    async with started(stage, *arguments) as process:
        out, err = await process.communicate(typed.encode())
        return Ran(process.returncode or 0, out.decode(), err.decode())


async def line_with(process: Process, word: str) -> str:
    """Return the next line on stderr that has the word."""
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if word in line:
            return line.strip()
    raise AssertionError(f"the command ended without saying {word!r}")


async def test_all_automatic_logins_sign_in_and_say_so(stage: Stage) -> None:
    sign_out(stage.sim, "automatic")
    for login in names(stage.sim):
        fill_vault(stage.sim, login)
    end = await ran(stage, "login", "--all", "--json")
    assert (end.code, tokens_of(stage.sim.home)) == (0, set(names(stage.sim)))
    assert {(one["login"], one["view"]["state"]) for one in end.document["logins"]} == {
        (login, "ok") for login in names(stage.sim)
    }
    accounts = await ran(stage, "accounts", "--json")
    assert len(accounts.document["accounts"]) == 4


async def test_one_login_that_fails_does_not_keep_the_others(stage: Stage) -> None:
    sign_out(stage.sim, "automatic")
    good, bad = names(stage.sim)
    fill_vault(stage.sim, good)
    fill_vault(stage.sim, bad, "user", "password")
    end = await ran(stage, "login", "--all")
    assert (end.code, tokens_of(stage.sim.home)) == (6, {good})
    assert item_of(bad, "totp") in end.err


async def test_wrong_password_is_never_typed_again(stage: Stage) -> None:
    sign_out(stage.sim, "automatic")
    fill_vault(stage.sim, stage.login)
    FilesVault(stage.sim.home).put(item_of(stage.login, "password"), Secret("not-the-password"))
    first = await ran(stage, "login", stage.login, "--json")
    second = await ran(stage, "login", stage.login, "--json")
    assert (first.code, first.document["error"]["code"]) == (6, "PASSWORD_REFUSED")
    assert (second.code, second.document["error"]["code"]) == (6, "SIGN_IN_REFUSED")
    assert (await stage.stands())["passwords"] == 1
    kept = stage.sim.home / "secrets"
    files = [file for file in stage.sim.home.rglob("*") if file.is_file()]
    written = b"".join(file.read_bytes() for file in files if kept not in file.parents)
    assert b"not-the-password" not in written


async def test_empty_item_of_the_vault_is_none_and_spends_no_sign_in(stage: Stage) -> None:
    sign_out(stage.sim, "automatic")
    fill_vault(stage.sim, stage.login)
    FilesVault(stage.sim.home).put(item_of(stage.login, "password"), Secret(""))
    ends = [await ran(stage, "login", stage.login, "--json") for _ in range(3)]
    assert {(end.code, end.document["error"]["code"]) for end in ends} == {(6, "SIGN_IN_FAILED")}
    assert item_of(stage.login, "password") in ends[-1].document["error"]["detail"]
    assert (await stage.stands())["passwords"] == 0


async def test_item_of_several_lines_is_told_and_spends_no_sign_in(stage: Stage) -> None:
    sign_out(stage.sim, "automatic")
    fill_vault(stage.sim, stage.login)
    item = item_of(stage.login, "password")
    FilesVault(stage.sim.home).put(item, Secret("not-the-password\n# of the joint account"))
    ends = [await ran(stage, "login", stage.login, "--json") for _ in range(3)]
    assert {(end.code, end.document["error"]["code"]) for end in ends} == {(6, "SIGN_IN_FAILED")}
    assert item in ends[-1].document["error"]["detail"]
    assert (await stage.stands())["passwords"] == 0


async def test_third_sign_in_of_the_hour_is_refused(stage: Stage) -> None:
    await stage.plan(second_factor="none", notice="maintenance")
    sign_out(stage.sim, "automatic")
    fill_vault(stage.sim, stage.login)
    codes = [(await ran(stage, "login", stage.login, "--json")).document for _ in range(3)]
    assert [one["error"]["code"] for one in codes] == ["SIGN_IN_FAILED"] * 2 + ["SIGN_IN_REFUSED"]


async def test_assisted_sign_in_asks_for_what_the_vault_does_not_have(stage: Stage) -> None:
    await stage.plan(second_factor="sms")
    sign_out(stage.sim, "assisted")
    fill_vault(stage.sim, stage.login, "user")
    async with started(stage, "login", stage.login) as process:
        assert process.stdin is not None
        process.stdin.write(f"{stage.known['password']}\n".encode())
        await line_with(process, "the broker sends a code")
        process.stdin.write(f"{await stage.sent_code()}\n".encode())
        out, err = await process.communicate()
    assert process.returncode == 0, err
    assert tokens_of(stage.sim.home) == {stage.login}
    assert stage.known["password"].encode() not in out + err


async def test_sign_in_by_hand_takes_the_pasted_address_beside_a_daemon(stage: Stage) -> None:
    await stage.plan(second_factor="none")
    sign_out(stage.sim, "manual")
    async with started(stage, "--no-ui") as daemon:
        await line_with(daemon, "daemon.ready")
        async with started(stage, "login", stage.login, "--json") as process:
            address = (await line_with(process, "https://")).split(": ", 1)[1]
            url = await drive(stage.launch(), stage.job(authorize_url=Secret(address)), Played())
            out, err = await process.communicate(f"{url.reveal()}\n".encode())
        assert process.returncode == 0, err
        assert json.loads(out)["state"] == "ok"
        assert url.reveal().encode() not in out + err
        assert (await ran(stage, "balances", "--account", "FAM-01")).code == 0
        daemon.send_signal(signal.SIGTERM)
        assert await daemon.wait() == 0


async def test_interrupted_sign_in_leaves_nothing_running_and_frees_the_login(
    stage: Stage,
) -> None:
    await stage.plan(second_factor="push")
    sign_out(stage.sim, "assisted")
    fill_vault(stage.sim, stage.login)
    async with started(stage, "login", stage.login) as process:
        await line_with(process, "approval in the broker's mobile app")
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130
    assert command_lines(f"127.0.0.1:{stage.port}") == []
    await stage.plan(second_factor="none")
    assert (await ran(stage, "login", stage.login)).code == 0


async def test_daemon_signs_automatic_logins_in_by_itself(stage: Stage) -> None:
    sign_out(stage.sim, "automatic")
    for login in names(stage.sim):
        fill_vault(stage.sim, login)
    async with started(stage, "--no-ui") as daemon:
        for _ in names(stage.sim):
            await line_with(daemon, "signed in")
        assert tokens_of(stage.sim.home) == set(names(stage.sim))
        daemon.send_signal(signal.SIGTERM)
        assert await daemon.wait() == 0


async def test_login_that_is_not_configured_is_named(stage: Stage) -> None:
    end = await ran(stage, "login", "nobody", "--json")
    assert (end.code, end.document["error"]["code"]) == (2, "REFERENCE_UNKNOWN")
