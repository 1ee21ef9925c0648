"""What the operator sees, state by state, on the smallest screen and on a comfortable one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from swimdesk.console.panels.chain import ChainPanel
from swimdesk.console.themes import THEMES
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.desk.ports import BrokerOrderState
from swimdesk.domain.accounts import Account, AccountType
from swimdesk.views.requests import Scope
from tests.console.doubtful import doubt, steady_reads
from tests.console.orders import everywhere, question, send
from tests.console.pictures import compare
from tests.console.signing import Script, Scripted, by_hand, some_grants, with_code
from tests.console.stage import Stage, a_console
from tests.fakes.broker import Act, CancelAct, FakeBroker
from tests.fakes.builders import CONDOR, a_position, an_account
from tests.fakes.strangers import enter

pytestmark = pytest.mark.slow

SIZES = ((80, 24), (120, 40))

ACCOUNTS: tuple[Account, ...] = (
    *(an_account(f"FAM-{n:02}", groups=("family",)) for n in range(1, 15)),
    *(an_account(f"IRA-{n:02}", login="login-02", groups=("ira",), option_level=2)
      for n in range(1, 8)),
    an_account("CASH-01", login="login-03", groups=("ira",), kind=AccountType.CASH,
               option_level=1),
    an_account("TRUST-01", login="login-03", groups=("trust",), multiplier="3"),
    an_account("LOCKED", login="login-03", closing_only=True),
)  # fmt: skip
"""Twenty-four accounts of every kind."""

SHORT_CALL, LONG_CALL = "SPXW  261211C06200000", "SPXW  261211C06220000"
SHORT_PUT, LONG_PUT = "SPXW  261211P05820000", "SPXW  261211P05800000"

Scene = Callable[[Stage], Awaitable[None]]


async def at_rest(stage: Stage) -> None:
    """Show what the console opens with."""


async def marked(stage: Stage) -> None:
    await stage.press("space", "j", "space", "j", "j", "space")


async def filtered(stage: Stage) -> None:
    await stage.press("slash", *"ira")
    await stage.press("enter")


async def pulse(stage: Stage) -> None:
    await send(stage, acts={"FAM-03": Act.REJECT, "IRA-02": Act.REST, "TRUST-01": Act.LOSE})
    await stage.press("1")


async def positions(stage: Stage) -> None:
    await stage.press("3")


async def positions_open(stage: Stage) -> None:
    await stage.press("3", "enter", "j", "enter", "j", "enter")


async def positions_flat(stage: Stage) -> None:
    await stage.press("3", "t")


async def chain(stage: Stage) -> None:
    await stage.type("SPX OMON")
    await stage.until(lambda: "[6010]" in stage.text(), "the chain")


async def chain_with_legs(stage: Stage) -> None:
    await chain(stage)
    await stage.press("i")
    panel = stage.console.panel
    assert isinstance(panel, ChainPanel)
    await stage.until(lambda: "IRON CONDOR" in stage.text(), "four legs")
    await stage.until(
        lambda: panel.table is not None and panel.picks.counts.keys() <= panel.table.quoted.keys(),
        "the legs among the strikes",
    )


async def planned(stage: Stage) -> None:
    await stage.plan()


async def planned_with_sizes(stage: Stage) -> None:
    await stage.plan(f"{CONDOR} grp family,ira mult")


async def not_planned(stage: Stage) -> None:
    stage.broker.unreadable_logins |= {account.login for account in ACCOUNTS}
    stage.clock.advance(60)
    await stage.type(f"{CONDOR} all")
    await stage.until(lambda: "no answer" in stage.text(), "why there is no plan")
    await stage.until(lambda: "1m00s old" not in stage.text(), "fresh quotes")


async def details(stage: Stage) -> None:
    await stage.plan(f"{CONDOR} acc CASH-01")
    await stage.press("enter")


async def confirming(stage: Stage) -> None:
    await stage.plan(f"{CONDOR} grp family")
    await stage.press("f8", "f10")


async def confirming_with_count(stage: Stage) -> None:
    await stage.plan(f"{CONDOR.replace('-1', '-6')} all")
    await stage.press("f8", "f10")


async def blotter_empty(stage: Stage) -> None:
    await stage.press("6")


async def blotter_filled(stage: Stage) -> None:
    await send(stage)
    await stage.until(lambda: "settled" in stage.text(), "a settled broadcast")


async def blotter_mixed(stage: Stage) -> None:
    acts = {"FAM-02": Act.REJECT, "FAM-05": Act.REST, "FAM-09": Act.LOSE, "IRA-01": Act.REFUSE}
    await send(stage, acts=acts)


async def blotter_canceled(stage: Stage) -> None:
    await send(stage, acts=everywhere(stage, Act.REST))
    stage.broker.cancel_acts["FAM-04"] = [CancelAct.FILL_FIRST]
    await stage.press("C", "y")
    await stage.until(lambda: "canceled" in stage.text(), "canceled orders")
    await stage.until(lambda: "settled" in stage.text(), "a settled broadcast")


async def described(stage: Stage) -> None:
    await send(stage, acts={"FAM-01": Act.REJECT})
    await stage.press("j", "j", "d")


async def log(stage: Stage) -> None:
    await send(stage, acts={"FAM-02": Act.REFUSE})
    await stage.press("at")


async def helped(stage: Stage) -> None:
    await stage.plan()
    await stage.press("question_mark")


async def palette(stage: Stage) -> None:
    await stage.press("ctrl+p")
    await stage.press(*"halt")
    await stage.until(lambda: "Ctrl-K" in stage.text(), "the action")


async def halted(stage: Stage) -> None:
    await stage.press("ctrl+k")
    await stage.until(lambda: "HALTED" in stage.text().splitlines()[0], "halted")


async def mistaken(stage: Stage) -> None:
    await stage.type(CONDOR.replace("6220", "622x") + " all")
    await stage.until(lambda: "column" in stage.text(), "where the mistake is")


async def doubtful(stage: Stage) -> None:
    acts = {"FAM-02": Act.LOSE, "FAM-05": Act.TAKE_AND_LOSE_ANSWER}
    acts |= {"IRA-03": Act.TAKE_AND_LOSE_ANSWER, "TRUST-01": Act.LOSE}
    await doubt(stage, acts, twins=("IRA-03",))
    stage.clock.advance(12)
    await stage.press("g", "d")
    await stage.until(lambda: "12s" in stage.text(), "ages")
    await stage.press("j")


async def doubtful_everywhere(stage: Stage) -> None:
    able = [a.alias for a in ACCOUNTS if a.alias not in ("CASH-01", "LOCKED")]
    await doubt(stage, dict.fromkeys(able, Act.LOSE))
    stage.clock.advance(252)
    await stage.press("g", "d")
    await stage.until(lambda: "4m12s" in stage.text(), "ages")
    await stage.until(lambda: "old  SPX" not in stage.text(), "fresh quotes")


async def deciding(stage: Stage) -> None:
    await doubtful(stage)
    await stage.press("r", "1", *"the desk told me", "enter")
    await question(stage)


async def drifting(stage: Stage) -> None:
    enter(stage.broker, "FAM-02", "BUY +7 AAPL @100.00 LMT")
    enter(stage.broker, "IRA-03", "SELL -2 AAPL @230.00 LMT", filled=1)
    enter(stage.broker, "TRUST-01", CONDOR, state=BrokerOrderState.CANCELED)
    await stage.press("7")
    await stage.until(lambda: "0s ago" in stage.text(), "the comparison")
    await stage.press("j")


async def settled(stage: Stage) -> None:
    """Let the time pass after which positions that are read are trusted to have the fills."""
    await stage.bench.desk.balances(Scope(everyone=True))
    stage.clock.advance(10)
    await stage.until(lambda: "10:00:11 ET" in stage.text(), "the time")


async def flattening(stage: Stage) -> None:
    await doubt(stage, {"FAM-01": Act.LOSE})
    await settled(stage)
    await stage.type("FLATTEN all")
    await question(stage)


async def undoing(stage: Stage) -> None:
    await send(stage, acts={"FAM-07": Act.REST, "FAM-08": Act.REST, "IRA-01": Act.REJECT})
    await settled(stage)
    await stage.until(lambda: "age 0s" not in stage.text(), "the age of what works")
    await stage.press("u", "enter")
    await question(stage)


async def logins_listed(stage: Stage) -> None:
    await stage.press("g", "i")
    await stage.until(lambda: "lasts 16h00m" in stage.text(), "the logins")


async def signing_in(stage: Stage) -> None:
    await stage.type("LOGIN smith")
    await stage.until(lambda: "Code of the authenticator" in stage.text(), "the question")
    await stage.press(*"4938")


async def signing_in_by_hand(stage: Stage) -> None:
    await stage.type("LOGIN smith manual")
    await stage.until(lambda: "Paste the whole address" in stage.text(), "the question")


async def signed_in(stage: Stage) -> None:
    await signing_in(stage)
    await stage.press(*"17", "enter")
    await stage.until(lambda: "Enter closes" in stage.text(), "the end")


async def contrast(stage: Stage) -> None:
    stage.console.theme = THEMES[1].name
    await blotter_mixed(stage)


async def colour_blind(stage: Stage) -> None:
    stage.console.theme = THEMES[2].name
    await blotter_mixed(stage)


SCENES: dict[str, Scene] = {
    "accounts": at_rest,
    "accounts-marked": marked,
    "accounts-filtered": filtered,
    "home": pulse,
    "positions": positions,
    "positions-open": positions_open,
    "positions-flat": positions_flat,
    "chain": chain,
    "chain-legs": chain_with_legs,
    "ticket": planned,
    "ticket-sizes": planned_with_sizes,
    "ticket-not-planned": not_planned,
    "ticket-details": details,
    "confirm": confirming,
    "confirm-count": confirming_with_count,
    "blotter-empty": blotter_empty,
    "blotter-filled": blotter_filled,
    "blotter-mixed": blotter_mixed,
    "blotter-canceled": blotter_canceled,
    "blotter-describe": described,
    "doubts": doubtful,
    "doubts-everywhere": doubtful_everywhere,
    "doubts-decide": deciding,
    "drift": drifting,
    "flatten": flattening,
    "undo": undoing,
    "log": log,
    "help": helped,
    "palette": palette,
    "halted": halted,
    "mistake": mistaken,
    "theme-contrast": contrast,
    "theme-colour-blind": colour_blind,
}


def _furnish(broker: FakeBroker) -> None:
    """Give some accounts holdings: a condor, half of one, shares."""
    broker.listed.spots["$SPX"] = Decimal("6010.42")
    legs = ((SHORT_CALL, -1), (LONG_CALL, 1), (SHORT_PUT, -1), (LONG_PUT, 1))
    for number in range(1, 7):
        held = [a_position(symbol, count * number, "2") for symbol, count in legs]
        broker.positions[f"FAM-{number:02}"] = tuple(held)
    broker.positions["IRA-01"] = (a_position("AAPL", 300, "187.5"),)
    broker.positions["IRA-02"] = (a_position(SHORT_PUT, -2, "2"),)


def is_flashing(stage: Stage) -> bool:
    """Tell whether a grid still points at what changed."""
    return any(grid.is_flashing for grid in stage.console.screen_stack[0].query(LiveGrid))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", SCENES)
async def test_the_screen_is_as_it_is_known(name: str, size: tuple[int, int]) -> None:
    async with a_console(size, accounts=ACCOUNTS, furnish=_furnish, around=steady_reads) as stage:
        await SCENES[name](stage)
        # What just changed says so for a moment; the picture is of the moment after.
        await stage.until(lambda: not is_flashing(stage), "every change came to rest")
        compare(stage, name)


SIGN_INS: dict[str, tuple[Scene, Script]] = {
    "logins": (logins_listed, with_code),
    "sign-in": (signing_in, with_code),
    "sign-in-by-hand": (signing_in_by_hand, by_hand),
    "sign-in-done": (signed_in, with_code),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", SIGN_INS)
async def test_a_sign_in_is_as_it_is_known(name: str, size: tuple[int, int]) -> None:
    scene, script = SIGN_INS[name]
    sign_in = Scripted(script)
    async with a_console(
        size, accounts=ACCOUNTS, furnish=_furnish, sign_in=sign_in, grants=some_grants
    ) as stage:
        await scene(stage)
        compare(stage, name)
