"""What the legs of the staged order are quoted at, looked up while somebody looks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from swimdesk.desk.facade import DeskFacade
from swimdesk.domain.net_price import NetMarket
from swimdesk.domain.orders import Leg, Ticket
from swimdesk.errors import SwimdeskError
from swimdesk.views.models import QuoteView

LOOK_S: Final = 2.0
"""So often the legs are quoted while the ticket is in sight."""

ANSWER_S: Final = 5.0
"""A look that takes longer is given up; the next one comes in its turn."""

FRESH: Final = timedelta(seconds=5)
"""Quotes older than this show their age."""

_NO_QUOTES: Final[Mapping[str, QuoteView]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Look:
    """The quotes of one look at the market, by symbol."""

    at: datetime
    quotes: Mapping[str, QuoteView] = field(default_factory=lambda: _NO_QUOTES)

    def quote(self, leg: Leg) -> QuoteView | None:
        """Return the quote of a leg."""
        return self.quotes.get(leg.instrument.symbol)

    def spot(self, ticket: Ticket) -> Decimal | None:
        """Return the price of the underlying."""
        quote = self.quotes.get(ticket.underlying)
        return quote.last if quote else None

    def of(self, ticket: Ticket) -> tuple[QuoteView, ...]:
        """Return the quotes of the legs that have one."""
        found = (self.quote(leg) for leg in ticket.legs)
        return tuple(quote for quote in found if quote is not None)

    def age(self, ticket: Ticket, now: datetime) -> timedelta:
        """Return how old the oldest quote of the legs is."""
        return now - min([self.at, *(quote.as_of for quote in self.of(ticket))])


def net_market(ticket: Ticket, look: Look | None) -> NetMarket | None:
    """Add up the market of a unit, in the sign of its price; None where a leg has none."""
    if look is None:
        return None
    bid = ask = Decimal(0)
    for leg in ticket.legs:
        quote = look.quote(leg)
        if quote is None or quote.bid is None or quote.ask is None or quote.bid > quote.ask:
            return None
        weight = ticket.weight(leg)
        same = leg.side is ticket.side
        bid += weight * quote.bid if same else -weight * quote.ask
        ask += weight * quote.ask if same else -weight * quote.bid
    return NetMarket(bid, ask, look.at)


class Quoting:
    """Keeps the latest look at the legs of the staged order; one at a time asks the desk."""

    def __init__(
        self,
        desk: DeskFacade,
        now: Callable[[], datetime],
        ticket: Callable[[], Ticket | None],
    ) -> None:
        self._desk = desk
        self._now = now
        self._ticket = ticket
        self._look: Look | None = None

    @property
    def latest(self) -> Look | None:
        """The latest look, None before the first one."""
        return self._look

    def is_fresh(self, ticket: Ticket) -> bool:
        """Whether every leg was looked up within the last few seconds."""
        look = self._look
        return (
            look is not None
            and len(look.of(ticket)) == len(ticket.legs)
            and self._now() - look.at <= timedelta(seconds=LOOK_S)
        )

    async def look(self, within_s: float = ANSWER_S) -> None:
        """Quote the legs and the underlying once; an answer that does not come changes nothing."""
        ticket = self._ticket()
        if ticket is None:
            return
        symbols = dict.fromkeys(
            (ticket.underlying, *(leg.instrument.symbol for leg in ticket.legs))
        )
        # What is known stays on the screen, with its age.
        with contextlib.suppress(SwimdeskError, TimeoutError):
            async with asyncio.timeout(within_s):
                quotes = await self._desk.quotes(tuple(symbols))
            self._look = Look(self._now(), {quote.symbol: quote for quote in quotes})

    async def follow(self, seen: Callable[[], None]) -> None:
        """Look again and again until cancelled, and say so after each look."""
        while True:
            await self.look()
            seen()
            await asyncio.sleep(LOOK_S)
