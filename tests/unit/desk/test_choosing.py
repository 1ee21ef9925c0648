"""Which accounts a scope with a condition means, and who stands in the way of knowing it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.fakes.builders import STOCK, a_position, an_account, some_balances
from tests.fakes.desk import Bench, a_desk
from tests.fakes.virtual import run_virtual

from swimdesk.domain.accounts import Account, AccountType
from swimdesk.errors import (
    BrokerUnreachable,
    InputError,
    SwimdeskError,
    UnknownReference,
    WhereTextError,
)
from swimdesk.views.requests import Scope

ACCOUNTS = (
    an_account("A-01", login="one", groups=("family",)),
    an_account("A-02", login="two", groups=("family", "ira"), option_level=2),
    an_account("A-03", login="three", groups=("ira",), kind=AccountType.CASH),
)


def rich(bench: Bench, alias: str, figure: int) -> None:
    bench.broker.balances[alias] = replace(some_balances(), option_buying_power=Decimal(figure))


async def chosen(bench: Bench, where: str, **scope: object) -> list[str]:
    return [x.account for x in await bench.desk.accounts(Scope(where=where, **scope))]  # type: ignore[arg-type]


async def refusal(bench: Bench, where: str, kind: type[SwimdeskError]) -> SwimdeskError:
    with pytest.raises(kind) as caught:
        await bench.plan(STOCK, scope=Scope(where=where))
    return caught.value


@pytest.mark.parametrize(
    ("where", "scope", "expected"),
    [
        ("bp >= 20k", {}, ["A-01", "A-02"]),
        ("bp >= 20k", {"everyone": True}, ["A-01", "A-02"]),
        ("bp >= 20k", {"groups": ("ira",)}, ["A-02"]),
        ("bp >= 20k", {"accounts": ("A-03", "A-01")}, ["A-01"]),
        ("bp > 20k", {}, ["A-02"]),
        ("level >= 3 and not margin", {}, ["A-03"]),
        ("group = 'ira' and group != 'family'", {}, ["A-03"]),
        ("not holds(AAPL)", {}, ["A-01", "A-03"]),
        ("login = 'two' or alias = 'A-01'", {}, ["A-01", "A-02"]),
        ("bp > 1m", {}, []),
    ],
)
def test_accounts_are_kept_that_meet_the_condition(
    where: str, scope: dict[str, object], expected: list[str]
) -> None:
    async def scenario() -> None:
        async with a_desk(ACCOUNTS) as bench:
            for alias, figure in (("A-01", 20_000), ("A-02", 20_001), ("A-03", 0)):
                rich(bench, alias, figure)
            bench.broker.positions["A-02"] = (a_position("AAPL", 100),)
            assert await chosen(bench, where, **scope) == expected
            shown = await bench.desk.balances(Scope(where=where, **scope))  # type: ignore[arg-type]
            assert [view.account for view in shown] == expected

    run_virtual(scenario())


def test_a_plan_goes_to_the_accounts_that_meet_the_condition() -> None:
    async def scenario() -> None:
        async with a_desk(ACCOUNTS) as bench:
            plan = await bench.plan(STOCK, scope=Scope(where="level >= 3"))
            assert [line.account for line in plan.lines] == ["A-01", "A-03"]
            error = await refusal(bench, "bp > 1m", InputError)
            assert error.detail == "No account meets --where bp > 1m."
            assert await bench.desk.orders(Scope(where="bp > 1m")) == ()

    run_virtual(scenario())


def test_the_figures_of_a_plan_s_condition_are_not_read_twice() -> None:
    async def scenario() -> None:
        async with a_desk(ACCOUNTS) as bench:
            await bench.plan(STOCK, scope=Scope(where="bp > 1"))
            assert bench.broker.holdings_reads == 3

    run_virtual(scenario())


def test_accounts_that_cannot_be_read_are_an_error_that_names_them() -> None:
    async def scenario() -> None:
        async with a_desk(ACCOUNTS) as bench:
            bench.broker.unreadable_logins = {"one", "three"}
            error = await refusal(bench, "bp > 1", BrokerUnreachable)
            assert error.detail == "--where: A-01, A-03 could not be read: no answer"
            # What is settled without their figures needs no figures.
            plan = await bench.plan(STOCK, scope=Scope(where="bp > 1 and login = 'two'"))
            assert [line.account for line in plan.lines] == ["A-02"]

    run_virtual(scenario())


def test_when_no_account_can_be_read_all_are_named_that_needed_to_be() -> None:
    async def scenario() -> None:
        async with a_desk(ACCOUNTS) as bench:
            bench.broker.unreadable_logins = {"one", "two", "three"}
            error = await refusal(bench, "bp > 1 or group = 'ira'", BrokerUnreachable)
            assert error.detail == "--where: A-01 could not be read: no answer"

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("account", "where", "detail"),
    [
        (an_account("A-09", option_level=None), "level>=3", "option_level is not configured"),
        (an_account("A-09", kind=AccountType.UNRECOGNISED), "margin", "type is not known"),
    ],
)
def test_what_nobody_knows_of_an_account_is_an_error_that_names_it(
    account: Account, where: str, detail: str
) -> None:
    async def scenario() -> None:
        async with a_desk((*ACCOUNTS, account)) as bench:
            error = await refusal(bench, where, InputError)
            assert error.detail == f"--where: of A-09 the {detail}."
            assert await chosen(bench, f"alias != 'A-09' and {where}")

    run_virtual(scenario())


def test_a_condition_that_is_wrong_asks_the_broker_nothing() -> None:
    async def scenario() -> None:
        async with a_desk(ACCOUNTS) as bench:
            error = await refusal(bench, "bp > lots", WhereTextError)
            assert error.column == 6
            await refusal(bench, "not group = 'irra'", UnknownReference)
            assert not bench.broker.holdings_reads

    run_virtual(scenario())
