"""Where a home is."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from swimdesk.config import home_path


def test_option_goes_before_the_variable(tmp_path: Path) -> None:
    assert home_path(tmp_path, {"SWIMDESK_HOME": "/other"}) == tmp_path


def test_variable_goes_before_the_platform(tmp_path: Path) -> None:
    assert home_path(None, {"SWIMDESK_HOME": str(tmp_path)}) == tmp_path


def test_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert home_path("desk", {}) == tmp_path / "desk"
    assert home_path("~/desk", {}) == Path.home() / "desk"


def test_default_is_the_platforms_data_folder() -> None:
    assert home_path(None, {"SWIMDESK_HOME": ""}) == platformdirs.user_data_path("swimdesk")
