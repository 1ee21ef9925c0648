"""What front ends may ask of the desk: fresh reads of accounts, orders, the market; the history."""

from __future__ import annotations

from datetime import timedelta

from swimdesk.desk.abilities import Abilities
from swimdesk.desk.book import Book
from swimdesk.desk.choosing import choose, choose_seen, unread_logins
from swimdesk.desk.foreign import morning_of, read_whole
from swimdesk.desk.origins import OriginsReader
from swimdesk.desk.ports import ENDED, Broker, Clock, Journal, MarketData
from swimdesk.desk.reading import HoldingsReader
from swimdesk.desk.showing import (
    account_view,
    balance_view,
    broadcast_row,
    chain_view,
    order_view,
    position_view,
)
from swimdesk.desk.together import both
from swimdesk.domain.accounts import Account
from swimdesk.domain.fairness import fairness
from swimdesk.domain.instruments import quote_symbol
from swimdesk.errors import UnknownSymbol
from swimdesk.views.comparing import UnreadView
from swimdesk.views.holding import HoldingsView
from swimdesk.views.models import (
    AccountView,
    BalanceView,
    BroadcastRow,
    ChainView,
    FairnessView,
    OrderView,
    PositionView,
    QuoteView,
)
from swimdesk.views.present import fairness_view
from swimdesk.views.requests import Scope

NOW = timedelta(0)


class Inquiries:
    """Answer from complete reads made for the question; what cannot be read is an error.

    ``holdings`` alone goes by what cannot be read, and names it.
    """

    def __init__(
        self,
        broker: Broker,
        market: MarketData,
        journal: Journal,
        book: Book,
        reader: HoldingsReader,
        clock: Clock,
        abilities: Abilities,
        origins: OriginsReader,
    ) -> None:
        self._broker = broker
        self._market = market
        self._journal = journal
        self._book = book
        self._reader = reader
        self._clock = clock
        self._abilities = abilities
        self._origins = origins

    async def accounts(self, scope: Scope) -> tuple[AccountView, ...]:
        """List accounts; an empty scope means all."""
        chosen = await self._read(scope)
        return tuple(account_view(account, self._abilities.of(account)) for account in chosen)

    async def balances(self, scope: Scope) -> tuple[BalanceView, ...]:
        """Read what the accounts can spend."""
        chosen = await self._read(scope)
        balances = self._book.snapshot.balances
        return tuple(balance_view(account, balances[account.alias]) for account in chosen)

    async def positions(self, scope: Scope) -> tuple[PositionView, ...]:
        """Read what the accounts hold."""
        chosen = await self._read(scope)
        held = self._book.snapshot.positions
        return tuple(
            position_view(account, position)
            for account in chosen
            for position in held.get(account.alias, ())
        )

    async def holdings(self, scope: Scope) -> HoldingsView:
        """Read what the accounts are, can spend and hold; raises why where none can be read."""
        seen = await self._reader.survey()
        chosen = await choose_seen(self._reader, scope, seen)
        answer = await self._reader.holdings(chosen, NOW)
        unread = [
            UnreadView(
                account.alias, account.login, "holdings", answer.failed[account.alias].detail
            )
            for account in chosen
            if account.alias in answer.failed
        ]
        read = [answer.found[a.alias] for a in chosen if a.alias in answer.found]
        return HoldingsView(
            tuple(account_view(one.account, self._abilities.of(one.account)) for one in read),
            tuple(balance_view(one.account, one.balances) for one in read),
            tuple(position_view(one.account, held) for one in read for held in one.positions),
            (*unread_logins(scope, seen), *unread),
        )

    async def orders(self, scope: Scope) -> tuple[OrderView, ...]:
        """Read today's orders (Eastern) and those of ours that are still open, newest first."""
        chosen = {account.alias: account for account in await choose(self._reader, scope)}
        if not chosen:
            return ()
        morning = morning_of(self._clock.now())
        live = [b.created for b in self._book.snapshot.broadcasts.values() if not b.is_settled]
        since = min([morning, *live])
        read = await read_whole(self._broker, chosen, since)
        shown = [o for o in read.orders if o.entered >= morning or o.state not in ENDED]
        origins = await self._origins.of_orders(shown)
        newest_first = sorted(shown, key=lambda order: order.entered, reverse=True)
        return tuple(
            order_view(chosen[o.account], o, origins.broadcast_of(o), origins.of(o))
            for o in newest_first
        )

    async def quotes(self, symbols: tuple[str, ...]) -> tuple[QuoteView, ...]:
        """Read quotes; UnknownSymbol names those that the broker does not know."""
        symbols = tuple(map(quote_symbol, symbols))
        found = await self._market.quotes(symbols)
        missing = [symbol for symbol in symbols if symbol not in found]
        if missing:
            raise UnknownSymbol(f"The broker does not know {', '.join(missing)}.")
        return tuple(
            QuoteView(q.symbol, q.description, q.bid, q.ask, q.last, q.mark, q.as_of)
            for q in (found[symbol] for symbol in symbols)
        )

    async def chain(self, symbol: str, expiry: str | None, strikes: int) -> ChainView:
        """Read one expiration (ISO day; the nearest when None) around the money."""
        market, symbol = self._market, quote_symbol(symbol)
        expiries = await market.expiries(symbol)
        days = sorted({one.day.isoformat() for one in expiries})
        day = expiry or days[0]
        if day not in days:
            raise UnknownSymbol(
                f"{symbol} has no expiration {day}; listed are {', '.join(days[:12])}."
            )
        chosen = next(one.day for one in expiries if one.day.isoformat() == day)
        contracts, quotes = await both(
            market.chain(symbol, chosen, strikes), market.quotes([symbol])
        )
        return chain_view(symbol, day, days, quotes.get(symbol), contracts)

    async def broadcasts(self, limit: int) -> tuple[BroadcastRow, ...]:
        """Show the newest broadcasts."""
        return tuple(map(broadcast_row, await self._journal.history(limit)))

    async def fairness(self, limit: int) -> tuple[FairnessView, ...]:
        """Tell by account how early it was served over the newest broadcasts."""
        return tuple(map(fairness_view, fairness(await self._journal.write_times(limit))))

    async def _read(self, scope: Scope) -> tuple[Account, ...]:
        """Read holdings of the chosen accounts now; an account that cannot be read is an error."""
        chosen = await choose(self._reader, scope)
        answer = await self._reader.holdings(chosen, NOW)
        for alias, error in answer.failed.items():
            raise type(error)(f"{alias}: {error.detail}")
        known = self._book.snapshot.accounts
        return tuple(known[account.alias] for account in chosen)
