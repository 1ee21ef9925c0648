"""Reads the chain in sight again and again, one read at a time, and keeps what went wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from swimdesk.desk.facade import DeskFacade
from swimdesk.domain.instruments import INDEX_ROOTS, quote_symbol
from swimdesk.domain.orderlang.roots import MONTHS
from swimdesk.errors import InputError, SwimdeskError, UnknownSymbol
from swimdesk.views.models import ChainView, QuoteView

POLL: Final = timedelta(seconds=2)
"""The chain in sight is read this often."""

STALE: Final = timedelta(seconds=5)
"""Prices older than this show their age."""

SHALLOW: Final = 20
"""Strikes above and below the money that are read at first."""

DEEP: Final = 160
_LONGEST_WAIT: Final = timedelta(seconds=30)
_EARLY: Final = timedelta(milliseconds=100)
"""A tick comes a little before or after its second."""

_SYMBOL: Final = re.compile(r"\$?[A-Z][A-Z0-9]{0,5}(?:[./][A-Z]{1,3})?")
_DAY: Final = re.compile(rf"([0-9]{{1,2}}) *({'|'.join(MONTHS)}) *(?:20)?([0-9]{{2}})")


@dataclass(frozen=True, slots=True)
class Subject:
    """Which chain is to be seen; without a day the nearest expiry."""

    symbol: str
    day: date | None = None
    depth: int = SHALLOW


def read_subject(text: str) -> tuple[Subject, str | None]:
    """Read ``SPX``, ``SPXW 18DEC26``, ``SPY 2026-12-18``; also the root where it was named.

    InputError for anything else.
    """
    word, _, rest = text.strip().upper().partition(" ")
    if not _SYMBOL.fullmatch(word):
        raise InputError(f"A chain is of a symbol such as SPY or SPX, found {text.strip()[:30]}.")
    index = INDEX_ROOTS.get(word.lstrip("$"))
    root = index.root if index is not None and index.root != index.index else None
    return Subject(quote_symbol(word), _read_day(rest.strip())), root


def _read_day(text: str) -> date | None:
    if not text:
        return None
    written = _DAY.fullmatch(text)
    try:
        if written is None:
            return date.fromisoformat(text)
        return date(2000 + int(written[3]), MONTHS.index(written[2]) + 1, int(written[1]))
    except ValueError:
        raise InputError(
            f"An expiry is written 18DEC26 or 2026-12-18, found {text[:30]}."
        ) from None


class ChainFeed:
    """The latest chain of the subject; asked by whoever shows it whether it is time to read."""

    def __init__(
        self,
        desk: DeskFacade,
        now: Callable[[], datetime],
        elsewhere: Callable[[ChainView], Iterable[str]],
        changed: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._now = now
        self._elsewhere = elsewhere
        self._changed = changed
        self._asked_at: datetime | None = None
        self._failures = 0
        self._is_reading = False
        self.subject: Subject | None = None
        self.view: ChainView | None = None
        """Of the symbol asked for; while another expiry is being read, still the one before."""
        self.read_at: datetime | None = None
        self.error: SwimdeskError | None = None
        self.others: Mapping[str, QuoteView] = {}
        """Quotes of what the listener wants beside the chain, by symbol."""

    @property
    def is_current(self) -> bool:
        """Whether the view shows what was asked for last."""
        if self.view is None or self.subject is None:
            return False
        day = self.subject.day
        return day is None or day.isoformat() == self.view.expiry

    def ask(self, subject: Subject) -> None:
        """Want another chain; what is being read for the one before will be dropped."""
        if self.subject is None or subject.symbol != self.subject.symbol:
            self.view, self.read_at = None, None
        self.subject = subject
        self.hurry()

    def hurry(self) -> None:
        """Make the next read due at once."""
        self._asked_at, self._failures, self.error = None, 0, None

    def is_due(self) -> bool:
        """Tell whether to read now: not twice at once, later and later while it fails."""
        if self.subject is None or self._is_reading or isinstance(self.error, UnknownSymbol):
            return False
        wait = min(POLL * 2 ** min(self._failures, 10), _LONGEST_WAIT)
        return self._asked_at is None or self._now() - self._asked_at >= wait - _EARLY

    async def read(self) -> None:
        """Read until what was read is what is wanted; errors are kept, not raised."""
        if self._is_reading:
            return
        self._is_reading = True
        try:
            while (subject := self.subject) is not None:
                await self._read_once(subject)
                if subject == self.subject:
                    return
        finally:
            self._is_reading = False

    async def _read_once(self, subject: Subject) -> None:
        self._asked_at = self._now()
        day = subject.day.isoformat() if subject.day else None
        try:
            view = await self._desk.chain(subject.symbol, day, subject.depth)
            others = await self._quotes(view)
        except SwimdeskError as error:
            if subject == self.subject:
                self._failures += 1
                self.error = error
                self._changed()
            return
        if subject == self.subject:
            self.view, self.others, self.error = view, others, None
            self.read_at, self._failures = self._now(), 0
            self._changed()

    async def _quotes(self, view: ChainView) -> Mapping[str, QuoteView]:
        wanted = tuple(self._elsewhere(view))
        if not wanted:
            return {}
        try:
            return {quote.symbol: quote for quote in await self._desk.quotes(wanted)}
        except UnknownSymbol:
            # A leg that is listed no more has no price; the chain is good all the same.
            return {}
