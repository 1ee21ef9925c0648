from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.support import Program


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Program:
    return Program(capsys, tmp_path / "home")


@pytest.fixture
def home(program: Program) -> Path:
    program.home.mkdir(mode=0o700)
    return program.home
