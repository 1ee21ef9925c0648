"""Whatever a read decides is decided again, and the same, from the journal alone."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from swimdesk.desk import tracker
from swimdesk.desk.evidence import Evidence, Horizons
from swimdesk.desk.ports import OrdersRead, ReadScope
from swimdesk.desk.reconciler import reconcile
from swimdesk.desk.recorder import Change
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.store import evidence as written
from swimdesk.store import journal as functions
from tests.chaos.runner import play
from tests.chaos.script import script_of
from tests.fakes.virtual import VirtualLoop

_LOOK: ContextVar[int | None] = ContextVar("look", default=None)
_SCOPES = (
    "SELECT r.began, r.since, r.until, r.complete, ifnull(r.accounts, s.accounts), r.asked,"
    " r.steady_ns, r.unknown FROM reads r LEFT JOIN reads s ON s.number = r.same_as"
    " WHERE r.number <= ? ORDER BY r.number"
)


def decided(file: Path, target: str, look: int, horizons: Horizons) -> list[Change]:
    """Judge a read by nothing but what is written down at this moment."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        broadcast = functions.broadcast(connection, target)
        assert broadcast is not None
        scopes = [written._scope(row) for row in connection.execute(_SCOPES, (look,))]
        evidence = Evidence(
            read=_read(scopes[-1], connection, look),
            now=scopes[-1].until,
            ours=_lines_by_account(connection),
            tag=functions.fact(connection, tracker.TAG),
            reads=_counted(broadcast, scopes),
            horizons=horizons,
            steady_ns=scopes[-1].steady_ns,
        )
    return reconcile(broadcast, evidence)


def _read(scope: ReadScope, connection: sqlite3.Connection, look: int) -> OrdersRead:
    shown = written.shown_by(connection, look)
    return OrdersRead(
        scope.accounts, scope.since, scope.until, shown, scope.complete, unknown=scope.unknown
    )


def _lines_by_account(connection: sqlite3.Connection) -> Mapping[str, Sequence[Line]]:
    lines: dict[str, list[Line]] = {}
    for (id_,) in connection.execute("SELECT id FROM broadcasts").fetchall():
        broadcast = functions.broadcast(connection, id_)
        for line in broadcast.lines if broadcast is not None else ():
            lines.setdefault(line.account, []).append(line)
    return lines


def _counted(broadcast: Broadcast, scopes: Sequence[ReadScope]) -> Counter[str]:
    memory = tracker._Memory()
    counts: Counter[str] = Counter()
    for scope in scopes:
        counts = memory.count(broadcast, scope)
    return counts


@dataclass(slots=True)
class Judged:
    """Reads that were judged, and those whose second judgement was another one."""

    times: int = 0
    differently: list[str] = field(default_factory=list)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Judged:
    """Judge every read a second time as it is judged."""
    seen = Judged()
    apply = tracker.Tracker._apply

    async def noting(self: tracker.Tracker, target: Broadcast, look: tracker._Look) -> None:
        _LOOK.set(look.number)
        await apply(self, target, look)

    def twice(broadcast: Broadcast, evidence: Evidence) -> list[Change]:
        changes = reconcile(broadcast, evidence)
        look = _LOOK.get()
        if look is not None:
            seen.times += 1
            again = decided(tmp_path / "home" / "desk.db", broadcast.id, look, evidence.horizons)
            if again != changes:
                seen.differently.append(f"{broadcast.id} by read {look}: {changes}, then {again}")
        return changes

    monkeypatch.setattr(tracker.Tracker, "_apply", noting)
    monkeypatch.setattr(tracker, "reconcile", twice)
    return seen


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_what_a_read_decides_is_decided_again_from_what_is_written_down(
    first: int, tmp_path: Path, judged: Judged
) -> None:
    for seed in range(first, first + 10):
        home = tmp_path / "home"
        home.mkdir()
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            result = runner.run(play(script_of(seed), seed, home, keeps_trace=False))
        assert result.findings == []
        assert judged.differently == []
        shutil.rmtree(home)
    assert judged.times > 100
