from __future__ import annotations

from pathlib import Path

import pytest

from swimdesk.errors import ConfigError
from swimdesk.sim.files import private_folder, write_private


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_write_private_replaces_an_open_file_by_a_private_one(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600


def test_private_folder_closes_a_folder_that_was_open(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    assert private_folder(folder) == folder
    assert mode(folder) == 0o700


def test_private_folder_makes_the_whole_path(tmp_path: Path) -> None:
    assert mode(private_folder(tmp_path / "a" / "b")) == 0o700


def test_folder_shared_with_everybody_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(ConfigError, match="everybody may write"):
        private_folder(shared)
    assert shared.stat().st_mode & 0o7777 == 0o1777
