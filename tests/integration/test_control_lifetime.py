"""Owners come and go: orderly, cut short, killed; one at a time."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.fakes.facade import FakeFacade, sample

from swimdesk.control.client import RemoteDesk, attach
from swimdesk.control.exchange import AnswerLost, OwnerGone
from swimdesk.control.methods import METHODS
from swimdesk.control.ownership import HomeLock, last_owner
from swimdesk.control.server import serve
from swimdesk.control.sockets import find_socket
from swimdesk.errors import HomeHeld
from swimdesk.views.requests import SubmitRequest

ROOT = Path(__file__).parents[2]
REQUEST = SubmitRequest("P-1", "B-1")
BROADCAST = sample(METHODS["submit"].returns)
STATUS = sample(METHODS["status"].returns)


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a home whose path leaves room for a socket below it, whoever runs the tests."""
    with TemporaryDirectory(prefix="sd-", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture
def desk() -> FakeFacade:
    return FakeFacade()


async def nobody_is_let_in(home: Path) -> None:
    """Wait until the owner has stopped to accept; every try is served or refused at once."""
    async with asyncio.timeout(10):
        while True:
            try:
                await RemoteDesk(home).greet(10.0)
            except OwnerGone:
                return


async def error_of(call: Coroutine[None, None, object]) -> HomeHeld:
    """Return what a call raises, so that a task group is not ended by it."""
    with pytest.raises(HomeHeld) as caught:
        await call
    return caught.value


# --- stopping --------------------------------------------------------------------------------


async def test_call_in_flight_finishes_while_the_owner_stops(home: Path, desk: FakeFacade) -> None:
    desk.gate.clear()
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        await stack.enter_async_context(serve(desk, home, grace_s=60.0))
        call = group.create_task(RemoteDesk(home).submit(REQUEST))
        await desk.asked.get()
        stopping = group.create_task(stack.aclose())
        await nobody_is_let_in(home)
        assert not stopping.done()
        desk.gate.set()
        assert await call == BROADCAST
        await stopping
    assert not find_socket(home).exists()


async def test_call_that_does_not_finish_in_time_is_told_so(home: Path, desk: FakeFacade) -> None:
    desk.gate.clear()
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        await stack.enter_async_context(serve(desk, home, grace_s=0.0))
        error = group.create_task(error_of(RemoteDesk(home).status()))
        await desk.asked.get()
        await stack.aclose()
        assert "stopped meanwhile" in (await error).detail
    assert await desk.ended.get() == ("status", False)


async def test_caller_that_leaves_ends_its_waiting(home: Path, desk: FakeFacade) -> None:
    desk.gate.clear()
    async with serve(desk, home), asyncio.TaskGroup() as group:
        call = group.create_task(RemoteDesk(home).follow("B-1", 600.0))
        await desk.asked.get()
        call.cancel()
        assert await desk.ended.get() == ("follow", False)


async def test_caller_that_leaves_does_not_undo_its_submit(home: Path, desk: FakeFacade) -> None:
    desk.gate.clear()
    async with serve(desk, home), asyncio.TaskGroup() as group:
        call = group.create_task(RemoteDesk(home).submit(REQUEST))
        await desk.asked.get()
        call.cancel()
        await asyncio.wait([call])
        await RemoteDesk(home).greet(10.0)
        desk.gate.set()
        assert await desk.ended.get() == ("submit", True)


async def test_attached_caller_is_served_until_it_leaves(home: Path, desk: FakeFacade) -> None:
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        await stack.enter_async_context(serve(desk, home, linger_s=60.0))
        async with attach(home) as remote:
            stopping = group.create_task(stack.aclose())
            assert await remote.submit(REQUEST) == BROADCAST
            assert await remote.follow("B-1", 1.0) == BROADCAST
            assert not stopping.done()
        await stopping


async def test_attached_caller_is_not_waited_for_without_linger(
    home: Path, desk: FakeFacade
) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serve(desk, home, grace_s=600.0))
        async with attach(home) as remote:
            await stack.aclose()
            with pytest.raises(OwnerGone):
                await remote.submit(REQUEST)


