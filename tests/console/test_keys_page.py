"""The page on keys shows the registry of actions as it is."""

from __future__ import annotations

from tests.console.pages import PAGE, page


def test_the_page_on_keys_is_as_the_console_is() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.console.pages renews it"
