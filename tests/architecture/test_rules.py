"""The rules of `rules.py` hold over the tree, and each finds what it looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from tests.architecture.rules import (
    Finding,
    float_annotations,
    long_file,
    long_functions,
    unowned_tasks,
    wall_clock_reads,
)

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "swimdesk"

Rule = Callable[[str], Iterator[Finding]]

# Who may make a task: each of these keeps it, awaits it and raises or reports what it raised.
TASK_OWNERS: tuple[str, ...] = (
    "desk/supervisor.py",  # the loops and the work of the desk
    "desk/broadcaster.py",  # writes outcomes down while the wave is out; awaited before it returns
    "desk/replacer.py",  # the same for requests to replace
    "bootstrap/signing.py",  # a sign-in that begins; one that was stopped is awaited and ended
    "console/signing/work.py",  # a sign-in, which outlives the modal that shows it; see `end`
    "login/renewing.py",  # one refresh that all callers wait for and none of them may cancel
    "sim/program.py",  # waits for the first of several ends
    "sim/server.py",
)

# Who may ask the machine for the time: the adapters behind the injected clocks, and the log.
CLOCK_READERS: tuple[str, ...] = ("telemetry/", "bootstrap/", "sim/clock.py")


def python_files(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.rglob("*.py"))]


def outside(allowed: tuple[str, ...]) -> list[Path]:
    """Return the modules of the package that are not of the allowed files and folders."""
    return [
        path
        for path in python_files(PACKAGE)
        if not path.relative_to(PACKAGE).as_posix().startswith(allowed)
    ]


def breaches(rule: Rule, paths: Iterable[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{finding.line}: {finding.what}"
        for path in paths
        for finding in rule(path.read_text("utf-8"))
    ]


def test_no_file_stands_beyond_the_wall() -> None:
    assert breaches(long_file, python_files(PACKAGE, ROOT / "tests")) == []


def test_no_function_stands_beyond_the_wall() -> None:
    assert breaches(long_functions, python_files(PACKAGE, ROOT / "tests")) == []


def test_domain_declares_no_float_outside_pricing() -> None:
    domain = [path for path in python_files(PACKAGE / "domain") if path.name != "pricing.py"]
    assert breaches(float_annotations, domain) == []


def test_every_task_has_an_owner() -> None:
    assert breaches(unowned_tasks, outside(TASK_OWNERS)) == []


def test_time_comes_from_the_injected_clock() -> None:
    assert breaches(wall_clock_reads, outside(CLOCK_READERS)) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        pytest.param(long_file, "x = 1\n" * 501, id="file of 501 lines"),
        pytest.param(long_functions, "def f():\n" + "    x = 1\n" * 50, id="function of 51"),
        pytest.param(float_annotations, "def f(price: float): ...", id="float argument"),
        pytest.param(float_annotations, "def f() -> list[float]: ...", id="float inside a return"),
        pytest.param(float_annotations, "class A:\n    price: float | None", id="float field"),
        pytest.param(unowned_tasks, "asyncio.create_task(run())", id="bare task"),
        pytest.param(unowned_tasks, "task = loop.create_task(run())", id="task kept in a name"),
        pytest.param(unowned_tasks, "ensure_future(run())", id="future"),
        pytest.param(wall_clock_reads, "now = datetime.now(UTC)", id="datetime.now"),
        pytest.param(wall_clock_reads, "now = datetime.datetime.now(UTC)", id="through the module"),
        pytest.param(wall_clock_reads, "Log(clock=time.time)", id="time.time handed over"),
        pytest.param(wall_clock_reads, "from time import time", id="time by name"),
    ],
)
def test_rule_finds_a_planted_breach(rule: Rule, text: str) -> None:
    assert list(rule(text)) != []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        pytest.param(long_file, "x = 1\n" * 500, id="file of 500 lines"),
        pytest.param(long_functions, "def f():\n" + "    x = 1\n" * 49, id="function of 50"),
        pytest.param(float_annotations, "x: Decimal = Decimal(1)", id="Decimal"),
        pytest.param(unowned_tasks, "group.create_task(run())", id="task of a group"),
        pytest.param(unowned_tasks, "self._task_group.create_task(run())", id="of a kept group"),
        pytest.param(wall_clock_reads, "now = clock.now()", id="injected clock"),
        pytest.param(wall_clock_reads, "start = time.monotonic()", id="monotonic"),
    ],
)
def test_rule_leaves_good_code_alone(rule: Rule, text: str) -> None:
    assert list(rule(text)) == []
