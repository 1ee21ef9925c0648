"""What docs/simulator.md promises by name is there, and what is there is told."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest
from tests.fakes.sim_client import Counter

from swimdesk.sim.control import Control
from swimdesk.sim.faults import BEFORE, OF_READS, PARAMETERS, Fault, Operation
from swimdesk.sim.latency import Latency
from swimdesk.sim.levers import Levers
from swimdesk.sim.messages import SimRequest
from swimdesk.sim.plans import NAMED_PLANS
from swimdesk.sim.settings import PROFILES
from swimdesk.sim.signin.flow import TILES
from swimdesk.sim.signin.named import NAMED, plans_from_json
from swimdesk.sim.signin.notices import NOTICES
from swimdesk.sim.signin.plans import SecondFactor, SignInPlan
from swimdesk.sim.signin.visits import Page
from swimdesk.sim.traffic import Traffic

TEXT = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return the text between a heading that begins so and the next one."""
    [found] = [part for part in TEXT.split("\n## ") if part.startswith(title)]
    return found


def rows(title: str) -> list[list[str]]:
    """Return the cells of a section's tables, without their heads."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rules = [place for place, row in enumerate(cells) if set(row) == {"---"}]
    heads = {place - 1 for place in rules} | set(rules)
    return [row for place, row in enumerate(cells) if place not in heads]


def names(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_every_fault_is_told_once_with_what_becomes_of_the_order() -> None:
    table = {names(row[0]).pop(): row for row in rows("Faults")}
    assert len(table) == len(rows("Faults"))
    assert set(table) == {fault.value for fault in Fault}
    for fault in Fault:
        order = table[fault.value][2]
        if fault in OF_READS:
            assert order == "does not arise"
        elif fault is Fault.LATE_ACCEPT:
            assert order.endswith("later")
        else:
            assert (order == "is not created") is (fault in BEFORE), fault


def test_parameters_of_faults_are_those_that_are_read() -> None:
    told = set().union(*(names(row[3]) for row in rows("Faults")))
    assert told == PARAMETERS


def test_named_plans_and_operations_are_told() -> None:
    [known] = [line for line in section("Faults").splitlines() if "Known by name" in line]
    assert set(NAMED_PLANS) <= names(known)
    [operations] = [line for line in TEXT.splitlines() if line.startswith("- `operation`")]
    assert {operation.value for operation in Operation} <= names(operations)


def test_sign_in_pages_are_told_with_their_elements() -> None:
    pages = {names(row[0]).pop(): names(row[2]) for row in rows("Signing in") if len(row) == 3}
    assert set(pages) == {page.value for page in Page}
    html = (files("swimdesk.sim.signin") / "assets" / "index.html").read_text("utf-8")
    ids = set(re.findall(r' id="([^"]+)"', html)) | set(TILES)
    told = set().union(*pages.values())
    assert {name[1:] for name in told if re.fullmatch(r"#[\w-]+", name)} <= ids


def test_sign_in_plans_are_told_key_by_key() -> None:
    keys = {names(row[0]).pop(): names(row[1]) for row in rows("Signing in") if len(row) == 2}
    assert set(keys) == {field.name for field in fields(SignInPlan)}
    assert keys["notice"] == set(NOTICES)
    assert keys["second_factor"] == {factor.value for factor in SecondFactor}
    assert set(NAMED) <= names(section("Signing in"))


def test_example_of_sign_in_plans_is_understood() -> None:
    [example] = re.findall(r"```json\n(.*?)```", section("Signing in"), re.DOTALL)
    assert set(plans_from_json(json.loads(example))) == {"login-02", "#4", "*"}


def test_profiles_are_told() -> None:
    assert {names(row[0]).pop() for row in rows("Customers")} == set(PROFILES)


@pytest.mark.parametrize("row", rows("What it answers"), ids=lambda row: row[0])
def test_request_that_is_told_finds_its_endpoint(row: list[str]) -> None:
    counter = Counter()
    method, path = names(row[0]).pop().split(" ")
    path = path.format(hash=counter.account.hash_value, id="1")
    headers = {"authorization": f"Bearer {counter.bearer}"}
    response = counter.broker.handle(SimRequest(method, path, {}, headers))
    assert response.status != 405
    assert response.body != b'{"message":"Not Found"}'


@pytest.mark.parametrize("row", rows("The control endpoint"), ids=lambda row: row[0])
def test_control_request_that_is_told_finds_its_endpoint(row: list[str]) -> None:
    counter = Counter()
    latency, traffic = Latency((0, 0), seed=1), Traffic()
    control = Control(Levers(counter.broker), token="t", traffic=traffic, latency=latency)
    method, path = names(row[0]).pop().split(" ")
    request = SimRequest(method, f"/control{path}", {}, {"authorization": "Bearer t"}, b"{}")
    assert control.handle(request).status in (200, 400)
