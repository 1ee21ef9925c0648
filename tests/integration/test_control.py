"""The desk over a real unix socket: every method, every error, many callers at once."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import uvloop
from tests.fakes.facade import FakeFacade, sample

from swimdesk import errors
from swimdesk.control import client
from swimdesk.control.client import RemoteDesk, attach
from swimdesk.control.exchange import AnswerLost, OwnerGone, exchange
from swimdesk.control.methods import METHODS, Method
from swimdesk.control.server import serve
from swimdesk.control.sockets import find_socket
from swimdesk.errors import HomeHeld, InvariantBroken, OrderTextError, RemoteError, SwimdeskError
from swimdesk.views.holding import HoldingsView
from swimdesk.views.requests import SubmitRequest

REQUEST = SubmitRequest("P-1", "B-1")


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a home whose path leaves room for a socket below it, whoever runs the tests."""
    with TemporaryDirectory(prefix="sd-", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture
def desk() -> FakeFacade:
    return FakeFacade()


@asynccontextmanager
async def held_back(desk: FakeFacade) -> AsyncIterator[None]:
    """Answer nothing while inside."""
    desk.gate.clear()
    try:
        yield
    finally:
        desk.gate.set()


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
async def test_every_method_arrives_whole_and_its_view_comes_back_equal(
    home: Path, desk: FakeFacade, method: Method
) -> None:
    arguments = {name: sample(kind) for name, kind in method.parameters.items()}
    desk.unread = sample(HoldingsView).unread
    async with serve(desk, home):
        view = await getattr(RemoteDesk(home), method.name)(**arguments)
    assert view == sample(method.returns)
    assert desk.asked.get_nowait() == (method.name, arguments)


KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, SwimdeskError) and kind is not SwimdeskError
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_error_arrives_as_the_same_class(
    home: Path, desk: FakeFacade, kind: type[SwimdeskError]
) -> None:
    desk.fail("preview", kind("Two legs — one price.", column=17))
    async with serve(desk, home):
        with pytest.raises(kind) as caught:
            await RemoteDesk(home).preview(sample(METHODS["preview"].parameters["request"]))
    assert type(caught.value) is kind
    assert caught.value.detail == "Two legs — one price."
    assert caught.value.column == 17
    assert caught.value.exit_code == kind.exit_code


