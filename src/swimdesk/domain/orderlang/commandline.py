"""The console's line: an order text, then which accounts, how much for each, in which waves.

line     = order { part }
part     = "acc" aliases | "grp" names | "all" | "marked" | "where" condition
         | sizing | "largest" | "rotate" | "drop" | "waves" ( "all" | "canary" | N )
aliases  = ALIAS | ALIAS ".." ( ALIAS | NUMBER ), with commas between several
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from swimdesk.domain.intents import Verb
from swimdesk.domain.orderlang.scanner import LONGEST_QUOTE, one_of
from swimdesk.domain.sizing import Remainder, SizingRule, parse_sizing
from swimdesk.domain.where import parse_where
from swimdesk.errors import InputError, OrderTextError

SCOPE_WORDS = ("acc", "grp", "all", "marked", "where")
BARE_SIZINGS = (SizingRule.MULT.value, SizingRule.TEXT.value)
SIZING_FORMS = ("equal:", "netliq:", "bp:", "risk:", "pct:")
REMAINDERS = tuple(rule.value for rule in Remainder)
WAVES = ("all", "canary")
INTENTS = tuple(verb.value for verb in Verb)

_WORD = re.compile(r"\S+")
_PRICE = re.compile(r"@|(?:MKT|MOC)\Z", re.IGNORECASE)
_KEYWORDS = frozenset({*SCOPE_WORDS, *BARE_SIZINGS, *REMAINDERS, "waves"})
_NUMBERED = re.compile(r"(?P<name>.*?)(?P<number>[0-9]{1,6})")
_QUOTES = "'\""
_MOST_OF_A_RANGE = 1000
_WAVE = re.compile(r"[1-9][0-9]{0,5}")
PARTS_EXPECTED = one_of((*SCOPE_WORDS, *BARE_SIZINGS, *(f"{form}N" for form in SIZING_FORMS),
                         *REMAINDERS, "waves"))  # fmt: skip
"""What may follow an order."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """What one line of the console asks for; ``order`` keeps the columns of the line."""

    order: str
    groups: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    everyone: bool = False
    where: str | None = None
    marked: bool = False
    """Whether the accounts marked on the screen are meant too."""
    sizing: str = "text"
    remainder: str | None = None
    waves: str = "all"

    @property
    def names_accounts(self) -> bool:
        """Whether the line says which accounts it is for."""
        chosen = (self.groups, self.accounts, self.everyone, self.marked, self.where is not None)
        return any(chosen)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the line; ``at`` counts characters from 0."""

    text: str
    at: int

    @property
    def key(self) -> str:
        """The word as keywords are compared: small letters, plain ones only."""
        return self.text.lower() if self.text.isascii() else self.text


def read_command_line(text: str) -> OrderLine:
    """Split a line into the order and what follows it; OrderTextError, WhereTextError by column.

    The order itself is not read here: ``parse`` and the planner do that. A condition is.
    """
    if len(text.strip().splitlines()) > 1:
        at = len(text) - len(text.lstrip()) + len(text.strip().splitlines()[0])
        raise _error("one line is one order, expected no second line", at)
    words = [Word(found[0], found.start()) for found in _WORD.finditer(text)]
    first = _order_ends(words)
    end = words[first].at if first < len(words) else len(text)
    return _Parts(text, text[:end].rstrip(), words[first:]).read()


def begins_scope(text: str) -> bool:
    """Tell whether a line has accounts alone and no order: its first word says which."""
    words = [found[0] for found in _WORD.finditer(text)]
    if not words or not words[0].isascii() or words[0].lower() not in SCOPE_WORDS:
        return False
    # ACC and ALL are symbols too: behind them stands a price, and ACC alone is no scope.
    is_order = any(_PRICE.match(word) for word in words)
    return not is_order and (len(words) > 1 or words[0].lower() != "acc")


def read_scope(text: str) -> OrderLine:
    """Read accounts without an order; OrderTextError where anything else stands."""
    words = [Word(found[0], found.start()) for found in _WORD.finditer(text)]
    line = _Parts(text, "", words).read()
    plain = OrderLine("", line.groups, line.accounts, line.everyone, line.where, line.marked)
    if line != plain:
        raise _error("size and waves belong behind an order, expected accounts alone", 0)
    return line


def _order_ends(words: list[Word]) -> int:
    """Return the index of the first word behind the order.

    Scope words may be symbols too, so they count only behind the price, or behind the symbol of
    an intent, which may have no price.
    """
    price = next((at for at, word in enumerate(words) if _PRICE.match(word.text)), len(words))
    behind = price + 1
    if words and words[0].text.upper() in INTENTS:
        behind = 2
        if len(words) == 2 and words[1].key in _KEYWORDS:
            problem = f"{words[1].text!r} may be a symbol or a word of the line"
            raise _error(f"{problem}, expected the symbol and then the accounts", words[1].at)
    return next((at for at in range(behind, len(words)) if is_keyword(words[at].key)), len(words))


def is_keyword(word: str) -> bool:
    """Tell whether a word in small letters begins something that may follow an order."""
    return word in _KEYWORDS or (":" in word and word.partition(":")[0].isalpha())


def _error(problem: str, at: int) -> OrderTextError:
    return OrderTextError(f"column {at + 1}: {problem}", column=at + 1)


def _mismatch(word: Word | None, end: int, expected: str) -> OrderTextError:
    found = f"read {word.text[:LONGEST_QUOTE]!r}" if word else "the line ends"
    return _error(f"{found}, expected {expected}", word.at if word else end)


