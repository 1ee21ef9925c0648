"""The pages on JSON documents and on errors show the view types and the error tree as they are."""

from __future__ import annotations

import re

import pytest
from tests.unit.cli.pages import DOCS, PARTS, shown

from swimdesk.errors import ExitCode


@pytest.mark.parametrize(("page", "name"), PARTS)
def test_generated_part_of_the_page_is_as_the_program_is(page: str, name: str) -> None:
    assert shown(page, name) == PARTS[(page, name)]()


def test_every_exit_code_is_on_the_page() -> None:
    text = (DOCS / "errors.md").read_text("utf-8")
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert listed == {int(code) for code in ExitCode} | {130, 141, 143}
