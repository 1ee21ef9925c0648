"""What a person can get wrong: one clear sentence, the promised exit code, nothing sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.e2e.commands import Commands, bare_environment
from tests.e2e.conftest import SetStage
from tests.e2e.stage import view_of
from tests.e2e.waiting import until

pytestmark = pytest.mark.slow

SMALL = ("--profile", "uniform", "--accounts", "2", "--logins", "1", "--latency-ms", "5:20")


@pytest.fixture
def commands(folder: Path) -> Commands:
    (folder / "outputs").mkdir()
    return Commands(folder / "outputs", bare_environment(folder))


async def test_order_text_that_is_not_understood_is_shown_at_its_column(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    order = "BUY +1 SPY 100 18 DEC 26 600 COLL @4.10 LMT"

    error = (await stage.send(order)).error(code=2)
    plainly = await stage.run("send", order, "--all", "--yes")

    assert error["code"] == "ORDER_TEXT"
    assert error["column"] == order.index("COLL") + 1
    assert plainly.code == 2
    assert plainly.out == ""
    shown = plainly.err.splitlines()
    assert shown[-1].index("^") == shown[-2].index("COLL")
    assert await stage.posts() == 0


async def test_unknown_symbol_is_named(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)

    error = (await stage.send("BUY +1 ZZZZ @10.00 LMT")).error(code=2)

    assert error["code"] == "SYMBOL_UNKNOWN"
    assert "ZZZZ" in error["detail"]
    assert await stage.posts() == 0


@pytest.mark.parametrize(
    ("options", "named"),
    [(("--account", "FAM-99"), "FAM-99"), (("--group", "uncles"), "uncles")],
)
async def test_unknown_account_or_group_is_named(
    set_stage: SetStage, options: tuple[str, str], named: str
) -> None:
    stage = await set_stage(*SMALL)

    error = await stage.refusal(2, "send", "BUY +1 SPY @1.00 LMT", *options, "--yes")

    assert error["code"] == "REFERENCE_UNKNOWN"
    assert named in error["detail"]
    assert await stage.posts() == 0


async def test_unknown_broadcast_and_unknown_plan_are_named(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)

    assert "01NOSUCH" in (await stage.refusal(2, "broadcasts", "01NOSUCH"))["detail"]
    assert "01NOSUCH" in (await stage.refusal(2, "send", "--plan", "01NOSUCH", "--yes"))["detail"]


async def test_saved_plan_is_sent_once(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    plan = (await stage.ask("preview", await stage.condor(), "--all", "--save"))["plan"]

    first = await stage.ask("send", "--plan", plan, "--yes", "--wait=0")
    error = await stage.refusal(2, "send", "--plan", plan, "--yes")

    assert first["counts"]["accepted"] == 2
    assert error["code"] == "PLAN_EXPIRED"
    assert await stage.posts() == 2


async def test_plan_that_has_expired_is_not_sent(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    stage.configure("[risk]\nplan_life_s = 1")
    plan = await stage.ask("preview", await stage.condor(), "--all", "--save")
    expires = datetime.fromisoformat(plan["expires"])

    await until(lambda: datetime.now(UTC) > expires, "the plan has expired")
    error = await stage.refusal(2, "send", "--plan", plan["plan"], "--yes")

    assert error["code"] == "PLAN_EXPIRED"
    assert await stage.posts() == 0


async def test_order_that_one_account_cannot_pay_is_denied_with_figures(
    set_stage: SetStage,
) -> None:
    stage = await set_stage("--profile", "mixed", "--accounts", "8", "--logins", "2")
    balances = (await stage.ask("balances"))["balances"]
    poorest = min(balances, key=lambda row: float(row["stock_buying_power"]))
    quote = (await stage.ask("quote", "SPY"))["quotes"][0]
    shares = int(float(poorest["stock_buying_power"]) / float(quote["mark"])) + 5

    order = f"BUY +{shares} SPY @{quote['mark']} LMT"
    done = await stage.run("send", order, "--account", poorest["account"], "--yes", "--json")

    assert done.error(code=3)["code"] == "ORDER_DENIED"
    (line,) = done.document(code=3)["plan"]["lines"]
    assert "BUYING_POWER" in [denial["code"] for denial in line["denials"]]
    assert await stage.posts() == 0


async def test_same_order_moments_later_is_denied_as_a_duplicate(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()

    first = view_of((await stage.send(order, "--wait=0")).document())
    done = await stage.send(order)

    assert first.counts["accepted"] == 2
    assert done.error(code=3)["code"] == "ORDER_DENIED"
    codes = {d["code"] for x in done.document(code=3)["plan"]["lines"] for d in x["denials"]}
    assert codes == {"DUPLICATE_RECENT"}
    assert await stage.posts() == 2


# --- configuration ---------------------------------------------------------------------------


async def test_unknown_key_is_told_with_file_line_and_key(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    stage.configure("[risk]\nmax_shares_per_ordr = 5")
    lines = (stage.home / "config.toml").read_text().splitlines()

    error = await stage.refusal(2, "accounts")

    assert error["code"] == "CONFIG_INVALID"
    number = lines.index("max_shares_per_ordr = 5") + 1
    for part in ("config.toml", f"line {number}", "max_shares_per_ordr"):
        assert part in error["detail"]


async def test_named_configuration_that_is_not_there_is_told(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    missing = str(stage.home / "other.toml")

    done = await stage.commands.start(
        "--home", str(stage.home), "--config", missing, "accounts", "--json"
    )

    error = (await done.finished()).error(code=2)
    assert error["code"] == "CONFIG_INVALID"
    assert "other.toml" in error["detail"]


async def test_home_comes_from_the_environment_where_no_option_names_it(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    environment = {"SWIMDESK_HOME": str(stage.home)}

    running = await stage.commands.start("accounts", "--json", environment=environment)

    accounts = (await running.finished()).document()["accounts"]
    assert [account["account"] for account in accounts] == ["FAM-01", "FAM-02"]


async def test_home_without_configuration_says_how_to_get_one(
    commands: Commands, folder: Path
) -> None:
    running = await commands.start("--home", str(folder / "new"), "accounts", "--json")

    error = (await running.finished()).error(code=2)

    assert error["code"] == "CONFIG_INVALID"
    assert "swimdesk demo" in error["detail"]


@pytest.mark.parametrize(
    "arguments",
    [("accounts",), ("halt",), ("--no-ui",), ("send", "BUY +1 SPY @1.00 LMT", "--all", "--yes")],
)
async def test_home_that_is_a_file_cannot_be_used(
    commands: Commands, folder: Path, arguments: tuple[str, ...]
) -> None:
    (folder / "file").write_text("not a folder")

    done = await (await commands.start("--home", str(folder / "file"), *arguments)).finished()

    assert done.code == 10
    assert done.err.startswith("swimdesk: ")
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("fly",), "fly"),
        (("send", "--json"), "order"),
        (("send", "BUY +1 SPY @1.00 LMT", "--yes", "--json"), "--all"),
        (("send", "BUY +1 SPY @1.00 LMT", "--all", "--size", "half", "--yes", "--json"), "half"),
        (("send", "BUY +1 SPY @1 LMT", "--all", "--waves", "blue", "--yes", "--json"), "blue"),
        (("chain", "SPY", "--strikes", "many", "--json"), "many"),
    ],
)
async def test_command_line_that_makes_no_sense_is_told_in_a_sentence(
    set_stage: SetStage, arguments: tuple[str, ...], named: str
) -> None:
    stage = await set_stage(*SMALL)

    done = await stage.run(*arguments)

    assert done.code == 2
    assert named in done.out + done.err
    assert "Traceback" not in done.err
    assert await stage.posts() == 0
