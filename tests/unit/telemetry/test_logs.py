"""What reaches the log, and in which form."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from swimdesk.telemetry import logs
from swimdesk.telemetry.redaction import Secret

TOKEN = "I0.b2F1dGgyLmNkYy5zY2h3YWIuY29t.abcDEF123@"


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class BrokenStream(io.StringIO):
    """A stream that cannot be written, as on a full disk."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.fixture(autouse=True)
def _closed_logs() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    logs.close_logs()
    logging.getLogger().setLevel(level)


def events(folder: Path) -> list[dict[str, Any]]:
    text = (folder / logs.LOG_FILE).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_event_is_one_json_object_with_its_fields(tmp_path: Path) -> None:
    logs.configure_logs(tmp_path)
    logs.get_log("desk").bind(account="FAM-07").info("order.accepted", price=Decimal("1.60"), ms=3)
    (event,) = events(tmp_path)
    assert event.pop("time").endswith("Z")
    assert event == {
        "event": "order.accepted",
        "level": "info",
        "logger": "desk",
        "account": "FAM-07",
        "price": "1.60",
        "ms": 3,
    }


def test_names_inside_a_field_are_masked_as_its_values_are(tmp_path: Path) -> None:
    logs.configure_logs(tmp_path)
    logs.get_log("desk").info("balances.read", by={"87654321": {"A" * 64: 3}, TOKEN: "x"})
    (event,) = events(tmp_path)
    assert event["by"] == {"…4321": {"[hash]": 3}, "[redacted]": "x"}


def test_nothing_is_written_before_logs_are_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    logs.get_log("desk").error("desk.broken")
    assert capsys.readouterr() == ("", "")


def test_events_below_the_level_are_dropped(tmp_path: Path) -> None:
    logs.configure_logs(tmp_path, level=logging.WARNING)
    logs.get_log("desk").info("small")
    logs.get_log("desk").warning("large")
    assert [event["event"] for event in events(tmp_path)] == ["large"]


def test_secrets_are_masked_in_every_field(tmp_path: Path) -> None:
    logs.configure_logs(tmp_path)
    logs.get_log("desk").info(
        f"token {TOKEN}",
        secret=Secret("opensesame"),
        nested={"list": [TOKEN, Secret("opensesame")], "account": "123454821"},
        error=ValueError(f"refused {TOKEN}"),
    )
    text = (tmp_path / logs.LOG_FILE).read_text(encoding="utf-8")
    assert TOKEN not in text
    assert "opensesame" not in text
    assert events(tmp_path)[0]["nested"]["account"] == "…4821"


def fail() -> None:
    """Raise with a secret in the text and another value in a local variable."""
    local_value = "q" * 40
    raise RuntimeError(f"refused {TOKEN} {len(local_value)}")


def test_traceback_is_redacted_and_without_local_variables(tmp_path: Path) -> None:
    logs.configure_logs(tmp_path)
    try:
        fail()
    except RuntimeError as error:
        logs.get_log("desk").error("desk.failed", exc_info=error)
    trace = events(tmp_path)[0]["exception"]
    assert "RuntimeError" in trace
    assert trace.count("\n") > 2
    assert TOKEN not in trace
    assert "q" * 40 not in trace


def test_terminal_gets_text_without_local_variables() -> None:
    stream = Terminal()
    logs.configure_logs(None, stderr=stream)
    try:
        fail()
    except RuntimeError as error:
        logs.get_log("desk").error("desk.failed", exc_info=error, token=Secret("opensesame"))
    assert "desk.failed" in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()
    assert TOKEN not in stream.getvalue()
    assert "q" * 40 not in stream.getvalue()
    assert "opensesame" not in stream.getvalue()


def test_stream_that_is_no_terminal_gets_json() -> None:
    stream = io.StringIO()
    logs.configure_logs(None, stderr=stream)
    logs.get_log("desk").info("ready", port=1)
    assert json.loads(stream.getvalue())["port"] == 1


def test_control_characters_cannot_fake_a_line() -> None:
    stream = Terminal()
    logs.configure_logs(None, stderr=stream)
    logs.get_log("desk").info("broker.said", text="no\n[error] faked\x1b[2J")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b[2J" not in stream.getvalue()


def test_lines_of_other_libraries_pass_the_same_mask(tmp_path: Path) -> None:
    logs.configure_logs(tmp_path)
    logging.getLogger("somelib").warning("sent %s", TOKEN)
    logging.getLogger("httpx").info("GET https://host/accounts/%s", "AB" * 32)
    assert [event["logger"] for event in events(tmp_path)] == ["somelib"]
    assert TOKEN not in events(tmp_path)[0]["event"]


def test_files_are_private_and_rotate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 500)
    folder = tmp_path / "logs"
    logs.configure_logs(folder)
    for number in range(20):
        logs.get_log("desk").info("event", number=number)
    files = sorted(folder.iterdir())
    assert 2 <= len(files) <= logs.KEPT_FILES + 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_log_that_cannot_be_written_stops_nobody(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", complaints)
    logs.configure_logs(None, stderr=BrokenStream())
    logs.get_log("desk").info("one", token=Secret("opensesame"))
    logs.get_log("desk").info("two")
    assert complaints.getvalue().count("\n") == 1
    assert "No space left" in complaints.getvalue()
    assert capsys.readouterr() == ("", "")


def test_log_that_cannot_be_written_and_nobody_to_complain_to_stops_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "__stderr__", BrokenStream())
    logs.configure_logs(None, stderr=BrokenStream())
    logs.get_log("desk").error("one")
    logs.get_log("desk").error("two")


def test_log_on_a_full_disk_is_closed_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", complaints)
    (tmp_path / logs.LOG_FILE).symlink_to("/dev/full")
    logs.configure_logs(tmp_path)
    logs.get_log("desk").error("one")
    logs.close_logs()
    assert complaints.getvalue().count("\n") == 1


def test_importing_the_log_does_not_import_structlog() -> None:
    code = "import sys, swimdesk.telemetry.logs; sys.exit('structlog' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
