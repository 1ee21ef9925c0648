"""The report about a bug of ours."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from swimdesk.telemetry.crash import tell_uncaught_redacted, write_crash_report

NOW = datetime(2026, 11, 23, 15, 4, 5, tzinfo=UTC)
TOKEN = "I0.b2F1dGgyLmNkYy5zY2h3YWIuY29t.abcDEF123@"


def fail() -> None:
    """Raise with a cause, a secret in the text and another value in a local variable."""
    value_of_a_local = "q" * 40
    try:
        int(value_of_a_local[:1])
    except ValueError as cause:
        raise RuntimeError(f"refused {TOKEN} of 123454821") from cause


def an_error() -> BaseException:
    """Return that error with its traceback."""
    try:
        fail()
    except RuntimeError as error:
        return error
    raise AssertionError


def test_report_has_the_traceback_and_no_secret(tmp_path: Path) -> None:
    path = write_crash_report(tmp_path / "logs", an_error(), now=NOW)
    text = path.read_text(encoding="utf-8")
    assert path.name == "crash-20261123T150405Z.txt"
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert "an_error" in text
    assert "2026-11-23T15:04:05" in text
    assert TOKEN not in text
    assert "123454821" not in text
    assert "q" * 40 not in text


def test_report_and_its_folder_are_private(tmp_path: Path) -> None:
    path = write_crash_report(tmp_path / "logs", an_error(), now=NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_two_crashes_in_one_second_are_both_kept(tmp_path: Path) -> None:
    paths = {write_crash_report(tmp_path, an_error(), now=NOW) for _ in range(3)}
    assert len(paths) == 3


def test_group_of_errors_is_written_whole(tmp_path: Path) -> None:
    error = ExceptionGroup("tasks", [ValueError("first"), OSError("second")])
    text = write_crash_report(tmp_path, error, now=NOW).read_text(encoding="utf-8")
    assert "first" in text
    assert "second" in text


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the hooks as the program does, and put those of the test runner back afterwards."""
    for place, name in ((sys, "excepthook"), (threading, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(place, name, getattr(place, name))
    tell_uncaught_redacted()


class Broken:
    """Something that fails when it is forgotten."""

    def __del__(self) -> None:
        fail()


def in_a_thread() -> None:
    thread = threading.Thread(target=fail, name=f"renewing {TOKEN}")
    thread.start()
    thread.join()


def in_a_finalizer() -> None:
    one = Broken()
    del one
    gc.collect()


def nowhere() -> None:
    error = an_error()
    sys.excepthook(type(error), error, error.__traceback__)


@pytest.mark.usefixtures("hooks")
@pytest.mark.parametrize("broken", [in_a_thread, in_a_finalizer, nowhere])
def test_what_nobody_catches_is_told_without_a_secret(
    broken: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    broken()
    said = capsys.readouterr().err
    assert "RuntimeError: refused" in said
    assert "Traceback" in said
    for secret in (TOKEN, "123454821", "q" * 40):
        assert secret not in said


def test_the_program_sets_the_hooks() -> None:
    ask = (
        "import sys, threading; from swimdesk.cli.app import main; sys.argv = ['swimdesk', '-h']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)\n"
        "print({hook.__module__ for hook in hooks}, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=30
    )
    assert ran.stderr == "{'swimdesk.telemetry.crash'}\n"
