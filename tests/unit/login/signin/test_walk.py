"""The loop over the pages, at pages that are played and on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from tests.fakes.virtual import run_virtual
from tests.unit.login.signin.sights import sight

from swimdesk.login.signin.deciding import Memory
from swimdesk.login.signin.sights import Sight
from swimdesk.login.signin.walk import Moved, Stopped, Walk
from swimdesk.telemetry.redaction import Secret

CALLBACK = "https://127.0.0.1:8182/?code=C0.x&state=s"
KEPT = {"user": Secret("smith01"), "password": Secret("hunter22")}


@dataclass(slots=True)
class Played:
    """Pages that answer a click on them with the next sight."""

    sights: list[Sight]
    on_type: Callable[[Played], None] = lambda _: None
    callback: Secret | None = None
    done: list[str] = field(default_factory=list)
    typed: dict[str, list[str]] = field(default_factory=dict)

    async def look(self) -> Sight:
        return self.sights[0]

    async def type_into(self, sight: Sight, part: str, text: Secret) -> None:
        self.typed.setdefault(part, []).append(text.reveal())
        self.on_type(self)

    async def click(self, sight: Sight, part: str) -> None:
        assert part in self.sights[0].parts
        self.done.append(f"{sight.page.name if sight.page else '?'}: {part}")
        if len(self.sights) == 1:
            self.callback = Secret(CALLBACK)
        else:
            self.sights.pop(0)

    async def tick(self, sight: Sight, index: int) -> None:
        self.done.append(f"box {index}")
        self.sights.pop(0)


@dataclass(slots=True)
class Heard:
    """A person who answers from a list."""

    answers: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def told(self, text: str) -> None:
        self.steps.append(text)

    async def asked(self, kind: str, text: str, choices: tuple[str, ...] = ()) -> Secret:
        self.questions.append(kind)
        return Secret(self.answers.pop(0))


def walked(pages: Played, talk: Heard | None = None, memory: Memory | None = None) -> str:
    walk = Walk(pages, talk or Heard(), KEPT, memory or Memory())
    return run_virtual(walk.run()).reveal()


def consent(first_visit: int) -> list[Sight]:
    return [
        sight("terms", "accept", "submit", visit=first_visit),
        sight("terms", "accept", "submit", visit=first_visit, ticked=("accept",)),
        sight("terms", visit=first_visit, ticked=("accept",)),
        sight("accounts", visit=first_visit + 1, boxes={"821": False}),
        sight("accounts", visit=first_visit + 1, boxes={"821": True}),
        sight("confirmation", visit=first_visit + 2),
    ]


def test_whole_way_is_walked_and_told() -> None:
    pages = Played([sight("login"), sight("authenticator", visit=2), *consent(3)])
    talk = Heard(["123456"])
    assert walked(pages, talk) == CALLBACK
    assert pages.typed == {"user": ["smith01"], "password": ["hunter22"], "code": ["123456"]}
    assert pages.done == [
        "login: submit",
        "authenticator: submit",
        "terms: accept",
        "terms: submit",
        "terms: agree",
        "box 0",
        "accounts: submit",
        "confirmation: submit",
    ]
    assert len(talk.steps) == 5
    assert not any("hunter22" in step or "123456" in step for step in talk.steps)


def test_person_chooses_among_second_factors() -> None:
    pages = Played([sight("second factor"), sight("text message", visit=2), *consent(3)])
    talk = Heard(["tea", "sms", "654321"])
    assert walked(pages, talk) == CALLBACK
    assert talk.questions == ["choice", "choice", "code"]
    assert pages.done[:2] == ["second factor: sms", "text message: submit"]


def test_person_who_thinks_for_long_uses_up_no_time_of_the_pages() -> None:
    pages = Played([sight("login"), sight("authenticator", visit=2), *consent(3)])

    class Slow(Heard):
        async def asked(self, kind: str, text: str, choices: tuple[str, ...] = ()) -> Secret:
            await asyncio.sleep(1000)
            return Secret("123456")

    assert walked(pages, Slow()) == CALLBACK


def test_complaint_that_appears_while_the_password_is_typed_keeps_it_from_being_sent() -> None:
    def complain(pages: Played) -> None:
        pages.sights[0] = sight("login", error="Your session has ended.")

    pages = Played([sight("login")], on_type=complain)
    with pytest.raises(Stopped) as caught:
        walked(pages)
    assert "before anything was typed" in caught.value.stop.reason
    assert pages.done == []


def test_wrong_password_is_sent_once() -> None:
    pages = Played([sight("login"), sight("login", error="The password is incorrect.")])
    with pytest.raises(Stopped) as caught:
        walked(pages)
    assert caught.value.stop.is_wrong_password
    assert pages.typed["password"] == ["hunter22"]


def test_session_that_times_out_while_the_code_is_asked_marks_no_password() -> None:
    class Late(Heard):
        async def asked(self, kind: str, text: str, choices: tuple[str, ...] = ()) -> Secret:
            pages.sights[0] = sight("login", visit=3, error="Your session timed out.")
            return Secret("123456")

    pages = Played([sight("login"), sight("authenticator", visit=2)])
    with pytest.raises(Stopped) as caught:
        walked(pages, Late())
    assert not caught.value.stop.is_wrong_password
    assert pages.typed["password"] == ["hunter22"]


@pytest.mark.parametrize("late_s", [3.0, 5.0])
def test_complaint_that_comes_late_on_a_page_that_came_back_is_waited_for(late_s: float) -> None:
    class Reloading(Played):
        since: float = 0.0

        async def look(self) -> Sight:
            now_s = asyncio.get_running_loop().time()
            if self.sights[0].visit == 2:
                self.since = self.since or now_s
                if now_s - self.since >= late_s:
                    return sight("login", visit=2, error="The password is incorrect.")
            return self.sights[0]

    pages = Reloading([sight("login"), sight("login", visit=2)])
    with pytest.raises(Stopped) as caught:
        walked(pages)
    assert caught.value.stop.is_wrong_password
    assert pages.typed["password"] == ["hunter22"]


def test_accounts_that_appear_one_after_the_other_are_all_linked() -> None:
    class Slow(Played):
        since: float = 0.0

        async def look(self) -> Sight:
            now_s = asyncio.get_running_loop().time()
            if self.sights[0].boxes and not self.done:
                self.since = self.since or now_s
                if now_s - self.since < 2.0:
                    return sight("accounts", boxes={"821": True})
            return self.sights[0]

    shown = sight("accounts", boxes={"821": True, "117": False})
    ticked = sight("accounts", boxes={"821": True, "117": True})
    pages = Slow([shown, ticked])
    talk = Heard()
    memory = Memory(accounts=frozenset({"4821", "0117"}))
    assert walked(pages, talk, memory) == CALLBACK
    assert pages.done == ["box 1", "accounts: submit"]
    assert not [step for step in talk.steps if "117" in step]


def test_empty_answer_is_asked_for_again_and_sends_nothing() -> None:
    pages = Played([sight("text message"), *consent(2)])
    talk = Heard(["", "  ", "123 456"])
    assert walked(pages, talk) == CALLBACK
    assert talk.questions == ["code"] * 3
    assert pages.typed["code"] == ["123456"]


def test_person_is_told_why_a_code_is_asked_for_again() -> None:
    refused = sight("text message", error="That code isn't right.")
    pages = Played([sight("text message"), refused, *consent(2)])
    talk = Heard(["000000", "123456"])
    assert walked(pages, talk) == CALLBACK
    assert [step for step in talk.steps if "That code isn't right." in step]
    assert not [step for step in talk.steps if "000000" in step]


def test_page_left_to_the_person_is_gone_on_from_once_they_are_done() -> None:
    class Busy(Played):
        since: float = 0.0

        async def look(self) -> Sight:
            now_s = asyncio.get_running_loop().time()
            self.since = self.since or now_s
            if self.sights[0].page is None and now_s - self.since > 60:
                self.sights.pop(0)
            return self.sights[0]

    pages = Busy([Sight(None, 1, "/verify-contact", status=200), *consent(2)])
    talk = Heard()
    assert walked(pages, talk, Memory(is_watched=True)) == CALLBACK
    assert len([step for step in talk.steps if "left to you" in step]) == 1


@pytest.mark.parametrize("first", ["second factor", "text message"])
def test_question_ends_where_the_person_answers_it_in_the_window(first: str) -> None:
    @dataclass(slots=True)
    class Elsewhere(Heard):
        withdrawn: list[str] = field(default_factory=list)

        async def asked(self, kind: str, text: str, choices: tuple[str, ...] = ()) -> Secret:
            try:
                await asyncio.sleep(20)
                pages.sights.pop(0)
                await asyncio.sleep(1000)
            finally:
                self.withdrawn.append(kind)
            return Secret("late")

    pages = Played([sight(first), *consent(2)])
    talk = Elsewhere()
    assert walked(pages, talk, Memory(is_watched=True)) == CALLBACK
    assert talk.withdrawn == ["choice" if first == "second factor" else "code"]
    assert pages.typed == {}


def test_page_that_bounces_for_ever_gets_the_password_twice() -> None:
    pages = Played([sight("login", visit=visit) for visit in range(1, 9)])
    with pytest.raises(Stopped, match="not typed again"):
        walked(pages)
    assert pages.typed["password"] == ["hunter22"] * 2


def test_click_that_may_have_been_sent_counts_as_sent() -> None:
    class Slipping(Played):
        async def click(self, sight: Sight, part: str) -> None:
            self.done.append(part)
            raise Moved

    pages = Slipping([sight("login")])
    with pytest.raises(Stopped, match="did not go on"):
        walked(pages)
    assert pages.done == ["submit"]


def test_sign_in_that_never_ends_is_ended() -> None:
    class Flickering(Played):
        async def look(self) -> Sight:
            first = self.sights[0]
            self.sights[0] = sight("approval", "none", visit=first.visit + 1)
            return self.sights[0]

    with pytest.raises(Stopped, match="longer than 300 s"):
        walked(Flickering([sight("approval", "none")]))
