"""Find the line on which a key of a TOML file stands, for error messages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]

# Strings and comments are skipped whole, so that what looks like a key inside them is none.
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*'
    r"|\n|[\[\]{}]|[^\"'#\n\[\]{}]+|.",
    re.DOTALL,
)
_HEADER = re.compile(r"^(\[\[?)(.+?)(\]\]?)$")
_KEY = re.compile(r"^((?:\"(?:\\.|[^\"\\])*\"|'[^']*'|[^=\"'])+)=")


class KeyLines:
    """Line numbers (from 1) by key path, such as ``("account", 1, "alias")``."""

    def __init__(self, text: str) -> None:
        self._lines: dict[KeyPath, int] = {}
        self._tables: dict[KeyPath, int] = {}
        table: KeyPath = ()
        for number, statement in _statements(text):
            header = _HEADER.match(statement)
            if header:
                table = self._open_table(header[2], is_array=header[1] == "[[")
                path = table
            else:
                key = _KEY.match(statement)
                path = table + _key_parts(f"{key[1]}= 0") if key else ()
            for depth in range(1, len(path) + 1):
                self._lines.setdefault(path[:depth], number)

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line of the key, or of the nearest thing around it that stands in the file."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return None

    def _open_table(self, name: str, *, is_array: bool) -> KeyPath:
        path: KeyPath = ()
        parts = _key_parts(f"[{name}]")
        for depth, part in enumerate(parts):
            path = (*path, part)
            if is_array and depth == len(parts) - 1:
                self._tables[path] = self._tables.get(path, -1) + 1
            if path in self._tables:
                path = (*path, self._tables[path])
        return path


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each header and each key with its value, without comments, with its first line."""
    line = start = 1
    depth = 0
    statement = ""
    for piece in _TOKEN.findall(text + "\n"):
        if piece == "\n" and depth == 0:
            if statement.strip():
                yield start, statement.strip()
            statement = ""
        elif not piece.startswith("#"):
            if not statement.strip():
                start = line
            statement += piece
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(piece, 0)
        line += piece.count("\n")


def _key_parts(source: str) -> tuple[str, ...]:
    """Return the parts of a dotted, perhaps quoted, key; nothing where it is not valid TOML."""
    try:
        node: Any = tomllib.loads(source)
    except tomllib.TOMLDecodeError:
        return ()
    parts: list[str] = []
    while isinstance(node, dict) and node:
        part, node = next(iter(node.items()))
        parts.append(part)
    return tuple(parts)
