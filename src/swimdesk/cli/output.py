"""Where a command's results go: a document, a table for eyes, or tab-separated lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from swimdesk.cli.cells import cell, plain, shown
from swimdesk.cli.endings import Refusal
from swimdesk.cli.tables import print_table

_WIDTH_OF_A_FILE: Final = 150


class Output:
    """The two streams of a command; with ``as_json`` exactly one document goes to the first."""

    def __init__(
        self,
        *,
        as_json: bool,
        for_eyes: bool | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self.as_json = as_json
        self._for_eyes = for_eyes
        self._out = stdout or sys.stdout
        self._err = stderr or sys.stderr

    @property
    def is_for_eyes(self) -> bool:
        """Whether a person looks at the results, rather than a program; a terminal says so."""
        if self._for_eyes is not None:
            return self._for_eyes
        return not self.as_json and self._out.isatty()

    def sign(self, wanted: str, instead: str) -> str:
        """Return a sign that the results are drawn with, or another where stdout lacks it."""
        try:
            wanted.encode(self._out.encoding or "utf-8")
        except UnicodeEncodeError:
            return instead
        return wanted

    def document(self, body: object) -> None:
        """Print the one JSON document."""
        self._out.write(json.dumps(body, indent=1, allow_nan=False) + "\n")

    def note(self, text: str) -> None:
        """Say something on the side, on stderr."""
        self._out.flush()
        self._err.write(plain(text) + "\n")
        self._err.flush()

    def prompt(self, text: str) -> None:
        """Ask on the side, on stderr, and stay on the line."""
        self._out.flush()
        self._err.write(plain(text))
        self._err.flush()

    def heading(self, text: str) -> None:
        """Say what a table is about: above it for eyes, on the side for programs."""
        if self.is_for_eyes:
            self._out.write(plain(text) + "\n")
        elif not self.as_json:
            self.note(text)

    def table(self, fields: Sequence[str], rows: Sequence[object]) -> None:
        """Print fields of views or mappings as a table, or tab-separated below a header line."""
        values = [[_value(row, field) for field in fields] for row in rows]
        if self.is_for_eyes:
            width = None if self._out.isatty() else _WIDTH_OF_A_FILE
            print_table(self._out, fields, values, width)
            return
        for line in (fields, *([cell(value) for value in row] for row in values)):
            self._out.write("\t".join(line) + "\n")

    def facts(self, facts: Mapping[str, object]) -> None:
        """Print names with their values, one a line."""
        facts = {plain(name): value for name, value in facts.items()}
        if not self.is_for_eyes:
            self._out.write("name\tvalue\n")
            for name, value in facts.items():
                self._out.write(f"{name}\t{cell(value)}\n")
            return
        width = max(map(len, facts))
        for name, value in facts.items():
            self._out.write(f"{name.replace('_', ' '):<{width}}  {shown(value)}\n")

    def error(self, refusal: Refusal) -> None:
        """Print an error: as the document where one was asked for, else in plain lines."""
        error = refusal.error
        if self.as_json:
            self.document({"error": error.as_json(), **refusal.beside})
            return
        self.note(f"swimdesk: {error.title}")
        self.note(error.detail)
        if refusal.order is not None and error.column is not None:
            # One cell per character, or the caret would stand beside what it points at.
            self.note("  " + "".join(c if c.isprintable() else " " for c in refusal.order))
            self.note("  " + " " * (error.column - 1) + "^")


def _value(row: object, field: str) -> object:
    return row[field] if isinstance(row, Mapping) else getattr(row, field)
