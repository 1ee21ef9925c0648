"""The hands on pages that the simulated brokerage does not have, in real Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, async_playwright

from swimdesk.login.signin.chromium import program
from swimdesk.login.signin.deciding import Click, Memory, decide
from swimdesk.login.signin.hands import PageHands
from swimdesk.login.signin.pages import known_pages
from swimdesk.telemetry.redaction import Secret

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

REST_S = 2.0
TRUST = """<div id="remember-device-yes-content" onclick="this.className='chosen'">Yes</div>
    <button id="btnContinue" onclick="document.body.innerHTML='gone on'">Continue</button>"""
TERMS = """<style>#acceptTerms {opacity: 0; position: absolute}</style>
    <input id="acceptTerms" type="checkbox"><label for="acceptTerms">I accept</label>
    <button id="submit-btn">Continue</button>"""
ACCOUNT = """<p id="shown">Account 1234\u00a05678 of smith01, 12.345.678</p>"""


@asynccontextmanager
async def hands_on(fragment: str, body: str) -> AsyncIterator[tuple[PageHands, Page]]:
    """Open a page at an address of the broker that says no more than what is given."""

    async def answer(route: Route) -> None:
        text = f"<!doctype html><meta charset=utf-8><body>{body}</body>"
        await route.fulfill(body=text, content_type="text/html")

    async with async_playwright() as playwright:
        chosen = program("", playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(executable_path=chosen)
        try:
            page = await browser.new_page()
            await page.route("**/*", answer)
            hands = PageHands(page, known_pages(), "https://127.0.0.1:8182")
            await hands.open(Secret(f"https://pages.example/ui/host/#{fragment}"))
            await page.wait_for_load_state()
            yield hands, page
        finally:
            await browser.close()


@pytest.mark.parametrize("fragment", ["/authenticators", "/approved-on-your-phone"])
async def test_question_about_the_device_is_answered_wherever_it_is_asked(fragment: str) -> None:
    memory = Memory()
    async with hands_on(fragment, TRUST) as (hands, page):
        for part in ("trust", "submit"):
            sight = await hands.look()
            move = decide(sight, memory, REST_S)
            assert move == Click(part)
            await hands.click(sight, part)
            memory = memory.after(move, sight)
        assert await page.inner_text("body") == "gone on"


async def test_box_of_the_terms_that_is_drawn_by_its_label_is_ticked() -> None:
    async with hands_on("/third-party-auth/cag", TERMS) as (hands, page):
        sight = await hands.look()
        assert decide(sight, Memory(), REST_S) == Click("accept")
        await hands.click(sight, "accept")
        assert decide(await hands.look(), Memory(), REST_S) == Click("submit")
        assert await page.is_checked("#acceptTerms")


async def test_picture_shows_no_number_however_it_is_grouped(tmp_path: Path) -> None:
    async with hands_on("/information/1", ACCOUNT) as (hands, page):
        assert await hands.picture(tmp_path / "picture.png")
        assert await page.inner_text("#shown") == "Account ••• of smith01, •••"
