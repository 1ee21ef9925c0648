"""`swimdesk logins`: how long each login lasts, with a desk and without one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from tests.fakes.facade import FakeFacade, sample
from tests.fakes.vaults import sealed_vault
from tests.unit.cli.support import Program

from swimdesk.cli.logins import EYES, row_for_eyes
from swimdesk.cli.tables import print_table
from swimdesk.login.token_files import Grant, TokenFiles
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.models import StatusView
from swimdesk.views.signing import LoginView
from swimdesk.views.spans import time_left

CONFIG = """
[broker]
mode = "paper"
api_url = "https://127.0.0.1:9"
app_key = "file:app_key"
app_secret = "file:app_secret"

[[login]]
name = "smith"
browser = "manual"

[[login]]
name = "jones"

[[account]]
alias = "FAM-01"
login = "smith"
last4 = "4821"
"""


class Telling(FakeFacade):
    """A desk whose logins are in these states."""

    def __init__(self, *states: str) -> None:
        super().__init__()
        self._states = states

    async def logins(self) -> tuple[LoginView, ...]:
        """Tell of one login for each state."""
        view: LoginView = sample(LoginView)
        return tuple(replace(view, login=f"l-{s}", state=s) for s in self._states)


def test_vault_that_does_not_open_is_no_reason_to_sign_in(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.is_owned = False
    program.home.mkdir(mode=0o700)
    (program.home / "config.toml").write_text(
        '[broker]\nmode = "live"\n[[login]]\nname = "smith"\n[vault]\nbackend = "encrypted-file"\n'
    )
    sealed_vault(program.home).put("login/smith/grant", Secret("kept"))
    (tmp_path / "vault-passphrase").write_text("something else")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    ran = program.run("logins", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (2, "VAULT_UNUSABLE")


@pytest.mark.parametrize(
    ("states", "code"),
    [
        (("ok", "expiring"), 0),
        (("ok", "sign_in_needed"), 6),
        (("no_token",), 6),
    ],
)
def test_login_that_needs_a_person_is_an_exit_code(
    program: Program, states: tuple[str, ...], code: int
) -> None:
    program.desk = Telling(*states)
    ran = program.run("logins")
    assert ran.code == code
    assert [row.split("\t")[1] for row in ran.out.splitlines()[1:]] == list(states)
    assert program.run("logins", "--json").code == code


def test_status_tells_how_long_the_first_login_lasts_or_who_is_needed_now(program: Program) -> None:
    end = datetime.now(UTC) + timedelta(days=3, hours=4, minutes=30)
    view: LoginView = sample(LoginView)
    jones = replace(view, login="jones", state="ok", refresh_expires=end + timedelta(days=1))
    smith = replace(view, login="smith", state="ok", refresh_expires=end)
    for logins, told in (
        ((jones, smith), f"smith in 3d 04h, by {end:%Y-%m-%d %H:%M} UTC"),
        ((replace(jones, state="no_token"), smith), "now: jones"),
    ):
        program.desk = WithLogins(logins)
        facts = dict(line.split("\t", 1) for line in program.run("status").out.splitlines())
        assert facts["next_sign_in"] == told


class WithLogins(FakeFacade):
    """A desk with these logins in its status."""

    def __init__(self, logins: tuple[LoginView, ...]) -> None:
        super().__init__()
        self._logins = logins

    async def status(self) -> StatusView:
        """Tell of them."""
        return replace(await super().status(), logins=self._logins)


def a_grant(age: timedelta) -> Grant:
    now = datetime.now(UTC)
    return Grant(Secret("access"), Secret("refresh"), now + timedelta(minutes=9), now - age)


def test_without_a_desk_the_configured_logins_are_told_from_what_is_kept(program: Program) -> None:
    program.is_owned = False
    home: Path = program.home
    home.mkdir()
    (home / "config.toml").write_text(CONFIG)
    store = TokenFiles(home, "paper")
    store.save("smith", a_grant(timedelta(days=6, hours=12)))
    ran = program.run("logins", "--json")
    smith, jones = ran.document["logins"]
    assert ran.code == 6
    assert (smith["login"], smith["state"], smith["way"]) == ("smith", "expiring", "manual")
    assert smith["accounts"] == ["FAM-01"]
    assert (jones["state"], jones["way"], jones["access_expires"]) == ("no_token", "assisted", None)
    assert "swimdesk login jones" in jones["detail"]
    store.save("jones", a_grant(timedelta(days=1)))
    store.save("smith", a_grant(timedelta(days=1)))
    assert program.run("logins").code == 0
    store.save("smith", a_grant(timedelta(days=7)))
    ended = program.run("logins", "--json")
    assert ended.code == 6
    assert ended.document["logins"][0]["state"] == "sign_in_needed"
    assert program.opened == 0


def test_table_for_eyes_tells_what_is_left_and_fits_80_columns() -> None:
    now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    ends = now + timedelta(days=3, hours=4)
    accounts = tuple(f"FAM-{number:02d}" for number in range(1, 7))
    smith = LoginView(
        "smith",
        "sign_in_needed",
        now,
        ends,
        "its sign-in has ended",
        "automatic",
        accounts,
    )
    jones = replace(smith, login="jones", state="ok", detail="", signing_since=now)
    out = StringIO()
    rows = [list(row_for_eyes(view, now).values()) for view in (smith, jones)]
    print_table(out, EYES, rows, 80)
    text = out.getvalue()
    line = next(line for line in text.splitlines() if "smith" in line)
    assert line.split()[:6] == ["smith", "sign", "in", "needed", "3d", "04h"]
    assert "FAM-01 +5" in text
    assert "signing in" in text
    assert "smith: its sign-in has ended" in text
    assert "no room" not in text


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=3, hours=4, minutes=59), "3d 04h"),
        (timedelta(hours=23, minutes=59, seconds=59), "23h 59m"),
        (timedelta(minutes=12, seconds=30), "12m 30s"),
        (timedelta(seconds=-5), "0m 00s"),
    ],
)
def test_time_left_stands_in_its_two_largest_units(span: timedelta, words: str) -> None:
    assert time_left(span) == words
