"""Signing in through the simulated brokerage's pages, in real Chromium."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from swimdesk.errors import BrokerUnreachable, PasswordRefused, SignInFailed
from swimdesk.login.signin.child import browser
from swimdesk.telemetry.redaction import Secret
from tests.fakes.sim_process import sim_process
from tests.signin.processes import command_lines, environments
from tests.signin.stage import Played, Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with sim_process(tmp_path / "home", "--accounts", "3", "--logins", "1") as sim:
        yield Stage(sim, tmp_path)


def kept(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let browsers keep their folders where no other process does, on a path that is short."""
    with TemporaryDirectory(prefix="sd-", dir="/tmp") as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


async def test_authenticator_bounce_and_terms_are_gone_through(stage: Stage) -> None:
    await stage.plan(second_factor="totp", bounces=1, unticked=["*"])
    person = Played({"code": stage.totp})
    assert (await stage.code(person)).endswith("@")
    assert [question.kind for question in person.questions] == ["code"]
    assert (await stage.stands())["passwords"] == 2
    assert command_lines(f"127.0.0.1:{stage.port}") == []


async def test_text_message_is_chosen_and_its_code_typed_by_the_person(stage: Stage) -> None:
    await stage.plan(second_factor="choice")
    person = Played({"choice": lambda: "sms", "code": stage.sent_code})
    assert await stage.code(person)
    assert person.questions[0].choices == ("push", "sms", "voice", "code")


async def test_push_is_waited_for_and_the_device_stays_untrusted(stage: Stage) -> None:
    await stage.plan(second_factor="push")
    person = Played()
    waiting = person.sees("approval in the broker's mobile app")
    async with asyncio.TaskGroup() as group:
        signing = group.create_task(stage.code(person))
        await waiting.wait()
        answer = {"login": stage.login, "approve": True}
        assert (await stage.sim.control("POST", "/push", answer))["answered"] == 1
    assert signing.result()
    assert (await stage.stands())["trusted_devices"] == 0


async def test_wrong_password_is_typed_once_and_shown_nowhere(stage: Stage, folders: Path) -> None:
    await stage.plan(second_factor="totp")
    with pytest.raises(PasswordRefused) as caught:
        await stage.code(Played(), password=Secret("not-the-password"))
    assert "incorrect" in caught.value.detail
    assert "not-the-password" not in caught.value.detail
    assert (await stage.stands())["passwords"] == 1
    picture = stage.folder / "picture.png"
    assert picture.read_bytes().startswith(PNG)
    assert picture.stat().st_mode & 0o777 == 0o600
    assert kept(folders) == []
    assert command_lines(f"127.0.0.1:{stage.port}") == []


async def test_password_with_a_line_break_is_not_typed_at_all(stage: Stage) -> None:
    await stage.plan(second_factor="totp", slow_ms=1500)
    with pytest.raises(SignInFailed, match="line break"):
        await stage.code(Played(), password=Secret("not-the\npassword"))
    assert (await stage.stands())["passwords"] == 0


async def test_page_that_is_not_known_stops_with_a_picture(stage: Stage) -> None:
    await stage.plan(second_factor="none", unknown_page=True)
    with pytest.raises(SignInFailed, match="not known") as caught:
        await stage.code(Played())
    assert str(stage.folder / "picture.png") in caught.value.detail


async def test_notice_is_read_to_the_person(stage: Stage) -> None:
    await stage.plan(second_factor="none", notice="maintenance")
    with pytest.raises(SignInFailed, match="Planned maintenance"):
        await stage.code(Played())


async def test_account_that_is_not_offered_is_told_and_the_others_are_linked(stage: Stage) -> None:
    await stage.plan(second_factor="none", unlisted=["#0"])
    person = Played()
    assert await stage.code(person)
    missing = stage.known["accounts"][0][-3:]
    assert [step for step in person.steps if f"…{missing}" in step]


async def test_callback_that_is_not_registered_is_told_to_be_compared(stage: Stage) -> None:
    job = stage.job()
    elsewhere = job.authorize_url.reveal().replace("redirect_uri=https%3A%2F%2F", "redirect_uri=x")
    with pytest.raises(SignInFailed, match="callback_url"):
        await stage.code(Played(), authorize_url=Secret(elsewhere))


async def test_certificate_that_is_not_pinned_is_not_trusted(stage: Stage) -> None:
    with pytest.raises(BrokerUnreachable, match="ERR_CERT"):
        await stage.code(Played(), pin="")


async def test_host_that_is_not_the_brokers_is_not_reached(stage: Stage) -> None:
    with pytest.raises(BrokerUnreachable, match="ERR_NAME_NOT_RESOLVED"):
        await stage.code(Played(), hosts=("127.0.0.1:1",))


async def test_cancelled_sign_in_leaves_nothing_behind(stage: Stage, folders: Path) -> None:
    await stage.plan(second_factor="push")
    person = Played()
    waiting = person.sees("approval in the broker's mobile app")
    signing = asyncio.ensure_future(stage.code(person))
    await waiting.wait()
    assert kept(folders)
    assert command_lines(f"127.0.0.1:{stage.port}")
    secrets = [stage.known["password"], stage.known["user"]]
    assert [s for s in secrets if command_lines(s) or environments(s)] == []
    signing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await signing
    assert command_lines(f"127.0.0.1:{stage.port}") == []
    assert kept(folders) == []


async def test_browser_that_gets_no_job_goes_with_whoever_started_it(
    stage: Stage, folders: Path
) -> None:
    async with browser(stage.launch()):
        assert kept(folders)
    assert command_lines(f"127.0.0.1:{stage.port}") == []
    assert kept(folders) == []


async def test_program_that_is_missing_is_named(stage: Stage) -> None:
    with pytest.raises(SignInFailed, match="did not work"):
        await stage.code(Played(), executable="/bin/false")
