"""The operator's own keys in a real terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fakes.terminal import a_terminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


async def test_wrong_keys_are_told_and_no_console_starts(tmp_path: Path) -> None:
    (tmp_path / "keymap.toml").write_text("[global]\nsend = 's'\n", "utf-8")
    async with a_terminal() as terminal:
        await terminal.start([sys.executable, "-m", "swimdesk", "--home", str(tmp_path)])
        assert await terminal.exit_code() == 2
        assert "keymap.toml:2" in "".join((await terminal.pane()).split())