class _Parts:
    """Read the parts behind an order from the left; each may stand once."""

    def __init__(self, text: str, order: str, words: list[Word]) -> None:
        self._text = text
        self._words = words
        self._at = 0
        self._line = OrderLine(order)
        self._said: dict[str, Word] = {}

    def read(self) -> OrderLine:
        """Read to the end of the line."""
        while self._at < len(self._words):
            word = self._words[self._at]
            self._at += 1
            part, take = _PARTS.get(word.key, (_SIZING, _Parts._take_sizing))
            if not is_keyword(word.key):
                raise _mismatch(word, len(self._text), PARTS_EXPECTED)
            if part in self._said:
                problem = f"{word.text[:LONGEST_QUOTE]!r} is the second {part} of the line"
                raise _error(f"{problem}, expected one", word.at)
            self._said[part] = word
            self._line = take(self, word)
        chosen = self._line.groups or self._line.accounts or self._line.marked
        if self._line.everyone and chosen:
            problem = "'all' stands beside accounts that are named or marked"
            raise _error(f"{problem}, expected one or the other", self._said[_EVERYONE].at)
        return self._line

    def _next(self) -> Word | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def _take_accounts(self, _: Word) -> OrderLine:
        expected = "an account such as FAM-03 or a range such as FAM-07..09"
        names = (name for one in self._names(expected) for name in _account_range(one))
        return replace(self._line, accounts=tuple(dict.fromkeys(names)))

    def _take_groups(self, _: Word) -> OrderLine:
        names = (one.text for one in self._names("the name of a group"))
        return replace(self._line, groups=tuple(dict.fromkeys(names)))

    def _names(self, expected: str) -> list[Word]:
        """Take names with commas between them; blanks may follow a comma."""
        names: list[Word] = []
        more = True
        while more:
            word = self._next()
            if word is None or (not names and is_keyword(word.key)):
                raise _mismatch(word, len(self._text), expected)
            self._at += 1
            more = word.text.endswith(",")
            at = word.at
            for name in word.text.removesuffix(",").split(","):
                if not name:
                    raise _error(f"read ',', expected {expected}", at)
                names.append(Word(name, at))
                at += len(name) + 1
        return names

    def _take_everyone(self, _: Word) -> OrderLine:
        return replace(self._line, everyone=True)

    def _take_marked(self, _: Word) -> OrderLine:
        return replace(self._line, marked=True)

    def _take_condition(self, word: Word) -> OrderLine:
        """Take all up to the next word of the line that is not inside quotes or parentheses."""
        start = word.at + len(word.text)
        ends = (w.at for w in self._words[self._at :] if is_keyword(w.key))
        end = next((at for at in ends if _is_whole(self._text[start:at])), len(self._text))
        # Blanks in front keep the columns of the line in what is said about the condition.
        parse_where(" " * start + self._text[start:end])
        self._at += sum(1 for w in self._words[self._at :] if w.at < end)
        return replace(self._line, where=self._text[start:end].strip())

    def _take_sizing(self, word: Word) -> OrderLine:
        try:
            return replace(self._line, sizing=str(parse_sizing(word.text)))
        except InputError as problem:
            raise _error(problem.detail, word.at) from problem

    def _take_remainder(self, word: Word) -> OrderLine:
        return replace(self._line, remainder=word.key)

    def _take_waves(self, _: Word) -> OrderLine:
        word = self._next()
        expected = f"{one_of((*WAVES, 'a number of accounts'))} behind waves"
        if word is None or not (word.key in WAVES or _WAVE.fullmatch(word.text)):
            raise _mismatch(word, len(self._text), expected)
        self._at += 1
        return replace(self._line, waves=word.key)


_SIZING = "sizing"
_EVERYONE = "all"
_PARTS: dict[str, tuple[str, Callable[[_Parts, Word], OrderLine]]] = {
    "acc": ("acc", _Parts._take_accounts),
    "grp": ("grp", _Parts._take_groups),
    "all": (_EVERYONE, _Parts._take_everyone),
    "marked": ("marked", _Parts._take_marked),
    "where": ("where", _Parts._take_condition),
    "waves": ("waves", _Parts._take_waves),
    **dict.fromkeys(REMAINDERS, ("remainder rule", _Parts._take_remainder)),
}


def _is_whole(condition: str) -> bool:
    """Tell whether no quotation and no parenthesis is left open."""
    quote, depth = "", 0
    for character in condition:
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        else:
            depth += {"(": 1, ")": -1}.get(character, 0)
    return not quote and depth <= 0


def _account_range(word: Word) -> tuple[str, ...]:
    """Return the aliases that ``FAM-07..09`` or ``FAM-07..FAM-09`` stands for, or the one named."""
    first, dots, last = word.text.partition("..")
    if not dots:
        return (word.text,)
    low, high = _NUMBERED.fullmatch(first), _NUMBERED.fullmatch(last)
    if not low or not high or high["name"] not in ("", low["name"]):
        raise _mismatch(word, 0, "a range such as FAM-07..09")
    numbers = range(int(low["number"]), int(high["number"]) + 1)
    if not 0 < len(numbers) <= _MOST_OF_A_RANGE:
        limits = f"a range that rises, over at most {_MOST_OF_A_RANGE} accounts"
        raise _mismatch(word, 0, limits)
    return tuple(f"{low['name']}{number:0{len(low['number'])}}" for number in numbers)
