from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fakes.sim_client import SETTLED_S, Counter, shares

from swimdesk.errors import InputError, UnknownReference, UnknownSymbol
from swimdesk.sim.levers import Levers


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def levers(counter: Counter) -> Levers:
    return Levers(counter.broker)


async def test_ledger_lists_every_account_up_to_now(counter: Counter, levers: Levers) -> None:
    counter.place(shares("BUY", 1, "AAPL"))
    await levers.prepare_ledger()
    counter.clock.advance(SETTLED_S)
    accounts = json.loads(levers.ledger_json())["accounts"]
    assert set(accounts) == {a.number for a in counter.broker.accounts}
    assert accounts[counter.account.number]["orders"][0]["status"] == "FILLED"


def test_plan_is_put_in_force_with_its_rules(levers: Levers) -> None:
    levers.set_faults({"name": "mine", "rules": [{"fault": "refuse", "account": "#1"}]})
    report = levers.faults_json()
    assert report["name"] == "mine"
    assert [(rule["fault"], rule["fired"]) for rule in report["rules"]] == [("refuse", 0)]


def test_known_plan_is_put_in_force_by_its_name(levers: Levers) -> None:
    levers.set_faults({"name": "each"})
    assert len(levers.faults_json()["rules"]) > 10
    levers.set_faults({"name": "none"})
    assert levers.faults_json()["rules"] == []


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"name": "no-such"},
        {"rules": "refuse"},
        {"rules": ["refuse"]},
        {"rules": [None]},
        {"rules": [{}]},
        {"rules": [{"fault": "explode"}]},
        {"rules": [{"fault": "refuse", "colour": "red"}]},
        {"rules": [{"fault": "refuse", "nth": [1]}]},
        {"rules": [{"fault": "refuse", "nth": "first"}]},
        {"rules": [{"fault": "refuse", "operation": "dance"}]},
    ],
)
def test_plan_that_is_not_understood_leaves_the_old_one(
    levers: Levers, plan: dict[str, Any]
) -> None:
    levers.set_faults({"name": "each"})
    with pytest.raises(InputError):
        levers.set_faults(plan)
    assert levers.faults_json()["name"] == "each"


def test_shock_moves_the_market_at_once(counter: Counter, levers: Levers) -> None:
    before = counter.broker.market.quote("SPY")
    levers.shock("SPY", 0.5)
    after = counter.broker.market.quote("SPY")
    assert before is not None
    assert after is not None
    assert after.mark < before.mark * 2 / 3
    with pytest.raises(UnknownSymbol, match="NOSUCH"):
        levers.shock("NOSUCH", 0.5)


def test_revoked_login_is_shut_out_and_others_are_not(counter: Counter, levers: Levers) -> None:
    first, second = (login.name for login in counter.broker.logins)
    levers.revoke(first)
    assert counter.broker.grants.refresh_token(first) is None
    assert counter.broker.grants.refresh_token(second) is not None
    assert counter.send("GET", "/accounts").status == 401
    with pytest.raises(UnknownReference, match="nobody"):
        levers.revoke("nobody")
