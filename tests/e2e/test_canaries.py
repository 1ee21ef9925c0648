"""Two hundred secrets through every door; then everything that was written is searched: none."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyotp
import pytest
from bench.condors import varying_condors
from tests.e2e.canaries import Brokerage, Planted, Watch, a_leaky_brokerage, forms_of, leaks_in
from tests.e2e.commands import Commands, Finished, Running, bare_environment
from tests.e2e.stage import HASTE, Stage
from tests.e2e.waiting import until, until_told
from tests.fakes.memcached import Memcached, memcached
from tests.fakes.terminal import Terminal, a_terminal

from swimdesk.bootstrap import open_desk
from swimdesk.sim.faults import Fault, FaultPlan, FaultRule, Operation
from swimdesk.sim.settings import SimSettings
from swimdesk.sim.signin.plans import SecondFactor, SignInPlan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

PLANTED = 200
LOGINS = [f"login-{number:02}" for number in range(1, 9)]
BY_ITSELF, ASSISTED, BY_HAND, WRONG, NOTICED, STRANGE, REVOKED, ON_SCREEN = LOGINS
PLANS = {
    "*": SignInPlan(),
    ASSISTED: SignInPlan(second_factor=SecondFactor.TOTP),
    NOTICED: SignInPlan(notice="maintenance"),
    STRANGE: SignInPlan(unknown_page=True),
}
RULES = (
    FaultRule(Fault.ASYNC_REJECT, nth=None, probability=0.3),
    FaultRule(Fault.REFUSE, nth=None, probability=0.3),
    FaultRule(Fault.ERROR_BEFORE, operation=Operation.LIST, nth=2),
)
SETTINGS = SimSettings(
    accounts=32, logins=8, seed=3, profile="uniform", sign_in_plans=PLANS,
    faults=FaultPlan("careless", RULES),
)  # fmt: skip

CRASHING = """
import sys


class Loader:
    def find_spec(self, name, path=None, target=None):
        if name != "swimdesk.desk.planner":
            return None
        sys.meta_path.remove(self)
        import httpx

        async def send(client, request, **options):
            raise RuntimeError(f"{request.url} {dict(request.headers)} " + {slip!r})

        httpx.AsyncClient.send = send
        return None


sys.meta_path.insert(0, Loader())
"""
"""A bug of ours whose text is as bad as can be."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A leaky brokerage, the commands on its home, and who watches the processes."""

    brokerage: Brokerage
    commands: Commands
    watch: Watch
    memcached: Memcached
    folder: Path

    @property
    def planted(self) -> Planted:
        """Every secret."""
        return self.brokerage.planted

    async def start(self, *arguments: str, stdin: int = asyncio.subprocess.DEVNULL) -> Running:
        """Start a command on the home."""
        home = ("--home", str(self.brokerage.home))
        return await self.commands.start(*home, *arguments, stdin=stdin)

    async def run(self, *arguments: str, lines: Sequence[str] = ()) -> Finished:
        """Run a command to its end, with lines on its stdin."""
        running = await self.start(*arguments, stdin=asyncio.subprocess.PIPE)
        for line in lines:
            running.type(line)
        return await running.finished()

    def state_in(self, text: str) -> str:
        """Return the state in the address that a sign-in by hand told."""
        found = re.search(r"state=([\w-]{43})", text)
        assert found is not None, text
        return found[1]


