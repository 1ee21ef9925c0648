from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from swimdesk.errors import UnknownReference
from swimdesk.sim.control import Control
from swimdesk.sim.latency import Latency
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.traffic import Traffic

TOKEN = "a-control-token"


class LeverBroker:
    """Remember which levers were moved."""

    def __init__(self) -> None:
        self.plan: Mapping[str, Any] = {"name": "none", "rules": []}
        self.moved: list[object] = []

    async def prepare_ledger(self) -> None:
        self.moved.append("prepared")

    def ledger_json(self) -> bytes:
        return b'{"accounts":["whole"]}'

    def faults_json(self) -> dict[str, Any]:
        return dict(self.plan)

    def set_faults(self, plan: Mapping[str, Any]) -> None:
        self.plan = plan

    def shock(self, symbol: str, factor: float) -> None:
        self.moved.append((symbol, factor))

    def revoke(self, login: str) -> None:
        if login != "smith":
            raise UnknownReference(f"no login {login!r}")
        self.moved.append(login)

    def sign_ins_json(self) -> dict[str, Any]:
        return {"smith": {"plan": dict(self.plan)}}

    def set_sign_ins(self, plans: Mapping[str, Any]) -> None:
        self.plan = plans

    def answer_push(self, login: str, *, approve: bool) -> int:
        self.moved.append((login, approve))
        return 1

    def unlock(self, login: str) -> None:
        self.moved.append(("unlock", login))


class Desk:
    """A control endpoint with everything behind it in reach."""

    def __init__(self) -> None:
        self.broker = LeverBroker()
        self.traffic = Traffic()
        self.latency = Latency((40, 120), seed=1)
        self.control = Control(self.broker, token=TOKEN, traffic=self.traffic, latency=self.latency)

    def ask(self, method: str, name: str, body: object = None, token: str = TOKEN) -> SimResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {token}"}
        return self.control.handle(SimRequest(method, f"/control/{name}", {}, headers, raw))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": TOKEN},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": "Bearer café"},
        {"authorization": "Bearer €"},
    ],
)
def test_nothing_is_shown_or_moved_without_the_token(desk: Desk, headers: dict[str, str]) -> None:
    body = b'{"login": "smith"}'
    for method, name in (("GET", "ledger"), ("POST", "revoke"), ("GET", "nowhere")):
        answer = desk.control.handle(SimRequest(method, f"/control/{name}", {}, headers, body))
        assert answer.status == 401
        assert answer.headers == {"WWW-Authenticate": "Bearer"}
        assert TOKEN.encode() not in answer.body
    assert desk.broker.moved == []


def test_ledger_and_counts_are_shown(desk: Desk) -> None:
    desk.traffic.connection_opened()
    assert json.loads(desk.ask("GET", "ledger").body) == {"accounts": ["whole"]}
    assert json.loads(desk.ask("GET", "counts").body)["connections"]["accepted"] == 1


def test_fault_plan_is_replaced_and_shown(desk: Desk) -> None:
    plan = {"name": "mine", "rules": [{"fault": "refuse"}]}
    assert json.loads(desk.ask("PUT", "faults", plan).body) == plan
    assert json.loads(desk.ask("GET", "faults").body) == plan


def test_latency_is_changed_at_once(desk: Desk) -> None:
    assert desk.ask("POST", "latency", {"min_ms": 1, "max_ms": 2.5}).status == 200
    assert desk.latency.range_ms == (1.0, 2.5)
    assert json.loads(desk.ask("GET", "latency").body) == {"min_ms": 1.0, "max_ms": 2.5}


def test_market_is_shocked_and_a_login_revoked(desk: Desk) -> None:
    assert desk.ask("POST", "shock", {"symbol": "SPY", "factor": 0.9}).status == 200
    assert desk.ask("POST", "revoke", {"login": "smith"}).status == 200
    assert desk.broker.moved == [("SPY", 0.9), "smith"]


def test_sign_in_plans_are_replaced_and_every_login_shown(desk: Desk) -> None:
    plans = {"name": "each"}
    shown = {"smith": {"plan": plans}}
    assert json.loads(desk.ask("PUT", "sign-ins", plans).body) == shown
    assert json.loads(desk.ask("GET", "sign-ins").body) == shown


def test_phone_is_answered_and_a_login_unlocked(desk: Desk) -> None:
    approved = desk.ask("POST", "push", {"login": "smith"})
    assert json.loads(approved.body) == {"login": "smith", "answered": 1}
    assert desk.ask("POST", "push", {"login": "smith", "approve": False}).status == 200
    assert desk.ask("POST", "unlock", {"login": "smith"}).status == 200
    assert desk.broker.moved == [("smith", True), ("smith", False), ("unlock", "smith")]


@pytest.mark.parametrize(
    ("method", "name", "body", "said"),
    [
        ("POST", "shock", {"symbol": "SPY", "factor": 0}, "'factor' is 0"),
        ("POST", "shock", b'{"symbol": "SPY", "factor": NaN}', "'factor' is nan"),
        ("POST", "shock", {"symbol": "SPY", "factor": True}, "expected a number"),
        ("POST", "shock", {"factor": 1.1}, "'symbol' is None; expected a text"),
        ("POST", "revoke", {"login": "nobody"}, "no login 'nobody'"),
        ("POST", "revoke", b"{", "not JSON"),
        ("POST", "revoke", ["smith"], "not a JSON object"),
        ("POST", "revoke", b"\xff", "not JSON"),
        ("POST", "latency", {"min_ms": 5, "max_ms": 1}, "is no range"),
        ("PUT", "faults", b"", "not JSON"),
        ("PUT", "sign-ins", b"", "not JSON"),
        ("POST", "push", {}, "'login' is None"),
        ("POST", "push", {"login": "smith", "approve": 1}, "'approve' is 1"),
        ("POST", "unlock", {"login": 7}, "'login' is 7"),
    ],
)
def test_bad_input_is_said_in_a_sentence(
    desk: Desk, method: str, name: str, body: object, said: str
) -> None:
    answer = desk.ask(method, name, body)
    assert answer.status == 400
    assert said in json.loads(answer.body)["error"]["detail"]
    assert desk.broker.moved == []


@pytest.mark.parametrize(("method", "name"), [("GET", "nowhere"), ("DELETE", "ledger")])
def test_unknown_path_or_method_is_not_found(desk: Desk, method: str, name: str) -> None:
    assert desk.ask(method, name).status == 404


async def test_only_who_may_read_the_ledger_has_it_prepared(desk: Desk) -> None:
    for token, status, moved in (("wrong", 401, []), (TOKEN, 200, ["prepared"])):
        headers = {"authorization": f"Bearer {token}"}
        request = SimRequest("GET", "/control/ledger", {}, headers)
        assert (await desk.control.answer(request)).status == status
        assert desk.broker.moved == moved
