"""The sign-in pages in a real browser: every second factor, every trap."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from tests.fakes.chromium import chromium, key_pin
from tests.fakes.sim_client import Counter

from swimdesk.sim.latency import Latency
from swimdesk.sim.server import SimServer
from swimdesk.sim.signin.plans import SecondFactor, SignInPlan
from swimdesk.sim.tls import issue, make_authority

# One browser for all of them: starting it takes longer than a sign-in.
pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)

CAG = "third-party-auth/cag"
LOGIN = "login-one-step"


@dataclass(frozen=True, slots=True)
class Trusting:
    """A browser, and the certificate whose key it knows."""

    browser: Browser
    tls: ssl.SSLContext


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trusting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trusting]:
    folder, now = tmp_path_factory.mktemp("tls"), datetime.now(UTC)
    certificate = issue(make_authority(folder, now), folder, now)
    async with chromium(key_pin(certificate.certificate_file)) as browser:
        yield Trusting(browser, certificate.ssl_context())


class Person:
    """Somebody in front of a browser, who sees only what is visible."""

    def __init__(self, counter: Counter, context: BrowserContext, page: Page, url: str) -> None:
        self.counter = counter
        self.login = counter.login
        self.context = context
        self.page = page
        self.url = url
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self.faults.append(message.text))

    def see(self, selector: str) -> Locator:
        """Return the first visible element."""
        return self.page.locator(f"{selector}:visible").first

    async def at(self, fragment: str) -> None:
        """Wait for a page."""
        await expect(self.page).to_have_url(re.compile(f"#/{re.escape(fragment)}$"))

    async def begin(self, **changed: str) -> None:
        """Open the authorization."""
        settings = self.counter.broker.settings
        query = {"client_id": settings.client_id, "redirect_uri": settings.callback_url, **changed}
        await self.page.goto(f"{self.url}/v1/oauth/authorize?{urlencode(query)}")

    async def log_in(self, password: str | None = None) -> None:
        """Type id and password and press the button."""
        await self.at(LOGIN)
        await self.see("#loginIdInput").press_sequentially(self.login.user)
        await self.see("#passwordInput").press_sequentially(password or self.login.password)
        await self.see("#btnLogin").click()

    async def give(self, selector: str, code: str) -> None:
        """Type a code and go on."""
        await self.see(selector).press_sequentially(code)
        await self.see("#continueButton").click()

    async def totp(self) -> None:
        """Give the authenticator's code."""
        await self.at("placeholder")
        code = pyotp.TOTP(self.login.totp_secret).at(self.counter.clock.now())
        await self.give("#placeholderCode", code)

    async def accept(self) -> None:
        """Accept the terms and the long agreement."""
        await self.at(CAG)
        await self.see("#acceptTerms").click()
        await self.see("#submit-btn").click()
        await self.see("#agree-modal-btn-").click()

    async def choose(self) -> None:
        """Take the boxes as they are."""
        await self.at("third-party-auth/account")
        await self.see("#submit-btn").click()

    async def done(self) -> dict[str, str]:
        """Leave, and return the query of the callback, decoded once."""
        await self.at("third-party-auth/confirmation")
        assert await self.see("#cancel-btn").inner_text() == "Done"
        callback = self.counter.broker.settings.callback_url
        async with self.page.expect_request(lambda r: r.url.startswith(callback)) as request:
            await self.see("#cancel-btn").click()
        query = urlsplit((await request.value).url).query
        return {name: texts[0] for name, texts in parse_qs(query).items()}

    async def finish(self) -> dict[str, str]:
        """Go from the terms to the callback."""
        await self.accept()
        await self.choose()
        return await self.done()

    @property
    def sent_code(self) -> str:
        """What the phone shows."""
        return str(self.counter.broker.sign_in.customers.by_name[self.login.name].sent_code)


Signing = Callable[..., AbstractAsyncContextManager[Person]]


@pytest.fixture
def signing(trusting: Trusting) -> Signing:
    """Put somebody before the login form of a fresh brokerage where every login has that plan."""

    @asynccontextmanager
    async def begun(
        plan: SignInPlan | None = None, latency_ms: tuple[float, float] = (0.0, 0.0)
    ) -> AsyncIterator[Person]:
        counter = Counter(sign_in_plans={} if plan is None else {"*": plan})
        server = SimServer(counter.broker, trusting.tls, latency=Latency(latency_ms, seed=1))
        ((host, port),) = await server.start()
        context = await trusting.browser.new_context()
        context.set_default_timeout(PATIENCE_MS)
        try:
            page = await context.new_page()
            person = Person(counter, context, page, f"https://{host}:{port}")
            await person.begin()
            yield person
            assert person.faults == []
            assert server.traffic.failures == 0
        finally:
            await context.close()
            await server.stop()

    return begun