@asynccontextmanager
async def a_scene(folder: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        brokerage = await stack.enter_async_context(a_leaky_brokerage(folder, SETTINGS))
        for name in ("outputs", "user", "temporary"):
            (folder / name).mkdir(mode=0o700)
        environment = {
            **bare_environment(folder / "user"),
            **HASTE,
            "TMPDIR": str(folder / "temporary"),
        }
        commands = Commands(folder / "outputs", environment)
        stack.push_async_callback(commands.end)
        server = stack.enter_context(memcached(folder / "user"))
        with (brokerage.home / "config.toml").open("a") as config:
            config.write(f'\n[cache]\nmemcached = "{server.address}"\n')
        watch = Watch(brokerage.planted)
        await stack.enter_async_context(watch.running())
        yield Scene(brokerage, commands, watch, server, folder)


async def test_no_secret_is_written_anywhere_but_where_secrets_are_kept(folder: Path) -> None:
    async with a_scene(folder) as scene:
        async with open_desk(scene.brokerage.home) as desk:
            orders = [*await varying_condors(desk, 2)]
        stage = Stage(
            None, scene.brokerage.home, scene.commands  # type: ignore[arg-type] # no process of its own
        )  # fmt: skip
        async with stage.daemon():
            await sign_in_every_way(scene)
            await use_every_command(scene, orders[0])
            shown = await show_the_console(scene, orders[1])
            cached = await asyncio.to_thread(scene.memcached.everything)
        await crash(scene)
        await use_the_vault(scene)

        planted = scene.planted
        assert scene.brokerage.leaky.doors == {
            "the token endpoint", "an error's body", "a rejection", "a notice",
            "a page's complaint",
        }  # fmt: skip
        assert len(planted.texts) >= PLANTED
        found = [leak for name in ("home", "outputs", "user", "temporary")
                 for leak in leaks_in(scene.folder / name, planted)]  # fmt: skip
        app_key = scene.brokerage.description.client_id
        for place, text in shown.items():
            # By hand the address itself has to be shown, and it names the app.
            but = [app_key] if place == "the screen of a sign-in by hand" else []
            found += [f"{place} shows {what}" for what in planted.found_in(text.encode(), but=but)]
        found += [f"memcached holds {what}" for what in planted.found_in(cached)]
        assert cached
        found += scene.watch.leaks()
        assert not found, "\n".join(found)
        assert scene.watch.looks > 50
        assert any("chromium" in program for program in scene.watch.seen.values())


async def sign_in_every_way(scene: Scene) -> None:
    """Sign in by itself, with help and by hand, and in every way that goes wrong."""
    vault = scene.brokerage.home / "secrets" / "login"
    wrong = scene.planted.know("a password that is wrong", "correct-horse-77-battery")
    (vault / WRONG / "password").write_text(wrong)

    assert (await scene.run("login", BY_ITSELF)).code == 0
    seed = (vault / ASSISTED / "totp").read_text()
    await assisted(scene, seed)
    await by_hand(scene)
    for login in (WRONG, NOTICED, STRANGE):
        ran = await scene.run("login", login, "--automatic")
        assert ran.code == 6, (login, ran.err)


async def assisted(scene: Scene, seed: str) -> None:
    """Answer with a wrong code first, then with the one that the authenticator shows."""
    running = await scene.start("login", ASSISTED, stdin=asyncio.subprocess.PIPE)
    await until(lambda: "Code of" in running.err, "the first question")
    running.type(scene.planted.know("a code that is wrong", "104729"))
    await until(lambda: running.err.count("Code of") == 2, "the second question")
    running.type(scene.planted.know("a code of the authenticator", pyotp.TOTP(seed).now()))
    ran = await running.finished()
    assert ran.code == 0, ran.err


async def by_hand(scene: Scene) -> None:
    """Paste another sign-in's callback, then the right one."""
    running = await scene.start("login", BY_HAND, "--manual", stdin=asyncio.subprocess.PIPE)
    await until(lambda: "state=" in running.err, "the address")
    running.type(scene.brokerage.callback(BY_HAND, "of-another-sign-in"))
    running.type(scene.brokerage.callback(BY_HAND, scene.state_in(running.err)))
    ran = await running.finished()
    assert ran.code == 0, ran.err
    # The address has to be printed, and names the app; nothing else may be there.
    err = running._files[1]
    err.write_text(ran.err.replace(scene.brokerage.description.client_id, "APP"))


async def use_every_command(scene: Scene, order: str) -> None:
    """Run what reads, sends and fails, for eyes and for programs."""
    token_file = scene.folder / "imported.json"
    token_file.write_bytes((scene.brokerage.home / "tokens" / f"{ON_SCREEN}.json").read_bytes())
    scene.brokerage.leaky.broker.grants.revoke(REVOKED)
    for command in (
        ("status",), ("accounts",), ("balances",), ("positions",), ("orders",), ("broadcasts",),
        ("quote", "SPY"), ("quote", "NOSUCH"), ("chain", "SPY"), ("preview", order, "--all"),
        ("send", order, "--all", "--yes"), ("broadcasts",), ("reconcile",), ("doctor",),
        ("login", ON_SCREEN, "--import", str(token_file)),
        ("login", REVOKED, "--import", str(token_file)),
        ("halt", "--reason", "look"), ("resume",),
    ):  # fmt: skip
        await scene.run(*command)
        await scene.run(*command, "--json")
    token_file.unlink()


async def use_the_vault(scene: Scene) -> None:
    """Fill a vault, move it, seal it anew and drop from it; its passphrases are secrets too."""
    credentials = scene.folder / "credentials"
    credentials.mkdir(mode=0o700)
    old, new, password = (
        scene.planted.know(f"what was typed at a vault ({text[:5]})", text)
        for text in ("first-planted-passphrase", "other-planted-passphrase", "fresh-Passw0rd!")
    )
    (credentials / "vault-passphrase").write_text(old)
    no_seed = scene.planted.know("what is no seed", "0189-planted-no-seed")
    item = f"login/{BY_ITSELF}/password"

    async def run(code: int, *arguments: str, line: str = "") -> None:
        for form in ((), ("--json",)) if not line else ((),):
            running = await scene.commands.start(
                *("--home", str(scene.brokerage.home), "vault", *arguments, *form),
                environment={"CREDENTIALS_DIRECTORY": str(credentials)},
                stdin=asyncio.subprocess.PIPE,
            )
            if line:
                running.type(line)
            ran = await running.finished()
            assert ran.code == code, (arguments, ran.err)

    await run(0, "set", item, line=password)
    await run(2, "set", "no/such/item", line=password)
    await run(2, "set", f"login/{BY_ITSELF}/totp", line=no_seed)
    await run(0, "set", "own", line=password)
    with (scene.brokerage.home / "config.toml").open("a") as config:
        config.write('\n[vault]\nbackend = "files"\n')
    await run(0, "test")
    await run(2, "move", "--to", "credentials")
    await move(scene, credentials)
    await run(0, "list")
    await run(0, "passphrase", line=new)
    await run(2, "list")
    (credentials / "vault-passphrase").write_text(new)
    await run(2, "drop", "own")
    await run(0, "list")
    sealed = scene.brokerage.home / "vault.sealed"
    sealed.write_bytes(sealed.read_bytes()[:-40])
    await run(2, "list")


async def move(scene: Scene, credentials: Path) -> None:
    """Move the vault of the home into an encrypted file."""
    running = await scene.commands.start(
        *("--home", str(scene.brokerage.home), "vault", "move", "--to", "encrypted-file"),
        environment={"CREDENTIALS_DIRECTORY": str(credentials)},
    )
    assert (await running.finished()).code == 0
    config = scene.brokerage.home / "config.toml"
    config.write_text(config.read_text().replace('backend = "files"', 'backend = "encrypted-file"'))


async def show_the_console(scene: Scene, order: str) -> dict[str, str]:
    """Trade and sign in from the screen; return what was shown, also in the window's title."""
    shown: dict[str, str] = {}
    temporary = f"TMPDIR={scene.folder / 'temporary'}"
    program = ["env", temporary, sys.executable, "-m", "swimdesk"]
    async with a_terminal(environment=scene.commands.environment) as terminal:
        await terminal.start([*program, "--home", str(scene.brokerage.home)])
        await terminal.until_all("PAPER", "32 accounts")
        await terminal.type(":")
        await terminal.type(f"{order} all")
        await terminal.press("Enter")
        shown["a plan"] = await terminal.until("PLAN ")
        for keys in ("1", "2", "3", "5", "6", "7"):
            await terminal.type(keys)
            shown[f"screen {keys}"] = await terminal.pane()
        shown["the screen of a sign-in by hand"] = await sign_in_on_screen(scene, terminal)
        for keys, title in (("gm", "messages, newest"), ("ga", "alarms, newest"), ("gi", "logins")):
            await terminal.type(keys)
            shown[f"page {keys}"] = await terminal.until(f"─ {title}")
            await terminal.press("q")
            await until_told(partial(lacks, terminal, f"─ {title}"), "the page is closed")
        shown["the title"] = await terminal.tmux("display-message", "-p", "#{pane_title}")
        await terminal.press("q")
        assert await terminal.exit_code() == 0
        shown["what scrolled away"] = await terminal.history()
    return shown


async def lacks(terminal: Terminal, text: str) -> bool:
    return text not in await terminal.pane()


async def sign_in_on_screen(scene: Scene, terminal: Terminal) -> str:
    """Sign a login in by hand at the console and return the last that was shown of it."""
    await terminal.resize(200, 50)
    await terminal.type(":")
    await terminal.type(f"LOGIN {ON_SCREEN} manual")
    await terminal.press("Enter")
    pane = await terminal.until("Paste the whole address")
    text = "".join(re.sub(r"[│╭╮╰╯─ ]", "", line) for line in pane.splitlines())
    await terminal.paste(scene.brokerage.callback(ON_SCREEN, scene.state_in(text)))
    await terminal.press("Enter")
    shown = await terminal.until("Signed in.")
    await terminal.press("Enter")
    await until_told(partial(lacks, terminal, "─ sign in"), "the modal is closed")
    return shown


async def crash(scene: Scene) -> None:
    """Let a bug of ours raise with the worst text there can be."""
    (scene.folder / "sitecustomize.py").write_text(
        CRASHING.replace("{slip!r}", repr(scene.planted.slip("a crash")))
    )
    path = f"{scene.folder}:{scene.commands.environment['PYTHONPATH']}"
    home = ("--home", str(scene.brokerage.home))
    running = await scene.commands.start(*home, "quote", "AAPL", environment={"PYTHONPATH": path})
    assert (await running.finished()).code == 70
    (report,) = (scene.brokerage.home / "logs").glob("crash-*.txt")
    assert "RuntimeError" in report.read_text()


# --- the search itself ---------------------------------------------------------------------------


def test_the_search_finds_every_secret_in_every_form(tmp_path: Path) -> None:
    planted = Planted(seed=1)
    for door in "abcdefghijklmnopqrstuvwxyz":
        planted.slip(door)
    assert len(planted.texts) >= PLANTED
    (tmp_path / "clean").write_text("nothing\n")
    assert not [*leaks_in(tmp_path, planted)]
    for place, (text, what) in enumerate(planted.texts.items()):
        for number, form in enumerate(sorted(forms_of(text))):
            folder = tmp_path / f"{place}-{number}"
            folder.mkdir()
            (folder / "log").write_bytes(b"about " + form + b".")
            assert f"log holds {what}" in [*leaks_in(folder, planted)]


def test_the_search_looks_into_databases_names_of_files_and_closed_folders(tmp_path: Path) -> None:
    planted = Planted(seed=2)
    secret = planted.know("a secret", "hunter2-hunter2")
    with closing(sqlite3.connect(tmp_path / "desk.db")) as connection, connection:
        connection.execute("CREATE TABLE t (text TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", [json.dumps({"about": secret})])
    (tmp_path / f"{secret}.txt").touch()
    kept = tmp_path / "secrets"
    kept.mkdir()
    (kept / "password").write_text(secret)
    (kept / "password").chmod(0o640)
    assert sorted(leaks_in(tmp_path, planted)) == [
        "desk.db holds a secret",
        f"{secret}.txt holds a secret",
        "secrets/password is open to others",
    ]


async def test_the_watch_sees_arguments_and_environments_of_all_descendants() -> None:
    planted = Planted(seed=3)
    watch = Watch(planted)
    script = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()', sys.argv[1]])"
    )
    argument, variable = (planted.know(f"a secret in {x}", f"{x}-0123456789") for x in "ab")
    async with watch.running():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", script, argument),
            stdin=asyncio.subprocess.PIPE,
            env={"SECRET": variable},
        )
        await until(lambda: len([*watch.leaks()]) >= 3, "both processes were seen")
        process.kill()
        await process.communicate()
    assert {leak.rpartition(" given ")[2] for leak in watch.leaks()} == {
        "a secret in a", "a secret in b",
    }  # fmt: skip
