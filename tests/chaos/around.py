"""Crash points put around the product from outside: its ports, its connection, its start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any, Final

from swimdesk.desk import assembly, reading, tracker
from swimdesk.desk import desk as desk_module
from swimdesk.desk.closer import Closer
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.ports import Outcome, Prepared
from swimdesk.desk.resolving import Resolver
from swimdesk.schwab.lane import connection as lane
from swimdesk.store import database, migrate
from swimdesk.store.connection import connect_writing
from swimdesk.store.reserve import Reserve
from tests.chaos.points import POINTS, Passing
from tests.chaos.transactions import WatchedConnection

HORIZON: Final = timedelta(seconds=0.5)
"""The simulated brokerage takes up to 0.3 s to decide; by then it has shown what it came to."""

CHECKPOINT_EVERY: Final = 12
"""Rows between two checkpoints: some in every script."""

SETTLE: Final = timedelta(seconds=0.1)
"""The simulated brokerage shows a fill among the positions at once."""

SCHEDULE_S: Final = (0.01, 0.03, 0.05, 0.05, 0.1)
"""Pauses between reads, shorter than the desk's own, so that much happens in little time."""

START_SCHEDULE_S: Final = (tracker.SCHEDULE_S[0], *SCHEDULE_S)
"""The same for a start, whose first read is measured: it comes when the desk's own would."""

_START: Final = {"guard": "start.guard", "unfinished": "start.unfinished", "since": "start.recent"}
"""Reads of the journal that a start consists of."""

_CLOSING: Final = {
    "cancel": "closing.cancel",
    "_look": "closing.look",
    "_submit": "closing.submit",
    "close": "closing.done",
}
"""What an undo or a flatten consists of."""


def put(where: object, name: str, what: object) -> None:
    """Put something in the place of an attribute, for the life of this process."""
    setattr(where, name, what)


class Watched:
    """Something with crash points before and after each of its calls."""

    def __init__(self, inner: Any, room: str, passing: Passing) -> None:
        self._inner = inner
        self._room = room
        self._passing = passing

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        point = self._point(name)
        return found if point is None else self._around(found, point)

    def _point(self, name: str) -> str | None:
        point = f"{self._room}.{name}"
        return point if f"{point}.before" in POINTS else None

    def _around(
        self, call: Callable[..., Awaitable[Any]], point: str
    ) -> Callable[..., Awaitable[Any]]:
        async def around(*arguments: Any, **named: Any) -> Any:
            self._passing.here(f"{point}.before")
            result = await call(*arguments, **named)
            self._passing.here(f"{point}.after")
            return result

        return around


class WatchedJournal(Watched):
    """A journal; calls without a name of their own count as others, those of a start too."""

    def __getattr__(self, name: str) -> Any:
        call = super().__getattr__(name)
        start = _START.get(name)
        if start is None:
            return call

        async def begun(*arguments: Any, **named: Any) -> Any:
            result = await call(*arguments, **named)
            self._passing.here(f"{start}.after")
            return result

        return begun

    def _point(self, name: str) -> str | None:
        return super()._point(name) or f"{self._room}.other"


@dataclass(slots=True)
class Seen:
    """Complete lists of orders that were read, and their accounts."""

    accounts: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Around:
    """What was put around the product of this process."""

    seen: Seen = field(default_factory=Seen)
    connection: WatchedConnection | None = None
    """The one that writes, once it is open."""


class WatchedBroker(Watched):
    """A broker whose bursts are watched as well."""

    def __init__(self, inner: Any, passing: Passing, seen: Seen) -> None:
        super().__init__(inner, "broker", passing)
        self._seen = seen

    def load(self, prepared: Prepared) -> WatchedBurst:
        """Load orders."""
        self._passing.here("burst.load.before")
        burst = self._inner.load(prepared)
        self._passing.here("burst.load.after")
        is_replacing = any(order.replaces for order in prepared.orders)
        return WatchedBurst(burst, "replacement" if is_replacing else "burst", self._passing)

    async def orders(self, *arguments: Any) -> Any:
        """Read lists of orders, and note which were complete."""
        self._passing.here("broker.orders.before")
        read = await self._inner.orders(*arguments)
        if read.complete:
            self._seen.accounts |= read.accounts
        self._passing.here("broker.orders.after")
        return read


