"""The market in one line: a few indices read now and then, and what all accounts are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from swimdesk.console.board import Board
from swimdesk.console.formats import age, money, price
from swimdesk.console.shell.standing import Piece, Tone
from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import SwimdeskError, UnknownSymbol
from swimdesk.views.models import QuoteView

READ: Final = timedelta(seconds=5)
"""The indices are read no more often than this."""

STALE: Final = timedelta(seconds=15)
"""A quote older than this shows its age."""

SYMBOLS: Final = ("SPY", "$SPX", "$VIX")


@dataclass(frozen=True, slots=True)
class Index:
    """The last quote of a symbol and whether it rose or fell since the one before."""

    quote: QuoteView
    sign: str = ""


class Market:
    """Keeps the quotes of the line; symbols that the broker does not know are not asked again."""

    def __init__(self, symbols: Sequence[str] = SYMBOLS) -> None:
        self._asked = tuple(symbols)
        self.indices: dict[str, Index] = {}
        self.read_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to read."""
        return self.read_at is None or now - self.read_at >= READ

    async def read(self, desk: DeskFacade, now: datetime) -> None:
        """Read the quotes; one that cannot be read keeps the last one, whose age shows."""
        self.read_at = now
        if not self._asked:
            return
        try:
            self._take(await desk.quotes(self._asked))
        except UnknownSymbol:
            self._asked = await self._known(desk)
        except SwimdeskError:
            return

    async def _known(self, desk: DeskFacade) -> tuple[str, ...]:
        known = []
        for symbol in self._asked:
            try:
                self._take(await desk.quotes((symbol,)))
            except UnknownSymbol:
                continue
            except SwimdeskError:
                return self._asked
            known.append(symbol)
        return tuple(known)

    def _take(self, quotes: Sequence[QuoteView]) -> None:
        for quote in quotes:
            before = self.indices.get(quote.symbol)
            self.indices[quote.symbol] = Index(quote, _sign(before, quote))

    def pieces(self, board: Board, now: datetime) -> list[Piece]:
        """Return the parts of the line; what accounts are worth stands at the right."""
        found = [_index(one, now) for one in self.indices.values()]
        return [*found, _worth(board)]


def _sign(before: Index | None, quote: QuoteView) -> str:
    if before is None or quote.last == before.quote.last:
        return before.sign if before else ""
    return "▴" if quote.last > before.quote.last else "▾"


def _index(one: Index, now: datetime) -> Piece:
    span = now - one.quote.as_of
    is_old = span > STALE
    parts = [one.quote.symbol.removeprefix("$"), f"{price(one.quote.last)}{one.sign}"]
    if is_old:
        parts.append(f"{age(span)} old")
    return Piece(" ".join(parts), Tone.WARN if is_old else Tone.PLAIN, 50)


def _worth(board: Board) -> Piece:
    balances = [holding.balances for holding in board.holdings.values()]
    if not balances:
        return Piece("NL -  BP -", Tone.DIM, 100)
    worth = sum((one.liquidation_value for one in balances), Decimal())
    power = sum((one.option_buying_power for one in balances), Decimal())
    known = len(board.accounts)
    part = f"  ({len(balances)} of {known} accounts read)" if len(balances) < known else ""
    tone = Tone.WARN if part else Tone.PLAIN
    return Piece(f"NL ${money(worth)}  option BP ${money(power)}{part}", tone, 100)
