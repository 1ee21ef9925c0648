"""What a home's configuration may say, and how it is told when it may not."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from swimdesk.config import Settings, load_settings
from swimdesk.errors import ConfigError, ExitCode

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"
PAPER = '[broker]\nmode = "paper"\napi_url = "https://127.0.0.1:9443"\n'
LOGIN = '[[login]]\nname = "smith"\n'


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("SWIMDESK_"):
            monkeypatch.delenv(name)


def loaded(home: Path, text: str) -> Settings:
    (home / "config.toml").write_text(text, encoding="utf-8")
    return load_settings(home)


def complaint(home: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(home, text)
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value.detail


def test_promised_form_is_read_with_exact_types(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        PAPER
        + LOGIN
        + """
[[account]]
alias = "FAM-07"
login = "smith"
last4 = "0421"
groups = ["family", "ira"]
multiplier = "1.5"
option_level = 2
[risk]
max_notional_per_order = "12500.50"
collar_equity = "2.5%"
""",
    )
    (account,) = settings.account
    assert account.last4 == "0421"
    assert account.groups == ("family", "ira")
    assert (account.multiplier, account.option_level, account.ira) == (Decimal("1.5"), 2, False)
    assert settings.risk.max_notional_per_order == Decimal("12500.50")
    assert settings.risk.collar_equity == Decimal("0.025")
    assert settings.risk.collar_option == Decimal("0.20")
    assert settings.risk.quote_max_age_s == 5
    assert settings.broker.api_url == "https://127.0.0.1:9443"
    assert settings.broker.ca_file is None


def test_unquoted_fraction_keeps_its_digits(tmp_path: Path) -> None:
    account = '[[account]]\nalias = "A"\nlogin = "smith"\nlast4 = "1234"\nmultiplier = 1.1\n'
    assert loaded(tmp_path, PAPER + LOGIN + account).account[0].multiplier == Decimal("1.1")


def test_misspelt_key_names_file_line_and_the_likely_key(tmp_path: Path) -> None:
    text = PAPER + "\n# a comment\n[risk]\nmax_share_per_order = 10\n"
    assert complaint(tmp_path, text) == (
        "config.toml line 7: [risk] max_share_per_order is not a key;"
        " did you mean max_shares_per_order?"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[brokr]\n", "line 1: [brokr] is not a section; did you mean broker?"),
        ("[[acount]]\n", "line 1: [[acount]] is not a section; did you mean account?"),
        (
            '\nmode = "paper"\n',
            "line 2: mode stands outside every section; does it belong under [",
        ),
        ('_env_file = "x"\n', "line 1: _env_file stands outside every section"),
        ('cache = "x"\n', "line 1: [cache] must be a section with keys of its own"),
        ('[login]\nname = "x"\n', "line 1: [login] must be a list"),
        ("[risk]\nplan_life_s = true\n", "line 2: [risk] plan_life_s must be a whole number"),
        ("[risk]\nplan_life_s = 1.5\n", "line 2: [risk] plan_life_s must be a whole number"),
        ("[risk]\nplan_life_s = 0\n", "line 2: [risk] plan_life_s must be above 0"),
        ("[risk]\nplan_life_s = 901\n", "line 2: [risk] plan_life_s must be 900 or less"),
        ("[risk]\nduplicate_window_s = -1\n", "line 2: [risk] duplicate_window_s must be 0 or mor"),
        ('[risk]\nmax_notional_per_order = "5 k"\n', "[risk] max_notional_per_order must be a num"),
        ('[risk]\nmax_notional_per_order = "NaN"\n', "[risk] max_notional_per_order must be a num"),
        ("[risk]\nabsent_horizon_s = 50\n", "[risk] absent_horizon_s is below bind_horizon_s 60"),
        ("[risk]\ncollar_equity = 0.05\n", "line 2: [risk] collar_equity must be a percentage"),
        ('[risk]\ncollar_equity = "500%"\n', "line 2: [risk] collar_equity must be a percentage"),
        ('[risk]\ncollar_equity = "0%"\n', "line 2: [risk] collar_equity must be a percentage"),
        ('[broker]\nmode = "papr"\n', 'line 2: [broker] mode must be "paper" or "live"'),
        ("[broker]\nca_file = 3\n", "line 2: [broker] ca_file must be a path in quotes"),
        ('[broker]\napi_url = "api"\n', "line 2: [broker] api_url must be an address"),
        ("[broker]\norder_timeout_s = 0\n", "line 2: [broker] order_timeout_s must be 1 or more"),
        ("[broker]\norder_timeout_s = 0.5\n", "[broker] order_timeout_s must be a whole number"),
        ("[broker]\ncancel_timeout_s = 121\n", "[broker] cancel_timeout_s must be 120 or less"),
        ("[broker]\nread_timeout_s = 0\n", "line 2: [broker] read_timeout_s must be 1 or more"),
        ("[cache]\nmemcached = 1\n", "line 2: [cache] memcached must be text in quotes"),
        ('[[login]]\nbrowser = "manual"\n', "line 1: [[login]] name is missing"),
        ('[[login]]\nname = "../x"\n', "line 2: [[login]] name must be 1 to 32 letters, digits"),
        (LOGIN + '[[login]]\nname = "Smith"\n', "line 4: [[login]] name is the name of another"),
    ],
)
def test_each_mistake_is_one_sentence_with_its_line(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert expected in complaint(tmp_path, text if "[broker]" in text else text + PAPER)


ACCOUNT = '[[account]]\nalias = "{alias}"\nlogin = "{login}"\n{which}\n'


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (
            {},
            {"alias": "fam-07", "which": 'last4 = "1111"'},
            "config.toml line 12: [[account]] alias is the alias of another account too (line 8)",
        ),
        (
            {},
            {"alias": "B"},
            "config.toml line 14: [[account]] last4 is the same as that of another account of",
        ),
        (
            {"which": 'number = "keyring:a/b"'},
            {"alias": "B", "which": 'number = "keyring:a/b"'},
            "config.toml line 14: [[account]] number is the number of another account",
        ),
        (
            {},
            {"alias": "B", "login": "smit", "which": 'last4 = "1111"'},
            "config.toml line 13: [[account]] login is smit, and no [[login]] has that name; did",
        ),
        (
            {},
            {"alias": "B", "which": ""},
            "config.toml line 11: [[account]] needs either last4 or number",
        ),
        (
            {},
            {"alias": "B", "which": "last4 = 1111"},
            "config.toml line 14: [[account]] last4 must be the last four digits in quotes",
        ),
        (
            {},
            {"alias": "B", "which": 'last4 = "1111"\noption_level = 4'},
            "config.toml line 15: [[account]] option_level must be 3 or less",
        ),
        (
            {},
            {"alias": "B", "which": 'last4 = "1111"\nira = 1'},
            "config.toml line 15: [[account]] ira must be true or false",
        ),
    ],
)
def test_account_entries_are_checked_against_each_other(
    tmp_path: Path, first: dict[str, str], second: dict[str, str], expected: str
) -> None:
    usual = {"alias": "FAM-07", "login": "smith", "which": 'last4 = "4821"'}
    text = PAPER + LOGIN + "\n"
    text += ACCOUNT.format(**(usual | first)) + ACCOUNT.format(**(usual | second))
    assert complaint(tmp_path, text).startswith(expected)


def test_same_last4_of_two_logins_is_allowed(tmp_path: Path) -> None:
    text = PAPER + LOGIN + '[[login]]\nname = "jones"\n'
    for alias, login in (("A", "smith"), ("B", "jones")):
        text += ACCOUNT.format(alias=alias, login=login, which='last4 = "4821"')
    assert len(loaded(tmp_path, text).account) == 2


def test_several_mistakes_are_counted_and_the_first_is_told(tmp_path: Path) -> None:
    text = PAPER + '[risk]\nplan_lif_s = 3\n[cache]\nmemcachd = ""\n'
    detail = complaint(tmp_path, text)
    assert detail.startswith("config.toml line 5: [risk] plan_lif_s")
    assert detail.endswith("; 1 more to mend after this")


@pytest.mark.parametrize("key", ["app_key", "app_secret"])
def test_pasted_secret_is_refused_and_not_shown(tmp_path: Path, key: str) -> None:
    detail = complaint(tmp_path, PAPER + f'{key} = "TheSecretItself"\n')
    assert detail.startswith(
        f"config.toml line 4: [broker] {key} must say where the secret is kept"
    )
    assert "TheSecretItself" not in detail


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1:8443", "https://127.9.9.9", "https://[::1]:8443", "https://localhost:1/"],
)
def test_paper_talks_to_this_machine(tmp_path: Path, url: str) -> None:
    text = f'[broker]\nmode = "paper"\napi_url = "{url}"\n'
    assert loaded(tmp_path, text).broker.api_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.schwabapi.com",
        "https://10.0.0.1",
        "https://0.0.0.0:8443",
        "https://localhost.example.com",
        "https://127.0.0.1.example.com",
        "https://2130706433",
    ],
)
def test_paper_refuses_every_other_host(tmp_path: Path, url: str) -> None:
    detail = complaint(tmp_path, f'[broker]\nmode = "paper"\napi_url = "{url}"\n')
    assert "line 3: [broker] api_url names" in detail
    assert 'mode "paper" talks only to this machine' in detail


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:8443",
        "https://api.schwabapi.com.example.com",
        "https://xapi.schwabapi.com",
        "https://schwabapi.com",
        "https://api.schwabapi.com:8443",
    ],
)
def test_live_refuses_every_host_but_the_brokers(tmp_path: Path, url: str) -> None:
    detail = complaint(tmp_path, f'[broker]\nmode = "live"\napi_url = "{url}"\n')
    assert 'mode "live" talks only to the broker\'s own host api.schwabapi.com' in detail


@pytest.mark.parametrize("mode", ["paper", "live"])
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8443",
        "http://api.schwabapi.com",
        "https://api.schwabapi.com@127.0.0.1",
        "https://user:pass@api.schwabapi.com",
        "https://api.schwabapi.com?x=1",
        "https://",
        "https://127.0.0.1:99999",
        "",
    ],
)
def test_only_plain_https_addresses_are_read(tmp_path: Path, mode: str, url: str) -> None:
    detail = complaint(tmp_path, f'[broker]\nmode = "{mode}"\napi_url = "{url}"\n')
    assert "line 3: [broker] api_url must be an address" in detail


def test_ca_file_is_relative_to_the_home(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x", encoding="utf-8")
    settings = loaded(tmp_path, PAPER + 'ca_file = "ca.pem"\n')
    assert settings.broker.ca_file == tmp_path / "ca.pem"


def test_missing_ca_file_is_told(tmp_path: Path) -> None:
    detail = complaint(tmp_path, PAPER + 'ca_file = "ca.pem"\n')
    assert detail == "config.toml line 4: [broker] ca_file names ca.pem, and there is no such file"


def test_live_refuses_an_extra_trust_root(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x", encoding="utf-8")
    assert "ca_file must be empty" in complaint(
        tmp_path, '[broker]\nmode = "live"\nca_file = "ca.pem"\n'
    )


def test_variable_overrides_one_key_and_keeps_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWIMDESK_RISK__COLLAR_EQUITY", "7%")
    monkeypatch.setenv("SWIMDESK_RISK__MAX_SHARES_PER_ORDER", "7")
    monkeypatch.setenv("SWIMDESK_HOME", "/nowhere")
    settings = loaded(tmp_path, PAPER + "[risk]\nmax_shares_per_order = 9\nplan_life_s = 8\n")
    assert settings.risk.collar_equity == Decimal("0.07")
    assert (settings.risk.max_shares_per_order, settings.risk.plan_life_s) == (7, 8)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("SWIMDESK_RISK__PLAN_LIFE_S", "soon", "[risk] plan_life_s must be a whole number"),
        ("SWIMDESK_RISK__PLAN_LIF_S", "3", "[risk] plan_lif_s is not a key; did you mean plan_"),
        ("SWIMDESK_BROKER__API_URL", "https://evil.example", "[broker] api_url names evil.example"),
        ("SWIMDESK_BROKER__APP_SECRET", "TheSecretItself", "[broker] app_secret must say where"),
        ("SWIMDESK_LOGIN", "smith", "[login] must be a list"),
    ],
)
def test_wrong_variable_is_named_and_its_value_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(variable, value)
    detail = complaint(tmp_path, PAPER + "[risk]\nplan_life_s = 8\n")
    assert detail.startswith(f"environment variable {variable}: {expected}")
    assert "TheSecretItself" not in detail


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[broker]\nmode = paper\n", "config.toml line 2: this is not TOML: "),
        ("[broker]\nmode = 'a\n", "config.toml line 2: this is not TOML: "),
        ("[risk]\n[risk]\n", "config.toml line 2: this is not TOML: "),
        ("x = [1,\n2", "config.toml line 2: this is not TOML: "),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    assert complaint(tmp_path, text).startswith(expected)


def test_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"config\.toml is not UTF-8"):
        load_settings(tmp_path)


def test_home_without_configuration_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"swimdesk demo.*config\.example\.toml"):
        load_settings(tmp_path)


def test_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigError, match=r"config\.toml cannot be read: "):
        load_settings(tmp_path)


def test_another_file_is_read_and_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    other = tmp_path / "other.toml"
    other.write_text(PAPER + "oops = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(home, other)
    assert caught.value.detail.startswith(f"{other} line 4: [broker] oops is not a key")
    with pytest.raises(ConfigError, match="there is no file"):
        load_settings(home, tmp_path / "none.toml")


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = loaded(tmp_path, PAPER)
    with pytest.raises(ValueError, match="frozen"):
        setattr(settings.risk, "plan_life_s", 900)  # noqa: B010 - mypy knows that it is fixed


def keys_of_model() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for section, field in Settings.model_fields.items():
        annotation: Any = field.annotation
        model = next(iter(get_args(annotation)), annotation)
        found |= {(section, key) for key in model.model_fields}
    return found


@pytest.mark.parametrize(
    ("mode", "vault", "expected"),
    [
        ("live", 'backend = "files"', '[vault] backend must be one of "secret-service", "encry'),
        ("live", 'totp_backend = "files"', '[vault] totp_backend must be one of "secret-serv'),
        ("live", 'backend = "credentials"', "live sign-ins have to be kept"),
        ("live", 'backend = "plaintext"', '[vault] backend must be "", "files", "secret-service"'),
        ("paper", 'backend = "secret-service"', 'must be another name than "swimdesk" in mode'),
        ("paper", 'totp_backend = "secret-service"', 'must be another name than "swimdesk" in'),
    ],
)
def test_vault_that_may_not_keep_these_secrets_is_refused(
    tmp_path: Path, mode: str, vault: str, expected: str
) -> None:
    broker = {"live": '[broker]\nmode = "live"\n', "paper": PAPER}[mode]
    assert expected in complaint(tmp_path, f"{broker}[vault]\n{vault}\n")


@pytest.mark.parametrize(
    ("mode", "vault"),
    [
        ("live", 'backend = "secret-service"\ntotp_backend = "encrypted-file"'),
        ("live", 'backend = "encrypted-file"\ntotp_backend = "credentials"'),
        ("live", ""),
        ("paper", 'backend = "files"'),
        ("paper", 'backend = "credentials"'),
        ("paper", 'backend = "secret-service"\nservice = "swimdesk-sim"'),
    ],
)
def test_vault_that_may_keep_these_secrets_is_taken(tmp_path: Path, mode: str, vault: str) -> None:
    broker = {"live": '[broker]\nmode = "live"\n', "paper": PAPER}[mode]
    settings = loaded(tmp_path, f"{broker}[vault]\n{vault}\n")
    assert settings.vault.backend == (vault.split('"')[1] if vault else "")


def test_example_is_valid_and_lists_exactly_the_keys_there_are(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, EXAMPLE)
    written: set[tuple[str, str]] = set()
    for section, value in tomllib.loads(EXAMPLE.read_text(encoding="utf-8")).items():
        for entry in value if isinstance(value, list) else [value]:
            written |= {(section, key) for key in entry}
    assert written == keys_of_model()
    assert settings.risk == Settings().risk
    assert settings.cache == Settings().cache
    kept = {"order_timeout_s", "cancel_timeout_s", "read_timeout_s"}
    assert settings.broker.model_dump(include=kept) == Settings().broker.model_dump(include=kept)


def test_example_has_a_comment_at_every_key() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and "#" not in line] == ["[broker]", "[cache]"]


def test_importing_the_package_leaves_the_slow_libraries_out() -> None:
    code = (
        "import sys, swimdesk.config; slow = {'pydantic', 'pydantic_settings', 'platformdirs'};"
        "sys.exit(bool(slow & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
