"""Codes of an authenticator: right, in time, and each of them once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from swimdesk.errors import SignInFailed
from swimdesk.login.signin.automatic import Automatic
from swimdesk.login.signin.person import Question, Step
from swimdesk.login.signin.totp import Codes
from swimdesk.telemetry.redaction import Secret

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
AT = datetime(2026, 11, 23, 15, 0, 10, tzinfo=UTC)


class Time:
    """A clock that sleeping moves."""

    def __init__(self, now: datetime = AT) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def codes(folder: Path, time: Time, seed: str = SEED) -> Codes:
    return Codes("smith", Secret(seed), folder / "totp-smith", time.now, time.sleep)


def right(at: datetime) -> str:
    return pyotp.TOTP(SEED).at(at)


@pytest.mark.parametrize(
    "seed",
    [
        SEED,
        " jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp\n",
        f"otpauth://totp/Broker:smith?secret={SEED}&issuer=Broker",
    ],
)
async def test_code_is_that_of_the_moment(tmp_path: Path, seed: str) -> None:
    assert (await codes(tmp_path, Time(), seed).next()).reveal() == right(AT)


async def test_seed_of_80_bits_is_taken(tmp_path: Path) -> None:
    assert len((await codes(tmp_path, Time(), "JBSWY3DPEHPK3PXP").next()).reveal()) == 6


async def test_second_code_is_of_the_next_window(tmp_path: Path) -> None:
    time = Time()
    given = codes(tmp_path, time)
    first, second = await given.next(), await given.next()
    assert first != second
    assert second.reveal() == right(AT + timedelta(seconds=20))


async def test_code_is_used_once_across_processes(tmp_path: Path) -> None:
    time = Time()
    first = await codes(tmp_path, time).next()
    assert await codes(tmp_path, time).next() != first


async def test_code_that_is_about_to_end_is_not_begun_with(tmp_path: Path) -> None:
    time = Time(AT + timedelta(seconds=17))
    assert (await codes(tmp_path, time).next()).reveal() == right(AT + timedelta(seconds=20))


async def test_clock_that_was_set_back_is_told_rather_than_waited_for(tmp_path: Path) -> None:
    await codes(tmp_path, Time(AT + timedelta(days=1))).next()
    with pytest.raises(SignInFailed, match="set back"):
        await codes(tmp_path, Time()).next()


@pytest.mark.parametrize("seed", ["", "no seed!", "12345678", "otpauth://hotp/x?secret=" + SEED])
def test_seed_that_is_none_is_refused_without_being_shown(tmp_path: Path, seed: str) -> None:
    with pytest.raises(SignInFailed, match="no seed of an authenticator") as caught:
        codes(tmp_path, Time(), seed)
    assert seed == "" or seed not in str(caught.value)
    assert caught.value.__context__ is None or seed not in str(caught.value.__context__)


class Watcher:
    """A person who is only told."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def told(self, step: Step) -> None:
        self.steps.append(step)

    async def asked(self, question: Question) -> Secret:
        raise AssertionError(question)


async def test_automatic_answers_with_codes_and_nothing_else(tmp_path: Path) -> None:
    watcher = Watcher()
    person = Automatic(watcher, codes(tmp_path, Time()))
    person.told(Step("smith", "on the way"))
    assert watcher.steps == [Step("smith", "on the way")]
    assert (await person.asked(Question("smith", "code", "Code: "))).reveal() == right(AT)
    with pytest.raises(SignInFailed, match="only a person knows"):
        await person.asked(Question("smith", "choice", "Which: "))
