"""Where a home keeps things, and the machine's own clock and identifiers."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from os import urandom
from pathlib import Path

from swimdesk.errors import StoreError
from swimdesk.telemetry.redaction import Secret


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
    def digest_key(self) -> Path:
        """What account numbers in kept documents are hidden with; of no use to anybody else."""
        return self.home / "digest.key"

    @property
    def signs(self) -> tuple[Path, ...]:
        """What tells a home from any other folder; one of these is enough.

        Folders do not: a command that was refused for a mistyped home has made them too.
        """
        return (self.home / "config.toml", self.database, self.halt_file)

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


def digest_key_of(paths: HomePaths) -> Secret:
    """Return the home's key for digests of account numbers, made once; StoreError."""
    path = paths.digest_key
    try:
        if not path.exists():
            # Whole or not at all: half a key would hide the same number in two ways.
            fresh = path.with_name(f"{path.name}.{os.getpid()}")
            fresh.touch(0o600)
            fresh.write_text(urandom(32).hex(), encoding="ascii")
            fresh.replace(path)
        return Secret(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} cannot be used ({error}); nothing was changed. It may be removed: digests"
            " made from then on differ from earlier ones, and nothing else does."
        ) from error


class SystemClock:
    """The machine's own clocks: the wall time of the start, carried on by one that never jumps.

    Somebody who sets the machine's clock while orders are followed must neither end a horizon nor
    move an order out of the time in which it is looked for.
    """

    def __init__(self) -> None:
        self._begun_ns = _since_boot_ns()
        self._begun = datetime.now(UTC)

    def now(self) -> datetime:
        """Return the wall time, UTC-aware."""
        return self._begun + timedelta(microseconds=(_since_boot_ns() - self._begun_ns) // 1000)

    def monotonic_ns(self) -> int:
        """Return nanoseconds on a clock that never goes back."""
        return time.monotonic_ns()


def _since_boot_ns() -> int:
    # Unlike the monotonic clock this one also counts while the machine sleeps.
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Ulids:
    """Identifiers that sort by time."""

    def mint(self) -> str:
        """Return a new ULID."""
        from ulid import ULID

        return str(ULID())

    def mint_many(self, count: int) -> list[str]:
        """Return so many new ULIDs of one moment, in ascending order."""
        from ulid import ULID

        # One is drawn and the others count on from it: to draw and write out each takes thirty
        # times as long. The library counts on too, within a millisecond, from what it drew itself.
        drawn = str(ULID.from_bytes(ULID().bytes[:_MOMENT_BYTES] + urandom(_RANDOM_BYTES)))
        head, first = drawn[:_SHARED], _number_of(drawn[_SHARED + 1 :])
        numbers = range(first, first + count)
        return [
            f"{head}{_PAIRS[n >> 20]}{_PAIRS[n >> 10 & 1023]}{_PAIRS[n & 1023]}" for n in numbers
        ]


_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
_MOMENT_BYTES, _RANDOM_BYTES = 6, 10
_SHARED = 20
"""Characters that ids minted together share; the next is 0 at first, so that counting has room."""


def _number_of(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * len(_DIGITS) + _DIGITS.index(digit)
    return number
