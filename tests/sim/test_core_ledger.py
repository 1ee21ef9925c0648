"""The record that auditors compare with what a client believes."""

from __future__ import annotations

from tests.fakes.sim_client import Counter, shares

from swimdesk.sim.faults import Fault, FaultRule
from swimdesk.sim.ledger import AT_ONCE


def test_every_post_is_counted_with_its_arrival_whatever_became_of_it() -> None:
    counter = Counter()
    counter.with_faults(FaultRule(Fault.RESET_BEFORE, nth=2), FaultRule(Fault.RESET_AFTER, nth=3))
    body = shares("BUY", 1, "SPY", "500.00")
    for _ in range(3):
        counter.post(body)
        counter.clock.advance(0.25)
    counter.post({"orderType": "LIMIT"})
    entry = counter.ledger()
    assert entry["posts"] == 4
    assert [a["order_id"] is not None for a in entry["arrivals"]] == [True, False, True, False]
    assert [a["fault"] for a in entry["arrivals"]] == [None, "reset_before", "reset_after", None]
    first = entry["arrivals"][0]["arrived_ns"]
    assert [a["arrived_ns"] - first for a in entry["arrivals"]] == [
        0, 250_000_000, 500_000_000, 750_000_000
    ]  # fmt: skip
    created = [a["order_id"] for a in entry["arrivals"] if a["order_id"]]
    assert created == [order["id"] for order in entry["orders"]]


def test_orders_carry_the_body_as_received_and_their_fills() -> None:
    counter = Counter()
    body = counter.condor("5.00", units=2)
    order_id = int(counter.place(body).rsplit("/", 1)[1])
    counter.settle()
    [order] = counter.ledger()["orders"]
    assert (order["id"], order["status"], order["filled"]) == (order_id, "FILLED", 2)
    assert order["received"] == body
    assert order["entered"] == "2026-11-23T15:00:00+0000"
    assert order["closed"] >= order["entered"]
    [fill] = order["fills"]
    assert [leg["leg_id"] for leg in fill["legs"]] == [1, 2, 3, 4]
    assert {leg["quantity"] for leg in fill["legs"]} == {"2"}


def test_replacement_is_linked_both_ways_and_is_no_post() -> None:
    counter = Counter()
    address = counter.place(shares("BUY", 1, "SPY", "500.00"))
    counter.settle()
    counter.send("PUT", address, body=shares("BUY", 2, "SPY", "500.00"))
    counter.settle()
    entry = counter.ledger()
    old, new = entry["orders"]
    assert (old["status"], new["status"]) == ("REPLACED", "WORKING")
    assert (old["replaced_by"], new["replaces"]) == (new["id"], old["id"])
    assert entry["posts"] == 1
    assert [a["operation"] for a in entry["arrivals"]] == ["place", "replace"]


def test_ledger_read_before_follows_what_happens_after() -> None:
    counter = Counter()
    counter.with_faults(FaultRule(Fault.LATE_ACCEPT, parameters={"delay_s": 3}))
    counter.post(shares("BUY", 3, "AAPL"))
    assert [a["order_id"] for a in counter.ledger()["arrivals"]] == [None]
    counter.settle(3)
    entry = counter.ledger()
    assert [a["order_id"] for a in entry["arrivals"]] == [o["id"] for o in entry["orders"]]
    assert (entry["orders"][0]["closed"], entry["orders"][0]["fills"]) == (None, [])
    counter.settle()
    [order] = counter.ledger()["orders"]
    assert (order["status"], order["filled"], len(order["fills"])) == ("FILLED", 3, 1)


def test_preparing_stops_now_and_then_and_leaves_little_to_do() -> None:
    counter = Counter()
    for _ in range(2 * AT_ONCE):
        counter.place(shares("BUY", 1, "SPY", "500.00"))
    assert len(list(counter.broker.ledger.preparing())) == 2
    assert all(order.recorded for order in counter.account.orders)
    assert len(counter.ledger()["orders"]) == 2 * AT_ONCE
