"""The page on keys shows the registry of actions as it is."""

from __future__ import annotations

from swimdesk.console.actions import ACTIONS
from swimdesk.console.modals.help import WORDS
from tests.console.pages import PAGE, page


def test_the_page_on_keys_is_as_the_console_is() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.console.pages renews it"


def test_the_guide_has_the_words_of_the_help() -> None:
    guide = (PAGE.parent / "console.md").read_text("utf-8")
    assert [word for word, meaning in WORDS if f"| {word} | {meaning} |" not in guide] == []


def test_no_two_actions_are_typed_alike() -> None:
    typed = [one.typed for one in ACTIONS if one.typed]
    assert len(typed) == len(set(typed))