async def test_somebody_with_an_authenticator_signs_in(signing: Signing) -> None:
    async with signing() as person:
        await person.log_in()
        await person.totp()
        code = (await person.finish())["code"]
        assert code.endswith("@")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": person.counter.broker.settings.callback_url,
        }
        reply = person.counter.token(form)
        assert reply.status == 200
        person.counter.bearer = json.loads(reply.body)["access_token"]
        assert len(person.counter.get("accounts/accountNumbers")) == 2


async def test_text_message_brings_the_code(signing: Signing) -> None:
    async with signing(SignInPlan(SecondFactor.SMS)) as person:
        await person.log_in()
        await person.at("otp-code")
        await person.give("input[formcontrolname=otpAccessCodeCtrl]", person.sent_code)
        assert "code" in await person.finish()


@pytest.mark.parametrize("tile", ["#otp_sms", "#otp_voice", "button:has-text('Text me')"])
async def test_code_is_sent_by_the_way_that_was_picked(signing: Signing, tile: str) -> None:
    async with signing(SignInPlan(SecondFactor.CHOICE)) as person:
        await person.log_in()
        await person.at("authenticators")
        await person.see(tile).click()
        await person.at("otp-code")
        await person.give("#securityCode", person.sent_code)
        await person.at(CAG)


@pytest.mark.parametrize("tile", ["#authenticator_app", "#mobile_approve"])
async def test_other_ways_can_be_picked(signing: Signing, tile: str) -> None:
    async with signing(SignInPlan(SecondFactor.CHOICE)) as person:
        await person.log_in()
        await person.see(tile).click()
        await person.at("placeholder" if tile == "#authenticator_app" else "mobile-approve")


async def test_push_waits_for_the_phone_then_asks_for_trust(signing: Signing) -> None:
    async with signing(SignInPlan(SecondFactor.PUSH)) as person:
        await person.log_in()
        await person.at("mobile-approve")
        await expect(person.see(".waiting")).to_contain_text("Approve the request")
        await expect(person.page.locator("#btnContinue")).to_be_hidden()
        person.counter.broker.sign_in.answer_push(person.login.name, approve=True)
        await expect(person.see("#btnContinue")).to_be_disabled()
        await person.see("#remember-device-yes-content").click()
        await person.see("#btnContinue").click()
        assert "code" in await person.finish()


async def test_push_that_nobody_answers_ends(signing: Signing) -> None:
    async with signing(SignInPlan(SecondFactor.PUSH)) as person:
        await person.log_in()
        await person.at("mobile-approve")
        person.counter.clock.advance(60)
        await person.at("information/push-expired")


async def test_no_second_factor_leads_to_the_terms(signing: Signing) -> None:
    async with signing(SignInPlan(SecondFactor.NONE)) as person:
        await person.log_in()
        await person.at(CAG)


@pytest.mark.parametrize("factor", [SecondFactor.SMS, SecondFactor.PUSH])
async def test_trusted_browser_skips_the_second_factor(
    signing: Signing, factor: SecondFactor
) -> None:
    async with signing(SignInPlan(factor)) as person:
        await person.log_in()
        if factor is SecondFactor.SMS:
            await person.see("#checkbox-remember-device").click()
            await person.give("#securityCode", person.sent_code)
        else:
            await person.at("mobile-approve")
            person.counter.broker.sign_in.answer_push(person.login.name, approve=True)
            await person.see("#remember-device-yes").click()
            await person.see("#btnContinue").click()
        await person.at(CAG)
        await person.begin()
        await person.log_in()
        await person.at(CAG)


SCRIPT = """(input, text) => {
    input.value = text;
    for (const name of ["keydown", "input", "change", "keyup"])
        input.dispatchEvent(new Event(name, {bubbles: true}));
}"""


