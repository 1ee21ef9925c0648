"""Where a home keeps things, and the machine's own clock and identifiers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from swimdesk.errors import StoreError


@dataclass(frozen=True, slots=True)
class HomePaths:
    """Where a home keeps things."""

    home: Path

    @property
    def database(self) -> Path:
        """The desk's memory."""
        return self.home / "desk.db"

    @property
    def logs(self) -> Path:
        """Logs and crash reports."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Lock, socket, halt file."""
        return self.home / "run"

    @property
    def halt_file(self) -> Path:
        """The file whose presence halts trading."""
        return self.run / "HALT"

    @property
    def signs(self) -> tuple[Path, ...]:
        """What tells a home from any other folder; one of these is enough."""
        return (self.home / "config.toml", self.database, self.run)

    def make(self) -> None:
        """Make the private folders; StoreError where that is impossible."""
        try:
            for folder in (self.home, self.logs, self.run):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The home {self.home} cannot be used: {error.strerror} ({error.filename});"
                " nothing was changed."
            ) from error


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the wall time, UTC-aware."""
        return datetime.now(UTC)

    def monotonic_ns(self) -> int:
        """Return nanoseconds on a clock that never goes back."""
        return time.monotonic_ns()


class Ulids:
    """Identifiers that sort by time."""

    def mint(self) -> str:
        """Return a new ULID."""
        from ulid import ULID

        return str(ULID())