async def test_stop_that_is_itself_cut_short_leaves_no_socket(home: Path, desk: FakeFacade) -> None:
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        await stack.enter_async_context(serve(desk, home, linger_s=600.0))
        async with attach(home) as remote:
            stopping = group.create_task(stack.aclose())
            await remote.status()
            stopping.cancel()
            await asyncio.wait([stopping])
            with pytest.raises(OwnerGone):
                await remote.status()
    assert not find_socket(home).exists()


async def test_home_can_be_served_again_after_a_stop(home: Path, desk: FakeFacade) -> None:
    for _ in range(2):
        async with serve(desk, home):
            assert await RemoteDesk(home).status() == STATUS
        with pytest.raises(OwnerGone):
            await RemoteDesk(home).status()


async def test_long_home_is_served_through_a_short_folder(
    home: Path, desk: FakeFacade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    deep = home / ("d" * 150)
    async with serve(desk, deep):
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        async with attach(deep) as remote:
            assert await remote.status() == STATUS


# --- other processes -------------------------------------------------------------------------

OWNER = """
import asyncio, sys
from pathlib import Path
from swimdesk.control.ownership import HomeLock
from swimdesk.control.server import serve
from tests.fakes.facade import FakeFacade

async def own(home, answers):
    if not HOME_LOCK.try_acquire():
        print("refused", flush=True)
        return
    desk = FakeFacade()
    if not answers:
        desk.gate.clear()
    async with serve(desk, home):
        print("serving", flush=True)
        while True:
            method, _ = await desk.asked.get()
            print(method, flush=True)

HOME_LOCK = HomeLock(Path(sys.argv[1]))
asyncio.run(own(Path(sys.argv[1]), sys.argv[2] == "answers"))
"""


@contextmanager
def process(home: Path, *, answers: bool = True) -> Iterator[subprocess.Popen[str]]:
    """Run a process that tries to own the home and says what it is asked; killed at the end."""
    command = [sys.executable, "-c", OWNER, str(home), "answers" if answers else "is silent"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def said(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_of_two_processes_one_owns_the_home(home: Path) -> None:
    with ExitStack() as stack:
        children = [stack.enter_context(process(home)) for _ in range(2)]
        answers = {said(child): child.pid for child in children}
        owner = last_owner(home)
        assert set(answers) == {"serving", "refused"}
        assert owner is not None
        assert owner.pid == answers["serving"]
        assert not HomeLock(home).try_acquire()


async def test_home_of_a_killed_owner_is_taken_over_with_its_socket(
    home: Path, desk: FakeFacade
) -> None:
    with process(home) as child, HomeLock(home) as lock:
        assert said(child) == "serving"
        assert not lock.try_acquire()
        assert await RemoteDesk(home).status() == STATUS
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert find_socket(home).is_socket()
        with pytest.raises(OwnerGone):
            await RemoteDesk(home).status()
        assert lock.try_acquire()
        async with serve(desk, home):
            assert await RemoteDesk(home).status() == STATUS
    assert desk.asked.qsize() == 1


async def test_owner_that_is_frozen_is_held_and_named(home: Path) -> None:
    with process(home) as child:
        assert said(child) == "serving"
        child.send_signal(signal.SIGSTOP)
        with pytest.raises(HomeHeld, match=f"process {child.pid} .* `kill {child.pid}`") as caught:
            async with attach(home, hello_s=0.2):
                pytest.fail("a frozen owner cannot answer")
    assert caught.value.exit_code == 8
    assert not isinstance(caught.value, OwnerGone)


async def test_owner_killed_while_it_answers_leaves_the_submit_in_question(home: Path) -> None:
    with process(home, answers=False) as child:
        assert said(child) == "serving"
        async with asyncio.TaskGroup() as group:
            calling = group.create_task(error_of(RemoteDesk(home).submit(REQUEST)))
            assert await asyncio.to_thread(said, child) == "submit"
            child.send_signal(signal.SIGKILL)
            error = await calling
    assert type(error) is AnswerLost
    assert error.exit_code == 8
    assert "Whether broadcast B-1 was written down is not known" in error.detail
