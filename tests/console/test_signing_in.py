"""Signing in from the screens, step by step: nothing typed is shown, nothing is left running."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from textual.widgets import OptionList
from textual.worker import WorkerFailed

from swimdesk.console.app import Console
from swimdesk.console.modals.logins import LoginList
from swimdesk.console.modals.sign_in import SecretInput, SignInModal
from swimdesk.console.signing.typed import read_wanted
from swimdesk.console.signing.work import OneSignIn, Person, Wanted
from swimdesk.errors import InputError, SignInRefused
from swimdesk.views.signing import LoginView
from tests.console.signing import (
    ADDRESS,
    Scripted,
    by_hand,
    silent,
    some_grants,
    tell,
    waiting,
    with_choice,
    with_code,
)
from tests.console.stage import Stage, a_console
from tests.fakes.facade import sample
from tests.fakes.logins import FakeTokens

SIZES = ((80, 24), (120, 40))
CODE = "493817"


def logins(*names: str) -> list[LoginView]:
    return [LoginView(name, "ok", None, None, "") for name in names]


def a_modal(stage: Stage) -> SignInModal:
    screen = stage.console.screen
    assert isinstance(screen, SignInModal)
    return screen


async def begun(stage: Stage, until: str, line: str = "LOGIN smith") -> None:
    await stage.type(line)
    await stage.until(lambda: until in stage.text(), until)


async def typed(stage: Stage, text: str) -> None:
    await stage.until(lambda: isinstance(stage.console.focused, SecretInput), "an input")
    await stage.press(*text)


# --- what is typed, pure -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("smith", Wanted("smith")),
        ("SMITH manual", Wanted("smith", "manual")),
        ("smith headed assisted", Wanted("smith", "assisted", is_headed=True)),
    ],
)
def test_a_login_is_read_with_its_way(text: str, wanted: Wanted) -> None:
    assert read_wanted(text, logins("jones", "smith")) == wanted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("smyth", "there are jones, smith"),
        ("smith by-hand", "LOGIN takes a login, assisted, automatic, manual"),
        ("smith manual automatic", "found automatic"),
    ],
)
def test_what_is_no_login_is_refused_with_what_is_expected(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_wanted(text, logins("jones", "smith"))


def test_nothing_that_is_typed_is_in_the_words_of_a_sign_in() -> None:
    work = OneSignIn(Wanted("smith"), lambda: sample(LoginView).access_expires)
    tell(work, "\x1b]0;title\x07 a page \u202e of the broker")
    assert [line.text for line in work.lines] == ["]0;title a page  of the broker"]


# --- on the screen -----------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_sign_in_that_has_told_nothing_yet_says_that_it_starts() -> None:
    async with a_console(sign_in=Scripted(silent), grants=some_grants) as stage:
        await begun(stage, "starting …")
        assert "Esc stops the sign-in" in stage.text()
        await stage.press("escape")
        await stage.until(lambda: "Stopped." in stage.text(), "the end")
        assert "starting …" not in stage.text()


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_a_login_is_signed_in_step_by_step_and_its_code_is_never_shown(
    size: tuple[int, int],
) -> None:
    sign_in = Scripted(with_code)
    async with a_console(size, sign_in=sign_in, grants=some_grants) as stage:
        await begun(stage, "Code of the authenticator")
        assert "opening the broker's sign-in" in stage.text()
        assert "Esc stops the sign-in" in stage.text()
        await typed(stage, CODE)
        assert CODE not in stage.text()
        await stage.press("enter")
        await stage.until(lambda: "Signed in. Lasts" in stage.text(), "the end")
        assert "trading the code for tokens" in stage.text()
        await stage.press("enter")
        await stage.until(lambda: not stage.console.is_modal, "the screen below")
        assert "smith: Signed in. Lasts" in stage.text()
        assert sign_in.answers == [CODE]
        assert sign_in.wanted == [Wanted("smith")]
        assert not any(CODE in said.text for said in stage.console.said)


@pytest.mark.slow
async def test_a_choice_is_one_of_those_offered_and_is_shown_as_it_is_written() -> None:
    sign_in = Scripted(with_choice)
    async with a_console(sign_in=sign_in, grants=some_grants) as stage:
        await begun(stage, "Which second step?")
        assert "Call to [red]…5678[/red]" in stage.text()
        await stage.press("down", "enter")
        await stage.until(lambda: a_modal(stage)._work.is_over, "the end")
    assert sign_in.answers == ["Call to [red]…5678[/red]"]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_by_hand_the_address_is_whole_and_what_is_pasted_is_not_shown(
    size: tuple[int, int],
) -> None:
    pasted = "https://127.0.0.1:8182/?code=C0.secret%40&state=s"
    sign_in = Scripted(by_hand)
    async with a_console(size, sign_in=sign_in, grants=some_grants) as stage:
        await begun(stage, "Paste the whole address", "LOGIN smith manual")
        shown = "".join(line.strip("│ ") for line in stage.text().splitlines())
        assert ADDRESS in shown.replace("│", "")
        await stage.press("ctrl+y")
        assert stage.console.clipboard == ADDRESS
        await typed(stage, pasted)
        stage.console.screen.query_one(SecretInput).select_all()
        await stage.press("ctrl+c")
        assert stage.console.clipboard == ADDRESS
        assert "C0.secret" not in stage.text()
        await stage.press("enter")
        await stage.until(lambda: a_modal(stage)._work.is_over, "the end")
    assert sign_in.answers == [pasted]
    assert sign_in.wanted == [Wanted("smith", "manual")]


@pytest.mark.slow
async def test_a_question_that_is_withdrawn_takes_its_input_along() -> None:
    came_back = asyncio.Event()

    async def withdrawn(sign_in: Scripted, person: Person) -> None:
        asked = asyncio.ensure_future(sign_in.ask(person, "callback", "Paste it here"))
        await came_back.wait()
        asked.cancel()
        tell(person, "the browser came back by itself")
        await asyncio.Event().wait()

    async with a_console(sign_in=Scripted(withdrawn), grants=some_grants) as stage:
        await begun(stage, "Paste it here")
        await typed(stage, "half of it")
        came_back.set()
        await stage.until(lambda: "came back by itself" in stage.text(), "the next step")
        await stage.until(lambda: "Paste it here" not in stage.text(), "no question")
        entry = stage.console.screen.query_one(SecretInput)
        assert entry.value == ""
        assert not entry.display


@pytest.mark.slow
async def test_esc_ends_the_sign_in_and_stays_until_its_browser_is_gone() -> None:
    sign_in = Scripted(waiting)
    sign_in.closed.clear()
    async with a_console(sign_in=sign_in, grants=some_grants) as stage:
        await begun(stage, "approval on the phone")
        await stage.press("escape")
        await stage.until(sign_in.closing.is_set, "the end was asked for")
        await stage.until(lambda: "the browser is being closed" in stage.text(), "what is done")
        await stage.press("escape", "enter")
        assert isinstance(stage.console.screen, SignInModal)
        sign_in.closed.set()
        await stage.until(lambda: "Stopped." in stage.text(), "the end")
        await stage.press("escape")
        await stage.until(lambda: not stage.console.is_modal, "the screen below")
    assert not sign_in.is_running


@pytest.mark.slow
async def test_enter_does_not_close_what_is_under_way() -> None:
    sign_in = Scripted(waiting)
    async with a_console(sign_in=sign_in, grants=some_grants) as stage:
        await begun(stage, "approval on the phone")
        await stage.press("enter", "q", "y")
        assert isinstance(stage.console.screen, SignInModal)
        assert sign_in.is_running
        await stage.press("escape")
        await stage.until(lambda: not sign_in.is_running, "its end")


@pytest.mark.slow
async def test_a_halt_works_above_a_sign_in_and_ends_nothing_of_it() -> None:
    sign_in = Scripted(with_code)
    async with a_console(sign_in=sign_in, grants=some_grants) as stage:
        await begun(stage, "Code of the authenticator")
        await stage.press("ctrl+k")
        await stage.until(lambda: "HALTED" in stage.text().splitlines()[0], "halted")
        await typed(stage, CODE)
        await stage.press("enter")
        await stage.until(lambda: "Signed in." in stage.text(), "the end")


@pytest.mark.slow
async def test_a_refusal_is_told_in_its_sentence_and_markup_of_others_is_text() -> None:
    async def refused(sign_in: Scripted, person: Person) -> None:
        raise SignInRefused("login smith: [bold]2 sign-ins[/bold] began within the last hour.")

    async with a_console(sign_in=Scripted(refused), grants=some_grants) as stage:
        await begun(stage, "Not a moment to sign in")
        assert "[bold]2 sign-ins[/bold]" in " ".join(stage.text().split())
        assert "Enter closes" in stage.text()
        await stage.press("g", "i")
        assert "•" not in stage.text()
        await stage.press("enter")
        await stage.until(lambda: not stage.console.is_modal, "the screen below")


@pytest.mark.slow
async def test_there_is_nothing_to_type_into_before_anything_is_asked() -> None:
    async with a_console(sign_in=Scripted(waiting), grants=some_grants) as stage:
        await begun(stage, "approval on the phone")
        await stage.press("4", "2")
        assert "•" not in stage.text()
        entry = stage.console.screen.query_one(SecretInput)
        assert (entry.display, entry.value) == (False, "")


@pytest.mark.slow
async def test_leaving_the_console_ends_the_sign_in() -> None:
    sign_in = Scripted(waiting)
    async with a_console(sign_in=sign_in, grants=some_grants) as stage:
        await begun(stage, "approval on the phone")
        stage.console.exit(0)
    await stage.console.signing.close()
    assert not sign_in.is_running


@pytest.mark.slow
async def test_a_bug_in_a_sign_in_ends_the_console_and_not_in_silence() -> None:
    async def broken(sign_in: Scripted, person: Person) -> None:
        raise ZeroDivisionError

    consoles: list[Console] = []

    async def scene() -> None:
        async with a_console(sign_in=Scripted(broken), grants=some_grants) as stage:
            consoles.append(stage.console)
            await stage.type("LOGIN smith")
            await stage.until(lambda: stage.console.crash is not None, "the end")

    with pytest.raises(WorkerFailed, match="ZeroDivisionError"):
        await scene()
    assert isinstance(consoles[0].crash, ZeroDivisionError)


@pytest.mark.slow
async def test_where_nothing_can_sign_in_it_is_said() -> None:
    async with a_console(grants=some_grants) as stage:
        await stage.type("LOGIN smith")
        assert "this console has no way to sign in" in stage.text()


# --- the list of logins ------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_the_list_tells_how_long_logins_last_and_signs_the_chosen_one_in(
    size: tuple[int, int],
) -> None:
    sign_in = Scripted(with_code)
    async with a_console(size, sign_in=sign_in, grants=some_grants) as stage:
        await stage.press("g", "i")
        await stage.until(lambda: isinstance(stage.console.screen, LoginList), "the list")
        text = stage.text()
        assert "lasts 7d00h" in text
        assert "lasts 16h00m" in text
        assert "it has no tokens yet" in stage.text()
        await stage.press("enter")
        await stage.until(lambda: bool(sign_in.wanted), "a sign-in")
        await stage.until(lambda: "Code of the authenticator" in stage.text(), "its question")
        await stage.press("escape")
    assert sign_in.wanted == [Wanted("jones")]


@pytest.mark.slow
async def test_the_list_signs_in_by_hand_too_and_stays_where_it_is_as_time_goes_by() -> None:
    sign_in = Scripted(by_hand)
    async with a_console(sign_in=sign_in, grants=some_grants) as stage:
        await stage.type("LOGINS")
        await stage.until(lambda: isinstance(stage.console.screen, LoginList), "the list")
        await stage.press("j")
        stage.clock.advance(3600)
        await stage.until(lambda: "lasts 15h00m" in stage.text(), "the time that is left")
        assert stage.console.screen.query_one(OptionList).highlighted == 1
        await stage.press("m")
        await stage.until(lambda: bool(sign_in.wanted), "a sign-in")
        await stage.press("escape")
    assert sign_in.wanted == [Wanted("smith", "manual")]


@pytest.mark.slow
async def test_the_cursor_stays_on_its_login_when_another_one_needs_a_person_first() -> None:
    """Enter would sign a login in that nobody meant, and end the sign-in that it has."""
    sign_in = Scripted(by_hand)
    async with a_console(sign_in=sign_in, grants=some_grants) as stage:
        await stage.type("LOGINS")
        await stage.until(lambda: isinstance(stage.console.screen, LoginList), "the list")
        await stage.press("j")
        board = stage.console.board
        assert board.status is not None
        logins = tuple(
            replace(one, state="sign_in_needed") if one.login == "login-01" else one
            for one in board.status.logins
        )
        board.status = replace(board.status, logins=logins)
        await stage.until(
            lambda: any("login-01" in x and "SIGN IN" in x for x in stage.text().splitlines()),
            "the news",
        )
        await stage.press("enter")
        await stage.until(lambda: bool(sign_in.wanted), "a sign-in")
        await stage.press("escape")
    assert sign_in.wanted == [Wanted("smith")]


@pytest.mark.slow
async def test_the_keys_name_the_list_where_a_login_is_due_and_not_otherwise() -> None:
    def fresh(tokens: FakeTokens) -> None:
        tokens.sign_in("smith", age=timedelta(days=1))

    async with a_console(grants=some_grants) as stage:
        await stage.until(lambda: "g i logins" in stage.text(), "the hint")
    async with a_console(grants=fresh) as stage:
        assert "g i logins" not in stage.text()


@pytest.mark.slow
async def test_login_completes_names() -> None:
    async with a_console(grants=some_grants, sign_in=Scripted(waiting)) as stage:
        await stage.type("LOGIN sm", enter=False)
        await stage.press("tab")
        await stage.until(lambda: stage.console.prompt.value.strip() == "LOGIN smith", "the name")
