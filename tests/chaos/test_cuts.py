"""A sample of the byte-cut sweep, and bugs planted in the product that the sweep must find."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable

import pytest

from swimdesk.desk.ports import Burst, Outcome, OutcomeKind, Prepared
from swimdesk.schwab import outcomes
from swimdesk.schwab.answers import AnswerReader, Response
from swimdesk.schwab.bursts import OrderBurst
from swimdesk.schwab.client import SchwabBroker
from swimdesk.schwab.lane.connection import Connection
from swimdesk.schwab.outcomes import Fault, Verdict
from tests.chaos import cut_runs
from tests.chaos.cut_answers import CANCELS, ELSEWHERE, ORDERS, ends_on, expected
from tests.chaos.cut_cases import Case, Ending, Method, Where, Wire, case_of
from tests.chaos.cut_sweep import Sizes, every_case, sample
from tests.chaos.cuts import LOOPS, sampled, sweep
from tests.fakes.misbehaving import ORDER_ID
from tests.integration.lanes import Tls, authority_in

SAMPLE, SEED = 60, 1
SIZES = Sizes({Method.POST: 651, Method.PUT: 653, Method.DELETE: 250}, 881)
EVERY = list(every_case(SIZES))


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return authority_in(tmp_path_factory.mktemp("authority"))


async def mismatches(texts: Iterable[str], tls: Tls) -> list[str]:
    """Run these cuts; return what is wrong with them, line by line."""
    return [str(one) for one in (await sweep([case_of(text) for text in texts], tls)).mismatches]


@pytest.mark.parametrize("loop", LOOPS)
def test_sampled_cuts_are_known_for_what_the_table_says(loop: str, tls: Tls) -> None:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        result = runner.run(sampled(SAMPLE, SEED, tls))
    assert [str(one) for one in result.mismatches] == []
    assert result.figures()["runs"] == SAMPLE


# --- what is cut ---------------------------------------------------------------------------------


def test_sweep_cuts_request_and_answer_at_every_byte_in_every_way() -> None:
    cases = set(EVERY)
    answer = ORDERS["201"].make(ELSEWHERE)
    for ending in (Ending.FIN, Ending.RST, Ending.STALL):
        for offset in range(SIZES.request[Method.POST] + 1):
            assert Case(Where.REQUEST, Wire.TLS, Method.POST, "", offset, ending) in cases
        for offset in range(len(answer) + 1):
            assert Case(Where.RESPONSE, Wire.PLAIN, Method.POST, "201", offset, ending) in cases
    assert {case.says for case in cases if case.method is Method.POST} == {"", *ORDERS}
    assert {case.says for case in cases if case.method is Method.DELETE} == {"", *CANCELS}
    assert len(EVERY) == len(cases) > 20_000


@pytest.mark.parametrize("seed", range(5))
def test_sample_holds_the_edges_whatever_the_seed(seed: int) -> None:
    drawn = sample(EVERY, SIZES, SAMPLE, seed)
    assert len(drawn) == SAMPLE
    assert drawn == sample(EVERY, SIZES, SAMPLE, seed)
    for ending in (Ending.FIN, Ending.RST, Ending.STALL):
        requests = [c for c in drawn if c.where is Where.REQUEST and c.ending is ending]
        assert {0, 1} <= {case.offset for case in requests}
        answers = [c for c in drawn if c.says == "400" and c.ending is ending]
        assert {case.offset for case in answers} > set(
            ends_on(answers[0].wire, ORDERS["400"].make(ELSEWHERE))
        )


def test_case_reads_back_what_it_prints() -> None:
    assert [case_of(str(case)) for case in EVERY] == EVERY


# --- bugs that the sweep must find ---------------------------------------------------------------


async def test_sweep_finds_silence_taken_for_a_refusal(
    tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(outcomes.FAULTS, Fault.DEADLINE, Verdict(OutcomeKind.REFUSED, "no"))
    (found,) = await mismatches(["response:tls:201:40:stall", "response:tls:201:40:rst"], tls)
    assert found == (
        "refused, should be unknown: python -m tests.chaos cuts --replay response:tls:201:40:stall"
    )


async def test_sweep_finds_a_part_taken_for_the_whole(
    tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(reader: AnswerReader) -> Response:
        return reader._finish(keep_alive=False)

    monkeypatch.setattr(AnswerReader, "end", end)
    size = len(ORDERS["201-chunked"].make(ELSEWHERE))
    (found,) = await mismatches([f"response:records:201-chunked:{size - 1}:bye"], tls)
    assert f"accepted {ORDER_ID}, should be unknown" in found


async def test_sweep_finds_an_order_that_is_sent_again(
    tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SchwabBroker, "load", sending_again(SchwabBroker.load))
    (found,) = await mismatches(["response:tls:500:60:rst"], tls)
    assert "arrived 2 times" in found


async def test_sweep_finds_a_connection_that_is_left_open(
    tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[socket.socket] = []

    def drop(connection: Connection) -> None:
        connection.is_usable = False
        if connection.file_number >= 0:
            connection._poll.forget(connection)
            connection.file_number = -1
            kept.append(connection._socket)

    monkeypatch.setattr(Connection, "drop", drop)
    monkeypatch.setattr(cut_runs, "ENDS_WITHIN_S", 0.01)
    found = await mismatches(["response:plain:201:40:stall"], tls)
    for sock in kept:
        sock.close()
    for what in ("its connection stays open", "outlive the adapter", "open files are left"):
        assert any(what in line for line in found)


async def test_sweep_tells_of_an_adapter_that_breaks(
    tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(burst: OrderBurst) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(OrderBurst, "leave", leave)
    (found,) = await mismatches(["request:plain:post:0:fin"], tls)
    assert found.startswith("RuntimeError: broken: python")


def test_answer_that_ends_with_the_connection_is_whole_only_where_the_end_is_proven() -> None:
    size = len(ORDERS["201-until-end"].make(ELSEWHERE))
    for text, is_whole in (
        (f"response:plain:201-until-end:{size}:fin", True),
        (f"response:plain:201-until-end:{size}:rst", False),
        (f"response:records:201-until-end:{size}:fin", False),
        (f"response:records:201-until-end:{size}:bye", True),
    ):
        assert (expected(case_of(text)).order_id is not None) == is_whole, text


Load = Callable[[SchwabBroker, Prepared], Burst]


class Again:
    """A burst that is fired a second time where an order is in doubt."""

    def __init__(self, broker: SchwabBroker, prepared: Prepared, load: Load) -> None:
        self._broker = broker
        self._prepared = prepared
        self._load = load
        self._first = load(broker, prepared)

    def leave(self) -> None:
        self._first.leave()

    def discard(self) -> None:
        self._first.discard()

    async def fire(
        self, on_sent: Callable[[], None], on_outcome: Callable[[Outcome], None]
    ) -> None:
        found: list[Outcome] = []
        await self._first.fire(on_sent, found.append)
        if any(one.kind is OutcomeKind.UNKNOWN for one in found):
            await self._broker.ready([order.account for order in self._prepared.orders])
            await self._load(self._broker, self._prepared).fire(on_sent, lambda _: None)
        for outcome in found:
            on_outcome(outcome)


def sending_again(load: Load) -> Load:
    return lambda broker, prepared: Again(broker, prepared, load)