class WatchedBurst:
    """A burst whose first byte, last byte and answers are crash points."""

    def __init__(self, inner: Any, what: str, passing: Passing) -> None:
        self._inner = inner
        self._what = what
        self._answer = "outcome" if what == "burst" else "replacement.outcome"
        self._passing = passing
        self._has_left = False

    def leave(self) -> None:
        """Let the orders leave."""
        if self._has_left:
            return
        self._has_left = True
        self._passing.here(f"{self._what}.leave.before")
        self._inner.leave()
        self._passing.here(f"{self._what}.leave.after")

    async def fire(self, on_sent: Callable[[], None], on_outcome: Callable[[Any], None]) -> None:
        """Let them leave if they have not, and tell what became of them."""

        def sent() -> None:
            self._passing.here("burst.sent")
            on_sent()

        def heard(outcome: Outcome) -> None:
            self._passing.here(f"{self._answer}.before")
            on_outcome(outcome)
            self._passing.here(f"{self._answer}.after")

        self.leave()
        await self._inner.fire(sent, heard)

    def discard(self) -> None:
        """Let nothing leave."""
        self._inner.discard()


def put_around(passing: Passing, schedule_s: tuple[float, ...] = SCHEDULE_S) -> Around:
    """Put crash points around the product in this process, and make it impatient."""
    around = Around()
    put(tracker, "SCHEDULE_S", schedule_s)
    put(tracker, "SLOW_EVERY_S", 0.2)
    put(reading, "SETTLE", SETTLE)
    put(database, "CHECKPOINT_EVERY", CHECKPOINT_EVERY)
    _around_ports(passing, around.seen)
    _around_start(passing, around)
    for name, point in _CLOSING.items():
        _around_calls(Closer, name, passing, point)
    _around_calls(Resolver, "resolve", passing, "resolve")
    _around_function(lane.Connection, "shoot", passing, "", "order.written")
    return around


def _around_ports(passing: Passing, seen: Seen) -> None:
    outside, desk = assembly.Outside, desk_module.Desk

    def watched_outside(*parts: Any, **named: Any) -> assembly.Outside:
        names = [one.name for one in fields(outside)][: len(parts)]
        given: Mapping[str, Any] = {**dict(zip(names, parts, strict=True)), **named}
        return outside(
            **{
                **given,
                "broker": WatchedBroker(given["broker"], passing, seen),
                "journal": WatchedJournal(given["journal"], "journal", passing),
            }
        )

    class WatchedDesk(desk):  # type: ignore[valid-type, misc]  # the class that is there now
        def __init__(self, outside: assembly.Outside, settings: Any) -> None:
            horizons = Horizons(bind=HORIZON, absent=HORIZON)
            super().__init__(outside, replace(settings, horizons=horizons))

        async def start(self) -> None:
            await super().start()
            passing.here("start.done")

        async def close(self) -> None:
            passing.here("close.before")
            await super().close()
            passing.here("close.after")

    put(assembly, "Outside", watched_outside)
    put(desk_module, "Desk", WatchedDesk)


def _around_start(passing: Passing, around: Around) -> None:
    connect = connect_writing

    def connected(*arguments: Any) -> WatchedConnection:
        around.connection = WatchedConnection(connect(*arguments), passing)
        passing.here("start.connect.after")
        return around.connection

    put(database, "connect_writing", connected)
    for where, name, point in (
        (database, "inspect", "start.inspect"),
        (Reserve, "hold", "start.reserve"),
        (migrate, "back_up", "start.backup"),
        (desk_module, "left_over", "start.left_over"),
    ):
        _around_function(where, name, passing, f"{point}.before", f"{point}.after")


def _around_function(where: Any, name: str, passing: Passing, before: str, after: str) -> None:
    call = getattr(where, name)

    def around(*arguments: Any, **named: Any) -> Any:
        if before:
            passing.here(before)
        result = call(*arguments, **named)
        passing.here(after)
        return result

    put(where, name, around)


def _around_calls(where: Any, name: str, passing: Passing, point: str) -> None:
    call = getattr(where, name)

    async def around(*arguments: Any, **named: Any) -> Any:
        if f"{point}.before" in POINTS:
            passing.here(f"{point}.before")
        result = await call(*arguments, **named)
        passing.here(f"{point}.after")
        return result

    put(where, name, around)
