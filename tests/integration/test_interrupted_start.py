"""Ctrl-C before a command has begun: 130 and not a word, wherever in the imports it comes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_INTERRUPT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder)
"""


@pytest.mark.parametrize(
    "module", ["swimdesk.cli.app", "click", "swimdesk.cli.status", "swimdesk.config"]
)
def test_interrupt_while_modules_load_ends_with_130_and_nothing_else(
    tmp_path: Path, module: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_INTERRUPT.format(module=module), encoding="utf-8")
    path = os.pathsep.join((str(tmp_path), *sys.path))
    ran = subprocess.run(
        [sys.executable, "-m", "swimdesk", "--home", str(tmp_path / "home"), "status"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert (ran.returncode, ran.stdout, ran.stderr.strip()) == (130, b"", b"")
