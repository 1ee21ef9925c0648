"""``--where``: which accounts, by what they are, hold and can spend. Parsed, never evaluated.

condition   = both { "or" both }
both        = one { "and" one }
one         = "not" one | "(" condition ")" | flag | name operator value
flag        = "ira" | "margin" | "closing_only" | holds
name        = "bp" | "netliq" | "cash" | "level" | holds | "group" | "alias" | "login"
holds       = "holds" "(" SYMBOL ")"
"""

from __future__ import annotations

import re
from typing import NamedTuple

from swimdesk.domain.conditions import (
    FLAGS,
    HOLDS,
    NUMBERS,
    SIGNS,
    TEXTS,
    Compare,
    Condition,
    Flag,
    Joined,
    Not,
)
from swimdesk.domain.figures import FIGURE, read_figure
from swimdesk.errors import WhereTextError

LONGEST = 1000
DEEPEST = 40

NAMES = (*NUMBERS, *FLAGS, *TEXTS, f"{HOLDS}(SYMBOL)")
"""What a condition may be about."""
_SYMBOL = re.compile(r"[$A-Z][A-Z0-9 ./]*")


class _Token(NamedTuple):
    kind: str
    text: str
    column: int

    @property
    def said(self) -> str:
        return "the end" if self.kind == "end" else repr(self.text)


_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<string>'[^']*'|"[^"]*")
    | (?P<word>\$?[A-Za-z_][A-Za-z0-9_./-]*)
    | (?P<sign><=|>=|!=|[<>=])
    | (?P<number>(?=[-.]?[.0-9]){FIGURE.pattern}(?![A-Za-z0-9_.,]))
    | (?P<mark>[()])
    )""",
    re.VERBOSE,
)


def parse_where(text: str) -> Condition:
    """Read a condition; WhereTextError names the column, what was read, what was expected."""
    if len(text) > LONGEST:
        raise WhereTextError(f"--where has {len(text)} characters; {LONGEST} is the most.")
    reader = _Reader(_scan(text))
    condition = reader.either(0)
    reader.expect_end()
    return condition


def _scan(text: str) -> list[_Token]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise _not_understood(
                _Token("rest", text[at : at + 20], at + 1), "a name, a number, a text in quotes"
            )
        kind = found.lastgroup or ""
        tokens.append(_Token(kind, found[kind], found.start(kind) + 1))
        at = found.end()
    return [*tokens, _Token("end", "", len(text) + 1)]


def _not_understood(token: _Token, expected: str) -> WhereTextError:
    return WhereTextError(
        f"--where, column {token.column}: read {token.said}, expected {expected}.",
        column=token.column,
    )


class _Reader:
    """Take tokens from the left, one at a time."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _took_word(self, word: str) -> bool:
        is_it = self._next.kind == "word" and self._next.text.lower() == word
        self._at += is_it
        return is_it

    def either(self, depth: int) -> Condition:
        """Read conditions joined by ``or``."""
        found = self._both(depth)
        while self._took_word("or"):
            found = Joined("or", found, self._both(depth))
        return found

    def _both(self, depth: int) -> Condition:
        found = self._one(depth)
        while self._took_word("and"):
            found = Joined("and", found, self._one(depth))
        return found

    def _one(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise _not_understood(self._next, f"at most {DEEPEST} conditions inside each other")
        if self._took_word("not"):
            return Not(self._one(depth + 1))
        token = self._take()
        if token.text == "(":
            found = self.either(depth + 1)
            self._expect_closing()
            return found
        return self._about(token)

    def _about(self, token: _Token) -> Condition:
        name = token.text.lower() if token.kind == "word" else ""
        symbol = self._symbol() if name == HOLDS else ""
        if name in FLAGS or (name == HOLDS and self._next.kind != "sign"):
            return Flag(name, symbol)
        if name in (*NUMBERS, *TEXTS, HOLDS):
            return self._comparison(name, symbol)
        raise _not_understood(token, f"not, ( or one of {', '.join(NAMES)}")

    def _symbol(self) -> str:
        if self._next.text != "(":
            raise _not_understood(self._next, "(SYMBOL) after holds")
        self._at += 1
        token = self._take()
        symbol = (token.text[1:-1] if token.kind == "string" else token.text).upper()
        if token.kind not in ("word", "string") or not _SYMBOL.fullmatch(symbol):
            raise _not_understood(token, "a symbol as `swimdesk positions` shows it")
        self._expect_closing()
        return symbol

    def _comparison(self, name: str, symbol: str) -> Compare:
        sign = self._take()
        signs = ("=", "!=") if name in TEXTS else tuple(SIGNS)
        if sign.kind != "sign" or sign.text not in signs:
            raise _not_understood(sign, f"one of {' '.join(signs)} after {name}")
        token = self._take()
        if name in TEXTS:
            if token.kind != "string":
                raise _not_understood(token, f"a text in quotes, like {name} = 'NAME'")
            return Compare(name, sign.text, token.text[1:-1])
        value = read_figure(token.text) if token.kind == "number" else None
        if value is None:
            raise _not_understood(token, "a number like 20000, 20,000, 20k or 1.5m")
        return Compare(name, sign.text, value, symbol)

    def _expect_closing(self) -> None:
        if self._next.text != ")" or self._next.kind != "mark":
            raise _not_understood(self._next, "a closing )")
        self._at += 1

    def expect_end(self) -> None:
        """Refuse anything after the condition."""
        if self._next.kind != "end":
            raise _not_understood(self._next, "and, or, or the end")


def print_where(condition: Condition) -> str:
    """Write a condition so that it reads back the same."""
    match condition:
        case Not(one):
            return f"not {print_where(one)}"
        case Joined(word, left, right):
            return f"({print_where(left)} {word} {print_where(right)})"
        case Flag(name, symbol):
            return _print_name(name, symbol)
        case Compare(name, sign, value, symbol):
            shown = _quoted(value) if isinstance(value, str) else f"{value:f}"
            return f"{_print_name(name, symbol)} {sign} {shown}"


def _print_name(name: str, symbol: str) -> str:
    return f"{name}({_quoted(symbol)})" if symbol else name


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"
