"""Sights of the sign-in, as tests describe them."""

from __future__ import annotations

from swimdesk.login.signin.pages import Page, known_pages
from swimdesk.login.signin.sights import Box, Sight


def page(name: str) -> Page:
    """Return a known page."""
    return next(one for one in known_pages().pages if one.name == name)


def sight(
    name: str,
    *parts: str,
    visit: int = 1,
    error: str = "",
    ticked: tuple[str, ...] = (),
    filled: tuple[str, ...] = (),
    boxes: dict[str, bool] | None = None,
) -> Sight:
    """Make a sight of a page with these parts, all of them where none is named."""
    shown = page(name)
    return Sight(
        page=shown,
        visit=visit,
        fragment=shown.fragments[0],
        parts=frozenset(parts or shown.parts),
        filled=frozenset(filled),
        ticked=frozenset(ticked),
        boxes=tuple(
            Box(index, ending, is_ticked)
            for index, (ending, is_ticked) in enumerate((boxes or {}).items())
        ),
        error=error,
    )
