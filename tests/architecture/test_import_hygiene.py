"""What an import really loads: pure rooms stay pure, and help stays fast."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import swimdesk.domain
import swimdesk.views


def modules_of(package: ModuleType) -> tuple[str, ...]:
    return tuple(
        f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)
    )


DOMAIN = modules_of(swimdesk.domain)
VIEWS = modules_of(swimdesk.views)

LOADED_BY = """
import importlib, json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def loaded_by(*modules: str) -> set[str]:
    """Return the top-level names that importing ``modules`` loads into a fresh interpreter."""
    result = subprocess.run(
        [sys.executable, "-c", LOADED_BY, *modules],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return set(json.loads(result.stdout))


@pytest.mark.parametrize(
    ("modules", "never"),
    [
        pytest.param(DOMAIN, {"asyncio", "pydantic", "logging"}, id="domain"),
        pytest.param(VIEWS, {"asyncio", "pydantic", "logging"}, id="views"),
        pytest.param(
            ("swimdesk.desk.desk",), {"httpx", "aiosqlite", "pydantic", "textual"}, id="desk"
        ),
    ],
)
def test_import_loads_none_of(modules: tuple[str, ...], never: set[str]) -> None:
    assert loaded_by(*modules) & never == set()


def test_a_loaded_module_is_seen() -> None:
    assert {"asyncio", "logging"} <= loaded_by("asyncio")
