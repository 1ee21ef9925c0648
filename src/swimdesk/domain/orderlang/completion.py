"""What may be typed next: structures, roots, expiries, strikes, and the words behind an order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain

from swimdesk.domain.instruments import INDEX_ROOTS, Right, is_monthly, plain
from swimdesk.domain.intents import Verb
from swimdesk.domain.orderlang.closing_words import Offer, offer_behind
from swimdesk.domain.orderlang.intent_text import NOT_HELD, ROLLED
from swimdesk.domain.orderlang.roots import MORNING, WEEKLY, stock_root, tells_evenings, written_day
from swimdesk.domain.orderlang.scanner import NUMBER
from swimdesk.domain.orders import Side, StructureKind
from swimdesk.domain.structures import STRUCTURES, Structure

_WORD = re.compile(r"\s*(\S+)\s+")
_QUANTITY = re.compile(r"[+-]?[0-9,]+\s+")
_RATIOS = re.compile(r"-?[0-9]+(?:/-?[0-9]+)+\s+")
_ROOT = re.compile(r"([A-Z]{1,5}(?:[./][A-Z]{1,3})?)\s+")
_MULTIPLIER = re.compile(r"100\s+")
_DAY = re.compile(
    r"(?:\((?:WEEKLYS|QUARTERLYS|EOM)\)\s*)?[0-9]{1,2} ?[A-Z]{3} ?[0-9]{2}(?:\s*\[AM\])?(/|\s+)"
)
_STRIKES = re.compile(rf"{NUMBER}(?:/{NUMBER})*[CP]?\s+")
_RIGHTS = re.compile(r"(?:CALL|PUT)(?:/(?:CALL|PUT))*(?:/[A-Z./]+)?\s+")
_PRICE = re.compile(r"\s(?:@\s*[^\s@]+|MKT|MOC)\s+")
_FLAT = re.compile(rf"\s*FLAT\s+{_ROOT.pattern}")
_TO = re.compile(r"TO\s+")
_PRICES = ("@mid", "@nat", "@MKT")
_STOCK_PRICES = (*_PRICES, "@MOC")


@dataclass(frozen=True, slots=True)
class Completion:
    """A word that fits; it takes the place of the ``replaces`` characters before the cursor."""

    text_to_insert: str
    label: str
    replaces: int


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to choose from; days by option root, strikes by root and day."""

    roots: Sequence[str]
    expiries: Mapping[str, Sequence[date]]
    strikes: Mapping[tuple[str, date], Sequence[Decimal]]


def complete(
    text: str,
    cursor: int,
    *,
    roots: Sequence[str],
    expiries: Mapping[str, Sequence[date]],
    strikes: Mapping[tuple[str, date], Sequence[Decimal]],
    accounts: Sequence[str],
    groups: Sequence[str],
) -> tuple[Completion, ...]:
    """Return what fits at the cursor, most likely first; nothing where nobody can tell.

    ``expiries`` are keyed by option root (SPX and SPXW apart), ``strikes`` by root and day.
    """
    left = text[:cursor]
    typed = left.upper() if left.isascii() else left
    price, flat = _PRICE.search(typed), _FLAT.match(typed)
    if price:
        offer = offer_behind(left, price.end(), accounts, groups)
    elif flat:
        offer = offer_behind(left, flat.end(), accounts, groups, instead_of_terms=_PRICES)
    else:
        offer = _Order(typed, Known(roots, expiries, strikes)).offer()
    partial = left[offer.start :]
    return tuple(
        Completion(str(word), label, len(partial))
        for word, label in offer.words
        if word != partial and word.upper().startswith(partial.upper())
    )


