"""The key that hides account numbers is made once, and only its owner may read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from swimdesk.bootstrap.home import HomePaths, digest_key_of
from swimdesk.errors import StoreError


def test_key_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    paths = HomePaths(tmp_path)
    first = digest_key_of(paths)
    assert len(first.reveal()) == 64
    assert digest_key_of(paths) == first
    assert paths.digest_key.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["digest.key"]


def test_homes_have_different_keys(tmp_path: Path) -> None:
    keys = {digest_key_of(HomePaths(made)).reveal() for made in (folder(tmp_path, n) for n in "ab")}
    assert len(keys) == 2


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def test_key_that_cannot_be_read_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "digest.key").mkdir()
    with pytest.raises(StoreError, match="may be removed"):
        digest_key_of(HomePaths(tmp_path))
