"""Token files."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from swimdesk.errors import ConfigError, InputError, StoreError, StoreFull
from swimdesk.login.token_files import Grant, TokenFiles, import_token_file, parse_token_file
from swimdesk.telemetry.redaction import Secret

NOW = datetime(2026, 11, 23, 15, 0, 0, tzinfo=UTC)


def a_document(**changes: Any) -> dict[str, Any]:
    token = {
        "expires_in": 1800,
        "token_type": "Bearer",
        "scope": "api",
        "refresh_token": "the-refresh-token@",
        "access_token": "I0.the-access-token@",
        "id_token": "x.y.z",
        "expires_at": int(NOW.timestamp()) + 900,
    }
    document = {"creation_timestamp": int(NOW.timestamp()) - 3600, "token": token}
    document.update(changes)
    return document


def a_grant(access: str = "I0.first@") -> Grant:
    return Grant(Secret(access), Secret("refresh@"), NOW + timedelta(minutes=30), NOW)


def written(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def now() -> datetime:
    return NOW


def test_file_of_schwab_py_is_taken_over(tmp_path: Path) -> None:
    source = written(tmp_path / "schwab.json", a_document())
    grant = import_token_file(source, TokenFiles(tmp_path / "home", "paper"), "smith", now=now)
    assert grant.refresh_expires == NOW - timedelta(hours=1) + timedelta(days=7)
    assert grant.access_expires == NOW + timedelta(seconds=900)
    kept = TokenFiles(tmp_path / "home", "paper").load("smith")
    assert kept == grant
    assert grant.access.reveal() == "I0.the-access-token@"
    assert grant.refresh.reveal() == "the-refresh-token@"


def test_file_with_a_mark_before_its_text_is_taken_over(tmp_path: Path) -> None:
    source = tmp_path / "schwab.json"
    source.write_text(json.dumps(a_document()), encoding="utf-8-sig")
    import_token_file(source, TokenFiles(tmp_path, "paper"), "smith", now=now)
    assert TokenFiles(tmp_path, "paper").load("smith") is not None


def with_token(**changes: Any) -> dict[str, Any]:
    document = a_document()
    document["token"] |= changes
    return document


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (a_document(creation_timestamp=int(NOW.timestamp()) + 86_400), "still to come"),
        (with_token(access_token="I0.tök@"), "letters that no token has"),
        (with_token(refresh_token="the-refresh token@"), "blanks"),
        (with_token(refresh_token="the-refresh-token@\n"), "blanks"),
    ],
)
def test_odd_file_is_refused_and_nothing_is_kept(
    tmp_path: Path, document: dict[str, Any], reason: str
) -> None:
    files = TokenFiles(tmp_path / "home", "paper")
    with pytest.raises(InputError, match=reason) as caught:
        import_token_file(written(tmp_path / "odd.json", document), files, "smith", now=now)
    assert "refresh-token" not in caught.value.detail.replace("odd.json", "")
    assert files.load("smith") is None


def test_file_of_brackets_is_not_json(tmp_path: Path) -> None:
    source = tmp_path / "odd.json"
    source.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(InputError, match="not JSON"):
        import_token_file(source, TokenFiles(tmp_path, "paper"), "smith", now=now)


def test_saved_file_has_the_keys_that_schwab_py_reads(tmp_path: Path) -> None:
    files = TokenFiles(tmp_path, "paper")
    files.save("smith", a_grant())
    document = json.loads(files.path("smith").read_text(encoding="utf-8"))
    assert document == {
        "creation_timestamp": int(NOW.timestamp()),
        "token": {
            "expires_in": 1800,
            "token_type": "Bearer",
            "scope": "api",
            "refresh_token": "refresh@",
            "access_token": "I0.first@",
            "expires_at": int(NOW.timestamp()) + 1800,
        },
    }


def test_files_and_folder_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        files = TokenFiles(tmp_path, "paper")
        files.save("smith", a_grant())
    finally:
        os.umask(before)
    assert files.path("smith").stat().st_mode & 0o777 == 0o600
    assert files.path("smith").parent.stat().st_mode & 0o777 == 0o700


def test_failed_write_keeps_the_old_file_and_leaves_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = TokenFiles(tmp_path, "paper")
    files.save("smith", a_grant())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFull, match="tokens of smith cannot be saved: No space left"):
        files.save("smith", a_grant("I0.second@"))
    assert files.load("smith") == a_grant()
    assert [path.name for path in (tmp_path / "tokens").iterdir()] == ["smith.json"]


def test_other_write_trouble_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("a file in the place of the folder", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be saved"):
        TokenFiles(tmp_path, "paper").save("smith", a_grant())


def test_login_without_a_file_has_no_grant(tmp_path: Path) -> None:
    assert TokenFiles(tmp_path, "paper").load("smith") is None


def test_damaged_file_says_what_to_do_and_shows_nothing(tmp_path: Path) -> None:
    files = TokenFiles(tmp_path, "paper")
    files.save("smith", a_grant())
    written(files.path("smith"), {"creation_timestamp": 1, "token": {"access_token": "I0.seen@"}})
    with pytest.raises(StoreError) as caught:
        files.load("smith")
    assert "run `swimdesk login smith`" in caught.value.detail
    assert "I0.seen" not in caught.value.detail


def test_folder_in_the_place_of_a_file_is_a_store_error(tmp_path: Path) -> None:
    files = TokenFiles(tmp_path, "paper")
    files.path("smith").mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be read"):
        files.load("smith")


@pytest.mark.parametrize("name", ["../smith", "a/b", "", ".hidden", "x" * 33])
def test_name_that_is_no_login_reaches_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        TokenFiles(tmp_path, "paper").path(name)


def test_live_tokens_are_not_kept_in_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="they belong in the vault"):
        TokenFiles(tmp_path / "home", "live")
    assert not (tmp_path / "home").exists()


def without(key: str) -> dict[str, Any]:
    document = a_document()
    del document["token"][key]
    return document


def holding(key: str, text: str) -> dict[str, Any]:
    document = a_document()
    document["token"][key] = text
    return document


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], "it has no token object"),
        ({"access_token": "x", "refresh_token": "y"}, "it has no token object"),
        (without("access_token"), "it has no access_token"),
        (without("refresh_token"), "it has no refresh_token"),
        (holding("access_token", "I0.\u20ac"), "its access_token has blanks or letters"),
        (holding("refresh_token", "xK3\r\nHost: x"), "its refresh_token has blanks or letters"),
        (a_document(creation_timestamp=None), "its creation_timestamp is not a time"),
        (a_document(creation_timestamp=True), "its creation_timestamp is not a time"),
        (a_document(creation_timestamp=1e300), "its creation_timestamp is not a time"),
        (a_document(creation_timestamp=float("nan")), "its creation_timestamp is not a time"),
        (a_document(creation_timestamp=253_402_300_000), "its creation_timestamp is not a time"),
        (a_document(creation_timestamp=1), "the sign-in in"),
    ],
)
def test_file_that_is_no_token_file_is_refused(
    tmp_path: Path, document: object, expected: str
) -> None:
    source = written(tmp_path / "schwab.json", document)
    with pytest.raises(InputError, match=expected):
        import_token_file(source, TokenFiles(tmp_path / "home", "paper"), "smith", now=now)
    assert not (tmp_path / "home").exists()


def test_source_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    files = TokenFiles(tmp_path, "paper")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        import_token_file(tmp_path / "none", files, "smith", now=now)
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    with pytest.raises(InputError, match="it is not JSON"):
        import_token_file(tmp_path / "text", files, "smith", now=now)
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(InputError, match="not UTF-8"):
        import_token_file(tmp_path / "bytes", files, "smith", now=now)


def test_token_without_a_stated_end_counts_as_ended() -> None:
    assert parse_token_file(json.dumps(without("expires_at"))).access_expires < NOW


def test_tokens_are_not_shown_by_a_grant() -> None:
    assert "first" not in repr(a_grant())
