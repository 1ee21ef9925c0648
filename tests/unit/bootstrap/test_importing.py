"""Tokens of schwab-py are taken in, but not in the middle of somebody's renewal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.fakes.tokens import OtherProcess

from swimdesk.bootstrap import import_tokens, offline, offline_logins
from swimdesk.errors import StoreError
from swimdesk.login.token_files import TokenFiles


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    config = (
        '[broker]\nmode = "paper"\napi_url = "https://127.0.0.1:9"\n[[login]]\nname = "smith"\n'
    )
    (home / "config.toml").write_text(config, encoding="utf-8")
    return home


@pytest.fixture
def file(tmp_path: Path) -> Path:
    now_s = int(datetime.now(UTC).timestamp())
    token = {"access_token": "I0.a@", "refresh_token": "r@", "expires_at": now_s + 1800}
    file = tmp_path / "schwab.json"
    file.write_text(json.dumps({"creation_timestamp": now_s, "token": token}), encoding="utf-8")
    return file


def test_tokens_are_not_imported_while_another_process_renews_them(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "IMPORT_WAIT_S", 0.05)
    other = OtherProcess(home / "run")
    with pytest.raises(StoreError, match="another process"):
        import_tokens(home, None, "smith", file)
    assert TokenFiles(home, "paper").load("smith") is None
    other.release()
    import_tokens(home, None, "smith", file)
    assert TokenFiles(home, "paper").load("smith") is not None


def test_file_that_does_not_say_how_long_its_access_token_lives_is_taken_as_ended(
    home: Path, file: Path
) -> None:
    assert "ended" not in import_tokens(home, None, "smith", file).detail
    document = json.loads(file.read_text(encoding="utf-8"))
    del document["token"]["expires_at"]
    file.write_text(json.dumps(document), encoding="utf-8")
    view = import_tokens(home, None, "smith", file)
    assert "its access token counts as ended and is renewed with the first use" in view.detail
    signed_in = datetime.fromtimestamp(document["creation_timestamp"], UTC)
    assert view.access_expires == signed_in
    (kept,) = offline_logins(home, None)
    assert kept.access_expires == signed_in