class _Order:
    """Walk over an order that is being typed, up to what is not complete yet."""

    def __init__(self, typed: str, known: Known) -> None:
        self._typed = typed
        self._known = known
        self._at = len(typed) - len(typed.lstrip())

    def offer(self) -> Offer:
        """Return what may stand where the text is not complete."""
        word = _WORD.match(self._typed)
        if word is None:
            return self._words([*self._known.roots, *Side, *Verb])
        if word[1] in tuple(Side):
            self._at = word.end()
            return self._behind_side(Side(word[1]))
        if word[1] in tuple(Verb):
            self._at = word.end()
            return self._behind_verb(Verb(word[1]))
        return self._behind_root()

    def _behind_verb(self, verb: Verb) -> Offer:
        """Offer what names a holding; which strikes are held is not known here."""
        root = self._take(_ROOT)
        if not root:
            return self._words(self._known.roots)
        prices = () if verb is Verb.ROLL else _PRICES
        row = next((row for row in self._short_rows(verb) if self._take_words(row.short)), None)
        names = {} if row else {row.short: row.word or "" for row in self._short_rows(verb)}
        structure = row or STRUCTURES[StructureKind.OPTION]
        days = [written for written, _, _ in self._days(root[1], fingers=True)]
        read = sum(1 for _ in iter(lambda: self._take(_DAY), None))
        if read < structure.expiries:
            return self._words([*names, *days, *prices], names)
        self._take(_STRIKES)
        if verb is Verb.ROLL and not self._take(_TO):
            return self._words(["TO"])
        if verb is Verb.ROLL and not self._take(_DAY):
            return self._words(days)
        self._take(_STRIKES)
        return self._words(_PRICES)

    @staticmethod
    def _short_rows(verb: Verb) -> list[Structure]:
        """Return the structures that can be held, for ROLL those that roll in one order."""
        kinds = ROLLED if verb is Verb.ROLL else frozenset(STRUCTURES) - NOT_HELD
        return [row for kind, row in STRUCTURES.items() if kind in kinds and row.short]

    def _words(self, words: Iterable[str], labels: Mapping[str, str] | None = None) -> Offer:
        known = labels or {}
        return Offer(self._at, tuple((word, known.get(word, word)) for word in words))

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._typed, self._at)
        if found:
            self._at = found.end()
        return found

    @property
    def _rest(self) -> str:
        return self._typed[self._at :]

    def _behind_side(self, side: Side) -> Offer:
        if not self._take(_QUANTITY):
            return self._words(["+1" if side is Side.BUY else "-1"])
        ratios = self._take(_RATIOS)
        legs = ratios[0].count("/") + 1 if ratios else 0
        rows = [row for row in STRUCTURES.values() if row.word and bool(row.ratios) == bool(ratios)]
        row = next((row for row in rows if self._take_words(row.word)), None)
        words = [row.word for row in rows if row.word] if row is None else []
        root = None
        if not any(word.startswith(self._rest) for word in words):
            root = self._take(_ROOT)
        if not root:
            return self._words([*words, *([] if ratios and not row else self._known.roots)])
        self._take(_MULTIPLIER)
        structure = (row or STRUCTURES[StructureKind.OPTION]).for_legs(legs)
        return self._behind_name(root[1], structure, may_be_stock=row is None, fingers=False)

    def _take_words(self, words: str | None) -> bool:
        return bool(words and self._take(re.compile(rf"{re.escape(words)}\s+")))

    def _behind_root(self) -> Offer:
        root = self._take(_ROOT)
        if not root:
            return self._words(())
        if self._take(_QUANTITY):
            return self._words(_STOCK_PRICES)
        rows = [row for row in STRUCTURES.values() if row.short]
        row = next((row for row in rows if self._take_words(row.short)), None)
        if row is None and not self._rest[:1].isdigit():
            days = self._days(root[1], fingers=True)
            labels = {row.short: row.word or row.short for row in rows}
            written = [written for written, _, _ in days]
            return self._words([*labels, *written, "+1", "-1"], labels)
        structure = row or STRUCTURES[StructureKind.OPTION]
        return self._behind_name(root[1], structure, may_be_stock=False, fingers=True)

    def _behind_name(
        self, name: str, structure: Structure, *, may_be_stock: bool, fingers: bool
    ) -> Offer:
        days = self._days(name, fingers=fingers)
        series: list[tuple[str, date]] = []
        for place in range(structure.expiries):
            start = self._at
            day = self._take(_DAY)
            if not day:
                stock = _STOCK_PRICES if may_be_stock and not place else ()
                return self._words([*(written for written, _, _ in days), *stock])
            if (day[1] == "/") != (place < structure.expiries - 1):
                return self._words(())
            series += _meant(self._typed[start : self._at], days)
        if not self._take(_STRIKES):
            return self._words_of_strikes(structure, series, fingers=fingers)
        if fingers:
            return self._words(_PRICES if self._take(_QUANTITY) else ["+1", "-1"])
        if not self._take(_RIGHTS):
            shares = (name,) if structure.shares else ()
            return self._words("/".join((*rights, *shares)) for rights in structure.rights)
        return self._words(_PRICES)

    def _words_of_strikes(
        self, structure: Structure, series: Sequence[tuple[str, date]], *, fingers: bool
    ) -> Offer:
        place = self._rest.count("/")
        self._at += self._rest.rfind("/") + 1
        if place >= structure.strikes:
            return self._words(())
        listed = sorted(set(chain.from_iterable(self._known.strikes.get(s, ()) for s in series)))
        is_last = place == structure.strikes - 1
        types = [right.value[0] for right in Right] if len(structure.rights) > 1 else [""]
        ends = types if fingers and is_last else [""]
        return self._words(f"{plain(strike):f}{end}" for strike in listed for end in ends)

    def _days(self, name: str, *, fingers: bool) -> list[tuple[str, str, date]]:
        """Return the days of a class as they are written, with their roots."""
        found = [
            (day, root) for root in _roots_of(name) for day in self._known.expiries.get(root, ())
        ]
        return [
            (_written(name, root, day, fingers=fingers), root, day) for day, root in sorted(found)
        ]


def _roots_of(name: str) -> Iterator[str]:
    index = INDEX_ROOTS.get(name)
    if index is None or index.index != name:
        yield stock_root(name)
        return
    yield from (root for root, other in INDEX_ROOTS.items() if other.index == name)


def _written(name: str, root: str, day: date, *, fingers: bool) -> str:
    """Write a day with the marks without which it would mean another root or none."""
    index = INDEX_ROOTS.get(root)
    written = written_day(day).replace(" ", "") if fingers else written_day(day)
    if index is None or index.index != name:
        return written
    if index.monthly_only and tells_evenings(name):
        return f"{written}{MORNING}" if fingers else f"{written} {MORNING}"
    if not index.monthly_only and (is_monthly(day) or not tells_evenings(name)):
        return f"{WEEKLY} {written}"
    return written


def _meant(typed: str, days: Sequence[tuple[str, str, date]]) -> list[tuple[str, date]]:
    """Return the series of a day that was typed; blanks and the order of marks aside."""
    key = "".join(typed.split()).rstrip("/")
    return [(root, day) for written, root, day in days if "".join(written.upper().split()) == key]
