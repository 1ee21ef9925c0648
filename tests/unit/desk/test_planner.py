"""Plans: who gets what and why not, from how many reads, and at what effort."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import FrameType

import pytest
from tests.fakes.broker import Act, FakeBroker
from tests.fakes.builders import (
    CONDOR,
    STOCK,
    a_broadcast,
    a_line,
    a_ticket,
    an_account,
    roomy_limits,
    some_accounts,
    some_balances,
)
from tests.fakes.desk import Bench, a_desk
from tests.fakes.virtual import START, VirtualClock, run_virtual

from swimdesk.desk.ports import BrokerOrderState, Holdings, Quote
from swimdesk.domain.accounts import AccountType
from swimdesk.domain.events import BroadcastOpened, LinesChanged
from swimdesk.domain.orders import LineState, Ticket
from swimdesk.domain.positions import Position
from swimdesk.errors import BrokerUnreachable, InputError, LoginRequired, UnknownSymbol
from swimdesk.views.models import PlanView
from swimdesk.views.requests import Scope

CALL = "SPY   261218C00600000"
ONE_LOGIN_EACH = tuple(an_account(f"A-0{i}", login=f"login-0{i}") for i in (1, 2, 3))


def verdicts(plan: PlanView) -> dict[str, str]:
    """Return per account the verdict, or the codes of its denials."""
    return {
        line.account: " ".join(one.code for one in line.denials) or line.verdict
        for line in plan.lines
    }


def holds(**quantities: str) -> tuple[Position, ...]:
    """Build positions by symbol."""
    return tuple(
        Position(symbol, Decimal(quantity), Decimal(1), Decimal(1))
        for symbol, quantity in quantities.items()
    )


def know(bench: Bench, order: str, state: LineState, **changes: object) -> None:
    """Let the desk know an earlier order of ours in A-01."""
    ticket = changes.pop("ticket", None) or a_ticket(order)
    assert isinstance(ticket, Ticket)
    number = len(bench.desk.book.snapshot.broadcasts)
    line = replace(a_line("A-01", state, ticket=ticket), ref=f"ref-{number}", fingerprint="old")
    line = replace(line, **changes)  # type: ignore[arg-type]
    bench.desk.book.apply(
        BroadcastOpened(a_broadcast(line, id_=f"B-{number}", created=START - timedelta(hours=1)))
    )


# --- what keeps accounts out -------------------------------------------------------------------


def test_a_login_that_cannot_be_read_denies_only_its_own_accounts() -> None:
    async def scenario() -> None:
        async with a_desk(ONE_LOGIN_EACH) as bench:
            bench.broker.unreadable_logins = {"login-02"}
            plan = await bench.plan()
            assert verdicts(plan) == {"A-01": "send", "A-02": "NOT_READ", "A-03": "send"}
            assert plan.lines[1].denials[0].detail == "no answer"

    run_virtual(scenario())


class SignedOut(FakeBroker):
    """A broker for which one login has to sign in again and another does not answer."""

    async def holdings(self, accounts: list[str]) -> tuple[Holdings, ...]:  # type: ignore[override]
        """Refuse for A-01 and A-02."""
        if accounts == ["A-01"]:
            raise BrokerUnreachable("no answer")
        if accounts == ["A-02"]:
            raise LoginRequired("sign in again")
        return await FakeBroker.holdings(self, accounts)


def test_a_login_that_has_to_sign_in_is_told_apart_from_one_that_does_not_answer() -> None:
    async def scenario() -> None:
        broker = SignedOut(VirtualClock(), ONE_LOGIN_EACH)
        async with a_desk(ONE_LOGIN_EACH, broker=broker) as bench:
            plan = await bench.plan()
            assert verdicts(plan) == {"A-01": "NOT_READ", "A-02": "LOGIN_NOT_READY", "A-03": "send"}
            with pytest.raises(LoginRequired):
                await bench.plan(scope=Scope(accounts=("A-01", "A-02")))

    run_virtual(scenario())


def test_nothing_is_planned_when_no_login_can_be_read() -> None:
    async def scenario() -> None:
        async with a_desk(ONE_LOGIN_EACH) as bench:
            bench.broker.unreadable_logins = {"login-01", "login-02", "login-03"}
            with pytest.raises(BrokerUnreachable):
                await bench.plan()

    run_virtual(scenario())


def test_an_unknown_symbol_is_named_and_nothing_is_planned() -> None:
    async def scenario() -> None:
        async with a_desk(2) as bench:
            bench.broker.unknown_symbols = {"SPXW  261211C06220000"}
            with pytest.raises(UnknownSymbol, match="SPXW  261211C06220000"):
                await bench.plan(CONDOR)

    run_virtual(scenario())


def test_a_closed_market_denies_every_account() -> None:
    async def scenario() -> None:
        async with a_desk(2) as bench:
            bench.broker.is_open = False
            assert set(verdicts(await bench.plan()).values()) == {"SESSION_CLOSED"}

    run_virtual(scenario())


def test_a_contract_past_its_last_day_is_denied() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            # START is a Monday; this one settled in the morning of the Friday before.
            plan = await bench.plan("BUY +1 VIX 100 23 NOV 26 20 CALL @1.00 LMT")
            assert verdicts(plan) == {"A-01": "EXPIRED"}

    run_virtual(scenario())


@pytest.mark.parametrize(("ceiling", "all_or_none"), [("37500", "send"), ("37499.99", "denied")])
def test_the_ceiling_of_a_broadcast_denies_all_or_none(ceiling: str, all_or_none: str) -> None:
    async def scenario() -> None:
        limits = roomy_limits(max_notional_per_broadcast=Decimal(ceiling))
        async with a_desk(2, limits=limits) as bench:
            plan = await bench.plan(STOCK)  # 2 x $18,750
            assert {line.verdict for line in plan.lines} == {all_or_none}
            if all_or_none == "denied":
                assert set(verdicts(plan).values()) == {"NOTIONAL_BROADCAST"}

    run_virtual(scenario())


def test_accounts_that_are_kept_out_do_not_count_against_the_ceiling() -> None:
    async def scenario() -> None:
        limits = roomy_limits(max_notional_per_broadcast=Decimal(37500))
        accounts = (*some_accounts(2), an_account("A-03", closing_only=True))
        async with a_desk(accounts, limits=limits) as bench:
            plan = await bench.plan(STOCK)
            assert verdicts(plan) == {"A-01": "send", "A-02": "send", "A-03": "CLOSING_ONLY"}

    run_virtual(scenario())


def test_accounts_that_get_nothing_are_skipped_with_the_reason() -> None:
    async def scenario() -> None:
        accounts = (an_account("A-01", multiplier="2"), an_account("A-02", multiplier="0.4"))
        async with a_desk(accounts) as bench:
            plan = await bench.plan(STOCK.replace("100", "2"), sizing="mult")
            assert [(line.verdict, line.quantity) for line in plan.lines] == [
                ("send", 4),
                ("skipped", 0),
            ]
            assert plan.lines[1].reason == "2 x multiplier 0.4 rounds down to 0"
            assert plan.counts["send"] == 1
            assert plan.counts["skipped"] == 1

    run_virtual(scenario())


def test_a_split_gives_out_its_total_and_wants_quantity_one() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            plan = await bench.plan("BUY +1 AAPL @187.50 LMT", sizing="equal:10")
            assert [line.quantity for line in plan.lines] == [3, 3, 2, 2]
            with pytest.raises(InputError, match="quantity 1"):
                await bench.plan(STOCK, sizing="equal:10")

    run_virtual(scenario())


def test_lines_keep_the_order_of_the_accounts_and_the_digest_covers_what_would_leave() -> None:
    async def scenario() -> None:
        async with a_desk(ONE_LOGIN_EACH) as bench:
            whole = await bench.plan(STOCK)
            bench.broker.unreadable_logins = {"login-01"}
            await asyncio.sleep(16)
            partly = await bench.plan(STOCK)
            assert [line.account for line in partly.lines] == ["A-01", "A-02", "A-03"]
            assert partly.digest != whole.digest
            bench.broker.unreadable_logins = set()
            assert (await bench.plan(STOCK)).digest == whole.digest

    run_virtual(scenario())


# --- open or close, per account ----------------------------------------------------------------


def test_each_account_s_holdings_decide_what_its_order_does() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:
            bench.broker.positions = {
                "A-01": holds(AAPL="-150"),
                "A-02": holds(AAPL="-50"),
                "A-03": holds(AAPL="70"),
            }
            plan = await bench.plan(STOCK)
            assert [line.effect for line in plan.lines] == ["close", "auto", "open", "open"]
            assert verdicts(plan)["A-02"] == "EFFECT_AMBIGUOUS"

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("state", "filled", "wanted", "code"),
    [
        (LineState.WORKING, 0, 60, "send"),
        (LineState.WORKING, 0, 61, "SELL_MORE_THAN_HELD"),
        (LineState.PARTIAL, 30, 90, "send"),
        (LineState.PARTIAL, 30, 91, "SELL_MORE_THAN_HELD"),
        (LineState.IN_DOUBT, 0, 61, "SELL_MORE_THAN_HELD"),
        (LineState.SENDING, 0, 61, "SELL_MORE_THAN_HELD"),
        (LineState.CANCELED, 0, 100, "send"),
        (LineState.REFUSED, 0, 100, "send"),
    ],
)
def test_what_our_working_orders_sell_cannot_be_sold_again(
    state: LineState, filled: int, wanted: int, code: str
) -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.broker.positions["A-01"] = holds(AAPL="100")
            know(bench, "SELL -40 AAPL @190.00 LMT GTC [TO CLOSE]", state, filled=filled)
            # What is filled has left the positions already.
            bench.broker.positions["A-01"] = holds(AAPL=str(100 - filled))
            plan = await bench.plan(f"SELL -{wanted - filled} AAPL @187.50 LMT")
            assert verdicts(plan) == {"A-01": code}

    run_virtual(scenario())


def test_a_call_is_covered_once_by_the_shares_that_are_left() -> None:
    async def scenario() -> None:
        text = "SELL -1 SPY 100 18 DEC 26 610 CALL @4.00 LMT [TO OPEN]"
        async with a_desk((an_account("A-01", kind=AccountType.CASH),)) as bench:
            bench.broker.positions["A-01"] = holds(SPY="100")
            assert verdicts(await bench.plan(text)) == {"A-01": "send"}
            know(bench, text.replace("610", "600"), LineState.WORKING, ticket=opened(text))
            assert verdicts(await bench.plan(text)) == {"A-01": "CASH_ACCOUNT"}

    run_virtual(scenario())


def opened(text: str) -> Ticket:
    """Read a ticket for the strike 600 of the same order."""
    return a_ticket(text.replace("610", "600"))


# --- money -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "created_ago_s", "is_reserved"),
    [
        (LineState.SENDING, 3600, True),
        (LineState.IN_DOUBT, 3600, True),
        (LineState.ACCEPTED, 3600, True),
        (LineState.WORKING, 3600, False),
        (LineState.WORKING, 3, True),
        (LineState.FILLED, 3, False),
        (LineState.REJECTED, 3, False),
    ],
)
def test_money_that_our_orders_hold_and_the_broker_does_not_show_is_not_spent_again(
    state: LineState, created_ago_s: int, is_reserved: bool
) -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.broker.balances["A-01"] = some_balances("10000")  # 20,000 for stock
            line = replace(
                a_line("A-01", state, ticket=a_ticket("BUY +50 AAPL @187.50 LMT [TO OPEN]")),
                fingerprint="old",
            )
            created = START - timedelta(seconds=created_ago_s)
            bench.desk.book.apply(BroadcastOpened(a_broadcast(line, created=created)))
            plan = await bench.plan(STOCK)
            assert verdicts(plan) == {"A-01": "BUYING_POWER" if is_reserved else "send"}
            if is_reserved:
                assert plan.lines[0].denials[0].detail == (
                    "needs $18,750.00, has $10,625.00 after $9,375.00 held by our live orders"
                )

    run_virtual(scenario())


def test_a_market_order_in_flight_holds_what_the_market_asks() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.broker.balances["A-01"] = some_balances("10000")
            know(bench, "BUY +50 MSFT @MKT [TO OPEN]", LineState.IN_DOUBT)
            (denied,) = (await bench.plan(STOCK)).lines[0].denials
            assert "after $5,005.00 held" in denied.detail  # 50 x 100.10

    run_virtual(scenario())


class OneSided(FakeBroker):
    """A broker whose quotes have no bid and no ask."""

    async def quotes(self, symbols: list[str]) -> dict[str, Quote]:  # type: ignore[override]
        """Quote marks alone."""
        found = await FakeBroker.quotes(self, symbols)
        return {s: replace(quote, bid=None, ask=None) for s, quote in found.items()}


def test_a_market_order_without_a_two_sided_quote_costs_the_mark() -> None:
    async def scenario() -> None:
        accounts = some_accounts(1)
        broker = OneSided(VirtualClock(), accounts)
        async with a_desk(accounts, broker=broker) as bench:
            plan = await bench.plan("BUY +100 AAPL @MKT")
            assert plan.lines[0].requirement == 10_000
            too_many = await bench.plan("BUY +501 AAPL @MKT")
            assert verdicts(too_many) == {"A-01": "NOTIONAL_ORDER MARKET_NOTIONAL QUOTE_STALE"}

    run_virtual(scenario())


# --- duplicates --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "after_s", "code"),
    [
        (Act.FILL, 29, "DUPLICATE_RECENT"),
        (Act.FILL, 31, "send"),
        (Act.REST, 31, "WORKING_ALIKE"),
        (Act.REFUSE, 29, "DUPLICATE_RECENT"),
        (Act.REJECT, 29, "DUPLICATE_RECENT"),
        (Act.NOT_SENT, 1, "send"),
        (Act.LOSE, 1, "DUPLICATE_IN_FLIGHT"),
        (Act.LOSE, 4000, "DUPLICATE_IN_FLIGHT"),
        (Act.TAKE_WITHOUT_ID, 20, "DUPLICATE_IN_FLIGHT"),
    ],
)
def test_the_same_order_again(act: Act, after_s: float, code: str) -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.broker.acts["A-01"] = act
            await bench.submit(await bench.plan(STOCK))
            await asyncio.sleep(after_s)
            assert verdicts(await bench.plan(STOCK)) == {"A-01": code}
            other = STOCK.replace("187.50", "187.51")
            assert verdicts(await bench.plan(other)) == {"A-01": "send"}

    run_virtual(scenario())


# --- freshness ---------------------------------------------------------------------------------


def test_holdings_are_read_once_and_again_when_they_are_old() -> None:
    async def scenario() -> None:
        async with a_desk(4) as bench:  # one login
            await bench.plan(STOCK)
            assert bench.broker.holdings_reads == 1
            await asyncio.sleep(14)
            await bench.plan(STOCK)
            assert bench.broker.holdings_reads == 1
            await asyncio.sleep(2)
            await bench.plan(STOCK)
            assert bench.broker.holdings_reads == 2

    run_virtual(scenario())


def test_one_read_per_login_and_only_for_the_accounts_that_are_asked_for() -> None:
    async def scenario() -> None:
        async with a_desk(12) as bench:  # three logins
            await bench.plan(STOCK, scope=Scope(accounts=("A-01", "A-05")))
            assert bench.broker.holdings_reads == 2
            await bench.plan(STOCK)
            assert bench.broker.holdings_reads == 5

    run_virtual(scenario())


def test_a_fill_of_ours_makes_holdings_old_until_the_broker_has_had_time_to_show_it() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            await bench.send(STOCK)
            reads = bench.broker.holdings_reads
            for _ in range(3):
                await bench.plan(CONDOR)
                await asyncio.sleep(2)
            assert bench.broker.holdings_reads == reads + 3
            await asyncio.sleep(3)
            await bench.plan(CONDOR)
            await bench.plan(CONDOR)
            assert bench.broker.holdings_reads == reads + 4

    run_virtual(scenario())


def test_a_resting_order_that_fills_after_the_positions_were_read_is_not_sold_twice() -> None:
    async def scenario() -> None:
        async with a_desk(1) as bench:
            bench.broker.positions["A-01"] = holds(AAPL="100")
            bench.broker.acts["A-01"] = Act.REST
            shown = await bench.submit(await bench.plan("SELL -100 AAPL @190.00 LMT"))
            await asyncio.sleep(600)
            assert verdicts(await bench.plan("SELL -100 AAPL @191.00 LMT")) == {
                "A-01": "SELL_MORE_THAN_HELD"
            }
            sold = replace(
                bench.broker.ledger[0], state=BrokerOrderState.FILLED, filled=Decimal(100)
            )
            bench.broker.ledger[0] = sold
            bench.broker.positions["A-01"] = ()
            line = bench.desk.book.snapshot.broadcasts[shown.broadcast].lines[0]
            bench.desk.book.apply(
                LinesChanged(shown.broadcast, (line.moved(LineState.FILLED, filled=100),))
            )
            plan = await bench.plan("SELL -100 AAPL @191.00 LMT")
            assert verdicts(plan) == {"A-01": "SELL_MORE_THAN_HELD"}

    run_virtual(scenario())


# --- effort ------------------------------------------------------------------------------------


def steps_of_a_plan(accounts: int, settled: int) -> int:
    """Count the function calls (resumed generators included) of one plan."""

    async def scenario() -> int:
        async with a_desk(accounts) as bench:
            aliases = [account.alias for account in some_accounts(accounts)]
            for number in range(settled):
                lines = [
                    replace(
                        a_line(alias, LineState.FILLED),
                        ref=f"{number}-{alias}",
                        fingerprint=f"look-{number}",
                        filled=1,
                        average=Decimal(1),
                    )
                    for alias in aliases
                ]
                earlier = a_broadcast(*lines, id_=f"B-{number:03d}", created=START)
                bench.desk.book.apply(BroadcastOpened(earlier))
            steps = 0

            def count(frame: FrameType, event: str, argument: object) -> None:
                nonlocal steps
                steps += event == "call"

            sys.setprofile(count)
            try:
                plan = await bench.plan(STOCK)
            finally:
                sys.setprofile(None)
            assert len(plan.lines) == accounts
            return steps

    return run_virtual(scenario())


def test_the_effort_of_a_plan_grows_with_accounts_and_history_and_not_with_their_squares() -> None:
    small, wide, long, both = (
        steps_of_a_plan(*size) for size in ((12, 16), (48, 16), (12, 64), (48, 64))
    )
    assert wide < 5 * small
    assert long < 5 * small
    assert both < 17 * small
