"""From a plan to lines, and from lines to waves in the order of sending."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.builders import CONDOR, a_line, a_ticket, some_accounts
from tests.fakes.desk import CountingIds
from tests.fakes.virtual import START

from swimdesk.desk.launching import lines_of_plan, prepared_waves, waves_of
from swimdesk.desk.ports import PreparedOrder
from swimdesk.domain.broadcast import Denial, Line
from swimdesk.domain.orders import LineState
from swimdesk.domain.plan import Plan, PlannedLine, Verdict, digest
from swimdesk.errors import InputError


def some_lines(count: int, *, denied: int = 0) -> list[Line]:
    """Build planned lines, the last ones denied."""
    lines = [a_line(account.alias, LineState.PLANNED) for account in some_accounts(count)]
    return lines[: count - denied] + [x.moved(LineState.DENIED) for x in lines[count - denied :]]


def orders_for(lines: list[Line]) -> dict[str, PreparedOrder]:
    """Render an order for each line."""
    return {x.account: PreparedOrder("", x.account, b"{}", "hash", "look") for x in lines}


def accounts(count: int) -> list[str]:
    return [account.alias for account in some_accounts(count)]


@pytest.mark.parametrize(
    ("policy", "count", "expected"),
    [
        ("all", 1, [1]),
        ("all", 48, [48]),
        ("canary", 1, [1]),
        ("canary", 2, [1, 1]),
        ("canary", 10, [1, 9]),
        ("canary", 11, [2, 9]),
        ("canary", 48, [2, 46]),
        ("1", 3, [1, 1, 1]),
        ("4", 9, [4, 4, 1]),
        ("9", 9, [9]),
        ("100", 9, [9]),
    ],
)
def test_sizes_of_waves(policy: str, count: int, expected: list[int]) -> None:
    waves = waves_of(accounts(count), policy, seed=1)
    assert [len(wave) for wave in waves] == expected


@pytest.mark.parametrize("policy", ["", "0", "-1", "1.5", "many", "٣", "ALL", "canary "])
def test_what_is_no_policy_is_refused(policy: str) -> None:
    with pytest.raises(InputError, match="expected all, canary or a number"):
        waves_of(accounts(3), policy, seed=1)


@given(
    st.integers(1, 60), st.integers(0, 59), st.sampled_from(["all", "canary", "1", "7"]),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_every_sendable_line_leaves_exactly_once_under_its_own_ref(
    count: int, denied: int, policy: str, seed: int
) -> None:
    lines = some_lines(count, denied=min(denied, count - 1))
    planned = [line for line in lines if line.state is LineState.PLANNED]
    waves = waves_of([line.account for line in planned], policy, seed)
    prepared = prepared_waves(waves, lines, orders_for(lines))
    left = [(order.account, order.ref) for wave in prepared for order in wave.orders]
    assert sorted(left) == sorted((x.account, x.ref) for x in planned)
    assert all(wave.orders for wave in prepared)


@pytest.mark.parametrize("policy", ["all", "canary", "5"])
@pytest.mark.parametrize("first", [0, 7, 2**32 - 3])
def test_twelve_broadcasts_in_a_row_give_every_account_every_place(policy: str, first: int) -> None:
    places: dict[str, list[int]] = {}
    for seed in range(first, first + 12):
        left = [account for wave in waves_of(accounts(12), policy, seed) for account in wave]
        for place, account in enumerate(left):
            places.setdefault(account, []).append(place)
    assert len(places) == 12
    assert all(sorted(taken) == list(range(12)) for taken in places.values())


def test_the_order_of_sending_does_not_depend_on_how_accounts_were_named() -> None:
    forth = waves_of(accounts(9), "all", seed=4)
    assert forth == waves_of(accounts(9)[::-1], "all", seed=4)


def test_planned_lines_become_lines_of_a_broadcast_with_refs_of_their_own() -> None:
    sent = PlannedLine(
        "A-01",
        "login-01",
        "0001",
        a_ticket(CONDOR),
        Verdict.SEND,
        1,
        body_hash="h",
        fingerprint="l",
    )
    denied = replace(
        sent, account="A-02", verdict=Verdict.DENIED, denials=(Denial("EXPIRED", "over"),)
    )
    skipped = replace(sent, account="A-03", verdict=Verdict.SKIPPED, reason="rounds down to 0")
    planned = (sent, denied, skipped)
    plan = Plan(
        "P", CONDOR, a_ticket(CONDOR), START, START + timedelta(minutes=1), planned, digest(planned)
    )
    lines = lines_of_plan(plan, CountingIds(), leaving=())
    assert [line.state for line in lines] == ["planned", "denied", "skipped"]
    leaving = lines_of_plan(plan, CountingIds(), leaving=["A-01"])
    assert [line.state for line in leaving] == ["sending", "denied", "skipped"]
    assert len({line.ref for line in lines}) == 3
    assert [(x.account, x.body_hash, x.fingerprint) for x in lines] == [
        (x.account, x.body_hash, x.fingerprint) for x in planned
    ]
    assert lines[1].denials == denied.denials
    assert lines[2].reason == "rounds down to 0"
    assert not any(line.accepted or line.order_id or line.sent_ns for line in lines)


def test_a_digest_is_of_accounts_and_bodies_and_not_of_their_order() -> None:
    one = PlannedLine("A-01", "l", "1", a_ticket(CONDOR), Verdict.SEND, 1, body_hash="h1")
    two = replace(one, account="A-02", body_hash="h2")
    assert digest([one, two]) == digest([two, one])
    assert digest([one, two]) != digest([one, replace(two, body_hash="h3")])
    assert digest([one]) != digest([replace(one, account="A-02")])
    assert digest([one]) != digest([one, two])
