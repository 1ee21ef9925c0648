from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.fakes.sim_client import MONDAY_10_ET, Counter, shares

from swimdesk.errors import ConfigError
from swimdesk.sim.core import SimBroker
from swimdesk.sim.kept import load_books, save_books

NOW = MONDAY_10_ET


def tokens(broker: SimBroker) -> list[str | None]:
    return [broker.grants.refresh_token(login.name) for login in broker.logins]


def test_first_run_has_nothing_to_take_up(tmp_path: Path) -> None:
    broker = Counter().broker
    before = tokens(broker)
    load_books(broker, tmp_path, NOW)
    assert tokens(broker) == before


def test_next_run_knows_orders_and_tokens_of_the_last(tmp_path: Path) -> None:
    counter = Counter()
    resting = counter.place(shares("BUY", 1, "SPY", "500.00"))
    counter.settle()
    save_books(counter.broker, tmp_path)
    later = NOW + timedelta(hours=1)
    successor = Counter(start=later)
    load_books(successor.broker, tmp_path, later)
    assert tokens(successor.broker) == tokens(counter.broker)
    successor.bearer = successor.sign_in()
    assert successor.order(resting)["status"] == "WORKING"
    assert (tmp_path / "books.json").stat().st_mode & 0o777 == 0o600


def test_next_run_knows_which_accounts_a_grant_sees(tmp_path: Path) -> None:
    counter = Counter()
    code = counter.broker.grants.mint_code(counter.login.name, [counter.account.number])
    callback = counter.broker.settings.callback_url
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback}
    assert counter.token(form).status == 200
    save_books(counter.broker, tmp_path)
    successor = Counter(start=NOW + timedelta(hours=1))
    load_books(successor.broker, tmp_path, NOW)
    successor.bearer = successor.sign_in()
    [row] = successor.get("accounts/accountNumbers")
    assert row["accountNumber"] == counter.account.number


def test_grant_that_ended_between_the_runs_is_granted_anew(tmp_path: Path) -> None:
    counter = Counter()
    counter.broker.grants.revoke("login-02")
    save_books(counter.broker, tmp_path)
    later = NOW + timedelta(days=7)
    for at, kept in ((NOW, True), (later, False)):
        broker = Counter(start=at).broker
        load_books(broker, tmp_path, at)
        assert (tokens(broker)[0] == tokens(counter.broker)[0]) is kept
        assert None not in tokens(broker)


def test_books_of_another_brokerage_are_refused(tmp_path: Path) -> None:
    save_books(Counter().broker, tmp_path)
    with pytest.raises(ConfigError, match=r"books\.json cannot be taken up: .*other accounts"):
        load_books(Counter(seed=8).broker, tmp_path, NOW)


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"accounts": {}}', '{"accounts": 1}'])
def test_damaged_books_are_said_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "books.json").write_text(text)
    with pytest.raises(ConfigError, match=r"books\.json"):
        load_books(Counter().broker, tmp_path, NOW)


def test_account_with_a_field_missing_or_of_the_wrong_kind_is_damage(tmp_path: Path) -> None:
    books = Counter().broker.dump_state()
    number = next(iter(books["accounts"]))
    for field, value in (("cash", "much"), ("cash", None), ("orders", 3), ("positions", [{}])):
        spoilt = json.loads(json.dumps(books))
        spoilt["accounts"][number][field] = value
        (tmp_path / "books.json").write_text(json.dumps(spoilt))
        with pytest.raises(ConfigError, match="is damaged"):
            load_books(Counter().broker, tmp_path, NOW)
