from __future__ import annotations

import json
import tomllib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from swimdesk.config import load_settings
from swimdesk.errors import ConfigError
from swimdesk.login.vault import item_of
from swimdesk.login.vault_files import FilesVault
from swimdesk.sim.client_home import (
    ClientHome,
    HomeAccount,
    home_accounts,
    ways_of,
    write_client_home,
)
from swimdesk.sim.clock import ManualClock
from swimdesk.sim.core import SimBroker
from swimdesk.sim.description import LoginDescription, SimDescription
from swimdesk.sim.settings import SimSettings

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
REPLY = {
    "expires_in": 1800,
    "token_type": "Bearer",
    "scope": "api",
    "refresh_token": "xK3.refresh@",
    "access_token": "I0.access@",
    "id_token": "a.b.c",
}


def a_client_home(folder: Path, base_url: str = "https://127.0.0.1:9443") -> ClientHome:
    ca_file = folder / "authority.pem"
    ca_file.write_text("the certificate")
    login = LoginDescription("smith", "smith1", "hunter2", "JBSW", "xK3.refresh@", ("12345678",))
    description = SimDescription(
        base_url=base_url,
        stream_url=None,
        ca_file=ca_file,
        client_id="the-key",
        client_secret="the-secret",
        callback_url="https://127.0.0.1:8182",
        control_url=f"{base_url}/control",
        control_token="the-token",
        logins=(login,),
    )
    accounts = (
        HomeAccount("FAM-01", "smith", "5678", ("family",), Decimal(2), option_level=3),
        HomeAccount("FAM-02", "smith", "9876", ("ira",), option_level=2, ira=True),
    )
    return ClientHome(description, accounts, {"smith": REPLY})


def test_configuration_names_the_brokerage_and_every_account(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_client_home(home, a_client_home(tmp_path), NOW)
    config = tomllib.loads((home / "config.toml").read_text())
    assert config == {
        "broker": {
            "mode": "paper",
            "api_url": "https://127.0.0.1:9443",
            "ca_file": "ca.pem",
            "callback_url": "https://127.0.0.1:8182",
            "app_key": "file:secrets/app_key",
            "app_secret": "file:secrets/app_secret",
        },
        "login": [{"name": "smith", "browser": "manual"}],
        "account": [
            {
                "alias": "FAM-01",
                "login": "smith",
                "last4": "5678",
                "groups": ["family"],
                "multiplier": "2",
                "option_level": 3,
            },
            {
                "alias": "FAM-02",
                "login": "smith",
                "last4": "9876",
                "groups": ["ira"],
                "multiplier": "1",
                "option_level": 2,
                "ira": True,
            },
        ],
    }


def test_secrets_trust_root_and_tokens_stand_beside_the_configuration(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_client_home(home, a_client_home(tmp_path), NOW)
    assert (home / "secrets" / "app_key").read_text() == "the-key"
    assert (home / "secrets" / "app_secret").read_text() == "the-secret"
    assert (home / "ca.pem").read_text() == "the certificate"
    now_s = int(NOW.timestamp())
    assert json.loads((home / "tokens" / "smith.json").read_text()) == {
        "creation_timestamp": now_s,
        "token": {**REPLY, "expires_at": now_s + 1800},
    }
    assert "secret" not in (home / "config.toml").read_text().replace("app_secret", "").replace(
        "file:secrets/", ""
    )


def test_what_a_login_signs_in_with_is_in_the_vault_of_files(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_client_home(home, a_client_home(tmp_path), NOW)
    vault = FilesVault(home)
    kept = {kind: vault.get(item_of("smith", kind)) for kind in ("user", "password", "totp")}
    assert {kind: secret.reveal() for kind, secret in kept.items() if secret is not None} == {
        "user": "smith1",
        "password": "hunter2",
        "totp": "JBSW",
    }


def test_a_login_that_has_yet_to_sign_in_keeps_no_tokens_of_before(tmp_path: Path) -> None:
    home = tmp_path / "home"
    content = a_client_home(tmp_path)
    write_client_home(home, content, NOW)
    write_client_home(home, replace(content, token_replies={}, ways={"smith": "automatic"}), NOW)
    assert not [*(home / "tokens").iterdir()]
    assert load_settings(home).login[0].browser == "automatic"


def test_most_logins_sign_in_by_themselves_and_every_way_is_there() -> None:
    ways = ways_of([f"login-{number:02}" for number in range(1, 13)])
    assert ways["login-01"] == "automatic"
    assert Counter(ways.values()) == {"automatic": 10, "assisted": 1, "manual": 1}


def test_only_the_owner_can_read_what_was_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    write_client_home(home, a_client_home(tmp_path), NOW)
    modes = {str(path.relative_to(home)): path.stat().st_mode & 0o777 for path in home.rglob("*")}
    assert home.stat().st_mode & 0o777 == 0o700
    assert modes == {
        "config.toml": 0o600,
        "ca.pem": 0o600,
        "secrets": 0o700,
        "secrets/app_key": 0o600,
        "secrets/app_secret": 0o600,
        "secrets/login": 0o700,
        "secrets/login/smith": 0o700,
        "secrets/login/smith/user": 0o600,
        "secrets/login/smith/password": 0o600,
        "secrets/login/smith/totp": 0o600,
        "tokens": 0o700,
        "tokens/smith.json": 0o600,
    }


def test_home_written_before_is_brought_up_to_date(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_client_home(home, a_client_home(tmp_path), NOW)
    write_client_home(home, a_client_home(tmp_path, "https://127.0.0.1:9999"), NOW)
    config = tomllib.loads((home / "config.toml").read_text())
    assert config["broker"]["api_url"] == "https://127.0.0.1:9999"


def test_configuration_of_a_person_is_left_alone(tmp_path: Path) -> None:
    config = tmp_path / "home" / "config.toml"
    config.parent.mkdir()
    config.write_text('[broker]\nmode = "live"\n')
    with pytest.raises(ConfigError, match=str(config)):
        write_client_home(config.parent, a_client_home(tmp_path), NOW)
    assert config.read_text() == '[broker]\nmode = "live"\n'
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]


def test_secrets_do_not_show_in_repr(tmp_path: Path) -> None:
    shown = repr(a_client_home(tmp_path))
    secrets = ("hunter2", "JBSW", "the-secret", "the-token", "xK3", "I0.", "12345678")
    assert [secret for secret in secrets if secret in shown] == []


def test_accounts_are_named_by_kind_and_size() -> None:
    broker = SimBroker(SimSettings(accounts=24, logins=6, profile="mixed"), ManualClock(NOW))
    accounts = home_accounts(broker.logins)
    assert [account.alias for account in accounts] == [f"FAM-{n:02d}" for n in range(1, 25)]
    assert {group for account in accounts for group in account.groups} == {
        "custodial",
        "family",
        "ira",
        "trust",
    }
    assert all(account.ira == (account.groups == ("ira",)) for account in accounts)
    for account, held in zip(accounts, broker.accounts, strict=True):
        assert (account.login, account.last4) == (held.login, held.last4)
        assert account.option_level == held.option_level
        large = held.start_value >= 250_000
        assert (account.multiplier > 1) == large
    assert len({(account.login, account.last4) for account in accounts}) == 24
