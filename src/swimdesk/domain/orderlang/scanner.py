"""A cursor over one order text that knows its columns and words its refusals."""

from __future__ import annotations

import re
from collections.abc import Iterable

from swimdesk.errors import OrderTextError

NUMBER = r"(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)"
"""A written amount without sign: ``6200``, ``1,250.00``, ``.85``."""

END = r"(?= |\Z)"
"""Where a word ends."""

LONGEST_QUOTE = 40
"""How much of an unreadable word an error repeats."""

_MINUS = "\N{MINUS SIGN}"


def one_of(words: Iterable[str]) -> str:
    """Return the words as the end of a sentence: ``A``, ``A or B``, ``A, B or C``."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def phrase(words: str) -> re.Pattern[str]:
    """Return the pattern of some words in capitals with any number of blanks between them."""
    return re.compile(" +".join(re.escape(word) for word in words.split()) + END)


def decimals(number: str) -> int:
    """Return how many decimals a written amount needs, trailing zeros aside."""
    return len(number.partition(".")[2].rstrip("0"))


class Scanner:
    """One order text, read from left to right in capitals; columns are those of the text typed."""

    def __init__(self, typed: str) -> None:
        self._typed = typed.rstrip()
        self._text = "".join(_readable(character) for character in self._typed)
        self._at = len(self._typed) - len(self._typed.lstrip())
        first_line = typed.strip().splitlines()[:1]
        if first_line and self._at + len(first_line[0]) < len(self._typed):
            self._at += len(first_line[0])
            raise self.error("one line is one order, expected no second line", self._at + 1)

    @property
    def column(self) -> int:
        """The 1-based column of the next word; one past the end where there is none."""
        return self._next() + 1

    @property
    def at_end(self) -> bool:
        """Whether nothing is left to read."""
        return self._next() == len(self._text)

    def sees(self, pattern: re.Pattern[str]) -> bool:
        """Tell whether the next words match, without taking them."""
        return pattern.match(self._text, self._next()) is not None

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Take the next words if they match; they come in capitals and with plain signs."""
        match = pattern.match(self._text, self._next())
        if match:
            self._at = match.end()
        return match

    def expected(self, expectation: str) -> OrderTextError:
        """Return the error that what comes next is not what was expected there."""
        words = self._typed[self._next() :].split(maxsplit=1)
        found = f"read {words[0][:LONGEST_QUOTE]!r}" if words else "the text ends"
        return self.error(f"{found}, expected {expectation}")

    def error(self, problem: str, column: int | None = None) -> OrderTextError:
        """Return an error at a column, by default that of the next word."""
        at = column or self.column
        return OrderTextError(f"column {at}: {problem}", column=at)

    def _next(self) -> int:
        at = self._at
        while at < len(self._text) and self._text[at] == " ":
            at += 1
        return at


def _readable(character: str) -> str:
    """Return what the grammar sees: capitals, the plain minus, one kind of blank."""
    if character == _MINUS:
        return "-"
    if character.isspace():
        return " "
    # Only ASCII: some foreign letters have an ASCII capital, and an order is no place to guess.
    return character.upper() if character.isascii() else character
