"""The bench of the fan-out as a command: its document, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from swimdesk.bench.views import FanoutView
from swimdesk.views.codec import from_json, to_json

FANOUT = (sys.executable, "-m", "swimdesk", "bench", "fanout")
LIMITED = ("sh", "-c", 'ulimit -n 300 && exec "$0" "$@"')


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=50)


def document(result: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(result.stdout)


def test_it_prints_one_document_of_orders_that_all_arrived_once() -> None:
    result = ran(*FANOUT, "--accounts", "3,5", "--repeats", "2", "--latency-ms", "1", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    view = from_json(FanoutView, document(result))
    assert to_json(view) == document(result)
    # Three senders, two repetitions.
    assert [(size.accounts, size.orders) for size in view.results] == [(3, 18), (5, 30)]
    assert view.void == any(size.void for size in view.results)
    assert all(size.void == (size.why_void is not None) for size in view.results)
    assert {gate.figure for gate in view.results[0].gates} >= {"skew_ratio", "last_ratio"}


@pytest.mark.slow
def test_beside_a_console_that_paints_every_order_arrives_once_too() -> None:
    result = ran(*FANOUT, "--accounts=2", "--repeats=2", "--latency-ms=1", "--console", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    view = from_json(FanoutView, document(result))
    assert view.console is not None
    assert (view.console.accounts, view.console.pairs) == (48, 2)
    assert len(view.console.gates) == 4


def test_more_accounts_than_open_files_are_refused_with_the_figure_to_set() -> None:
    result = ran(*LIMITED, *FANOUT, "--accounts", "3,200", "--json")
    assert result.returncode == 2
    assert document(result)["error"]["code"] == "INPUT_INVALID"
    assert "`ulimit -n 800`" in document(result)["error"]["detail"]


@pytest.mark.parametrize("accounts", ["1", "0", "45,", "many", "-3", "4.5"])
def test_a_size_that_is_none_is_refused(accounts: str) -> None:
    result = ran(*FANOUT, f"--accounts={accounts}", "--json")
    assert result.returncode == 2
    assert "is not a list of numbers" in document(result)["error"]["detail"]
