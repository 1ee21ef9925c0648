"""The order lane: a warm connection per account, all orders of a wave in one synchronous loop.

Measurements behind this design: performance 1-3, 9; what it came to: docs/benchmarks.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from typing import Final

from aiohappyeyeballs import AddrInfoType

from swimdesk.desk.ports import Clock
from swimdesk.schwab.lane.burst import LaneBurst
from swimdesk.schwab.lane.connection import Connection, LaneRequest
from swimdesk.schwab.lane.dialing import Dialer, Target
from swimdesk.schwab.lane.idle import IDLE_LIMIT_S, IdleConnections
from swimdesk.schwab.lane.poll import Poll
from swimdesk.schwab.network import NoConnection
from swimdesk.schwab.outcomes import Answer, Fault

CONNECT_TIMEOUT_S: Final = 3.0
HANDSHAKES_AT_ONCE: Final = 24
RENEWALS_AT_ONCE: Final = 4
"""Nobody waits for these, and a burst may come at any moment."""
REOPEN_AFTER_S: Final = 45.0
"""Connections that idled for so long are opened anew while their account is in use."""
ROUND_S: Final = 10.0
LONGEST_LOAD_S: Final = 1.0
"""A burst stays loaded while its intents are written down: milliseconds."""
IN_USE_S: Final = 900.0
"""An account is in use for so long after it was last made ready."""


class Lane:
    """Orders over warm connections to one broker; ``server_name`` is what its certificate names.

    ``spares`` says whether an account is to have a second connection, for what must not wait
    behind an order: a cancel, or an order whose own connection has just ended.
    """

    def __init__(
        self,
        host: str,
        port: int,
        ssl_context: ssl.SSLContext | None,
        server_name: str,
        clock: Clock,
        *,
        spares: bool = False,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> None:
        self._kept = 2 if spares else 1
        self._clock = clock
        self._poll = Poll()
        self._idle = IdleConnections(clock)
        target = Target(host, port, ssl_context, server_name, connect_timeout_s)
        self._dialer = Dialer(target, self._poll, clock)
        self._why_none: dict[str, str] = {}
        self._in_use: dict[str, int] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._handshakes = asyncio.Semaphore(HANDSHAKES_AT_ONCE)
        self._bursts = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._spares_wanted = asyncio.Event()

    # --- connections -------------------------------------------------------------------------

    async def warm(self, accounts: Sequence[str]) -> None:
        """See that each account has a fresh connection; who has none is told when it fires."""
        wanted = list(dict.fromkeys(accounts))
        self._use(wanted)
        self._poll.look_at_all()
        cold = [account for account in wanted if not self._idle.fresh(account)]
        if cold:
            await self._open_all(cold)
        if any(self._idle.fresh(account) < self._kept for account in wanted):
            self._spares_wanted.set()

    def is_warm(self, accounts: Sequence[str]) -> bool:
        """Tell whether each account has a fresh connection at this moment; it is in use by that."""
        self._use(accounts)
        self._poll.look_at_all()
        return all(self._idle.fresh(account) for account in accounts)

    def _use(self, accounts: Sequence[str]) -> None:
        self._in_use |= dict.fromkeys(accounts, self._clock.monotonic_ns())

    async def keep_warm(self) -> None:
        """Open spares, and connections anew before they go stale, while their accounts are in use.

        Runs until it is cancelled. A request that would keep them open costs of the rate budget;
        a handshake does not.
        """
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ROUND_S):
                    await self._spares_wanted.wait()
            self._spares_wanted.clear()
            await self.renew()

    async def renew(self) -> None:
        """Replace what goes stale or has ended, of accounts in use, and open their spares."""
        since_ns = self._clock.monotonic_ns() - int(IN_USE_S * 1e9)
        self._in_use = {account: at for account, at in self._in_use.items() if at >= since_ns}
        self._poll.look_at_all()
        turns = asyncio.Semaphore(RENEWALS_AT_ONCE)
        await asyncio.gather(*(self._renew_one(account, turns) for account in self._in_use))

    async def close(self) -> None:
        """End all connections; what is on its way is reported as given up."""
        self._idle.close()
        self._poll.close()

    # --- sending -----------------------------------------------------------------------------

    def load(self, requests: Sequence[LaneRequest]) -> LaneBurst:
        """Take a connection for each order and make its bytes; nothing leaves, nothing waits.

        No handshake begins before the burst has left or was discarded, but for a request that is
        asked by itself and finds no connection.
        """
        self._poll.look_at_all()
        burst = LaneBurst(
            requests,
            self._idle,
            self._poll,
            left=self._burst_left,
            why_none=lambda account: self._why_none.get(account, ""),
        )
        self._bursts += 1
        self._quiet.clear()
        return burst

    async def ask(self, request: LaneRequest, deadline_s: float) -> Answer:
        """Send one request by itself, over the account's spare or a connection opened for it."""
        self._poll.look_at_all()
        try:
            connection = await self._spare_of(request.account)
        except NoConnection as error:
            return _never_left(request, str(error))
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def on_done(carrier: Connection, answer: Answer) -> None:
            if answered.done():
                # Whoever gave up has yet to end it: no order may take it in between.
                carrier.drop()
                return
            self._idle.keep(request.account, carrier)
            answered.set_result(answer)

        def give_up(fault: Fault) -> None:
            # Once answered, the connection may carry somebody else's order already.
            if not answered.done() or answered.cancelled():
                connection.give_up(fault)

        connection.load(request, on_done)
        if not connection.shoot():
            connection.unload()
            return _never_left(request)
        timer = asyncio.get_running_loop().call_later(deadline_s, give_up, Fault.DEADLINE)
        try:
            return await answered
        except asyncio.CancelledError:
            give_up(Fault.ABANDONED)
            raise
        finally:
            timer.cancel()

    async def _spare_of(self, account: str) -> Connection:
        """Return the account's spare, or a connection opened in its place; NoConnection."""
        spare = self._idle.take_spare(account)
        return spare or await self._dialer.open(await self._dialer.addresses())

    def _burst_left(self) -> None:
        self._bursts -= 1
        if not self._bursts:
            self._quiet.set()

    # --- opening -----------------------------------------------------------------------------

    async def _open_all(self, accounts: Sequence[str]) -> None:
        try:
            addresses = await self._dialer.addresses()
        except NoConnection as error:
            for account in accounts:
                self._note_none(account, error)
            return
        await asyncio.gather(*(self._open_if_cold(account, addresses) for account in accounts))

    async def _open_if_cold(self, account: str, addresses: Sequence[AddrInfoType]) -> None:
        """Open what is missing; two callers at once share one connection."""
        async with self._opening.setdefault(account, asyncio.Lock()):
            if not self._idle.fresh(account):
                async with self._handshakes:
                    await self._until_quiet()
                    await self._open(account, addresses)

    async def _renew_one(self, account: str, turns: asyncio.Semaphore) -> None:
        for wanted in range(1, self._kept + 1):
            async with turns, self._opening.setdefault(account, asyncio.Lock()):
                await self._until_quiet()
                if self._idle.fresh(account, REOPEN_AFTER_S) >= wanted:
                    continue
                try:
                    await self._open(account, await self._dialer.addresses(), REOPEN_AFTER_S)
                except NoConnection as error:
                    self._note_none(account, error)

    async def _until_quiet(self) -> None:
        """Let loaded bursts leave first, but do not wait for one that never does."""
        if not self._quiet.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_LOAD_S):
                    await self._quiet.wait()

    async def _open(
        self, account: str, addresses: Sequence[AddrInfoType], limit_s: float = IDLE_LIMIT_S
    ) -> None:
        """Open one more and only then end the old ones: a burst in between finds those."""
        try:
            connection = await self._dialer.open(addresses)
        except NoConnection as error:
            self._note_none(account, error)
        else:
            self._why_none.pop(account, None)
            self._idle.end_stale(account, limit_s)
            self._idle.keep(account, connection)

    def _note_none(self, account: str, error: NoConnection) -> None:
        """Say so when it fires, rather than trust an order to what has gone stale."""
        self._why_none[account] = str(error)
        self._idle.end_stale(account)


def _never_left(request: LaneRequest, why: str = "") -> Answer:
    fault = Fault.NO_CONNECTION if why else Fault.CONNECTION_ENDED
    return Answer(request.ref, request.account, fault=fault, detail=why)
