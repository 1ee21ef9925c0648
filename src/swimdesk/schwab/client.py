"""The broker as the desk sees it: reads over httpx, orders over the lane, words in between."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from secrets import token_hex
from typing import Final

import httpx

from swimdesk.desk.ports import (
    BrokerOrder,
    Burst,
    CancelOutcome,
    ChainContract,
    Clock,
    Discovered,
    Expiry,
    Holdings,
    LineOrder,
    OrdersRead,
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
from swimdesk.schwab.bursts import OrderBurst
from swimdesk.schwab.canceling import Cancels, is_order_id
from swimdesk.schwab.directory import ACCOUNTS_PATH, Directory, Entry, by_login, rows
from swimdesk.schwab.lane import Lane, LaneRequest
from swimdesk.schwab.lane.descriptors import ensure_room_for
from swimdesk.schwab.lane.transport import LaneTransport
from swimdesk.schwab.listing import OrderLists
from swimdesk.schwab.mapping import holdings_of
from swimdesk.schwab.market import MarketReads
from swimdesk.schwab.outcomes import Answer, Fault
from swimdesk.schwab.posting import address_of, post
from swimdesk.schwab.previewing import Previews
from swimdesk.schwab.reads import Reader, all_of, broker_errors
from swimdesk.schwab.render import Rendered, render
from swimdesk.schwab.timeouts import USUAL, Timeouts
from swimdesk.schwab.wire import WireAccount, read_as
from swimdesk.telemetry.redaction import Secret

TOKEN_LIFE_S: Final = 300.0
"""A burst starts only with tokens that live this long."""


class SchwabBroker:
    """Implements the desk's ports Broker and MarketData for one app and several logins.

    ``accounts`` are the configured ones, told by login and last4, or by login and whole number
    where ``numbers`` has one under their alias. ``digest_key`` hides account numbers in what is
    kept; without one each object hides them otherwise. ConfigError where this process may not have
    a connection for each.
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
        timeouts: Timeouts = USUAL,
        transport: httpx.AsyncBaseTransport | None = None,
        digest_key: Secret | None = None,
    ) -> None:
        self._address = address_of(api_url)
        self._tokens = tokens
        self._clock = clock
        self._order_timeout_s = timeouts.order_s
        ensure_room_for(len(accounts))
        host, port = self._address.host, self._address.port
        self._lane = Lane(host, port, ssl_context, host, clock, spares=True)
        singly = transport or LaneTransport(self._lane)
        url, read_s, cancel_s = api_url.rstrip("/"), timeouts.read_s, timeouts.cancel_s
        self._reader = Reader(url, ssl_context, tokens, clock, transport, singly, read_s)
        self._directory = Directory(self._reader, logins, accounts, numbers or {}, clock)
        key = digest_key or Secret(token_hex(32))
        self._lists = OrderLists(self._reader, self._directory, clock, key)
        self._cancels = Cancels(url, singly, tokens, self._directory, cancel_s)
        self._previews = Previews(self._reader, self._directory)
        self._market = MarketReads(self._reader, tokens, logins)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._cancels.aclose()
        await self._reader.aclose()
        await self._lane.close()

    # --- accounts --------------------------------------------------------------------------

    async def discover(self) -> Discovered:
        """Read which accounts our logins see, joined with the configured names.

        A login that cannot be read is told and hides no other. ConfigError where this process may
        not have a connection for each account.
        """
        found = await self._directory.refresh()
        ensure_room_for(len(found.accounts))
        return found

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

    def is_ready(self, accounts: Sequence[str]) -> bool:
        """Tell whether tokens live long enough and connections are fresh; False if unsure."""
        entries = [self._directory.known(account) for account in accounts]
        logins = {None if entry is None else entry.account.login for entry in entries}
        return all(
            login is not None and self._has_token(login) for login in logins
        ) and self._lane.is_warm(accounts)

    def _has_token(self, login: str) -> bool:
        return self._tokens.current(login, min_life_s=TOKEN_LIFE_S) is not None

    async def ready(self, accounts: Sequence[str]) -> None:
        """Open or refresh what a burst needs; logins that are ready are so even if this raises."""
        groups = by_login(await self._directory.entries(accounts))
        await all_of(self._ready_login(login, group) for login, group in groups.items())

    async def keep_warm(self) -> None:
        """Keep the connections of accounts in use from going stale, until cancelled."""
        await self._lane.keep_warm()

    async def _ready_login(self, login: str, entries: Sequence[Entry]) -> None:
        try:
            await self._tokens.access_token(login, min_life_s=TOKEN_LIFE_S)
        except (BrokerUnreachable, StoreError):
            # The token endpoint may be down, or the disk full, while the token we hold is good.
            if self._tokens.current(login) is None:
                raise
        await self._lane.warm([entry.account.alias for entry in entries])

    def load(self, prepared: Prepared) -> Burst:
        """Make the bytes of every order on a connection of its own; nothing leaves, nothing waits.

        The order of sending is that of ``prepared``.
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
        entries = [self._directory.known(order.account) for order in prepared.orders]
        hashes = {entry.account.alias: entry.hash for entry in entries if entry is not None}
        lane_burst = self._lane.load(requests)
        return OrderBurst(lane_burst, unsendable, hashes, self._order_timeout_s)

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
