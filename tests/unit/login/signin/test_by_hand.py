"""Signing in by hand: the callback is taken by a listener, or pasted."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from tests.unit.login.signin.ports import free_port

from swimdesk.errors import SignInFailed
from swimdesk.login.signin.by_hand import by_hand
from swimdesk.login.signin.person import Question, Step
from swimdesk.telemetry.redaction import Secret

AUTHORIZE = "https://api.schwabapi.com/v1/oauth/authorize?client_id=k"
NOW = datetime.now(UTC)
UNTIL = datetime(2026, 11, 23, 15, 14, tzinfo=UTC)
QUERY = "/?code=C0.abc%40&session=1&state=mine"


class Typing:
    """A person who pastes what is planned, then types nothing more."""

    def __init__(self, *pasted: str) -> None:
        self._pasted: Iterator[str] = iter(pasted)
        self.steps: list[str] = []
        self.asked_for = asyncio.Event()

    def told(self, step: Step) -> None:
        self.steps.append(step.text)

    async def asked(self, question: Question) -> Secret:
        assert question.is_hidden
        self.asked_for.set()
        for text in self._pasted:
            return Secret(text)
        never: asyncio.Future[Secret] = asyncio.get_running_loop().create_future()
        return await never


class Absent(Typing):
    """Nobody at the terminal."""

    async def asked(self, question: Question) -> Secret:
        self.asked_for.set()
        raise SignInFailed("nobody is here to answer")


class Waiting(Typing):
    """A person who pastes once told to."""

    def __init__(self, *pasted: str) -> None:
        super().__init__(*pasted)
        self.goes_on = asyncio.Event()

    async def asked(self, question: Question) -> Secret:
        self.asked_for.set()
        await self.goes_on.wait()
        return await super().asked(question)


@pytest.fixture
def callback_url() -> str:
    return f"https://127.0.0.1:{free_port()}"


async def visited(url: str) -> httpx.Response:
    """Open an address as a browser does whose user went on past the warning."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with httpx.AsyncClient(verify=context, trust_env=False) as http:
        return await http.get(url)


async def test_pasted_address_is_taken_and_a_wrong_one_asked_for_again() -> None:
    elsewhere = "https://127.0.0.1"  # no port of its own: nothing listens there
    person = Typing("nonsense", f"{elsewhere}/?code=C0.x%40&state=another", f"{elsewhere}{QUERY}")
    url = await by_hand("smith", AUTHORIZE, elsewhere, "mine", person, NOW, UNTIL)
    assert url.reveal() == f"{elsewhere}{QUERY}"
    assert AUTHORIZE in person.steps
    assert [step for step in person.steps if "is of another attempt" in step]
    assert not [step for step in person.steps if "C0.x" in step]


@pytest.mark.parametrize("kind", [Typing, Absent])
async def test_callback_that_arrives_here_is_taken_by_itself(
    callback_url: str, kind: type[Typing]
) -> None:
    person = kind()
    async with asyncio.TaskGroup() as group:
        signing = group.create_task(
            by_hand("smith", AUTHORIZE, callback_url, "mine", person, NOW, UNTIL)
        )
        await person.asked_for.wait()
        stranger = await visited(f"{callback_url}/?code=C0.evil%40&state=another")
        page = await visited(f"{callback_url}{QUERY}")
    assert signing.result().reveal() == f"{callback_url}{QUERY}"
    assert (stranger.status_code, page.status_code) == (404, 200)
    assert "You can close this page" in page.text
    assert "C0" not in page.text
    waits = "waiting until 15:14:00 UTC for a browser on this machine to end at"
    assert any(waits in step for step in person.steps) == (kind is Absent)


async def test_listener_hangs_up_on_who_is_still_there_when_the_address_is_pasted(
    callback_url: str,
) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    port = int(callback_url.rpartition(":")[2])
    person = Waiting(f"{callback_url}{QUERY}")
    async with asyncio.TaskGroup() as group:
        signing = group.create_task(
            by_hand("smith", AUTHORIZE, callback_url, "mine", person, NOW, UNTIL)
        )
        await person.asked_for.wait()
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        person.goes_on.set()
        await signing
        async with asyncio.timeout(2):
            with contextlib.suppress(OSError):
                assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_port_that_is_taken_leaves_the_pasting(callback_url: str) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    port = int(callback_url.rpartition(":")[2])
    person = Typing(f"{callback_url}{QUERY}")
    async with await asyncio.start_server(deaf, "127.0.0.1", port):
        url = await by_hand("smith", AUTHORIZE, callback_url, "mine", person, NOW, UNTIL)
    assert url.reveal() == f"{callback_url}{QUERY}"
    assert [step for step in person.steps if "cannot be listened on" in step]


async def test_terminal_that_is_gone_ends_it_as_itself(callback_url: str) -> None:
    class Gone(Typing):
        async def asked(self, question: Question) -> Secret:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await by_hand("smith", AUTHORIZE, callback_url, "mine", Gone(), NOW, UNTIL)


async def test_nobody_to_paste_and_nothing_to_listen_on_is_a_failure() -> None:
    with pytest.raises(SignInFailed, match="nobody is here"):
        await by_hand("smith", AUTHORIZE, "https://127.0.0.1", "mine", Absent(), NOW, UNTIL)
