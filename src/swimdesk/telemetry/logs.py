"""The program's log: events with fields, redacted, on stderr and in a rotated 0600 file."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from swimdesk.telemetry.redaction import Secret, redact

if TYPE_CHECKING:
    from structlog.typing import Processor

LOG_FILE = "swimdesk.log"
MAX_BYTES = 8_000_000
KEPT_FILES = 5

# At INFO these write whole URLs, and ours contain account hashes.
_TALKATIVE = ("httpx", "httpcore", "hpack", "uvicorn.access", "aiosqlite", "keyring", "asyncio")


class EventLog:
    """Write events of one part of the program; costs next to nothing until logs are set up."""

    __slots__ = ("_fields", "_name")

    def __init__(self, name: str, fields: Mapping[str, object] | None = None) -> None:
        self._name = name
        self._fields = dict(fields or {})

    def bind(self, **fields: object) -> EventLog:
        """Return a log whose events all carry these fields as well."""
        return EventLog(self._name, {**self._fields, **fields})

    def debug(self, event: str, /, **fields: object) -> None:
        """Write what only a developer needs."""
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        """Write a business fact."""
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        """Write that something is degraded."""
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, /, **fields: object) -> None:
        """Write that a person must act; ``exc_info=error`` adds the traceback."""
        self._write(logging.ERROR, event, fields)

    def _write(self, level: int, event: str, fields: Mapping[str, object]) -> None:
        _output.write(level, self._name, event, {**self._fields, **fields})


def get_log(name: str) -> EventLog:
    """Return the log of a module, usually ``get_log(__name__)``."""
    return EventLog(name)


def configure_logs(
    folder: Path | None, *, level: int = logging.INFO, stderr: TextIO | None = None
) -> None:
    """Start writing events to ``folder/swimdesk.log`` and to a stream, either of them optional.

    A stream that is no terminal gets one JSON object per line.
    """
    handlers: list[logging.Handler] = []
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handlers.append(_with_format(_PrivateFile(folder / LOG_FILE), as_json=True))
    if stderr is not None:
        handlers.append(_with_format(_Stream(stderr), as_json=not stderr.isatty()))
    root = logging.getLogger()
    close_logs()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    _output.handlers = tuple(handlers)


def close_logs() -> None:
    """Stop writing, and close the file."""
    for handler in _output.handlers:
        logging.getLogger().removeHandler(handler)
        handler.close()
    _output.handlers = ()


class _Output:
    """Where events go: nowhere before ``configure_logs``, then to the standard loggers."""

    __slots__ = ("handlers",)

    def __init__(self) -> None:
        self.handlers: tuple[logging.Handler, ...] = ()

    def write(self, level: int, name: str, event: str, fields: dict[str, Any]) -> None:
        if not self.handlers:
            return
        logger = logging.getLogger(name)
        if not logger.isEnabledFor(level):
            return
        exc_info = fields.pop("exc_info", None)
        logger.log(level, event, exc_info=exc_info, extra={"swimdesk_fields": fields})


_output = _Output()


class _Complaining:
    """Say once, in one line, that a log cannot be written; never print the record itself."""

    _complained = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802, RUF100 - the standard library's name and form
        if self._complained:
            return
        self._complained = True
        trouble = sys.exc_info()[1]
        if sys.__stderr__ is not None:
            with contextlib.suppress(OSError):
                print(f"swimdesk: the log cannot be written: {trouble}", file=sys.__stderr__)


class _Stream(_Complaining, logging.StreamHandler[TextIO]):
    """The stream's side of the log."""


class _PrivateFile(_Complaining, logging.handlers.RotatingFileHandler):
    """A rotated log file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")

    def _open(self) -> Any:  # noqa: ANN401 - as the standard library has it
        return open(
            self.baseFilename,
            "a",
            encoding="utf-8",
            opener=lambda name, flags: os.open(name, flags, 0o600),
        )

    def close(self) -> None:
        """Close the file; what it could not take before, it does not take now."""
        with contextlib.suppress(OSError):
            super().close()


def _with_format(handler: logging.Handler, *, as_json: bool) -> logging.Handler:
    """Give the handler structlog's processors; structlog is first imported here."""
    import structlog

    renderer: Processor = (
        structlog.processors.JSONRenderer(default=str)
        if as_json
        # The default formatter is made to print every frame's local variables.
        else structlog.dev.ConsoleRenderer(
            timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact_event,
                renderer,
            ],
            foreign_pre_chain=[
                _add_fields,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            ],
        )
    )
    return handler


def _add_fields(
    logger: object,
    method: str,
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    """Put the fields of our own events beside the event's name."""
    for name, value in getattr(event["_record"], "swimdesk_fields", {}).items():
        event.setdefault(name, value)
    return event


def redact_event(
    logger: object,
    method: str,
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    """Mask secrets and account numbers in every field, and control characters in texts."""
    return {
        name: _redacted_lines(value) if name == "exception" else _redacted(value)
        for name, value in event.items()
    }


def _redacted(value: object) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, Mapping):
        return {_printable(redact(str(key))): _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(item) for item in value]
    if isinstance(value, Secret):
        return str(value)
    return _printable(redact(str(value)))


def _redacted_lines(text: object) -> str:
    return "\n".join(_printable(line) for line in redact(str(text)).split("\n"))


def _printable(text: str) -> str:
    """Return the text with control characters written as escapes, so that no line can be faked."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
