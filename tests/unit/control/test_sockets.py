"""The socket is private, found again by others, and fits into the kernel's 108 bytes."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from swimdesk.control import sockets
from swimdesk.control.sockets import LONGEST_PATH, bind_socket, find_socket
from swimdesk.errors import StoreError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """Give a folder whose path leaves room for a socket below it, whoever runs the tests."""
    with TemporaryDirectory(prefix="sd-", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture
def deep_home(short_path: Path) -> Path:
    return short_path / ("d" * 120)


@pytest.fixture
def temporary(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = short_path / "t"
    folder.mkdir()
    monkeypatch.setattr(sockets, "_TEMPORARY", folder)
    return folder


@pytest.fixture
def bound() -> Iterator[list[socket.socket]]:
    listeners: list[socket.socket] = []
    yield listeners
    for listener in listeners:
        listener.close()


def bind(bound: list[socket.socket], home: Path, environ: dict[str, str]) -> Path:
    listener, path = bind_socket(home, environ)
    bound.append(listener)
    return path


def test_socket_of_a_short_home_is_in_its_run_folder(
    short_path: Path, bound: list[socket.socket]
) -> None:
    path = bind(bound, short_path, {})
    assert path == short_path / "run" / "desk.sock" == find_socket(short_path)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_umask_of_the_process_is_kept(short_path: Path, bound: list[socket.socket]) -> None:
    before = os.umask(0o027)
    try:
        bind(bound, short_path, {})
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


def test_socket_left_by_a_dead_owner_is_replaced(
    short_path: Path, bound: list[socket.socket]
) -> None:
    first = bind(bound, short_path, {})
    bound[0].close()
    second = bind(bound, short_path, {})
    assert second == first
    with socket.socket(socket.AF_UNIX) as caller, pytest.raises(ConnectionRefusedError):
        caller.connect(str(second))
    bound[1].listen()
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(second))


def test_long_home_gets_a_short_private_folder(
    deep_home: Path, temporary: Path, bound: list[socket.socket]
) -> None:
    path = bind(bound, deep_home, {})
    assert path.parent.parent == temporary / f"swimdesk-{os.getuid()}"
    assert find_socket(deep_home) == path
    assert len(os.fsencode(path)) <= LONGEST_PATH
    assert [mode(path), mode(path.parent), mode(path.parent.parent)] == [0o600, 0o700, 0o700]
    assert mode(deep_home / "run" / "socket-path") == 0o600


def test_runtime_folder_of_the_user_comes_first(
    deep_home: Path, temporary: Path, short_path: Path, bound: list[socket.socket]
) -> None:
    runtime = short_path / "r"
    runtime.mkdir()
    path = bind(bound, deep_home, {"XDG_RUNTIME_DIR": str(runtime)})
    assert path.parent.parent == runtime / "swimdesk"
    assert find_socket(deep_home) == path
    assert not any(temporary.iterdir())


@pytest.mark.parametrize("runtime", ["missing", "r" * 90, "."])
def test_runtime_folder_that_is_no_use_is_passed_over(
    deep_home: Path, temporary: Path, short_path: Path, bound: list[socket.socket], runtime: str
) -> None:
    if len(runtime) > 10:
        (short_path / runtime).mkdir()
    value = "" if runtime == "." else str(short_path / runtime)
    path = bind(bound, deep_home, {"XDG_RUNTIME_DIR": value})
    assert temporary in path.parents


def test_two_long_homes_have_two_sockets(
    deep_home: Path, temporary: Path, bound: list[socket.socket]
) -> None:
    one = bind(bound, deep_home / "one", {})
    other = bind(bound, deep_home / "other", {})
    assert one != other
    assert one.exists()
    assert other.exists()
    assert temporary in one.parents


def test_note_is_removed_once_the_home_is_short_again(
    short_path: Path, bound: list[socket.socket]
) -> None:
    (short_path / "run").mkdir()
    (short_path / "run" / "socket-path").write_text("/elsewhere/desk.sock")
    path = bind(bound, short_path, {})
    assert find_socket(short_path) == path


@pytest.mark.parametrize("kind", ["open", "link", "file"])
def test_short_folder_that_others_could_have_made_is_refused(
    deep_home: Path, temporary: Path, short_path: Path, kind: str
) -> None:
    folder = temporary / f"swimdesk-{os.getuid()}"
    if kind == "open":
        folder.mkdir()
        folder.chmod(0o777)
    elif kind == "link":
        (short_path / "private").mkdir(mode=0o700)
        folder.symlink_to(short_path / "private")
    else:
        folder.touch()
    with pytest.raises(StoreError, match=r"not a private folder|cannot have a socket"):
        bind_socket(deep_home, {})


def test_longest_path_that_is_taken_can_be_bound(
    short_path: Path, bound: list[socket.socket]
) -> None:
    room = LONGEST_PATH - len(os.fsencode(short_path / "x" / "run" / "desk.sock")) + 1
    home = short_path / ("h" * room)
    path = bind(bound, home, {})
    assert path == home / "run" / "desk.sock"
    assert len(os.fsencode(path)) == LONGEST_PATH


def test_note_that_cannot_be_read_is_one_sentence(short_path: Path) -> None:
    (short_path / "run" / "socket-path").mkdir(parents=True)
    with pytest.raises(StoreError, match="socket-path cannot be read"):
        find_socket(short_path)
