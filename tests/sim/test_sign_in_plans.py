"""Sign-in plans: read, refused, known by name, drawn from a seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.sim_browser import PageVisitor, visitor
from tests.fakes.sim_client import Counter

from swimdesk.errors import InputError, UnknownReference
from swimdesk.sim.clock import SystemClock
from swimdesk.sim.levers import Levers
from swimdesk.sim.program import SimOptions, broker_of
from swimdesk.sim.signin.named import NAMED, plans_from, plans_from_json
from swimdesk.sim.signin.plans import SecondFactor, SignInPlan, default_plan

CAG = "third-party-auth/cag"


def test_plan_is_read_as_it_is_written() -> None:
    plans = [SignInPlan(), *(plan for named in NAMED.values() for plan in named.values())]
    for plan in plans:
        assert SignInPlan.from_json(json.loads(json.dumps(plan.as_json()))) == plan


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"second_factor": "fax"}, "second_factor is 'fax'"),
        ({"second_factor": None}, "second_factor is None"),
        ({"bounces": -1}, "bounces is -1"),
        ({"bounces": True}, "bounces is True"),
        ({"bounces": 21}, "from 0 to 20"),
        ({"notice": "hello"}, "notice is 'hello'"),
        ({"notice": ["unable"]}, "notice is"),
        ({"unknown_page": 1}, "unknown_page is 1"),
        ({"slow_ms": "1"}, "slow_ms is '1'"),
        ({"slow_ms": float("nan")}, "slow_ms is nan"),
        ({"slow_ms": -1}, "slow_ms is -1"),
        ({"unticked": "4821"}, "unticked is '4821'"),
        ({"unlisted": [4821]}, "unlisted is"),
        ({"colour": "red"}, "unknown keys colour"),
    ],
)
def test_plan_that_is_not_understood_says_where(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        plans_from_json({"plans": {"login-01": raw}})
    assert said in str(caught.value)
    assert "login-01" in str(caught.value)


@pytest.mark.parametrize(
    "raw", [None, [], {}, {"plans": []}, {"plans": {"*": 1}}, {"name": "x"}, {"plans": {}, "a": 1}]
)
def test_document_that_holds_no_plans_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match="plan"):
        plans_from_json(raw)


def test_plans_come_from_a_name_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "plans.json"
    file.write_text('{"plans": {"login-02": {"second_factor": "push"}}}')
    assert plans_from(str(file)) == {"login-02": SignInPlan(SecondFactor.PUSH)}
    assert plans_from("totp") == {"*": SignInPlan()}
    with pytest.raises(ValueError, match="neither a sign-in plan"):
        plans_from("no-such")


def test_program_takes_plans_and_refuses_those_for_a_login_nobody_has(tmp_path: Path) -> None:
    file = tmp_path / "plans.json"
    file.write_text('{"plans": {"login-02": {"second_factor": "push"}}}')
    broker = broker_of(SimOptions(accounts=2, logins=2, sign_ins=str(file)), SystemClock())
    shown = broker.sign_in.customers.as_json()
    assert shown["login-02"]["plan"]["second_factor"] == "push"
    with pytest.raises(InputError, match="login-02: no login of this brokerage"):
        broker_of(SimOptions(accounts=2, logins=1, sign_ins=str(file)), SystemClock())
    with pytest.raises(InputError, match="neither a sign-in plan"):
        broker_of(SimOptions(sign_ins="no-such"), SystemClock())


def test_nearest_name_of_a_login_wins() -> None:
    by_name, by_place, for_others = (SignInPlan(bounces=n) for n in (1, 2, 3))
    plans = {"*": for_others, "#1": by_place, "#0": by_place, "login-01": by_name}
    shown = Counter(accounts=4, logins=3, sign_in_plans=plans).broker.sign_in.customers.as_json()
    bounces = [login["plan"]["bounces"] for login in shown.values()]
    assert bounces == [1, 2, 3]


def test_uniform_customers_have_an_authenticator_and_nothing_in_the_way() -> None:
    assert {default_plan("uniform", seed, "login-01") for seed in range(20)} == {SignInPlan()}


def test_mixed_customers_differ_and_get_through_with_their_authenticator() -> None:
    plans = {default_plan("mixed", 1, f"login-{n:02d}") for n in range(40)}
    assert {plan.second_factor for plan in plans} == {
        SecondFactor.TOTP, SecondFactor.CHOICE, SecondFactor.NONE
    }  # fmt: skip
    assert {plan.bounces for plan in plans} == {0, 1}
    assert len(plans) > 5
    for plan in plans:
        found = visitor(sign_in_plans={"*": plan})
        page = found.log_in()
        if page == "authenticators":
            page = found.do("authenticator", tile="authenticator_app")
        if page == "placeholder":
            page = found.totp()
        if page == "login-one-step":
            page = found.log_in()
        assert page == CAG
        found.consent()
        assert "code" in found.finish()


def test_levers_show_and_move_the_sign_ins() -> None:
    found = visitor()
    levers = Levers(found.counter.broker)
    levers.set_sign_ins({"plans": {"login-01": {"second_factor": "push"}}})
    assert found.log_in() == "mobile-approve"
    assert levers.answer_push("login-02", approve=True) == 0
    assert levers.answer_push("login-01", approve=True) == 1
    assert levers.answer_push("login-01", approve=True) == 0
    assert found.do("device", remember=False) == CAG
    shown = levers.sign_ins_json()["login-01"]
    assert (shown["passwords"], shown["sign_ins"]) == (1, 0)
    levers.set_sign_ins({"name": "profile"})
    assert levers.sign_ins_json()["login-01"]["plan"] == SignInPlan().as_json()


def test_unlocked_login_gets_in_again() -> None:
    found = visitor()
    levers = Levers(found.counter.broker)
    for _ in range(3):
        found.log_in("wrong")
    assert levers.sign_ins_json()["login-01"]["locked"] is True
    levers.unlock("login-01")
    other = PageVisitor(found.counter)
    other.authorize()
    assert other.log_in("wrong") == "login-one-step"
    assert other.log_in() == "placeholder"


def test_levers_refuse_what_they_do_not_understand() -> None:
    levers = Levers(Counter().broker)
    before = levers.sign_ins_json()
    with pytest.raises(InputError, match="not understood: nobody: no login"):
        levers.set_sign_ins({"plans": {"*": {"bounces": 3}, "nobody": {}}})
    with pytest.raises(UnknownReference, match="nobody"):
        levers.answer_push("nobody", approve=True)
    with pytest.raises(UnknownReference, match="nobody"):
        levers.unlock("nobody")
    assert levers.sign_ins_json() == before
