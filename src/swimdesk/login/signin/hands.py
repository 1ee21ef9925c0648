"""The hands on the pages: real keys and clicks through Playwright, in the browser's own process.

Nothing secret is given to a call that Playwright would write into its log or into an error: keys go
one by one, scripts get selectors. What an error of Playwright says is never passed on.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import ElementHandle, Page, Request, Response
from playwright.async_api import Error as PlaywrightError

from swimdesk.login.signin.deciding import Stop
from swimdesk.login.signin.job import is_callback, is_typable
from swimdesk.login.signin.pages import Page as KnownPage
from swimdesk.login.signin.pages import Pages
from swimdesk.login.signin.sights import Box, Sight
from swimdesk.login.signin.walk import Moved, Stopped
from swimdesk.telemetry.redaction import Secret, redact

KEY_PAUSE_S: Final = (0.03, 0.1)
ACT_MS: Final = 10_000
"""So long an element may take to become one that can be clicked, such as a button to be enabled."""
PICTURE_MS: Final = 10_000
_MISTYPED: Final = 3

_random = random.SystemRandom()


def _script(*names: str) -> str:
    folder = files("swimdesk.login.signin")
    return "(spec) => {\n" + "\n".join((folder / n).read_text("utf-8") for n in names) + "}"


_LOOK: Final = _script("visible.js", "look.js")
_FIND: Final = _script("visible.js", "find.js")
_BLANK: Final = _script("blank.js")


class PageHands:
    """Look at, type into and click on one page of a browser."""

    def __init__(self, page: Page, pages: Pages, callback_url: str) -> None:
        self.callback: Secret | None = None
        self._page = page
        self._pages = pages
        self._callback_url = callback_url
        self._visit = 0
        self._status = 0
        self._dead = ""
        self._mistyped = 0
        self._typed: list[str] = []
        page.on("request", self._requested)
        page.on("requestfailed", self._failed)
        page.on("response", self._responded)
        page.on("framenavigated", self._navigated)

    async def open(self, url: Secret) -> None:
        """Go to the first address; what comes of it is seen by looking."""
        try:
            await self._page.goto(url.reveal(), wait_until="commit")
        except PlaywrightError as error:
            if self.callback is None and not self._dead:
                self._dead = _failure(error.message)

    async def look(self) -> Sight:
        """Tell what is visible; a document that is just being replaced shows nothing."""
        visit, page = self._visit, self._pages.at(self._page.url)
        fragment = urlsplit(self._page.url).fragment
        if self._dead:
            return Sight(None, visit, text=self._dead, is_dead=True)
        try:
            seen = await self._seen(page)
            anywhere = self._pages.anywhere
            if anywhere is not None and not seen["parts"] and (page is None or not page.is_end):
                theirs = await self._seen(anywhere)
                if anywhere.known_by in theirs["parts"]:
                    page, seen = anywhere, theirs
        except Moved:
            return Sight(None, visit, status=self._status)
        parts = seen["parts"]
        return Sight(
            page=page,
            visit=visit,
            fragment=fragment,
            parts=frozenset(parts),
            filled=frozenset(name for name, state in parts.items() if state["filled"]),
            ticked=frozenset(name for name, state in parts.items() if state["ticked"]),
            boxes=tuple(
                Box(index, box["ending"], box["ticked"]) for index, box in enumerate(seen["boxes"])
            ),
            error=self._shown(seen["error"]),
            text=self._shown(seen["text"]),
            status=self._status,
        )

    async def _seen(self, page: KnownPage | None) -> dict[str, Any]:
        spec = {
            "parts": dict(page.parts) if page else {},
            "boxes": page.boxes if page else (),
            "errors": self._pages.errors,
            "reads": page is not None and page.is_end,
        }
        with self._at_work():
            seen: dict[str, Any] = await self._page.evaluate(_LOOK, spec)
            return seen
        raise Moved

    async def type_into(self, sight: Sight, part: str, text: Secret) -> None:
        """Type key by key into the first visible field; Moved if the page takes the focus away."""
        if not is_typable(text):
            raise Stopped(Stop(f"what is to be typed as {part} holds a line break or another key"))
        field = await self._found(sight, part)
        with self._at_work():
            await field.click(timeout=ACT_MS)
            await field.select_text(timeout=ACT_MS)
            await self._page.keyboard.press("Backspace")
        self._typed.append(text.reveal())
        for key in text.reveal():
            with self._at_work():
                if not await field.evaluate("(e) => e === document.activeElement"):
                    raise Moved
                await self._page.keyboard.type(key)
            await asyncio.sleep(_random.uniform(*KEY_PAUSE_S))
        with self._at_work():
            typed = await field.evaluate("(e) => e.value.length")
        if typed != len(text.reveal()):
            self._mistyped += 1
            if self._mistyped >= _MISTYPED:
                raise Stopped(Stop(f"the field {part} does not take what is typed into it"))
            raise Moved

    async def click(self, sight: Sight, part: str) -> None:
        """Click the first visible element of that part, once it is enabled; Moved."""
        element = await self._found(sight, part)
        with self._at_work():
            await element.click(timeout=ACT_MS)

    async def tick(self, sight: Sight, index: int) -> None:
        """Click the box with this number unless it is ticked meanwhile; Moved."""
        selectors = sight.page.boxes if sight.page else ()
        box = await self._element({"selectors": selectors, "index": index})
        if box is not None:
            with self._at_work():
                await box.click(timeout=ACT_MS)

    async def picture(self, path: Path) -> bool:
        """Paint the page, without anything secret, into a file of 0600; tell whether it worked."""
        try:
            await self._page.evaluate(_BLANK, self._typed)
            painted = await self._page.screenshot(
                timeout=PICTURE_MS, mask=[self._page.locator("input, textarea, iframe")]
            )
            await asyncio.to_thread(_keep, path, painted)
        except (PlaywrightError, OSError):
            return False
        return True

    async def _found(self, sight: Sight, part: str) -> ElementHandle:
        selectors: Sequence[str] = sight.page.parts[part] if sight.page else ()
        element = await self._element({"selectors": selectors})
        if element is None:
            raise Moved
        return element

    async def _element(self, spec: dict[str, Any]) -> ElementHandle | None:
        with self._at_work():
            return (await self._page.evaluate_handle(_FIND, spec)).as_element()
        raise Moved

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Take an error of Playwright for a page that changed, or for a browser that is gone."""
        try:
            yield
        except PlaywrightError:
            browser = self._page.context.browser
            if self._page.is_closed() or browser is None or not browser.is_connected():
                raise Stopped(Stop("the browser was closed")) from None
            raise Moved from None

    def _shown(self, text: str) -> str:
        """Return words of the page that may be shown: on one line, nothing that was typed."""
        for typed in self._typed:
            text = text.replace(typed, "…")
        return redact("".join(c for c in " ".join(text.split()) if c.isprintable()))

    # --- what the browser tells

    def _requested(self, request: Request) -> None:
        is_ours = self.callback is None and self._is_navigation(request)
        if is_ours and is_callback(request.url, self._callback_url):
            self.callback = Secret(request.url)

    def _failed(self, request: Request) -> None:
        failure = request.failure or ""
        # A navigation that another one overtook is no failure.
        if self._is_navigation(request) and "ERR_ABORTED" not in failure:
            self._dead = _failure(failure)

    def _responded(self, response: Response) -> None:
        if self._is_navigation(response.request):
            self._status, self._dead = response.status, ""

    def _navigated(self, frame: object) -> None:
        if frame == self._page.main_frame:
            self._visit += 1

    def _is_navigation(self, request: Request) -> bool:
        return request.is_navigation_request() and request.frame == self._page.main_frame


def _keep(path: Path, painted: bytes) -> None:
    path.unlink(missing_ok=True)
    private = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(private, "wb") as file:
        file.write(painted)


def _failure(text: str) -> str:
    """Return the browser's own name of a network failure, and nothing else of the text."""
    found = re.search(r"ERR_[A-Z0-9_]+", text)
    return found[0] if found else "no answer"
