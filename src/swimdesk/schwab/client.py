"""The broker as the desk sees it: reads over httpx, orders over the lane, words in between."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Final

import httpx

from swimdesk.desk.ports import (
    BrokerOrder,
    CancelOutcome,
    ChainContract,
    Clock,
    Expiry,
    Holdings,
    LineOrder,
    OrdersRead,
    Outcome,
    Prepared,
    PreparedOrder,
    Quote,
    SessionHours,
    TokenSource,
)
from swimdesk.domain.accounts import Account
from swimdesk.domain.orders import Ticket
from swimdesk.domain.plan import BrokerVerdict
from swimdesk.errors import BrokerUnreachable, ProtocolDrift, StoreError
from swimdesk.schwab.canceling import Cancels, is_order_id
from swimdesk.schwab.connection import LaneRequest
from swimdesk.schwab.directory import ACCOUNTS_PATH, Directory, Entry, by_login, rows
from swimdesk.schwab.lane import Lane, guarded
from swimdesk.schwab.listing import OrderLists
from swimdesk.schwab.mapping import holdings_of
from swimdesk.schwab.market import MarketReads
from swimdesk.schwab.outcomes import Answer, Fault, outcome_of
from swimdesk.schwab.posting import address_of, post
from swimdesk.schwab.previewing import Previews
from swimdesk.schwab.reads import Reader, all_of, broker_errors
from swimdesk.schwab.render import Rendered, render
from swimdesk.schwab.wire import WireAccount, read_as
from swimdesk.telemetry.redaction import Secret

TOKEN_LIFE_S: Final = 300.0
"""A burst starts only with tokens that live this long."""
ANSWER_DEADLINE_S: Final = 25.0
"""How long a line may stay silent; cutting earlier would only make doubts (reliability 2.1)."""


class SchwabBroker:
    """Implements the desk's ports Broker and MarketData for one app and several logins.

    ``accounts`` are the configured ones, told by login and last4, or by login and whole number
    where ``numbers`` has one under their alias.
    """

    def __init__(
        self,
        *,
        api_url: str,
        ssl_context: ssl.SSLContext,
        tokens: TokenSource,
        logins: Sequence[str],
        accounts: Sequence[Account],
        clock: Clock,
        numbers: Mapping[str, Secret] | None = None,
        answer_deadline_s: float = ANSWER_DEADLINE_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._address = address_of(api_url)
        self._tokens = tokens
        self._clock = clock
        self._answer_deadline_s = answer_deadline_s
        self._reader = Reader(api_url.rstrip("/"), ssl_context, tokens, clock, transport)
        self._directory = Directory(self._reader, logins, accounts, numbers or {}, clock)
        self._lists = OrderLists(self._reader, self._directory, clock)
        self._cancels = Cancels(
            api_url.rstrip("/"), ssl_context, tokens, self._directory, transport
        )
        self._previews = Previews(self._reader, self._directory)
        self._market = MarketReads(self._reader, tokens, logins)
        host = self._address.host
        self._lane = Lane(host, self._address.port, ssl_context, host, clock)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._lane.close()
        await self._cancels.aclose()
        await self._reader.aclose()

    # --- accounts --------------------------------------------------------------------------

    async def discover(self) -> tuple[Account, ...]:
        """Read which accounts our logins see, joined with the configured names."""
        return await self._directory.refresh()

    async def holdings(self, accounts: Sequence[str]) -> tuple[Holdings, ...]:
        """Read balances and positions of these accounts, all or BrokerError."""
        with broker_errors():
            groups = by_login(await self._directory.entries(accounts))
            reads = await all_of(
                self._holdings_of_login(login, group) for login, group in groups.items()
            )
        found = {one.account.alias: one for read in reads for one in read}
        return tuple(found[alias] for alias in dict.fromkeys(accounts))

    async def _holdings_of_login(self, login: str, entries: Sequence[Entry]) -> list[Holdings]:
        asked = self._clock.now()
        document = await self._reader.get(
            login, ACCOUNTS_PATH, "accounts with positions", {"fields": "positions"}
        )
        wires = [
            read_as(WireAccount, data, "an account").securities_account
            for data in rows(document, "accounts with positions")
        ]
        by_number = {wire.account_number: wire for wire in wires}
        missing = [e.account.alias for e in entries if e.number not in by_number]
        if missing:
            raise ProtocolDrift(f"the broker's list of accounts lacks {', '.join(missing)}")
        return [holdings_of(by_number[entry.number], entry.named, asked) for entry in entries]

    # --- sending ---------------------------------------------------------------------------

    def prepare(self, orders: Sequence[LineOrder]) -> Prepared:
        """Render orders without any input or output; the same orders give the same bytes."""
        rendered: dict[Ticket, Rendered] = {}
        prepared = []
        for order in orders:
            if order.ticket not in rendered:
                rendered[order.ticket] = render(order.ticket)
            one = rendered[order.ticket]
            prepared.append(
                PreparedOrder(order.ref, order.account, one.body, one.body_hash, one.fingerprint)
            )
        return Prepared(tuple(prepared))

    async def preview(self, orders: Sequence[PreparedOrder]) -> Mapping[str, BrokerVerdict]:
        """Ask the broker what it would make of these orders, by account; never raises."""
        return await self._previews.ask(orders)

    async def ready(self, accounts: Sequence[str]) -> None:
        """Open or refresh what a burst needs; logins that are ready are so even if this raises."""
        groups = by_login(await self._directory.entries(accounts))
        await all_of(self._ready_login(login, group) for login, group in groups.items())

    async def _ready_login(self, login: str, entries: Sequence[Entry]) -> None:
        try:
            await self._tokens.access_token(login, min_life_s=TOKEN_LIFE_S)
        except (BrokerUnreachable, StoreError):
            # The token endpoint may be down, or the disk full, while the token we hold is good.
            if self._tokens.current(login) is None:
                raise
        await self._lane.warm([entry.account.alias for entry in entries])

    async def fire(
        self,
        prepared: Prepared,
        on_sent: Callable[[], None],
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        """Send every order once and report each outcome exactly once; return when all have.

        The order of sending is that of ``prepared``; ``on_sent`` comes after the last write.
        """
        tokens: dict[str, Secret | None] = {}
        requests: list[LaneRequest] = []
        unsendable: list[Answer] = []
        for order in prepared.orders:
            request = self._request(order, tokens)
            if isinstance(request, LaneRequest):
                requests.append(request)
            else:
                unsendable.append(Answer(order.ref, order.account, fault=request))

        def report(answer: Answer) -> None:
            entry = self._directory.known(answer.account)
            on_outcome(outcome_of(answer, entry.hash if entry else None))

        def after_last_write() -> None:
            guarded(on_sent)
            for answer in unsendable:
                guarded(partial(report, answer))

        await self._lane.fire(requests, after_last_write, report, self._answer_deadline_s)

    def _request(
        self, order: PreparedOrder, tokens: dict[str, Secret | None]
    ) -> LaneRequest | Fault:
        entry = self._directory.known(order.account)
        if entry is None:
            return Fault.NO_ACCOUNT
        if order.replaces is not None and not is_order_id(order.replaces):
            return Fault.NO_ORDER
        login = entry.account.login
        if login not in tokens:
            tokens[login] = self._tokens.current(login)
        request = post(order, entry.hash, self._address, tokens[login])
        return Fault.NO_TOKEN if request is None else request

    async def cancel(self, account: str, order_id: str) -> CancelOutcome:
        """Ask once to cancel an order, over connections that no read uses; never raises."""
        return await self._cancels.cancel(account, order_id)

    # --- following -------------------------------------------------------------------------

    async def orders(self, accounts: Sequence[str], since: datetime) -> OrdersRead:
        """Read the order lists of these accounts since then; a failing login raises nothing.

        ``accounts`` of the answer are those whose list is whole; ``complete`` says whether that
        is all that were asked for. The broker looks back 60 days at most: ``since`` is cut.
        """
        return await self._lists.read(accounts, since)

    async def order(self, account: str, order_id: str) -> BrokerOrder | None:
        """Read one order, however old; None when the broker says that it does not know it (yet)."""
        return await self._lists.one(account, order_id)

    # --- market data -----------------------------------------------------------------------

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Read quotes; symbols the broker does not know are missing from the answer."""
        return await self._market.quotes(symbols)

    async def expiries(self, symbol: str) -> tuple[Expiry, ...]:
        """Read the listed expirations; UnknownSymbol if the broker does not list any."""
        return await self._market.expiries(symbol)

    async def chain(self, symbol: str, expiry: date, strikes: int) -> tuple[ChainContract, ...]:
        """Read calls and puts of one day around the money."""
        return await self._market.chain(symbol, expiry, strikes)

    async def hours(self, day: date) -> Mapping[str, SessionHours]:
        """Read the session hours by product: ``EQ``, ``EQO``, ``IND``."""
        return await self._market.hours(day)
