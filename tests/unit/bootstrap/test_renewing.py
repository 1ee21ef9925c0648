"""Automatic logins sign in by themselves: in time, in quiet hours, and not again and again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.fakes.virtual import VirtualClock, run_virtual

from swimdesk.bootstrap.renewing import Nobody, Renewals, is_busy
from swimdesk.errors import SignInFailed
from swimdesk.login.signin.person import Question
from swimdesk.views.signing import LoginView

EVENING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
"""Monday 20:00 in New York."""
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""Monday 12:00 in New York."""


def a_login(now: datetime, days_left: float = 0.5, **changed: Any) -> LoginView:
    ends = now + timedelta(days=days_left)
    view = LoginView("smith", "expiring", now, ends, "", way="automatic", sign_ins_left=2)
    return replace(view, **changed)


class Looked:
    """A desk whose logins are as told, and who counts sign-ins."""

    def __init__(self, start: datetime, *views: LoginView, fails: bool = False) -> None:
        self.views = views
        self.fails = fails
        self.signed: list[str] = []
        self.most = self.at_once = 0
        self.clock = VirtualClock(start)
        self.renewals = Renewals(self.logins, self.sign_in, self.clock.now)

    async def logins(self) -> tuple[LoginView, ...]:
        return self.views

    async def sign_in(self, login: str) -> LoginView:
        self.signed.append(login)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(10)
        self.at_once -= 1
        if self.fails:
            raise SignInFailed("the page is not known")
        return self.views[0]


def looked(start: datetime, *views: LoginView) -> list[str]:
    desk = Looked(start, *views)
    run_virtual(desk.renewals.look())
    return desk.signed


def test_grant_that_ends_within_a_day_is_replaced_in_the_evening() -> None:
    assert looked(EVENING, a_login(EVENING)) == ["smith"]
    assert looked(EVENING, a_login(EVENING, days_left=1.1)) == []


def test_living_grant_is_left_alone_in_the_regular_session() -> None:
    assert looked(NOON, a_login(NOON)) == []


def test_dead_grant_is_replaced_at_any_hour() -> None:
    assert looked(NOON, a_login(NOON, days_left=-1)) == ["smith"]
    assert looked(NOON, a_login(NOON, state="sign_in_needed")) == ["smith"]
    assert looked(NOON, a_login(NOON, state="no_token", refresh_expires=None)) == ["smith"]


@pytest.mark.parametrize(
    "changed",
    [
        {"way": "assisted"},
        {"way": "manual"},
        {"signing_since": EVENING},
        {"sign_ins_left": 0},
        {"would_sign_in": False},
        {"would_sign_in": False, "state": "no_token"},
    ],
)
def test_login_that_is_not_to_sign_in_now_does_not(changed: dict[str, Any]) -> None:
    assert looked(EVENING, a_login(EVENING, **changed)) == []


def test_no_more_than_two_sign_in_at_once() -> None:
    desk = Looked(EVENING, *(a_login(EVENING, login=f"login-{n}") for n in range(5)))
    run_virtual(desk.renewals.look())
    assert len(desk.signed) == 5
    assert desk.most == 2


def test_failure_makes_a_login_rest_ever_longer() -> None:
    desk = Looked(EVENING, a_login(EVENING), fails=True)

    async def for_hours(hours: float) -> int:
        try:
            async with asyncio.timeout(hours * 3600):
                await desk.renewals.run()
        except TimeoutError:
            pass
        return len(desk.signed)

    async def counts() -> list[int]:
        return [await for_hours(0.5), await for_hours(0.5), await for_hours(3)]

    assert run_virtual(counts()) == [1, 2, 3]


def test_clock_that_is_set_back_makes_no_rest_longer() -> None:
    desk = Looked(EVENING, a_login(EVENING, state="sign_in_needed"), fails=True)
    back = timedelta(0)
    renewals = Renewals(desk.logins, desk.sign_in, lambda: desk.clock.now() - back)

    async def look_before_and_after() -> None:
        nonlocal back
        await renewals.look()
        await renewals.look()
        back = timedelta(hours=9)
        await renewals.look()

    run_virtual(look_before_and_after())
    assert desk.signed == ["smith", "smith"]


@pytest.mark.parametrize(
    ("there", "busy"),
    [
        ("2026-11-23T09:10-05:00", False),
        ("2026-11-23T09:20-05:00", True),
        ("2026-11-23T16:10-05:00", True),
        ("2026-11-23T16:20-05:00", False),
        ("2026-11-21T12:00-05:00", False),
        ("2026-07-06T09:30-04:00", True),
    ],
)
def test_regular_session_with_a_margin_is_busy(there: str, busy: bool) -> None:
    assert is_busy(datetime.fromisoformat(there)) is busy


async def test_nobody_answers_with_what_to_do() -> None:
    with pytest.raises(SignInFailed, match="swimdesk login smith"):
        await Nobody().asked(Question("smith", "choice", "Which: "))
