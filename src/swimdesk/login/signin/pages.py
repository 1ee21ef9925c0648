"""Read the file of the broker's sign-in pages, and tell which page an address shows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from swimdesk.errors import InvariantBroken

PARTS_OF: Final[Mapping[str, frozenset[str]]] = {
    "credentials": frozenset({"user", "password", "submit"}),
    "choice": frozenset({"push", "sms", "voice", "code"}),
    "code": frozenset({"code", "submit"}),
    "approval": frozenset({"trust", "submit"}),
    "terms": frozenset({"accept", "submit", "agree"}),
    "accounts": frozenset({"submit"}),
    "end": frozenset({"submit"}),
    "locked": frozenset(),
    "notice": frozenset(),
}
"""What a page can be for, and the names of the parts that the decision about it knows."""

_KEYS: Final = {"name", "fragments", "wants", "needs", "says", "parts", "boxes", "known_by"}


@dataclass(frozen=True, slots=True)
class Page:
    """One page: how it is known, what it wants, and where its parts are."""

    name: str
    fragments: tuple[str, ...]
    wants: str
    needs: frozenset[str]
    says: str
    parts: Mapping[str, tuple[str, ...]]
    boxes: tuple[str, ...] = ()
    known_by: str = ""
    """The part whose sight tells the page where the address does not."""

    @property
    def is_end(self) -> bool:
        """Whether there is nothing to do on it but to read it."""
        return self.wants in {"locked", "notice"}


@dataclass(frozen=True, slots=True)
class Pages:
    """All pages that are known, the broker's hosts, and what shows a complaint of theirs."""

    hosts: tuple[str, ...]
    errors: tuple[str, ...]
    pages: tuple[Page, ...]

    @property
    def anywhere(self) -> Page | None:
        """The page that may be shown at an address which says nothing of it."""
        return next((page for page in self.pages if page.known_by), None)

    def at(self, url: str) -> Page | None:
        """Return the page that an address shows; the longest fragment that fits wins.

        Whatever does not come over TLS is no page of the broker.
        """
        parts = urlsplit(url)
        fragment = parts.fragment if parts.scheme == "https" else ""
        fitting = [
            (len(known), page)
            for page in self.pages
            for known in page.fragments
            if fragment.startswith(known)
        ]
        return max(fitting, key=lambda fit: fit[0])[1] if fitting else None


@cache
def known_pages() -> Pages:
    """Read the pages that this program knows; InvariantBroken where the file is not in order."""
    return read_pages((files("swimdesk.login.signin") / "pages.toml").read_text("utf-8"))


def read_pages(text: str) -> Pages:
    """Read and check a file of pages; InvariantBroken says what is wrong with it."""
    try:
        document = tomllib.loads(text)
        pages = tuple(_page(row) for row in document["page"])
        known = Pages(tuple(document["hosts"]), tuple(document["errors"]), pages)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InvariantBroken(f"pages.toml is not in order: {error}") from error
    _check_unique("name", [page.name for page in pages])
    _check_unique("fragment", [part for page in pages for part in page.fragments])
    return known


def _page(row: dict[str, Any]) -> Page:
    name = row["name"]
    if strangers := row.keys() - _KEYS:
        raise InvariantBroken(f"pages.toml: page {name} has unknown keys {sorted(strangers)}")
    page = Page(
        name=name,
        fragments=tuple(row["fragments"]),
        wants=row["wants"],
        needs=frozenset(row["needs"]),
        says=row["says"],
        parts={part: tuple(selectors) for part, selectors in row["parts"].items()},
        boxes=tuple(row.get("boxes", ())),
        known_by=row.get("known_by", ""),
    )
    _check_page(page)
    return page


def _check_page(page: Page) -> None:
    known = PARTS_OF.get(page.wants)
    if known is None:
        raise InvariantBroken(f"pages.toml: page {page.name} wants {page.wants}, which is nothing")
    if strangers := page.parts.keys() - known:
        raise InvariantBroken(f"pages.toml: page {page.name} has unknown parts {sorted(strangers)}")
    if absent := page.needs - page.parts.keys():
        raise InvariantBroken(
            f"pages.toml: page {page.name} needs {sorted(absent)} without selector"
        )
    if not page.fragments or not all(one.startswith("/") for one in page.fragments):
        raise InvariantBroken(f"pages.toml: page {page.name} needs fragments that begin with /")
    if page.known_by and page.known_by not in page.parts:
        raise InvariantBroken(f"pages.toml: page {page.name} is known by what it does not have")
    if not all(page.parts.values()):
        raise InvariantBroken(f"pages.toml: page {page.name} has a part without a selector")
    if (page.wants == "accounts") != bool(page.boxes):
        raise InvariantBroken(f"pages.toml: boxes belong to the page of accounts, not {page.name}")


def _check_unique(what: str, values: list[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise InvariantBroken(f"pages.toml: {what} {twice[0]} stands there twice")
