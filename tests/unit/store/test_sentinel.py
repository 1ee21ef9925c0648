"""The halt file works whoever writes it and however little room there is."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from swimdesk.errors import StoreError
from swimdesk.store.sentinel import FileSentinel


def test_no_file_means_not_halted(tmp_path: Path) -> None:
    assert FileSentinel(tmp_path / "run" / "HALT").reason() is None


def test_raised_sentinel_holds_its_reason_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "run" / "HALT"
    FileSentinel(path).raise_("operator: wrong strikes")
    assert FileSentinel(path).reason() == "operator: wrong strikes"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["HALT"]


def test_raised_again_it_holds_the_newer_reason(tmp_path: Path) -> None:
    sentinel = FileSentinel(tmp_path / "HALT")
    sentinel.raise_("first")
    sentinel.raise_("second")
    assert sentinel.reason() == "second"


def test_cleared_sentinel_is_gone_and_may_be_cleared_again(tmp_path: Path) -> None:
    sentinel = FileSentinel(tmp_path / "run" / "HALT")
    sentinel.clear()
    sentinel.raise_("stop")
    sentinel.clear()
    sentinel.clear()
    assert sentinel.reason() is None


@pytest.mark.parametrize("content", [b"", b" \n"])
def test_bare_file_halts(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "HALT").write_bytes(content)
    assert FileSentinel(tmp_path / "HALT").reason() == "halted by a file without a reason"


def test_file_that_is_no_text_halts(tmp_path: Path) -> None:
    (tmp_path / "HALT").write_bytes(b"\xff\xfe")
    assert FileSentinel(tmp_path / "HALT").reason()


def test_file_that_cannot_be_read_halts(tmp_path: Path) -> None:
    (tmp_path / "HALT").mkdir()
    assert FileSentinel(tmp_path / "HALT").reason() == "halted by a file without a reason"


def test_where_the_reason_cannot_be_written_the_presence_halts(tmp_path: Path) -> None:
    # What a full disk does: the text has no place, the name has.
    (tmp_path / "HALT.partial").mkdir()
    FileSentinel(tmp_path / "HALT").raise_("stop")
    assert FileSentinel(tmp_path / "HALT").reason() == "halted by a file without a reason"


def test_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="trading is not halted by it"):
        FileSentinel(tmp_path / "run" / "HALT").raise_("stop")


def test_sentinel_that_cannot_be_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / "HALT").mkdir()
    with pytest.raises(StoreError, match="trading stays halted"):
        FileSentinel(tmp_path / "HALT").clear()
