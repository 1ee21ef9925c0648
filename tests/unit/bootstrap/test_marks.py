"""A password that was refused is known again, until a person sets it anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from swimdesk.bootstrap.marks import mark_of, set_anew
from swimdesk.bootstrap.vaulting import set_vault_item
from swimdesk.errors import StoreError
from swimdesk.telemetry.redaction import Secret

PASSWORD = Secret("hunter22")
CONFIG = '[broker]\nmode = "paper"\napi_url = "https://127.0.0.1:9"\n[[login]]\nname = "smith"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text(CONFIG, encoding="utf-8")
    return home


def marked(home: Path, login: str = "smith") -> str:
    return mark_of(home, login, PASSWORD)


def test_mark_tells_nothing_of_the_password_and_is_the_same_every_time(home: Path) -> None:
    assert marked(home) == marked(home) != marked(home, "jones")
    assert marked(home) != mark_of(home, "smith", Secret("another"))
    assert "hunter22" not in marked(home)


@pytest.mark.parametrize("item", ["login/smith/password", "login/smith/user"])
def test_setting_the_same_again_makes_another_mark_of_the_same_password(
    home: Path, item: str
) -> None:
    marks = [marked(home)]
    for _ in range(2):
        set_vault_item(home, None, item, PASSWORD)
        assert marked(home) == marked(home)
        marks.append(marked(home))
    assert len(set(marks)) == 3
    assert {mark.partition(".")[0] for mark in marks} == {marks[0]}
    (note,) = (home / "run").glob("password-*")
    assert note.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("item", ["login/jones/password", "login/smith/totp", "app_key"])
def test_other_items_change_no_mark(home: Path, item: str) -> None:
    before = marked(home)
    set_anew(home, item)
    assert marked(home) == before


def test_note_that_is_lost_leaves_the_bare_mark(home: Path) -> None:
    before = marked(home)
    set_anew(home, "login/smith/password")
    (home / "run" / "password-smith").unlink()
    assert marked(home) == before


def test_setting_that_cannot_be_noted_is_said(home: Path) -> None:
    (home / "run").mkdir(mode=0o700)
    (home / "run" / "password-smith").mkdir()
    with pytest.raises(StoreError, match="was set, but this could not be noted"):
        set_anew(home, "login/smith/password")
