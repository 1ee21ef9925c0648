"""What the browser's process is told at its start, and the lines that go to and fro afterwards."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from swimdesk.telemetry.redaction import Secret

_USUAL_PORT = 443
_SECRETS = ("authorize_url", "user", "password")


@dataclass(frozen=True, slots=True)
class Launch:
    """How a browser is started: nothing of it is secret, nor of one login.

    ``hosts`` are what it may reach, as host:port or with a leading ``*.``; ``pin`` is the digest of
    the one key that a paper home trusts beside the system's roots.
    """

    hosts: tuple[str, ...]
    executable: str = ""
    pin: str = ""
    is_headed: bool = False

    def as_line(self) -> bytes:
        """Write it for the pipe to the process."""
        return line_of(asdict(self))

    @classmethod
    def from_line(cls, line: bytes) -> Launch:
        """Read it back; ValueError."""
        body = json.loads(line)
        return cls(**{**body, "hosts": tuple(body["hosts"])})


@dataclass(frozen=True, slots=True)
class BrowserJob:
    """One sign-in for the browser's process.

    ``accounts`` are the last four digits of the accounts that the consent has to name;
    ``factors`` the second factors that may be used, all where it is empty. ``picture`` is where a
    page that stops it is painted.
    """

    login: str
    authorize_url: Secret
    callback_url: str
    picture: Path
    accounts: tuple[str, ...] = ()
    user: Secret | None = None
    password: Secret | None = None
    factors: tuple[str, ...] = ()

    def as_line(self) -> bytes:
        """Write the job for the pipe to the process: with its secrets, and for nothing else."""
        body: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in _SECRETS:
            body[name] = body[name].reveal() if body[name] is not None else None
        body["picture"] = str(self.picture)
        return line_of(body)

    @classmethod
    def from_line(cls, line: bytes) -> BrowserJob:
        """Read the job back; ValueError."""
        body = json.loads(line)
        for name in _SECRETS:
            body[name] = Secret(body[name]) if body[name] is not None else None
        for name in ("accounts", "factors"):
            body[name] = tuple(body[name])
        return cls(**{**body, "picture": Path(body["picture"])})


@dataclass(frozen=True, slots=True)
class Ending:
    """How the process's work ended: with the callback, or with why there is none."""

    callback: Secret | None = field(default=None)
    reason: str = ""
    is_wrong_password: bool = False
    is_unreachable: bool = False
    has_picture: bool = False


def line_of(message: object) -> bytes:
    """Write one message of either side."""
    return json.dumps(message).encode() + b"\n"


def is_typable(text: Secret) -> bool:
    """Tell whether a text can be typed as it is: a line break among it would send the page off."""
    return not any(key < " " or key == "\x7f" for key in text.reveal())


def is_callback(url: str, callback_url: str) -> bool:
    """Tell whether a browser that opens this address has come to the callback."""
    try:
        return _place(url) == _place(callback_url)
    except ValueError:
        return False


def _place(url: str) -> tuple[str, str | None, int, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _USUAL_PORT, parts.path or "/"
