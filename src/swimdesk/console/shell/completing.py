"""What may be typed next on the command line: commands, accounts, and the words of an order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from swimdesk.console.board import Board
from swimdesk.console.shell.keymap import Keymap
from swimdesk.console.shell.scopes import groups_of
from swimdesk.console.themes import THEMES
from swimdesk.domain.instruments import INDEX_ROOTS, OptionContract, is_monthly
from swimdesk.domain.orderlang.commandline import SCOPE_WORDS
from swimdesk.domain.orderlang.completion import Completion, complete
from swimdesk.views.models import ChainView

COMMON_ROOTS: Final = ("SPX", "SPY", "QQQ", "NDX", "IWM", "RUT", "AAPL", "NVDA", "TSLA", "VIX")
"""Offered before anything is held or typed."""

_BEFORE_SCOPE: Final = "A @1 "
"""An order that is whole: behind it the words of a scope are offered."""

_ROOT: Final = re.compile(r"[A-Z]{1,5}")


class Lexicon:
    """The symbols, expirations and strikes that are known here."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._typed: dict[str, None] = {}
        self._asked: set[str] = set()
        self.expiries: dict[str, Sequence[date]] = {}
        self.strikes: dict[tuple[str, date], Sequence[Decimal]] = {}

    def roots(self) -> list[str]:
        """Return symbols: those used last first, then those held, then common ones."""
        return list(dict.fromkeys((*reversed(self._typed), *self._held(), *COMMON_ROOTS)))

    def _held(self) -> Iterator[str]:
        for holding in self._board.holdings.values():
            for position in holding.positions:
                yield class_of(position.symbol)

    def learn(self, lines: Iterable[str]) -> None:
        """Take the symbols out of orders that were entered, the newest last."""
        for line in lines:
            if "@" in line:
                for word in line.split("@")[0].split()[:6]:
                    if _ROOT.fullmatch(word) and word not in _NO_ROOTS:
                        self._typed.pop(word, None)
                        self._typed[word] = None
                        break

    def wanted(self, text: str) -> str | None:
        """Return the symbol of the order being typed whose expirations are not known yet."""
        *words, _ = text.upper().split(" ")
        known = set(self.roots())
        root = next((word for word in words[:6] if word in known), None)
        if root is None or root in self._asked:
            return None
        self._asked.add(root)
        return root

    def take(self, name: str, chain: ChainView) -> None:
        """Take in what a chain tells of a class."""
        days = [date.fromisoformat(day) for day in chain.expiries]
        index = {root: one for root, one in INDEX_ROOTS.items() if one.index == name}
        for root, one in index.items():
            self.expiries[root] = [d for d in days if is_monthly(d) or not one.monthly_only]
        if not index:
            self.expiries[name] = days
        contracts = [OptionContract.parse(row.symbol) for row in chain.rows]
        for series in {(one.root, one.expiry) for one in contracts}:
            strikes = {one.strike for one in contracts if (one.root, one.expiry) == series}
            self.strikes[series] = sorted(strikes)


_NO_ROOTS: Final = frozenset({"BUY", "SELL", "CLOSE", "ROLL", "FLAT"})


def class_of(symbol: str) -> str:
    """Return what is typed for a holding: ``SPX`` for an option on it, else the symbol."""
    if len(symbol) != 21:
        return symbol.lstrip("$")
    root = symbol[:6].strip()
    return INDEX_ROOTS[root].index if root in INDEX_ROOTS else root


class Completer:
    """Finds what fits at the cursor."""

    def __init__(self, board: Board, keymap: Keymap, lexicon: Lexicon) -> None:
        self._board = board
        self._lexicon = lexicon
        actions = (one for one in keymap.all_actions() if len(one.typed) > 1)
        self._verbs = {one.typed: one.title for one in actions}

    def __call__(self, text: str, cursor: int) -> Sequence[Completion]:
        """Return what may stand at the cursor, most likely first."""
        left = text[:cursor]
        if left.startswith("/"):
            return ()
        words = left.split()
        first = words[0].upper() if words else ""
        if len(words) < 2 and not left.endswith(" "):
            return (*_fitting(self._verbs, left.lstrip()), *self._order(left))
        rest = left.lstrip()[len(first) :].lstrip()
        if first in self._arguments():
            return _fitting(self._arguments()[first], rest)
        if first == "SCOPE":
            return self._order(_BEFORE_SCOPE + rest)
        if first.lower() in SCOPE_WORDS and "@" not in left:
            return self._order(_BEFORE_SCOPE + left)
        return () if first in self._verbs else self._order(left)

    def _arguments(self) -> Mapping[str, Mapping[str, str]]:
        roots, status = self._lexicon.roots(), self._board.status
        return {
            "THEME": {theme.name: "colours" for theme in THEMES},
            "LOGIN": {one.login: one.detail for one in status.logins} if status else {},
            "OMON": dict(zip(roots, roots, strict=True)),
        }

    def _order(self, left: str) -> Sequence[Completion]:
        known = self._lexicon
        return complete(
            left,
            len(left),
            roots=known.roots(),
            expiries=known.expiries,
            strikes=known.strikes,
            accounts=list(self._board.accounts),
            groups=groups_of(self._board),
        )


def _fitting(words: Mapping[str, str], partial: str) -> tuple[Completion, ...]:
    return tuple(
        Completion(word, label, len(partial))
        for word, label in words.items()
        if word != partial and word.upper().startswith(partial.upper())
    )
