"""A brokerage that is put down and taken up again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fakes.sim_client import Counter, shares

from swimdesk.errors import InputError


def resumed(counter: Counter) -> Counter:
    """Return another brokerage that goes on where this one stands."""
    state = json.loads(json.dumps(counter.broker.dump_state()))
    successor = Counter(start=counter.clock.now(), profile=counter.broker.settings.profile)
    successor.broker.load_state(state)
    successor.bearer = successor.sign_in()
    return successor


def test_orders_positions_and_cash_are_taken_up() -> None:
    counter = Counter(profile="mixed")
    counter.settled(shares("BUY", 3, "AAPL"))
    counter.settled(counter.condor("5.00"))
    counter.place(shares("BUY", 1, "SPY", "500.00"))
    counter.settle()
    successor = resumed(counter)
    assert successor.orders() == counter.orders()
    assert set(successor.positions()) == set(counter.positions())
    account, before = successor.account, counter.account
    assert (account.cash, account.reserved()) == (before.cash, before.reserved())
    assert account.coverage_of("$SPX") == before.coverage_of("$SPX")


def test_refresh_token_survives_and_access_tokens_do_not() -> None:
    counter = Counter()
    old_bearer = counter.bearer
    successor = resumed(counter)
    assert successor.send("GET", "accounts").status == 200
    successor.bearer = old_bearer
    assert successor.send("GET", "accounts").status == 401


def test_live_orders_go_on() -> None:
    counter = Counter()
    resting = counter.place(shares("BUY", 1, "SPY", "500.00"))
    counter.settle()
    replaced = counter.place(shares("BUY", 2, "SPY", "500.00"))
    counter.settle()
    new = counter.send("PUT", replaced, body=shares("BUY", 3, "SPY", "500.00"))
    fresh = counter.place(shares("BUY", 4, "AAPL"))
    counter.send("DELETE", resting)
    successor = resumed(counter)
    successor.settle()
    statuses = [
        successor.order(address)["status"]
        for address in (resting, replaced, new.headers["Location"], fresh)
    ]
    assert statuses == ["CANCELED", "REPLACED", "WORKING", "FILLED"]


def test_new_ids_follow_the_old_ones() -> None:
    counter = Counter()
    first = counter.place(shares("BUY", 1, "SPY", "500.00"))
    second = resumed(counter).place(shares("BUY", 1, "SPY", "500.00"))
    assert int(second.rsplit("/", 1)[1]) > int(first.rsplit("/", 1)[1])


def test_state_of_another_brokerage_is_refused() -> None:
    state: dict[str, Any] = Counter().broker.dump_state()
    with pytest.raises(InputError, match="other accounts"):
        Counter(seed=8).broker.load_state(state)
