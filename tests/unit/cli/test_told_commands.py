"""Every command that the documents tell people to type exists, with its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from swimdesk.cli.app import swimdesk

ROOT = Path(__file__).parents[3]
TOLD = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCED = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`(swimdesk [^`\n]+)`")
_WORDS_ONLY = re.compile(r"[a-z][a-z-]*")


def told_in(text: str) -> Iterator[str]:
    """Return the command lines in blocks and spans of code, as they stand there."""
    for block in _FENCED.findall(text):
        for line in block.splitlines():
            # What stands before it may be a prompt or a unit's key.
            found = re.search(r"(?:^|[\s=/])(swimdesk(?: .*)?)$", line)
            if found is not None and not line.startswith("#"):
                yield found[1]
    yield from _SPAN.findall(_FENCED.sub("", text))


def trouble_with(line: str) -> str | None:
    """Return what is wrong with a command line; None if it could be typed."""
    try:
        _, *words = shlex.split(line, comments=True)
    except ValueError:
        return None
    command: click.Command = swimdesk
    context = click.Context(command)
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word.startswith("-"):
            option = option_of(command, context, word.partition("=")[0])
            if option is None:
                return f"{command.name} has no {word}"
            at += option.nargs if not option.is_flag and "=" not in word else 0
        elif isinstance(command, click.Group) and _WORDS_ONLY.fullmatch(word):
            inner = command.get_command(context, word)
            if inner is None:
                return f"there is no {word}"
            command = inner
    return None


def option_of(command: click.Command, context: click.Context, name: str) -> click.Option | None:
    """Return an option of a command by its name on the command line."""
    options = (one for one in command.get_params(context) if isinstance(one, click.Option))
    return next((one for one in options if name in (*one.opts, *one.secondary_opts)), None)


@pytest.mark.parametrize("page", TOLD, ids=lambda path: path.name)
def test_every_command_that_is_told_exists(page: Path) -> None:
    lines = [*told_in(page.read_text("utf-8"))]
    assert [f"{line}: {why}" for line in lines if (why := trouble_with(line))] == []


def test_the_pages_for_operators_tell_commands() -> None:
    told = {page.name: len([*told_in(page.read_text("utf-8"))]) for page in TOLD}
    assert min(told[name] for name in ("README.md", "operations.md", "vault.md")) >= 4


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("swimdesk lgoin smith", "there is no lgoin"),
        ("swimdesk vault forget login/smith/totp", "there is no forget"),
        ("swimdesk login smith --by-hand", "login has no --by-hand"),
        ("swimdesk --nui", "swimdesk has no --nui"),
        ("swimdesk --home /srv/desk login smith --manual  # once a week", None),
        ("swimdesk vault move --to=encrypted-file", None),
    ],
)
def test_what_does_not_exist_is_found(line: str, why: str | None) -> None:
    assert trouble_with(line) == why
