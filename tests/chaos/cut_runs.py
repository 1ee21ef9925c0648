"""Runs cuts over real sockets, an account each, and judges what they came to."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.cut_answers import Class, Expected, expected
from tests.chaos.cut_cases import Case, Method, Wire
from tests.chaos.cut_peer import Peer
from tests.chaos.cut_senders import Known, sender_of
from tests.chaos.cut_server import CutServer, cut_server
from tests.fakes.misbehaving import ORDER_ID
from tests.integration.lanes import Tls

AT_ONCE = 96
ENDS_WITHIN_S = 10.0
BATCH_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What a run should not have come to; ``cases`` replay it."""

    cases: str
    what: str

    def __str__(self) -> str:
        return f"{self.what}: python -m tests.chaos cuts --replay {self.cases}"


@dataclass(slots=True)
class _Judge:
    """Collects what is wrong with the cases of a batch."""

    cases: Sequence[Case]
    found: list[Mismatch] = field(default_factory=list)

    def case(self, number: int, *, holds: bool, what: str) -> None:
        """Note what is wrong with one case unless it holds."""
        if not holds:
            self.found.append(Mismatch(str(self.cases[number]), what))

    def batch(self, *, holds: bool, what: str) -> None:
        """Note what is wrong with the batch as a whole unless it holds."""
        if not holds:
            self.found.append(Mismatch(",".join(map(str, self.cases)), what))


def batches(cases: Iterable[Case]) -> Iterator[list[Case]]:
    """Put cases together that can run at once."""
    groups: dict[object, list[Case]] = defaultdict(list)
    for case in cases:
        where = case.where if expected(case).known is Class.NOT_SENT else None
        is_plain = case.wire is Wire.PLAIN
        groups[case.method, is_plain, where, expected(case).waits].append(case)
    for group in groups.values():
        for start in range(0, len(group), AT_ONCE):
            yield group[start : start + AT_ONCE]


async def run_batch(cases: Sequence[Case], tls: Tls) -> list[Mismatch]:
    """Run cases that can run at once; return what is wrong, nothing where all is well."""
    judge = _Judge(cases)
    tasks, files = len(asyncio.all_tasks()), open_files()
    try:
        async with asyncio.timeout(BATCH_WITHIN_S):
            await _run(judge, tls)
    except Exception as error:  # noqa: BLE001 - whatever it is, the line that replays it is wanted
        judge.batch(holds=False, what=f"{type(error).__name__}: {error}")
    left_tasks, left_files = len(asyncio.all_tasks()) - tasks, open_files() - files
    judge.batch(holds=left_tasks == 0, what=f"{left_tasks} tasks are left")
    judge.batch(holds=left_files == 0, what=f"{left_files} open files are left")
    return judge.found


async def _run(judge: _Judge, tls: Tls) -> None:
    cases = judge.cases
    is_plain = cases[0].wire is Wire.PLAIN
    async with cut_server(None if is_plain else tls.server) as server:
        sender = sender_of(server, cases, None if is_plain else tls.client)
        try:
            _judge_first(judge, await sender.send_cut(), server, sender.hashes)
            await _judge_ends(judge, server)
            before = server.begun()
            _judge_next(judge, await sender.send_next(), server)
            begun = server.begun() - before
            for number, account_hash in enumerate(sender.hashes):
                times = begun[account_hash]
                judge.case(number, holds=times == 1, what=f"the next one arrived {times} times")
        finally:
            await sender.aclose()
        left = await _still_open(server.peers)
        judge.batch(holds=not left, what=f"{len(left)} connections outlive the adapter")


def open_files() -> int:
    """Count the open files of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def _judge_first(
    judge: _Judge, first: Sequence[Known], server: CutServer, hashes: Sequence[str]
) -> None:
    begun = server.begun()
    judge.batch(holds=not begun["?"], what="a request came in part over a connection of its own")
    for number, (case, said, account_hash) in enumerate(
        zip(judge.cases, first, hashes, strict=True)
    ):
        wanted = expected(case)
        id_ = wanted.order_id if case.method is not Method.DELETE else None
        told = f"{said.known} {said.order_id or ''}".strip()
        should = f"{wanted.known} {id_ or ''}".strip()
        judge.case(number, holds=told == should, what=f"{told}, should be {should}")
        is_early = wanted.waits and not said.at_cut
        judge.case(number, holds=not is_early, what="given up before it was cut")
        most = 0 if wanted.known is Class.NOT_SENT else 1
        times = begun[account_hash]
        judge.case(number, holds=times <= most, what=f"arrived {times} times")


async def _judge_ends(judge: _Judge, server: CutServer) -> None:
    """See that connections of no more use are ended."""
    over = [peer for peer in server.planned() if not _wanted(peer).keeps]
    left = await _still_open(over)
    for number, peer in enumerate(server.planned()):
        judge.case(number, holds=peer not in left, what="its connection stays open")


def _judge_next(judge: _Judge, again: Sequence[Known], server: CutServer) -> None:
    for number, (said, peer) in enumerate(zip(again, server.planned(), strict=True)):
        is_good = said.known is Class.TAKEN or (said.known, said.order_id) == (
            Class.ACCEPTED,
            ORDER_ID,
        )
        judge.case(number, holds=is_good, what=f"the next one is {said.known}")
        is_same = len(peer.inbox.whole) == 2
        # A request to cancel leaves a lone connection to the account's next order.
        is_asked = _wanted(peer).keeps and judge.cases[number].method is not Method.DELETE
        judge.case(number, holds=is_same or not is_asked, what="a good connection was given up")


def _wanted(peer: Peer) -> Expected:
    assert peer.plan is not None
    return expected(peer.plan.case)


async def _still_open(peers: Sequence[Peer]) -> list[Peer]:
    """Give the client its time to end connections; return those that it did not end."""
    try:
        async with asyncio.timeout(ENDS_WITHIN_S):
            for peer in peers:
                await peer.has_ended.wait()
    except TimeoutError:
        pass
    return [peer for peer in peers if not peer.has_ended.is_set()]
