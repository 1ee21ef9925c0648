"""What each command asks the desk for, and what it prints of the answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.fakes.facade import FakeFacade, sample
from tests.unit.cli.documents import DOCUMENTS
from tests.unit.cli.support import Program, a_broadcast, asked

from swimdesk.cli.market import by_strike
from swimdesk.cli.reads import FIELDS
from swimdesk.views.codec import from_json
from swimdesk.views.comparing import UnreadView
from swimdesk.views.models import ChainRow, ChainView
from swimdesk.views.requests import Scope

COMMANDS: dict[str, tuple[tuple[str, ...], str, dict[str, Any]]] = {
    "accounts": (("accounts",), "holdings", {"scope": Scope()}),
    "positions": (
        ("positions", "--group", "ira", "--group", "family"),
        "holdings",
        {"scope": Scope(groups=("ira", "family"))},
    ),
    "orders": (
        ("orders", "--account", "FAM-01", "--account", "FAM-02"),
        "orders",
        {"scope": Scope(accounts=("FAM-01", "FAM-02"))},
    ),
    "balances": (
        ("balances", "--where", "bp>20k"),
        "holdings",
        {"scope": Scope(where="bp>20k")},
    ),
    "quote SYMBOL…": (("quote", "spy", "$SPX"), "quotes", {"symbols": ("SPY", "$SPX")}),
    "chain SYMBOL": (
        ("chain", "spy", "--expiry", "2026-12-18", "--strikes", "7"),
        "chain",
        {"symbol": "SPY", "expiry": "2026-12-18", "strikes": 7},
    ),
    "logins": (("logins",), "logins", {}),
    "foreign": (("foreign", "--group", "ira"), "foreign", {"scope": Scope(groups=("ira",))}),
    "broadcasts": (("broadcasts", "--limit", "5"), "broadcasts", {"limit": 5}),
    "broadcasts --fairness": (
        ("broadcasts", "--fairness", "--limit", "5"),
        "fairness",
        {"limit": 5},
    ),
    "broadcasts B": (("broadcasts", "01J"), "broadcast", {"broadcast": "01J"}),
    "broadcasts B/ALIAS": (("broadcasts", "01J/A-01"), "trail", {"reference": "01J/A-01"}),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command_asks_the_desk_and_prints_its_document(program: Program, name: str) -> None:
    arguments, method, expected = COMMANDS[name]
    ran = program.run(*arguments, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert asked(program.desk) == [(method, expected)]
    document = DOCUMENTS[name]
    if document.key is None:
        assert from_json(document.view, ran.document) == sample(document.view)
    else:
        beside = [] if document.beside is None else [document.beside[0]]
        assert list(ran.document) == [document.key, *beside]
        (item,) = ran.document[document.key]
        assert from_json(document.view, item) == sample(document.view)


@pytest.mark.parametrize("name", ["accounts", "positions", "balances"])
def test_reads_name_the_login_that_was_not_read_and_end_with_4(program: Program, name: str) -> None:
    why = "login smith has no tokens"
    program.desk.unread = (
        UnreadView(None, "smith", "accounts", why),
        UnreadView("FAM-03", "smith", "holdings", why),
        UnreadView("FAM-07", "jones", "holdings", "no answer"),
    )
    ran = program.run(name)
    assert (ran.code, len(ran.out.splitlines())) == (4, 2)
    assert ran.err.splitlines() == [
        f"note: FAM-03, accounts that are not known here of login smith not read: {why}",
        "note: FAM-07 of login jones not read: no answer",
    ]
    ran = program.run(name, "--json")
    assert (ran.code, ran.err) == (4, "")
    told = [(one["account"], one["login"], one["detail"]) for one in ran.document["unread"]]
    assert told == [
        (None, "smith", why),
        ("FAM-03", "smith", why),
        ("FAM-07", "jones", "no answer"),
    ]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name in FIELDS])
def test_list_for_programs_has_a_column_per_field(program: Program, name: str) -> None:
    ran = program.run(*COMMANDS[name][0])
    header, *rows = ran.out.splitlines()
    assert header.split("\t") == list(FIELDS[name])
    assert [row.count("\t") for row in rows] == [header.count("\t")]


def test_chain_for_programs_has_a_line_per_contract(program: Program) -> None:
    header, row = program.run("chain", "SPY").out.splitlines()
    assert header.split("\t")[:4] == ["symbol", "right", "strike", "bid"]
    assert row.count("\t") == header.count("\t")


def test_strikes_of_a_chain_put_call_and_put_side_by_side_per_root() -> None:
    row: ChainRow = sample(ChainRow)
    rows = (
        replace(row, symbol="SPX   1", right="CALL", strike=Decimal(6000), bid=Decimal(1)),
        replace(row, symbol="SPXW  1", right="CALL", strike=Decimal(6000), bid=Decimal(2)),
        replace(row, symbol="SPXW  1", right="PUT", strike=Decimal(6000), bid=Decimal(3)),
        replace(row, symbol="SPXW  1", right="PUT", strike=Decimal(5900), bid=Decimal(4)),
    )
    chain: ChainView = replace(sample(ChainView), rows=rows)
    assert [(r["root"], r["strike"], r["call_bid"], r["put_bid"]) for r in by_strike(chain)] == [
        ("SPXW", 5900, None, 4),
        ("SPX", 6000, 1, None),
        ("SPXW", 6000, 2, 3),
    ]


def test_broadcast_for_eyes_tells_counts_timing_and_fills(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program.desk, "broadcast", _telling(a_broadcast("filled", "denied")))
    ran = program.run("broadcasts", "01JB")
    assert "2 accounts, 1 filled, 1 denied" in ran.err
    assert "dispatch skew 0.1" in ran.err
    assert "average 1.60" in ran.err
    assert [line.split("\t")[0] for line in ran.out.splitlines()] == ["account", "FAM-01", "FAM-02"]


def _telling(view: object) -> Any:
    async def broadcast(broadcast: str) -> object:
        return view

    return broadcast


@pytest.mark.parametrize("day", ["18DEC26", "18 dec 26", "2026-12-18"])
def test_a_chain_takes_the_day_as_orders_have_it(program: Program, day: str) -> None:
    desk = FakeFacade()
    program.desks = [desk]
    program.run("chain", "SPX", "--expiry", day)
    assert [arguments["expiry"] for _, arguments in asked(desk)] == ["2026-12-18"]


def test_a_chain_of_no_day_is_a_usage_error(program: Program) -> None:
    ran = program.run("chain", "SPX", "--expiry", "32FOO")
    assert ran.code == 2
    assert "18DEC26" in ran.err