async def test_text_that_a_script_put_there_is_ignored(signing: Signing) -> None:
    async with signing() as person:
        user, password = person.see("#loginIdInput"), person.see("#passwordInput")
        await user.evaluate(SCRIPT, person.login.user)
        await password.evaluate(SCRIPT, person.login.password)
        await expect(person.see("#btnLogin")).to_be_disabled()
        # Typed behind it, the first key throws away what the script had put there.
        await user.press_sequentially("u")
        await password.press_sequentially("p")
        assert await user.input_value() == "u"
        assert await password.input_value() == "p"
        await expect(person.see("#btnLogin")).to_be_enabled()


async def test_text_that_is_put_in_at_once_is_ignored(signing: Signing) -> None:
    async with signing() as person:
        await person.see("#loginIdInput").fill(person.login.user)
        await person.see("#passwordInput").fill(person.login.password)
        await expect(person.see("#btnLogin")).to_be_disabled()


async def test_typed_text_can_be_mended_and_sent_by_the_enter_key(signing: Signing) -> None:
    async with signing() as person:
        user = person.see("#loginIdInput")
        await user.press_sequentially(f"{person.login.user}x")
        await user.press("Backspace")
        await person.see("#passwordInput").press_sequentially(person.login.password)
        await person.see("#passwordInput").press("Enter")
        await person.at("placeholder")


async def test_box_that_a_script_ticked_is_ignored(signing: Signing) -> None:
    async with signing(SignInPlan(SecondFactor.NONE)) as person:
        await person.log_in()
        await person.at(CAG)
        box = person.see("#acceptTerms")
        await box.evaluate("box => { box.checked = true; box.dispatchEvent(new Event('change')); }")
        await expect(person.see("#submit-btn")).to_be_disabled()


async def test_elements_of_earlier_pages_stay_hidden_in_the_document(signing: Signing) -> None:
    async with signing(SignInPlan(bounces=1)) as person:
        await person.log_in()
        await person.totp()
        await person.log_in()
        await person.at(CAG)
        assert await person.page.locator("#loginIdInput").count() == 2
        assert await person.page.locator("#loginIdInput:visible").count() == 0
        held = await person.page.locator("input[data-field]").evaluate_all(
            "all => all.map(input => input.value)"
        )
        assert set(held) == {""}
        await person.accept()
        await person.at("third-party-auth/account")
        assert await person.page.locator("#submit-btn").count() == 2
        assert not await person.page.locator("#submit-btn").first.is_visible()
        await person.choose()
        assert "code" in await person.done()


async def test_terms_lie_under_an_agreement_that_has_to_be_agreed_to(signing: Signing) -> None:
    async with signing(SignInPlan(SecondFactor.NONE)) as person:
        await person.log_in()
        await expect(person.see("#submit-btn")).to_be_disabled()
        await expect(person.page.locator("#agree-modal-btn-")).to_be_hidden()
        await person.see("#acceptTerms").click()
        await person.see("#submit-btn").click()
        await expect(person.page.locator("#agree-modal-btn-")).to_be_visible()
        await person.at(CAG)


async def test_wrong_password_is_told_and_the_third_locks(signing: Signing) -> None:
    async with signing() as person:
        for _ in range(2):
            await person.log_in("wrong")
            await expect(person.see(".error")).to_contain_text("incorrect")
            await expect(person.see("#passwordInput")).to_have_value("")
        await person.log_in("wrong")
        await person.at("information/locked")
        await expect(person.see("h1")).to_have_text("Your login is locked")


async def test_wrong_code_is_told(signing: Signing) -> None:
    async with signing() as person:
        await person.log_in()
        await person.give("#placeholderCode", "000000")
        await expect(person.see(".error")).to_contain_text("isn't right")
        await person.totp()
        await person.at(CAG)


@pytest.mark.parametrize(
    ("plan", "fragment", "said"),
    [
        (SignInPlan(notice="maintenance"), "information/maintenance", "not available"),
        (SignInPlan(notice="unable"), "information/unable", "unable to complete your request"),
        (SignInPlan(unknown_page=True), "profile/verify-contact", "contact details"),
    ],
)
async def test_notice_or_unknown_page_ends_the_way(
    signing: Signing, plan: SignInPlan, fragment: str, said: str
) -> None:
    async with signing(plan) as person:
        await person.log_in()
        await person.totp()
        await person.at(fragment)
        await expect(person.see("section")).to_contain_text(said)
        await expect(person.page.locator("#continueButton:visible")).to_have_count(0)


async def test_notice_that_may_be_passed_is_passed(signing: Signing) -> None:
    async with signing(SignInPlan(notice="documents")) as person:
        await person.log_in()
        await person.totp()
        await person.at("information/documents")
        await person.see("#continueButton").click()
        await person.at(CAG)


