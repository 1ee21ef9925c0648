"""The import contracts of pyproject.toml hold, cover every room, and catch a planted import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "swimdesk"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONTRACTS = PYPROJECT["tool"]["importlinter"]["contracts"]
ROWS = [contract for contract in CONTRACTS if contract.get("forbidden_modules") == ["swimdesk.*"]]
SOURCES = {source for contract in ROWS for source in contract["source_modules"]}

# The composition root and doctor import everything; the root package holds only the version.
WITHOUT_ROW = {"swimdesk.bootstrap", "swimdesk.checks"}


def rooms() -> set[str]:
    """Return the top-level modules and packages there are."""
    return {
        f"swimdesk.{path.stem}"
        for path in PACKAGE.iterdir()
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").is_file())
    }


def lint_imports(source: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts of the project over the package in ``source``."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


# One breach of every row, each in a module of its own.
PLANTED = {
    "domain.planted_room": "swimdesk.telemetry",
    "domain.planted_loop": "asyncio",
    "views.planted": "swimdesk.telemetry",
    "desk.planted": "swimdesk.schwab",
    "desk.planted_library": "pydantic",
    "schwab.planted": "swimdesk.store",
    "login.planted": "swimdesk.desk.desk",
    "sim.planted": "swimdesk.domain.orders",
    "control.planted": "swimdesk.schwab",
    "console.planted": "swimdesk.control",
    "console.planted_library": "sqlite3",
    "cli.planted": "swimdesk.store",
    "cli.planted_library": "httpx",
    "telemetry.planted": "swimdesk.errors",
    "bench.planted": "swimdesk.control",
}


@pytest.fixture(scope="module")
def report_on_planted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what the contracts say of a copy of the package with all the breaches planted."""
    folder = tmp_path_factory.mktemp("planted")
    package = folder / "swimdesk"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("views", "desk", "schwab", "login", "store", "control", "console", "cli"):
        (package / name).mkdir(exist_ok=True)
        (package / name / "__init__.py").touch()
    (package / "desk" / "desk.py").touch()
    for module, imported in PLANTED.items():
        file = package / f"{module.replace('.', '/')}.py"
        file.write_text(f"import {imported}\n", "utf-8")
    return lint_imports(folder).stdout


def test_every_room_has_a_row_under_its_plain_name() -> None:
    assert rooms() - WITHOUT_ROW - SOURCES == set()


def test_a_row_for_a_room_to_come_names_one_that_is_not_there() -> None:
    to_come = {source.removesuffix(".**") for source in SOURCES if source.endswith(".**")}
    assert to_come & rooms() == set()


def test_every_run_time_library_is_closed_to_the_domain() -> None:
    (pure,) = (
        contract for contract in CONTRACTS if "asyncio" in contract.get("forbidden_modules", ())
    )
    modules_of: dict[str, set[str]] = {}
    for module, distributions in packages_distributions().items():
        for distribution in distributions:
            modules_of.setdefault(distribution.lower().replace("_", "-"), set()).add(module)
    names = {
        requirement.split(">")[0].split("=")[0]
        for requirement in PYPROJECT["project"]["dependencies"]
    }
    data_only = {"tzdata"}
    missing = [
        name for name in names - data_only if not modules_of[name] & set(pure["forbidden_modules"])
    ]
    assert missing == []


def test_contracts_hold() -> None:
    result = lint_imports(ROOT / "src")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("module", "imported"), PLANTED.items())
def test_planted_import_is_caught(report_on_planted: str, module: str, imported: str) -> None:
    assert f"swimdesk.{module} -> {imported} (l.1)" in report_on_planted
