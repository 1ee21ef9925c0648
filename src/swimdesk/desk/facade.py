"""Everything a front end may ask or command; one contract for the desk here and over the socket."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from swimdesk.views.models import (
    AccountView,
    BalanceView,
    BoardView,
    BroadcastRow,
    BroadcastView,
    ChainView,
    GuardView,
    OrderView,
    PlanView,
    PositionView,
    QuoteView,
    StatusView,
)
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest


class DeskFacade(Protocol):
    """The desk as front ends hold it. Every method may raise a SwimdeskError."""

    async def status(self) -> StatusView:
        """Tell the health of the home on one screen."""
        ...

    async def accounts(self, scope: Scope) -> tuple[AccountView, ...]:
        """List accounts; an empty scope means all."""
        ...

    async def balances(self, scope: Scope) -> tuple[BalanceView, ...]:
        """Read what the accounts can spend."""
        ...

    async def positions(self, scope: Scope) -> tuple[PositionView, ...]:
        """Read what the accounts hold."""
        ...

    async def orders(self, scope: Scope) -> tuple[OrderView, ...]:
        """Read today's orders, ours and others', newest first."""
        ...

    async def quotes(self, symbols: tuple[str, ...]) -> tuple[QuoteView, ...]:
        """Read quotes; UnknownSymbol names those that the broker does not know."""
        ...

    async def chain(self, symbol: str, expiry: str | None, strikes: int) -> ChainView:
        """Read one expiration (ISO day; the nearest when None) around the money."""
        ...

    async def preview(self, request: PlanRequest) -> PlanView:
        """Plan a ticket: allocate, check, price; sends nothing."""
        ...

    async def submit(self, request: SubmitRequest) -> BroadcastView:
        """Send a plan; returns once every intent is written down and the burst is under way.

        A key that was used before gives the earlier broadcast instead of sending.
        """
        ...

    async def cancel(self, reference: str) -> BroadcastView:
        """Cancel what is open of a broadcast, or of its line in one account (``B/ALIAS``).

        Returns when every request was answered or given up; ``commands`` tells what became of
        each, reads tell what became of the orders. Allowed while halted; may be repeated.
        """
        ...

    async def cancel_all(self) -> tuple[BroadcastView, ...]:
        """Cancel every order of ours that may still trade, of all broadcasts.

        Returns the broadcasts that had any, once every request was answered or given up. Allowed
        while halted; may be repeated.
        """
        ...

    async def replace(
        self, reference: str, price: Decimal, overrides: tuple[str, ...] = ()
    ) -> BroadcastView:
        """Replace what works of a broadcast, or of its line in one account (``B/ALIAS``).

        The new orders are for what is left, at ``price``, signed as in the order text. They are
        checked like a plan, with ``overrides`` and those of the broadcast. Refused while halted.
        Returns when every request was answered or given up; ``commands`` tells what became of
        each, and why where nothing was sent; reads tell which order works.
        """
        ...

    async def follow_replacement(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Wait until it is known of every line which order works, or the time is over."""
        ...

    async def follow(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Wait until the broadcast (``B/ALIAS``: that line) is settled or the time is over."""
        ...

    async def broadcast(self, broadcast: str) -> BroadcastView:
        """Show one broadcast by its id or a unique ending of it."""
        ...

    async def broadcasts(self, limit: int) -> tuple[BroadcastRow, ...]:
        """Show the newest broadcasts."""
        ...

    async def watch(self, since: str, wait_s: float) -> BoardView:
        """Wait for what is newer than the token of an earlier answer (empty: tell everything).

        Answers at once where something is, and with nothing new when the time is over.
        """
        ...

    async def halt(self, reason: str) -> GuardView:
        """Stop all new sending, across restarts."""
        ...

    async def resume(self) -> GuardView:
        """Allow sending again."""
        ...
