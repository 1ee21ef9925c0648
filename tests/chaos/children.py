"""What a forked child does with a home: trade by a script, take it up again, or be a command."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from swimdesk.bootstrap import offline_broadcast, offline_broadcasts
from swimdesk.cli import app, daemon
from swimdesk.cli.running import fast_loop
from swimdesk.errors import SwimdeskError
from swimdesk.store import database
from swimdesk.views.codec import to_json
from tests.chaos import taking_up, trading
from tests.chaos.around import SCHEDULE_S, START_SCHEDULE_S, Around, put, put_around
from tests.chaos.filling import FILLINGS, feel_every_byte
from tests.chaos.points import Passing
from tests.chaos.shifted import SHIFT, shift_clocks, sleep_through
from tests.chaos.slips import SLIPS

_DEFERRED: Final = (
    "anyio._backends._asyncio", "anyio.streams.tls", "encodings.idna", "httpcore", "httpx",
    "structlog.dev", "structlog.testing", "ulid", "uvloop",
    "swimdesk.cli.daemon", "swimdesk.cli.history", "swimdesk.cli.reads", "swimdesk.cli.send",
    "swimdesk.cli.session", "swimdesk.cli.status", "swimdesk.config.loading",
    "swimdesk.control.server", "swimdesk.desk.desk", "swimdesk.login.secrets",
    "swimdesk.login.tokens", "swimdesk.market.cached_data", "swimdesk.schwab.client",
    "swimdesk.store.history", "swimdesk.store.sqlite_journal", "swimdesk.telemetry.logs",
    "swimdesk.views.codec",
)  # fmt: skip
DAEMON_PATIENCE_S: Final = 0.3
"""So soon a daemon gives a home up that another process holds."""

_AROUND: Final[list[Around]] = []
"""What was put around the desk of this child."""


def warm_up() -> None:
    """Import what the product imports on use, so that no child has to."""
    for name in _DEFERRED:
        importlib.import_module(name)


def trade(home: str, orders: Mapping[str, str], **job: Any) -> Mapping[str, Any]:
    """Trade by the script until the job's moment comes."""
    return _with_chaos(Path(home), lambda _: trading.trade(Path(home), orders), **job)


def take_up(
    home: str, known_s: float = taking_up.KNOWN_S, *, resolves: bool = True, **job: Any
) -> Mapping[str, Any]:
    """Start the desk of a home again and follow what was left behind until it is known."""

    def work(around: Around) -> Coroutine[Any, Any, dict[str, Any]]:
        return taking_up.take_up(Path(home), around.seen, known_s, resolves=resolves)

    return _with_chaos(Path(home), work, START_SCHEDULE_S, **job)


def _with_chaos(
    home: Path,
    work: Callable[[Around], Coroutine[Any, Any, dict[str, Any]]],
    schedule_s: tuple[float, ...] = SCHEDULE_S,
    *,
    point: str = "",
    nth: int = 0,
    does: str = "kill",
    clock_s: float = 0.0,
    jump_s: float = 0.0,
    is_tight: bool = False,
    slip: str = "",
) -> Mapping[str, Any]:
    """Run a desk; at the n-th passing of a point be killed, run out of room, or jump in time."""
    shift_clocks(clock_s)
    acts: dict[str, Callable[[], None] | None] = {
        "kill": None,
        "jump": lambda: SHIFT.set_wall(jump_s),
        "sleep": lambda: sleep_through(jump_s),
        **{name: partial(_fill, name, home) for name in FILLINGS},
    }
    passing = Passing(point, nth, acts[does])
    _AROUND.append(put_around(passing, schedule_s))
    if is_tight:
        feel_every_byte()
    SLIPS[slip]()
    with asyncio.Runner(loop_factory=fast_loop) as runner:
        report = runner.run(work(_AROUND[0]))
    return {**report, "passed": dict(passing.passed)}


def _fill(name: str, home: Path) -> None:
    FILLINGS[name](_AROUND[0], home)


def command(
    home: str, arguments: list[str], point: str = "", nth: int = 0, slip: str = ""
) -> Mapping[str, Any]:
    """Be a command of the program; note in the home's folder when the database is open."""
    _note_writers(Path(home).parent / "writers")
    put(daemon, "PATIENCE_S", DAEMON_PATIENCE_S)
    if point:
        put_around(Passing(point, nth))
    SLIPS[slip]()
    code = app.run(["--home", home, *arguments])
    sys.stdout.flush()
    return {"code": code, "out": Path("/proc/self/fd/1").read_text()}


def look(home: str, slip: str = "") -> Mapping[str, Any]:
    """Tell everything that the files of a home say about broadcasts."""

    SLIPS[slip]()

    async def read() -> list[Any]:
        rows = await offline_broadcasts(Path(home), 100)
        return [to_json(await offline_broadcast(Path(home), row.broadcast)) for row in rows]

    try:
        return {"views": asyncio.run(read())}
    except SwimdeskError as error:
        return {"error": error.code}


def _note_writers(file: Path) -> None:
    """Append a line whenever this process opens the database for writing and closes it."""
    opened, closed = database.Database.open, database.Database.close

    def note(what: str) -> None:
        line = f"{what} {os.getpid()}\n".encode()
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, line)
        os.close(descriptor)

    def opening(*arguments: Any, **named: Any) -> database.Database:
        note("opens")
        return opened(*arguments, **named)

    def closing(self: database.Database) -> None:
        closed(self)
        note("closed")

    put(database.Database, "open", opening)
    put(database.Database, "close", closing)


ACTS: Final[dict[str, Callable[..., Mapping[str, Any]]]] = {
    "trade": trade,
    "take_up": take_up,
    "command": command,
    "look": look,
}
"""What a child can be asked to do."""
