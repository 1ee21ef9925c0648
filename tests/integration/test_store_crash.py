"""What was acknowledged is in the file: after SIGKILL, and when there is no more room."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.integration.store_children import ACCOUNTS
from tests.unit.store.builders import START, an_id

from swimdesk.domain.orders import LineState
from swimdesk.store import journal
from swimdesk.store.connection import reading
from swimdesk.store.database import Database

ROOT = Path(__file__).parents[2]
KILLS = 20


def answer_of(*arguments: str) -> Any:
    child = [sys.executable, "-m", "tests.integration.store_children", *arguments]
    result = subprocess.run(child, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_every_acknowledged_batch_is_complete_after_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    acknowledged = [line.split() for line in answer_of("kill-loop", str(path), str(KILLS))]
    assert len({int(number) * KILLS // 100_000 for _, number in acknowledged}) == KILLS
    Database.open(path, "paper", START, reserve_bytes=4096).close()
    with reading(path) as connection:
        for what, number in acknowledged:
            kept = journal.broadcast(connection, an_id(int(number)))
            assert kept is not None
            states = {line.state for line in kept.lines}
            assert len(kept.lines) == ACCOUNTS
            # A record may be in the file before it could be acknowledged, never half of it.
            assert len(states) == 1
            if what == "record":
                assert states == {LineState.ACCEPTED}
        rows = connection.execute("SELECT broadcast, count(*) FROM lines GROUP BY 1").fetchall()
        assert {count for _, count in rows} == {ACCOUNTS}
        history = connection.execute(
            "SELECT l.broadcast FROM transitions t JOIN lines l USING (ref)"
        ).fetchall()
        assert {count % ACCOUNTS for count in Counter(history).values()} == {0}


def test_file_size_limit_refuses_broadcasts_and_still_takes_results(tmp_path: Path) -> None:
    answer = answer_of("fill-up", str(tmp_path / "desk.db"))
    assert answer["opened"] > 1
    assert "no room left" in answer["refusal"]
    assert "nothing was sent" in answer["refusal"]
    assert answer["refused_is_unknown"]
    assert answer["kept"]
    assert len(answer["told"]) == 1
