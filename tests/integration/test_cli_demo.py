"""The demonstration from outside: it works on whatever market it finds, and leaves nothing."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.integration.cli_homes import PROGRAM, Home, Ran, ended

pytestmark = pytest.mark.slow

OPTIONS = ("--accounts=6", "--logins=2", "--latency-ms=0")


def start(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (*PROGRAM, "demo", *OPTIONS, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def home_of(text: str) -> Path:
    """Return the home that the demonstration names."""
    found = re.search(r"swimdesk --home (\S+)", text)
    assert found is not None
    return Path(found[1])


def is_served(address: str) -> bool:
    parts = urlsplit(address)
    with socket.socket() as client:
        return client.connect_ex((parts.hostname, parts.port)) == 0


@pytest.mark.parametrize("seed", [1, 7])
def test_demo_plans_sends_and_shows_the_timing_of_a_condor(seed: int) -> None:
    ran = ended(start(f"--seed={seed}", "--profile=uniform"))
    assert (ran.code, ran.err) == (0, "")
    for command in ("status", "balances", "preview", "send", "broadcasts"):
        assert re.search(rf"^\$ swimdesk --home \S+ {command}", ran.out, re.MULTILINE)
    assert "6 accounts, 6 accepted, 6 filled" in ran.out
    assert "dispatch skew" in ran.out
    assert not home_of(ran.out).exists()


def test_demo_that_cannot_start_its_brokerage_says_why() -> None:
    ran: Ran = ended(start("--faults=no-such-plan"))
    assert (ran.code, ran.out) == (2, "")
    assert "no-such-plan" in ran.err


def test_demo_signs_a_login_in_at_the_pages_and_trades_for_its_accounts() -> None:
    ran = ended(start("--profile=uniform", "--sign-in"))
    assert ran.code == 0
    steps = re.findall(r"^login-01: (.+)$", ran.err, re.MULTILINE)
    assert steps[:2] == ["starting the browser", "opening the broker's sign-in"]
    assert "the broker asks for the code of the authenticator" in steps
    assert steps[-1].startswith("signed in until ")
    assert "6 accounts, 6 accepted, 6 filled" in ran.out


@pytest.mark.parametrize("is_kept", [False, True])
def test_demo_that_is_stopped_says_what_is_kept(tmp_path: Path, is_kept: bool) -> None:
    kept = tmp_path / "kept"
    process = start("--profile=uniform", "--sign-in", *((f"--keep={kept}",) if is_kept else ()))
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    ran = ended(process)
    assert ran.code == 130
    said = ran.err.splitlines()[-1]
    assert said.startswith("The demo was stopped")
    assert ("nothing was kept" in said, str(kept) in said) == (not is_kept, is_kept)


def test_kept_home_is_left_with_what_was_sent(tmp_path: Path) -> None:
    assert ended(start("--profile=uniform", f"--keep={tmp_path}/kept")).code == 0
    home = Home(tmp_path / "kept")
    assert home.run("status", "--json").document["newest_broadcast"] is not None


@pytest.fixture
def running() -> Iterator[tuple[subprocess.Popen[str], Path, str]]:
    """Run the demonstration's daemon; give its process, its home and its brokerage's address."""
    process = start("--no-ui")
    said = ""
    try:
        assert process.stderr is not None
        while "--yes" not in said:
            line = process.stderr.readline()
            assert line
            said += line
        home = home_of(said)
        settings = tomllib.loads((home / "config.toml").read_text())
        yield process, home, settings["broker"]["api_url"]
    finally:
        process.kill()
        process.communicate()
        if said:
            shutil.rmtree(home_of(said).parent, ignore_errors=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_without_screen_runs_a_daemon_and_cleans_up_after_a_signal(
    running: tuple[subprocess.Popen[str], Path, str], number: signal.Signals
) -> None:
    process, home, address = running
    assert Home(home).run("status", "--json").document["owner"] == process.pid
    process.send_signal(number)
    assert ended(process).code == 0
    assert not home.exists()
    assert not is_served(address)


def test_brokerage_does_not_outlive_a_killed_demo(
    running: tuple[subprocess.Popen[str], Path, str],
) -> None:
    process, _, address = running
    process.kill()
    process.wait()
    while is_served(address):
        pass
