"""The table of methods is the facade, and refuses arguments that do not fit it."""

from __future__ import annotations

import inspect

import pytest
from tests.fakes.facade import sample

from swimdesk.control.client import RemoteDesk
from swimdesk.control.methods import METHODS, Method
from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import InputError
from swimdesk.views.codec import from_json, to_json
from swimdesk.views.requests import SubmitRequest


def test_table_holds_every_method_of_the_facade() -> None:
    names = {name for name in vars(DeskFacade) if not name.startswith("_")}
    assert set(METHODS) == names
    assert "submit" in names


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_remote_desk_has_the_method_with_the_same_parameters(method: Method) -> None:
    local = inspect.signature(getattr(DeskFacade, method.name))
    assert inspect.signature(getattr(RemoteDesk, method.name)) == local


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_result_of_the_method_has_a_json_form(method: Method) -> None:
    view = sample(method.returns)
    assert from_json(method.returns, to_json(view)) == view


def test_only_following_and_watching_are_waits_without_effect() -> None:
    waits = [method.name for method in METHODS.values() if method.only_waits]
    assert waits == ["follow_replacement", "follow", "watch"]


def test_arguments_are_rebuilt_by_their_types() -> None:
    body = {"args": {"request": {"plan": "P", "broadcast": "B"}}}
    assert METHODS["submit"].read_arguments(body) == {"request": SubmitRequest("P", "B")}


def test_method_without_parameters_needs_no_args() -> None:
    assert METHODS["status"].read_arguments({}) == {}


@pytest.mark.parametrize(
    ("name", "body", "what"),
    [
        pytest.param("status", [], "status takes", id="no object"),
        pytest.param("status", {"args": []}, "status takes", id="args no object"),
        pytest.param("status", {"args": {"a": 1}}, "takes nothing, found 'a'", id="too much"),
        pytest.param("halt", {}, "halt takes reason, found nothing", id="missing"),
        pytest.param("halt", {"args": {"reasons": ""}}, "found 'reasons'", id="other name"),
        pytest.param(
            "halt", {"args": {"reason": 5}}, "argument reason: expected a text", id="type"
        ),
        pytest.param("quotes", {"args": {"symbols": "SPY"}}, "expected a list", id="text as list"),
        pytest.param(
            "submit",
            {"args": {"request": {"plan": "P"}}},
            "SubmitRequest needs broadcast",
            id="part",
        ),
        pytest.param(
            "preview",
            {"args": {"request": {"order": "", "scope": {"everyone": 1}}}},
            "PlanRequest.scope: Scope.everyone: expected true or false, found 1",
            id="deep inside",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(name: str, body: object, what: str) -> None:
    with pytest.raises(InputError) as refusal:
        METHODS[name].read_arguments(body)
    assert what in refusal.value.detail
