from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from swimdesk.errors import ConfigError
from swimdesk.sim.clock import ManualClock
from swimdesk.sim.core import SimBroker
from swimdesk.sim.kept import load_grants, save_grants
from swimdesk.sim.settings import SimSettings

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def a_broker(at: datetime = NOW, *, logins: int = 2, seed: int = 1) -> SimBroker:
    return SimBroker(SimSettings(accounts=4, logins=logins, seed=seed), ManualClock(at))


def tokens(broker: SimBroker) -> list[str | None]:
    return [broker.grants.refresh_token(login.name) for login in broker.logins]


def kept_by_one_run(folder: Path) -> list[str | None]:
    """Let a brokerage grant the first login anew and end; return the tokens in force then."""
    broker = a_broker()
    broker.grants.authorize("login-01")
    save_grants(broker, folder)
    return tokens(broker)


def test_next_run_knows_the_tokens_of_the_last(tmp_path: Path) -> None:
    kept = kept_by_one_run(tmp_path)
    later = NOW + timedelta(days=6)
    broker = a_broker(later)
    assert tokens(broker) != kept
    load_grants(broker, tmp_path, later)
    assert tokens(broker) == kept
    assert (tmp_path / "grants.json").stat().st_mode & 0o777 == 0o600


def test_grant_older_than_seven_days_is_granted_anew(tmp_path: Path) -> None:
    kept = kept_by_one_run(tmp_path)
    later = NOW + timedelta(days=7)
    broker = a_broker(later)
    load_grants(broker, tmp_path, later)
    assert tokens(broker)[0] != kept[0]
    assert None not in tokens(broker)


def test_login_that_is_new_has_a_grant_too(tmp_path: Path) -> None:
    kept = kept_by_one_run(tmp_path)
    broker = a_broker(logins=3)
    load_grants(broker, tmp_path, NOW)
    assert tokens(broker)[:2] == kept
    assert tokens(broker)[2] is not None


def test_grants_of_another_app_or_login_are_left_out(tmp_path: Path) -> None:
    kept = kept_by_one_run(tmp_path)
    other_app, one_login = a_broker(seed=2), a_broker(logins=1)
    before = tokens(other_app)
    load_grants(other_app, tmp_path, NOW)
    load_grants(one_login, tmp_path, NOW)
    assert tokens(other_app) == before
    assert tokens(one_login) == kept[:1]
    assert len(one_login.grants.dump()) == 1


def test_first_run_has_nothing_to_load(tmp_path: Path) -> None:
    broker = a_broker()
    before = tokens(broker)
    load_grants(broker, tmp_path, NOW)
    assert tokens(broker) == before


@pytest.mark.parametrize("text", ["{", "[]", '{"grants": []}', '{"grants": 1, "client_id": ""}'])
def test_damaged_file_is_said_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "grants.json").write_text(text)
    if '"client_id"' in text:
        (tmp_path / "grants.json").write_text(
            text.replace('""', f'"{a_broker().settings.client_id}"')
        )
    with pytest.raises(ConfigError, match=r"grants\.json"):
        load_grants(a_broker(), tmp_path, NOW)