async def test_error_that_this_version_does_not_know_keeps_its_sentence(
    home: Path, desk: FakeFacade, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {c: kind for c, kind in SwimdeskError.by_code.items() if c != OrderTextError.code}
    monkeypatch.setattr(SwimdeskError, "by_code", known)
    desk.fail("status", OrderTextError("From the future."))
    async with serve(desk, home):
        with pytest.raises(RemoteError, match=r"From the future\."):
            await RemoteDesk(home).status()


async def test_bug_of_the_desk_is_an_error_document_and_a_traceback_in_the_log_only(
    home: Path, desk: FakeFacade, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[Mapping[str, object]] = []
    log = type("Log", (), {"error": lambda _, event, **fields: logged.append(fields)})()
    monkeypatch.setattr("swimdesk.control.app.log", log)
    bug = ZeroDivisionError("secret figure")
    desk.fail("status", bug)
    async with serve(desk, home):
        with pytest.raises(InvariantBroken) as caught:
            await RemoteDesk(home).status()
        assert await RemoteDesk(home).resume() == sample(METHODS["resume"].returns)
    assert "ZeroDivisionError" in caught.value.detail
    assert "secret figure" not in caught.value.detail
    assert logged == [{"method": "status", "exc_info": bug}]


async def test_time_running_out_inside_the_desk_is_its_own_bug(
    home: Path, desk: FakeFacade
) -> None:
    desk.fail("status", TimeoutError())
    async with serve(desk, home):
        with pytest.raises(InvariantBroken, match="TimeoutError"):
            await RemoteDesk(home).status()


async def test_twenty_calls_at_once_are_all_served_in_the_order_of_arrival(
    home: Path, desk: FakeFacade
) -> None:
    seen = []
    async with serve(desk, home), asyncio.TaskGroup() as group:
        async with held_back(desk):
            calls = []
            for number in range(20):
                request = SubmitRequest("P", f"B-{number}")
                calls.append(group.create_task(RemoteDesk(home).submit(request)))
                seen.append(await desk.asked.get())
            assert desk.in_flight == 20
        answers = await asyncio.gather(*calls)
    assert [arguments["request"].broadcast for _, arguments in seen] == [
        f"B-{number}" for number in range(20)
    ]
    assert answers == [sample(METHODS["submit"].returns)] * 20


async def test_call_that_waits_holds_up_nobody(home: Path, desk: FakeFacade) -> None:
    async with serve(desk, home), asyncio.TaskGroup() as group:
        async with held_back(desk):
            following = group.create_task(RemoteDesk(home).follow("B", 600.0))
            await desk.asked.get()
            await RemoteDesk(home).greet(10.0)
            assert not following.done()
        await following


async def test_caller_of_another_user_is_cut_unheard(home: Path, desk: FakeFacade) -> None:
    asked: list[int] = []

    def trusts(uid: int) -> bool:
        asked.append(uid)
        return False

    async with serve(desk, home, trusts=trusts):
        with pytest.raises(AnswerLost):
            await RemoteDesk(home).status()
        with pytest.raises(OwnerGone):
            await RemoteDesk(home).greet(10.0)
    assert asked == [os.getuid()] * 2
    assert desk.asked.empty()


async def raw(home: Path, request: bytes) -> tuple[int, Any]:
    """Send bytes as they are and return the status and the document of the answer."""
    reader, writer = await asyncio.open_unix_connection(find_socket(home))
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    document = json.loads(await reader.readexactly(length))
    writer.close()
    return int(head.split()[1]), document


def post(method: str, body: bytes) -> bytes:
    return b"POST /v1/%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (
        method.encode(),
        len(body),
        body,
    )


@pytest.mark.parametrize(
    ("request_", "what"),
    [
        pytest.param(post("status", b"{nonsense"), "not JSON", id="bad JSON"),
        pytest.param(post("status", b""), "not JSON", id="nothing"),
        pytest.param(post("status", b"\xff\xfe\x00"), "not JSON", id="no text"),
        pytest.param(post("halt", b'{"args":{"reason":NaN}}'), "not JSON", id="NaN"),
        pytest.param(post("status", b"[" * 200_000), "not JSON", id="deep"),
        pytest.param(post("status", b"[]"), "status takes", id="no object"),
        pytest.param(post("sell_everything", b"{}"), "no method 'sell_everything'", id="unknown"),
        pytest.param(post("__init__", b"{}"), "no method '__init__'", id="private"),
        pytest.param(post("halt", b'{"args":{"reason":7}}'), "expected a text", id="wrong type"),
        pytest.param(post("halt", b'{"args":{}}'), "halt takes reason", id="missing argument"),
        pytest.param(post("status", b" " * 1_000_001), "longer than", id="huge"),
        pytest.param(
            b"POST /v1/status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"10000\r\n%s\r\n" % (b" " * 0x10000) * 16,
            "longer than",
            id="huge and without an end",
        ),
        pytest.param(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", "no GET", id="other verb"),
        pytest.param(b"POST /v2 HTTP/1.1\r\nHost: x\r\n\r\n", "no POST /v2", id="other path"),
    ],
)
async def test_garbage_gets_an_error_document(
    home: Path, desk: FakeFacade, request_: bytes, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(desk, home):
        status, document = await raw(home, request_)
        await RemoteDesk(home).greet(10.0)
    assert status == 400
    assert set(document) == {"error", "exit_code"}
    assert document["exit_code"] == 2
    assert document["error"]["code"] == "INPUT_INVALID"
    assert what in document["error"]["detail"]
    assert desk.asked.empty()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"\x16\x03\x01\x00\xa5not http\r\n\r\n", id="no HTTP"),
        pytest.param(b"POST /v1/halt HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000, id="long head"),
        pytest.param(post("halt", b'{"args":{"reason":"x"}}')[:-3], id="cut short"),
        pytest.param(b"POST /v1/ha", id="cut in the head"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_caller_who_leaves_or_talks_nonsense_harms_nobody(
    home: Path, desk: FakeFacade, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(desk, home):
        _, writer = await asyncio.open_unix_connection(find_socket(home))
        writer.write(sent)
        writer.close()
        await RemoteDesk(home).greet(10.0)
    assert desk.asked.empty()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_body_that_does_not_arrive_is_given_up(
    home: Path, desk: FakeFacade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("swimdesk.control.app.BODY_S", 0.0)
    async with serve(desk, home):
        _, document = await raw(home, post("halt", b'{"args":{"reason":"x"}}')[:-3])
    assert "did not arrive" in document["error"]["detail"]


async def test_owner_says_who_it_is(home: Path, desk: FakeFacade) -> None:
    async with serve(desk, home):
        body = json.loads(await exchange(find_socket(home), "GET", "/v1"))
    assert set(body["result"]) == {"version", "pid"}


async def test_nobody_listening_is_held_and_not_carried_out(home: Path) -> None:
    with pytest.raises(OwnerGone) as caught:
        await RemoteDesk(home).halt("x")
    assert caught.value.exit_code == 8
    with pytest.raises(OwnerGone):
        async with attach(home):
            pytest.fail("there is nobody to attach to")


async def test_owner_that_does_not_answer_is_held(home: Path, desk: FakeFacade) -> None:
    async with serve(desk, home), held_back(desk):
        with pytest.raises(HomeHeld, match=r"did not answer within 0 s") as caught:
            await RemoteDesk(home, answer_s=0.0).status()
        await RemoteDesk(home).greet(10.0)
    assert type(caught.value) is HomeHeld


async def test_answer_of_another_version_is_one_sentence(
    home: Path, desk: FakeFacade, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(desk, home):
        monkeypatch.setattr("swimdesk.control.app.to_json", lambda _: {"colour": "red"})
        with pytest.raises(RemoteError, match=r"StatusView has no 'colour'.*another version"):
            await RemoteDesk(home).status()


class _LosesAnswers:
    """The exchange, but with the answers to a method lost after the request arrived."""

    def __init__(self, method: str) -> None:
        self.sent: list[str] = []
        self._method = method

    async def __call__(self, path: Path, verb: str, target: str, body: bytes = b"") -> bytes:
        self.sent.append(target)
        answer = await exchange(path, verb, target, body)
        if target.endswith(f"/{self._method}"):
            raise AnswerLost("The connection broke.")
        return answer


async def test_submit_whose_answer_is_lost_is_looked_up_and_never_sent_again(
    home: Path, desk: FakeFacade, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing = _LosesAnswers("submit")
    monkeypatch.setattr(client, "exchange", losing)
    async with serve(desk, home):
        view = await RemoteDesk(home).submit(REQUEST)
    assert view == sample(METHODS["broadcast"].returns)
    assert losing.sent == ["/v1/submit", "/v1/broadcast"]


async def test_lost_submit_that_was_not_written_down_says_so(
    home: Path, desk: FakeFacade, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.broadcasts_known = set()
    losing = _LosesAnswers("submit")
    monkeypatch.setattr(client, "exchange", losing)
    async with serve(desk, home):
        with pytest.raises(OwnerGone, match=r"B-1 was not written down: nothing was sent"):
            await RemoteDesk(home).submit(REQUEST)
    assert losing.sent == ["/v1/submit", "/v1/broadcast"]


async def test_submit_of_a_silent_owner_leaves_the_question_open(
    home: Path, desk: FakeFacade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "HELLO_S", 0.0)
    async with serve(desk, home), held_back(desk):
        with pytest.raises(AnswerLost, match=r"B-1 was written down is not known.*broadcasts B-1"):
            await RemoteDesk(home, answer_s=0.0).submit(REQUEST)
        await RemoteDesk(home).greet(10.0)


async def test_slow_submit_that_is_not_written_down_yet_is_not_called_absent(
    home: Path, desk: FakeFacade, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.broadcasts_known = set()
    async with serve(desk, home), held_back(desk):
        with pytest.raises(AnswerLost, match=r"B-1 is not written down so far"):
            await RemoteDesk(home, answer_s=0.0).submit(REQUEST)
        await RemoteDesk(home).greet(10.0)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-le", id="half a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n", id="no body"),
        pytest.param(b'HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"result"', id="half a body"),
    ],
)
async def test_answer_that_is_cut_is_lost_and_not_misread(home: Path, answer: bytes) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    path = home / "cut.sock"
    async with await asyncio.start_unix_server(cut, path):
        with pytest.raises(AnswerLost):
            await exchange(path, "POST", "/v1/submit")


async def test_submit_to_nobody_is_not_looked_up(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing = _LosesAnswers("submit")
    monkeypatch.setattr(client, "exchange", losing)
    with pytest.raises(OwnerGone):
        await RemoteDesk(home).submit(REQUEST)
    assert losing.sent == ["/v1/submit"]


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_socket_is_served_on_both_loops(
    home: Path, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def ask() -> object:
        async with serve(FakeFacade(), home), attach(home) as desk:
            return await desk.status()

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(ask()) == sample(METHODS["status"].returns)
    assert not find_socket(home).exists()
