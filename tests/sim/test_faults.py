"""Fault plans: reading them, counting by account, and what each fault does to an order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.sim_client import Counter, shares

from swimdesk.sim.faults import OF_READS, Fault, FaultPlan, FaultRule, Operation
from swimdesk.sim.messages import SimRequest, SimResponse, Transport
from swimdesk.sim.plans import NAMED_PLANS, plan_from

NOT_CREATED = {
    Fault.REFUSE: 400,
    Fault.WRAPPED_500: 400,
    Fault.RATE_LIMITED: 429,
    Fault.RATE_LIMITED_BARE: 429,
    Fault.UNAUTHORIZED: 401,
    Fault.FORBIDDEN: 403,
    Fault.ERROR_BEFORE: 500,
    Fault.UNAVAILABLE_BEFORE: 503,
    Fault.GARBAGE: 200,
    Fault.REDIRECT: 302,
    Fault.GZIP_ERROR: 400,
    Fault.ROUTE_LOST: 404,
}
BROKEN = {
    Fault.RESET_BEFORE: (Transport.RESET, 0),
    Fault.RESET_AFTER: (Transport.RESET, 1),
    Fault.HANG_BEFORE: (Transport.HANG, 0),
    Fault.HANG_AFTER: (Transport.HANG, 1),
    Fault.CUT_AFTER: (Transport.CUT, 1),
    Fault.LATE_ACCEPT: (Transport.RESET, 0),
}


def order() -> dict[str, Any]:
    return shares("BUY", 10, "SPY", "500.00")


def place_with(fault: Fault, **parameters: Any) -> tuple[Counter, SimResponse]:
    counter = Counter()
    counter.with_faults(FaultRule(fault, parameters=parameters))
    return counter, counter.post(order())


@pytest.mark.parametrize(("fault", "status"), NOT_CREATED.items())
def test_fault_that_answers_instead_creates_no_order(fault: Fault, status: int) -> None:
    counter, response = place_with(fault)
    assert (response.status, response.transport) == (status, Transport.DELIVER)
    counter.settle(60)
    assert counter.orders() == []


@pytest.mark.parametrize(("fault", "outcome"), BROKEN.items())
def test_fault_of_the_connection(fault: Fault, outcome: tuple[Transport, int]) -> None:
    counter, response = place_with(fault)
    assert (response.transport, len(counter.orders())) == outcome


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.ERROR_AFTER, 500), (Fault.BAD_GATEWAY_AFTER, 502)]
)
def test_error_after_the_order_was_created(fault: Fault, status: int) -> None:
    counter, response = place_with(fault)
    assert response.status == status
    assert "Location" not in response.headers
    assert len(counter.orders()) == 1


def test_account_is_missing_in_both_lists() -> None:
    counter = Counter()
    counter.with_faults(FaultRule(Fault.ACCOUNT_MISSING, operation=Operation.ACCOUNTS, nth=None))
    first, last = counter.login.accounts
    shown = counter.get("accounts/accountNumbers")
    assert [row["accountNumber"] for row in shown] == [first.number]
    listed = counter.get("accounts", fields="positions")
    assert [row["securitiesAccount"]["accountNumber"] for row in listed] == [first.number]
    alone = counter.get(f"accounts/{last.hash_value}")
    assert alone["securitiesAccount"]["accountNumber"] == last.number


@pytest.mark.parametrize("fault", sorted(OF_READS))
def test_fault_of_reads_leaves_an_order_alone(fault: Fault) -> None:
    counter, response = place_with(fault)
    assert (response.status, len(counter.orders())) == (201, 1)


def test_greeks_that_could_not_be_worked_out() -> None:
    counter = Counter()
    counter.with_faults(FaultRule(Fault.NAN_GREEKS, operation=Operation.QUOTES))
    query = {"symbol": "SPY", "strikeCount": "1", "toDate": "2026-11-24"}
    headers = {"authorization": f"Bearer {counter.bearer}"}
    response = counter.broker.handle(SimRequest("GET", "/marketdata/v1/chains", query, headers))
    document = json.loads(response.body)
    for [contract] in next(iter(document["callExpDateMap"].values())).values():
        greeks = {contract[name] for name in ("delta", "gamma", "theta", "vega", "rho")}
        assert (greeks, contract["volatility"]) == ({-999.0}, "NaN")
        assert contract["bid"] > 0
    assert document["underlyingPrice"] > 0


def test_retry_after_is_told_or_not() -> None:
    _, response = place_with(Fault.RATE_LIMITED, retry_after_s=17)
    assert response.headers["Retry-After"] == "17"
    _, bare = place_with(Fault.RATE_LIMITED_BARE)
    assert "Retry-After" not in bare.headers
    assert bare.body == b""


def test_wrapped_500_says_so_in_its_body() -> None:
    _, response = place_with(Fault.WRAPPED_500)
    assert json.loads(response.body)["errors"][0]["status"] == 500


def test_late_acceptance_creates_the_order_after_its_delay() -> None:
    counter, _ = place_with(Fault.LATE_ACCEPT, delay_s=7)
    counter.settle(6.9)
    assert counter.orders() == []
    counter.settle(0.2)
    [late] = counter.orders()
    assert late["enteredTime"] == "2026-11-23T15:00:07+0000"
    assert counter.ledger()["arrivals"][0]["order_id"] == late["orderId"]


def test_missing_location() -> None:
    counter, response = place_with(Fault.NO_LOCATION)
    assert response.status == 201
    assert "Location" not in response.headers
    assert len(counter.orders()) == 1


def test_location_of_another_account() -> None:
    counter, response = place_with(Fault.WRONG_LOCATION, of="account")
    address = response.headers["Location"]
    assert address.endswith(str(counter.orders()[0]["orderId"]))
    assert counter.account.hash_value not in address


def test_location_of_another_order() -> None:
    counter = Counter()
    first = counter.place(order())
    counter.with_faults(FaultRule(Fault.WRONG_LOCATION, parameters={"of": "order"}))
    assert counter.place(order()) == first
    assert len(counter.orders()) == 2


def test_list_lag_hides_the_order_from_list_and_read() -> None:
    counter, response = place_with(Fault.LIST_LAG, delay_s=5)
    address = response.headers["Location"]
    counter.settle(4.9)
    assert counter.orders() == []
    assert counter.send("GET", address).status == 404
    counter.settle(0.2)
    assert len(counter.orders()) == 1
    assert counter.order(address)["status"] == "WORKING"


def test_asynchronous_reject_with_a_chosen_text() -> None:
    counter, response = place_with(Fault.ASYNC_REJECT, text="Not today.")
    counter.settle()
    shown = counter.order(response.headers["Location"])
    assert (shown["status"], shown["statusDescription"]) == ("REJECTED", "Not today.")


def test_unknown_status_for_a_while() -> None:
    counter, response = place_with(Fault.UNKNOWN_STATUS, delay_s=3, status="AWAITING_MOON")
    address = response.headers["Location"]
    counter.settle(2.9)
    assert counter.order(address)["status"] == "AWAITING_MOON"
    counter.settle(0.2)
    assert counter.order(address)["status"] == "WORKING"
    assert counter.ledger()["orders"][0]["status"] == "WORKING"


def test_rule_counts_the_operation_per_account() -> None:
    counter = Counter()
    first, second = counter.login.accounts
    counter.with_faults(FaultRule(Fault.REFUSE, first.last4, nth=2))
    statuses = [counter.post(order(), a).status for a in (first, second, first, second, first)]
    assert statuses == [201, 201, 400, 201, 201]
    assert counter.broker.faults.report()["rules"][0]["fired"] == 1


def test_account_by_its_index_and_every_time() -> None:
    counter = Counter()
    first, second = counter.login.accounts
    counter.with_faults(FaultRule(Fault.REFUSE, "#1", nth=None))
    statuses = [counter.post(order(), a).status for a in (first, second, first, second)]
    assert statuses == [201, 400, 201, 400]


def test_operations_are_told_apart() -> None:
    counter = Counter()
    address = counter.place(order())
    counter.settle()
    counter.with_faults(
        FaultRule(Fault.ERROR_BEFORE, operation=Operation.GET),
        FaultRule(Fault.RESET_AFTER, operation=Operation.CANCEL),
        FaultRule(Fault.UNAVAILABLE_BEFORE, operation=Operation.LIST),
        FaultRule(Fault.FORBIDDEN, operation=Operation.ACCOUNTS),
        FaultRule(Fault.NO_LOCATION, operation=Operation.REPLACE),
        FaultRule(Fault.UNAUTHORIZED, operation=Operation.QUOTES),
    )
    assert counter.send("GET", address).status == 500
    assert counter.send("GET", counter.orders_path(), counter.window()).status == 503
    assert counter.send("GET", "accounts").status == 403
    replaced = counter.send("PUT", address, body=order())
    assert (replaced.status, "Location" in replaced.headers) == (201, False)
    newest = counter.orders()[0]["orderId"]
    cancel = counter.send("DELETE", f"{counter.orders_path()}/{newest}")
    assert cancel.transport is Transport.RESET
    headers = {"authorization": f"Bearer {counter.bearer}"}
    quotes = SimRequest("GET", "/marketdata/v1/quotes", {"symbols": "SPY"}, headers)
    assert counter.broker.handle(quotes).status == 401
    assert counter.broker.handle(quotes).status == 200
    assert all(rule["fired"] == 1 for rule in counter.broker.faults.report()["rules"])


def test_token_endpoint_of_one_login_fails() -> None:
    counter = Counter()
    counter.with_faults(FaultRule(Fault.UNAVAILABLE_BEFORE, "login-02", Operation.TOKEN, nth=None))
    counter.sign_in("login-01")
    token = counter.broker.grants.refresh_token("login-02")
    assert token is not None
    form = {"grant_type": "refresh_token", "refresh_token": token}
    assert counter.token(form).status == 503
    assert counter.broker.grants.refresh_token("login-02") == token


def test_lost_token_answer_has_rotated_the_token() -> None:
    counter = Counter()
    counter.with_faults(FaultRule(Fault.RESET_AFTER, operation=Operation.TOKEN))
    before = counter.broker.grants.refresh_token("login-01")
    assert before is not None
    form = {"grant_type": "refresh_token", "refresh_token": before}
    assert counter.token(form).transport is Transport.RESET
    assert counter.broker.grants.refresh_token("login-01") != before


def test_a_request_without_a_valid_token_uses_up_no_rule() -> None:
    counter = Counter()
    counter.with_faults(FaultRule(Fault.REFUSE))
    good, counter.bearer = counter.bearer, "I0.wrong@"
    assert counter.post(order()).status == 401
    counter.bearer = good
    assert counter.post(order()).status == 400


def test_plan_each_gives_every_order_fault_an_account_of_its_own() -> None:
    rules = NAMED_PLANS["each"].rules
    assert {rule.fault for rule in rules} == set(Fault) - OF_READS
    assert [rule.account for rule in rules] == [f"#{index}" for index in range(len(rules))]
    counter = Counter(accounts=48, logins=1, faults=NAMED_PLANS["each"])
    for account in counter.broker.accounts:
        counter.post(order(), account)
    fired = [rule["fired"] for rule in counter.broker.faults.report()["rules"]]
    assert fired == [1] * len(rules)


def test_plan_flaky_fails_a_small_seeded_part() -> None:
    def failures(seed: int) -> list[int]:
        counter = Counter(seed=seed, faults=NAMED_PLANS["flaky"])
        return [n for n in range(800) if counter.post(order()).transport is Transport.RESET]

    first = failures(1)
    assert 0 < len(first) < 40
    assert first == failures(1) != failures(2)


def test_plan_is_read_from_a_file_and_written_back(tmp_path: Path) -> None:
    raw = {
        "name": "mine",
        "rules": [
            {"account": "1234", "operation": "place", "nth": 3, "fault": "hang_after"},
            {"account": "*", "operation": "list", "every": True, "probability": 0.5,
             "fault": "429", "retry_after_s": 9},
        ],
    }  # fmt: skip
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(raw))
    plan = plan_from(str(file))
    assert plan.to_json() == raw
    assert FaultPlan.from_json(plan.to_json()) == plan
    assert plan_from("each") is NAMED_PLANS["each"]


@pytest.mark.parametrize(
    "raw",
    [
        {"rules": [{"fault": "melt"}]},
        {"rules": [{"account": "1234"}]},
        {"rules": [{"fault": "refuse", "operation": "dance"}]},
        {"rules": [{"fault": "refuse", "acount": "1234"}]},
        {"rules": {}},
        {"rules": ["refuse"]},
        {"rules": [None]},
        {"rules": [{"fault": ["refuse"]}]},
        {"rules": [{"fault": "refuse", "operation": 5}]},
        {"rules": [{"fault": "refuse", "nth": [1]}]},
        {"rules": [{"fault": "refuse", "probability": "often"}]},
        {"rules": [{"fault": "late_accept", "delay_s": "long"}]},
        {"rules": [{"fault": "late_accept", "delay_s": -1}]},
        {"rules": [{"fault": "refuse", "text": 7}]},
        {"rules": [{"fault": "wrong_location", "of": "nobody"}]},
    ],
)
def test_plan_that_is_not_understood_is_a_value_error(raw: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fault|Operation|Fault|rules"):
        FaultPlan.from_json(raw)


def test_name_of_no_plan_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="neither a fault plan"):
        plan_from("no-such-plan")


@pytest.mark.parametrize(
    ("fault", "is_carried_out"),
    [
        *((fault, False) for fault in NOT_CREATED),
        *((fault, bool(created)) for fault, (_, created) in BROKEN.items()),
        (Fault.ERROR_AFTER, True),
        (Fault.BAD_GATEWAY_AFTER, True),
        (Fault.NO_LOCATION, True),
        (Fault.ASYNC_REJECT, False),
    ],
)
def test_each_fault_of_a_replacement_leaves_one_order_at_work(
    fault: Fault, is_carried_out: bool
) -> None:
    counter = Counter()
    address = counter.place(order())
    counter.settle()
    rule = FaultRule(fault, operation=Operation.REPLACE, parameters={"delay_s": 100_000.0})
    counter.with_faults(rule)
    counter.send("PUT", address, body=shares("BUY", 10, "SPY", "501.00"))
    counter.settle()
    assert counter.order(address)["status"] == ("REPLACED" if is_carried_out else "WORKING")
    live = [one for one in counter.orders() if one["status"] == "WORKING"]
    assert [one["price"] for one in live] == [501.0 if is_carried_out else 500.0]


def test_replacement_that_is_taken_late_takes_the_place_later() -> None:
    counter = Counter()
    address = counter.place(order())
    counter.settle()
    rule = FaultRule(Fault.LATE_ACCEPT, operation=Operation.REPLACE, parameters={"delay_s": 3})
    counter.with_faults(rule)
    reply = counter.send("PUT", address, body=shares("BUY", 10, "SPY", "501.00"))
    assert reply.transport is Transport.RESET
    assert len(counter.orders()) == 1
    counter.settle()
    assert counter.order(address)["status"] == "REPLACED"
    assert len(counter.orders()) == 2