async def test_only_ticked_accounts_are_granted(signing: Signing) -> None:
    async with signing(SignInPlan(SecondFactor.NONE, unticked=("#0",))) as person:
        await person.log_in()
        await person.accept()
        labels = person.page.locator("#form-container > div.form-group > label")
        boxes = person.page.locator("#form-container > div.form-group > label > input")
        await expect(labels).to_have_count(2)
        for account, text in zip(
            person.login.accounts, await labels.all_inner_texts(), strict=True
        ):
            assert text.endswith(account.number[-3:])
        assert [await box.is_checked() for box in await boxes.all()] == [False, True]
        await boxes.nth(1).click()
        await person.see("#submit-btn").click()
        await expect(person.see(".error")).to_have_text("Select at least one account.")
        await boxes.nth(0).click()
        await person.choose()
        await expect(person.see(".linked")).to_contain_text(person.login.accounts[0].number[-3:])
        assert "code" in await person.done()
        customer = person.counter.broker.sign_in.customers.by_name[person.login.name]
        assert customer.consented == {person.login.accounts[0].number}


async def test_account_without_a_box_is_not_there(signing: Signing) -> None:
    async with signing(SignInPlan(SecondFactor.NONE, unlisted=("#1",))) as person:
        await person.log_in()
        await person.accept()
        await expect(person.page.locator("#form-container label")).to_have_count(1)


async def test_declined_consent_comes_back_without_a_code(signing: Signing) -> None:
    async with signing(SignInPlan(SecondFactor.NONE, decline=True)) as person:
        await person.log_in()
        assert await person.finish() == {"error": "access_denied"}


async def test_page_shows_that_it_waits_for_a_slow_answer(signing: Signing) -> None:
    async with signing(SignInPlan(slow_ms=600_000)) as person:
        await person.log_in()
        await expect(person.page.locator("#busy")).to_be_visible()
        await expect(person.see("#btnLogin")).to_be_disabled()
        await person.at(LOGIN)


async def test_latency_of_the_server_is_that_of_the_pages(signing: Signing) -> None:
    async with signing(latency_ms=(50, 50)) as person:
        await person.log_in()
        await person.totp()
        assert "code" in await person.finish()


async def test_other_callback_is_an_access_denied_page(signing: Signing) -> None:
    async with signing() as person:
        callback = person.counter.broker.settings.callback_url
        await person.page.goto(
            f"{person.url}/v1/oauth/authorize?"
            + urlencode({"client_id": person.counter.broker.settings.client_id,
                         "redirect_uri": f"{callback}/"})
        )  # fmt: skip
        await expect(person.see("h1")).to_have_text("Access Denied")
        person.faults.clear()  # the browser notes a status of 403


async def test_callback_in_capitals_leads_back_to_the_login(signing: Signing) -> None:
    async with signing() as person:
        await person.begin(redirect_uri=person.counter.broker.settings.callback_url.upper())
        await person.log_in()
        await person.totp()
        for _ in range(2):
            await person.log_in()
            await expect(person.see("#loginIdInput")).to_have_value("")
        await person.at(LOGIN)


async def test_page_is_the_servers_choice_and_survives_a_reload(signing: Signing) -> None:
    async with signing() as person:
        await person.log_in()
        await person.at("placeholder")
        await person.page.evaluate("location.hash = '#/third-party-auth/account'")
        await person.at("placeholder")
        await person.page.reload()
        await person.totp()
        await person.at(CAG)


async def test_scripts_of_the_page_cannot_read_the_cookies(signing: Signing) -> None:
    async with signing() as person:
        assert await person.page.evaluate("document.cookie") == ""
        [cookie] = await person.context.cookies()
        assert (cookie.get("secure"), cookie.get("httpOnly")) == (True, True)
        assert cookie.get("path") == "/ui/host/"


async def test_words_of_a_second_factor_stand_on_the_login_page_too(signing: Signing) -> None:
    async with signing() as person:
        await expect(person.see(".legal")).to_contain_text("a security code, a text message")


async def test_what_browsers_ask_for_by_themselves_breaks_nothing(signing: Signing) -> None:
    async with signing() as person:
        asked = "fetch('/favicon.ico').then(answer => answer.status)"
        assert await person.page.evaluate(asked) == 404
        person.faults.clear()  # the browser notes a status of 404
        await person.log_in()
        await person.at("placeholder")
