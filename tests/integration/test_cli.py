"""The program from outside: commands as processes against a simulated brokerage over HTTPS."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.cli_homes import ACCOUNTS, Home, Ran, brokerage, copy_of, ended

from swimdesk.control.client import RemoteDesk
from swimdesk.domain.fairness import order_of_sending
from swimdesk.views.codec import from_json
from swimdesk.views.models import BroadcastView

pytestmark = pytest.mark.slow

MARKET_ORDER = "BUY +1 SPY @MKT"
# All homes here trade in the same accounts of one brokerage, and orders that look alike within
# seconds are in doubt in a new home. So each test that sends has a quantity of its own.
PLANNED_ORDER = "BUY +2 SPY @MKT"
DAEMON_ORDER = "BUY +3 SPY @MKT"
SEEDED_ORDERS = ("BUY +4 SPY @MKT", "BUY +5 SPY @MKT")
REMEMBERED_ORDER = "BUY +6 SPY @MKT"
RESTING_ORDER = "BUY +1 SPY @560.00"


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    with brokerage(
        f"--accounts={ACCOUNTS}", "--logins=2", "--profile=uniform", "--latency-ms=0"
    ) as home:
        yield home


@pytest.fixture
def home(template: Path) -> Iterator[Home]:
    with copy_of(template) as home:
        yield home


def code_and_error(ran: Ran) -> tuple[int, str]:
    """Return exit code and error code of a command that was asked for JSON."""
    return ran.code, ran.document["error"]["code"]


def test_one_command_sends_to_every_account_and_tells_what_became_of_each(home: Home) -> None:
    ran = home.run("send", MARKET_ORDER, "--all", "--yes", "--json", "--key", "first")
    assert (ran.code, ran.err) == (0, "")
    view = from_json(BroadcastView, ran.document)
    assert (view.state, view.mode, view.key) == ("settled", "paper", "first")
    assert view.counts["filled"] == view.counts["accepted"] == len(view.lines) == ACCOUNTS
    assert len({line.order_id for line in view.lines}) == ACCOUNTS
    again = home.run("send", MARKET_ORDER, "--all", "--yes", "--json", "--key", "first")
    assert (again.code, again.document["broadcast"]) == (0, view.broadcast)
    assert home.run("broadcasts", view.broadcast[-6:], "--json").document == ran.document
    listed = home.run("broadcasts", "--json").document["broadcasts"]
    assert [row["broadcast"] for row in listed] == [view.broadcast]
    orders = home.run("orders", "--account", view.lines[0].account, "--json").document["orders"]
    assert [o["broadcast"] for o in orders if o["order_id"] == view.lines[0].order_id] == [
        view.broadcast
    ]


def test_saved_plan_of_one_process_is_sent_by_another_once(home: Home) -> None:
    plan = home.run("preview", PLANNED_ORDER, "--account", "FAM-01", "--save", "--json").document
    assert plan["counts"]["send"] == 1
    sent = home.run("send", "--plan", plan["plan"], "--yes", "--json")
    assert (sent.code, sent.document["counts"]["filled"]) == (0, 1)
    again = home.run("send", "--plan", plan["plan"], "--yes", "--json")
    assert code_and_error(again) == (2, "PLAN_EXPIRED")


def test_daemon_serves_commands_and_ends_with_0_when_asked(home: Home) -> None:
    with home.daemon() as daemon:
        assert home.run("status", "--json").document["owner"] == daemon.pid
        many = [home.start("accounts", "--json") for _ in range(8)]
        many += [
            home.start("send", DAEMON_ORDER, "--account", f"FAM-0{n}", "--yes", "--json")
            for n in (1, 2)
        ]
        assert [ended(process).code for process in many] == [0] * 10
        second = home.run("--no-ui")
        assert (second.code, second.out) == (8, "")
        assert str(daemon.pid) in second.err
        daemon.send_signal(signal.SIGTERM)
        left = ended(daemon)
    assert (left.code, left.out) == (0, "")
    events = [json.loads(line)["event"] for line in left.err.splitlines()]
    assert events[0] == "daemon.ready"
    assert "daemon.stopping" in events
    assert home.run("status", "--json").document["owner"] is None


async def test_killed_owner_leaves_a_sender_that_tells_the_truth_and_sends_nothing_twice(
    home: Home,
) -> None:
    with home.daemon() as daemon:
        sender = home.start("send", RESTING_ORDER, "--all", "--yes", "--json", "--wait", "4")
        desk = RemoteDesk(home.path)
        while not await desk.broadcasts(1):
            pass
        daemon.kill()
        ran = ended(sender)
    assert ran.code in {0, 5}
    assert len(ran.document["lines"]) == ACCOUNTS
    assert len(home.run("broadcasts", "--json").document["broadcasts"]) == 1
    orders = home.run("orders", "--json").document["orders"]
    ours = [order for order in orders if order["broadcast"] == ran.document["broadcast"]]
    assert len({order["account"] for order in ours}) == len(ours)


def test_halt_needs_nobody_and_holds_until_resume(home: Home) -> None:
    home.set_key("api_url", "https://127.0.0.1:9")
    halted = home.run("halt", "--reason", "lunch", "--json")
    assert (halted.code, halted.document["state"], halted.document["reason"]) == (
        0, "halted", "lunch",
    )  # fmt: skip
    assert home.run("status", "--json").document["guard"]["state"] == "halted"
    assert home.run("resume", "--json").document["state"] == "active"
    assert home.run("status", "--json").document["guard"]["state"] == "active"


def test_halted_desk_sends_nothing(home: Home) -> None:
    with home.daemon():
        assert home.run("halt", "--reason", "lunch", "--json").document["state"] == "halted"
        refused = home.run("send", MARKET_ORDER, "--all", "--yes", "--json")
        assert code_and_error(refused) == (7, "TRADING_HALTED")
        assert home.run("resume").code == 0
        assert home.run("broadcasts", "--json").document == {"broadcasts": []}


@pytest.mark.parametrize(
    ("key", "value", "code", "error"),
    [
        ("api_url", "https://127.0.0.1:9", 9, "BROKER_UNREACHABLE"),
        ("ca_file", "", 9, "BROKER_UNREACHABLE"),
        ("app_key", "file:secrets/nothing", 2, "CONFIG_INVALID"),
        ("api_url", "http://127.0.0.1", 2, "CONFIG_INVALID"),
    ],
    ids=["nobody listens", "certificate of a stranger", "no secret", "no TLS"],
)
def test_what_stands_in_the_way_is_told_and_nothing_is_sent(
    home: Home, key: str, value: str, code: int, error: str
) -> None:
    home.set_key(key, value)
    assert code_and_error(home.run("send", MARKET_ORDER, "--all", "--yes", "--json")) == (
        code, error,
    )  # fmt: skip
    checks = home.run("doctor", "--json")
    assert checks.code == code
    failed = [check for check in checks.document["checks"] if check["state"] == "fail"]
    assert failed
    assert all(check["advice"] for check in failed)


def test_home_without_tokens_asks_for_a_login(home: Home) -> None:
    kept = home.path / "kept"
    (home.path / "tokens").rename(kept)
    assert code_and_error(home.run("accounts", "--json")) == (6, "LOGIN_REQUIRED")
    assert home.run("doctor").code == 6
    for file in kept.iterdir():
        ran = home.run("login", file.stem, "--import", str(file), "--json")
        assert (ran.code, ran.document["state"]) == (0, "ok")
    assert home.run("accounts", "--json").code == 0


def test_damaged_database_is_told_and_left_as_it_is(home: Home) -> None:
    database = home.path / "desk.db"
    database.write_bytes(b"no database" * 1000)
    database.chmod(0o600)
    for command in (("send", MARKET_ORDER, "--all", "--yes"), ("status",), ("resume",)):
        assert code_and_error(home.run(*command, "--json")) == (10, "STORE_CORRUPT")
    assert home.run("doctor").code == 10
    assert database.read_bytes() == b"no database" * 1000


def test_orders_leave_in_the_turn_of_the_seed_and_the_stopped_home_shows_it(home: Home) -> None:
    for seed, order in enumerate(SEEDED_ORDERS):
        ran = home.run("send", order, "--all", "--yes", "--json")
        view = from_json(BroadcastView, ran.document)
        assert view.seed == seed
        served = home.run("broadcasts", "--fairness", "--limit", "1", "--json").document["fairness"]
        accounts = sorted(line.account for line in view.lines)
        turn = [accounts[number] for number in order_of_sending(ACCOUNTS, seed)]
        by_place = sorted(served, key=lambda row: float(row["mean_place"]))
        assert [row["account"] for row in by_place] == turn
        assert (by_place[0]["first"], by_place[-1]["last"]) == (1, 1)


def test_history_needs_neither_owner_nor_configuration(home: Home) -> None:
    sent = home.run("send", REMEMBERED_ORDER, "--account", "FAM-01", "--yes", "--json").document
    (home.path / "config.toml").write_text("[broker\n")
    assert code_and_error(home.run("accounts", "--json")) == (2, "CONFIG_INVALID")
    listed = home.run("broadcasts", "--json").document["broadcasts"]
    assert [row["broadcast"] for row in listed] == [sent["broadcast"]]
    assert home.run("broadcasts", sent["broadcast"], "--json").document == sent
    assert code_and_error(home.run("broadcasts", "nothing", "--json")) == (2, "REFERENCE_UNKNOWN")
    trail = home.run("broadcasts", f"{sent['broadcast']}/FAM-01", "--json").document
    assert trail["steps"][0]["state"] == "sending"
    assert trail["steps"][-1]["order_id"] == sent["lines"][0]["order_id"]
    unknown = home.run("broadcasts", f"{sent['broadcast']}/FAM-99", "--json")
    assert code_and_error(unknown) == (2, "REFERENCE_UNKNOWN")
    assert home.run("status", "--json").document["newest_broadcast"] == sent["broadcast"]
    assert home.run("halt").code == home.run("resume").code == 0


def test_reconcile_goes_by_a_login_whose_list_of_accounts_is_garbage(tmp_path: Path) -> None:
    rule = {"account": "*", "operation": "accounts", "nth": 1, "fault": "garbage"}
    plan = tmp_path / "faults.json"
    plan.write_text(json.dumps({"name": "one", "rules": [rule]}), encoding="utf-8")
    with brokerage("--accounts=4", "--logins=2", f"--faults={plan}") as home:
        ran = Home(home).run("reconcile", "--json")
        assert (ran.code, ran.document["verdict"]) == (4, "unread")
        told = [(one["account"], one["what"]) for one in ran.document["unread"]]
        assert (None, "accounts") in told
        assert "the answer is not JSON" in ran.document["unread"][0]["detail"]
        assert Home(home).run("reconcile").code == 0


def test_sound_home_passes_every_check(home: Home) -> None:
    ran = home.run("doctor", "--json")
    states = {check["name"]: check["state"] for check in ran.document["checks"]}
    # A small machine may be short of disk; that is a warning of its own.
    assert ran.code == 0
    assert {name for name, state in states.items() if state != "ok"} <= {"disk"}
    assert len(states) == 13


def test_unknown_symbol_and_unknown_account_are_usage_errors(home: Home) -> None:
    with home.daemon():
        assert code_and_error(home.run("quote", "NOSUCH", "--json")) == (2, "SYMBOL_UNKNOWN")
        missing = home.run("send", MARKET_ORDER, "--account", "X", "--yes", "--json")
        assert code_and_error(missing) == (2, "REFERENCE_UNKNOWN")


def test_reader_that_goes_away_is_no_traceback(home: Home) -> None:
    with home.daemon():
        process = home.start("chain", "SPY", "--strikes", "500", "--json")
        assert process.stdout is not None
        assert process.stderr is not None
        with process.stderr:
            process.stdout.close()
            assert process.wait(timeout=30) == 141
            assert process.stderr.read() == ""


LOADED = """
import sys
from swimdesk.cli.app import run
code = run(sys.argv[1:])
print(code, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.parametrize("command", [("--help",), ("status",)])
def test_quick_commands_load_nothing_heavy(home: Home, command: tuple[str, ...]) -> None:
    ran = subprocess.run(
        (sys.executable, "-c", LOADED, "--home", str(home.path), *command),
        capture_output=True,
        text=True,
        check=True,
    )
    code, *loaded = ran.stderr.split()
    assert code == "0"
    heavy = {
        "aiosqlite", "cryptography", "httpx", "keyring", "pydantic", "rich", "starlette",
        "structlog", "tomlkit", "uvicorn", "uvloop",
    }  # fmt: skip
    assert heavy & set(loaded) == set()
