"""No address of a package index, no path of one machine, whole locks, a reason per dependency."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

# In pieces, so that this file does not hold what it looks for.
INDEX_HOSTS = tuple(
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pypi", "python", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("anaconda", "org"),
    )
)
INDEX_OPTIONS = tuple(f"--{name}" for name in ("index-url", "extra-index-url", "find-links"))
MACHINE_PATHS = tuple(f"/{name}/" for name in ("root", "work", "Users", "opt/pypi"))


def project_files() -> list[Path]:
    """Return the files that are in the repository or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def holding(words: tuple[str, ...]) -> list[str]:
    """Return ``path: word`` for every project file that holds one of the words."""
    texts = ((path, path.read_text("utf-8", errors="ignore")) for path in project_files())
    return [f"{path.relative_to(ROOT)}: {w}" for path, text in texts for w in words if w in text]


def pins(lock: Path) -> dict[str, str]:
    """Return what a lock pins: each line of a requirement, with its marker, to its version."""
    found = re.findall(r"^([a-z0-9-]+)==([^ ;]+)([^\\\n]*)", lock.read_text("utf-8"), re.MULTILINE)
    return {name + marker.strip(): version for name, version, marker in found}


def requirement_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^a-z0-9-]", requirement)[0] for requirement in requirements}


def test_no_file_names_a_package_index() -> None:
    assert holding(INDEX_HOSTS) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert holding(MACHINE_PATHS) == []


def test_words_are_found_where_they_stand() -> None:
    assert "pyproject.toml: hatchling" in holding(("hatchling",))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pin_of_a_lock_carries_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text("utf-8").strip())
    assert [entry for entry in entries if "--hash=sha256:" not in entry or "==" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_says_where_to_fetch_from(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert [word for word in (*INDEX_OPTIONS, "://") if word in text] == []


def test_users_get_the_releases_that_were_tested() -> None:
    run, dev = pins(ROOT / "requirements/run.txt"), pins(ROOT / "requirements/dev.txt")
    assert run
    assert run.items() <= dev.items()


def test_locks_hold_every_declared_dependency() -> None:
    run = requirement_names(list(pins(ROOT / "requirements/run.txt")))
    dev = requirement_names(list(pins(ROOT / "requirements/dev.txt")))
    assert requirement_names(PYPROJECT["project"]["dependencies"]) <= run
    assert requirement_names(PYPROJECT["dependency-groups"]["dev"]) <= dev


def test_every_dependency_has_its_reason() -> None:
    """Ask docs/dependencies.md for a row per dependency, and for no row without one."""
    rows = re.findall(
        r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs/dependencies.md").read_text("utf-8"), re.MULTILINE
    )
    declared = requirement_names(PYPROJECT["project"]["dependencies"])
    for group in PYPROJECT["dependency-groups"].values():
        declared |= requirement_names(group)
    assert sorted(rows) == sorted(declared)
