"""docs/chaos.md is what is kept under docs/chaos."""

from __future__ import annotations

from tests.chaos import results
from tests.chaos.page import page


def test_page_is_made_from_what_is_kept() -> None:
    assert results.PAGE.read_text("utf-8") == page(results.everything())
