"""The operator's own keys: ``keymap.toml`` in the home, checked before the console starts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from swimdesk.console.actions import ACTIONS
from swimdesk.console.shell.keymap import Keymap, problems
from swimdesk.console.shell.keynames import read_key
from swimdesk.errors import ConfigError

NAME: Final = "keymap.toml"
_MOST_SHOWN: Final = 5
_KNOWN: Final = frozenset(one.id for one in ACTIONS)


def read_keymap(home: Path) -> Keymap:
    """Return the keys of a home, the usual ones without a file; ConfigError names file and line."""
    path = home / NAME
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Keymap()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}).") from None
    try:
        wanted = dict(_flat(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no TOML: {error}.") from None
    return _Reader(path, text, wanted).keymap()


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """Join the names of tables: ``[list] down`` and ``"list.down"`` are the same."""
    for name, value in table.items():
        whole = f"{before}{name}"
        if isinstance(value, dict):
            yield from _flat(value, f"{whole}.")
        else:
            yield whole, value


class _Reader:
    """Turn what stands in a file into keys, and collect what is wrong with it."""

    def __init__(self, path: Path, text: str, wanted: Mapping[str, object]) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._wanted = wanted
        self._wrong: list[str] = []

    def keymap(self) -> Keymap:
        """Return the keys; ConfigError with everything that is wrong."""
        changed = {id_: self._keys(id_, value) for id_, value in self._wanted.items()}
        for unknown in changed.keys() - _KNOWN:
            self._note(unknown, f"there is no action {unknown!r}; docs/keys.md lists them")
        actions = [replace(a, keys=changed[a.id]) if a.id in changed else a for a in ACTIONS]
        for problem in problems(actions):
            self._note(self._named_in(problem, changed), problem)
        if self._wrong:
            more = len(self._wrong) - _MOST_SHOWN
            told = [*self._wrong[:_MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])]
            raise ConfigError(f"The console did not start. {'; '.join(told)}.")
        return Keymap(actions)

    def _keys(self, action_id: str, value: object) -> tuple[str, ...]:
        written = [value] if isinstance(value, str) else value
        if not isinstance(written, list) or not all(isinstance(key, str) for key in written):
            self._note(action_id, f'{action_id} wants keys such as "f9" or ["j", "down"]')
            return ()
        keys = []
        for one in written:
            key = read_key(one)
            if key is None:
                self._note(action_id, f"{one!r} of {action_id} is no key")
            else:
                keys.append(key)
        return tuple(dict.fromkeys(keys))

    def _note(self, action_id: str, problem: str) -> None:
        self._wrong.append(f"{self._path}:{self._line_of(action_id)}: {problem}")

    def _named_in(self, problem: str, changed: Mapping[str, object]) -> str:
        """Return the action that the file speaks of among those that a problem names."""
        words = problem.replace(":", " ").split()
        return next((id_ for id_ in changed if id_ in words), "")

    def _line_of(self, action_id: str) -> int:
        """Return the line where an action stands; 1 where that cannot be told."""
        *_, name = action_id.split(".")
        patterns = (rf'"{re.escape(action_id)}"|{re.escape(action_id)}', rf'"?{re.escape(name)}"?')
        for pattern in patterns:
            for number, line in enumerate(self._lines, start=1):
                if re.match(rf"\s*(?:{pattern})\s*=", line):
                    return number
        return 1
