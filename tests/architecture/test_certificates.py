"""Certificates are verified, in the browser too: nothing in the project can switch that off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("src", "bench", "scripts")

# In pieces, so that this file does not hold what it looks for.
OFF = tuple(
    "".join(pieces)
    for pieces in (
        (r"ignore_https", "_errors"),
        (r"ignoreHTTPS", "Errors"),
        (r"ignore-certificate-errors", r"(?!-spki-list)"),
        (r"allow-running-insecure", "-content"),
        (r"disable-web", "-security"),
        (r"CERT", "_NONE"),
        (r"check_hostname\s*=\s*", "False"),
        (r"verify\s*=\s*", r"False"),
        (r"_create_unverified", "_context"),
    )
)


def findings(text: str) -> Iterator[str]:
    """Find what switches verification off."""
    for pattern in OFF:
        yield from (found[0] for found in re.finditer(pattern, text))


def test_nothing_switches_verification_off() -> None:
    files = [file for place in PLACES for file in (ROOT / place).rglob("*") if file.is_file()]
    texts = {file: file.read_text("utf-8", errors="ignore") for file in files}
    assert texts
    assert [(file.name, found) for file, text in texts.items() for found in findings(text)] == []


@pytest.mark.parametrize(
    "planted",
    [
        "new_context(ignore_https" + "_errors=True)",
        "--ignore-certificate-errors" + " ",
        "httpx.get(url, verify=" + "False)",
        "context.verify_mode = ssl.CERT" + "_NONE",
    ],
)
def test_planted_switch_is_found(planted: str) -> None:
    assert list(findings(planted))


def test_pin_of_one_key_is_no_such_switch() -> None:
    assert not list(findings("--ignore-certificate-errors-spki-list=abc="))


def test_pin_is_made_in_one_place() -> None:
    word = "--ignore-certificate-errors" + "-spki-list"
    using = [file for file in (ROOT / "src").rglob("*.py") if word in file.read_text("utf-8")]
    assert [file.name for file in using] == ["chromium.py"]
