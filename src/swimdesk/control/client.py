"""The desk of another process: the same facade, asked over the socket of the home."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

from swimdesk.control.exchange import AnswerLost, OwnerGone, connect, exchange
from swimdesk.control.ownership import last_owner
from swimdesk.control.sockets import find_socket
from swimdesk.errors import HomeHeld, RemoteError, SwimdeskError, UnknownReference
from swimdesk.views.closing import FlattenView, UndoView
from swimdesk.views.codec import from_json, to_json
from swimdesk.views.comparing import ForeignView, ReconcileView
from swimdesk.views.holding import HoldingsView
from swimdesk.views.models import (
    AccountView,
    BalanceView,
    BoardView,
    BroadcastRow,
    BroadcastView,
    ChainView,
    FairnessView,
    GuardView,
    OrderView,
    PlanView,
    PositionView,
    QuoteView,
    StatusView,
)
from swimdesk.views.requests import (
    FlattenRequest,
    PlanRequest,
    ResolveRequest,
    Scope,
    SubmitRequest,
    UndoRequest,
)
from swimdesk.views.signing import (
    BeginSignIn,
    FailSignIn,
    FinishSignIn,
    LoginView,
    SignInStart,
)
from swimdesk.views.trail import TrailView

T = TypeVar("T")

ANSWER_S: Final = 60.0
"""How long any one answer may take; reading every account within the broker's rate is slow."""

CLOSING_S: Final = 180.0
"""How long accounts may take to be flattened: cancels, reads and orders one after the other."""

HELLO_S: Final = 5.0
"""How long a living owner may take to say that it is there."""


@asynccontextmanager
async def attach(
    home: Path, *, hello_s: float = HELLO_S, answer_s: float = ANSWER_S
) -> AsyncIterator[RemoteDesk]:
    """Hold the desk of the home's owner, who knows from the open connection that we are here.

    OwnerGone if nobody takes requests, HomeHeld if the owner does not answer.
    """
    desk = RemoteDesk(home, answer_s=answer_s)
    _, presence = await connect(find_socket(home))
    try:
        await desk.greet(hello_s)
        yield desk
    finally:
        presence.close()


class RemoteDesk:
    """``DeskFacade`` over the socket: views and errors arrive as the owner's desk made them.

    Every method may also raise OwnerGone (not carried out), AnswerLost (nobody knows) and HomeHeld
    (no answer in time). Nothing is ever asked twice by itself.
    """

    def __init__(self, home: Path, *, answer_s: float = ANSWER_S) -> None:
        self._home = home
        self._answer_s = answer_s

    async def greet(self, limit_s: float) -> None:
        """Make sure that the owner answers; HomeHeld if it does not within that time."""
        try:
            await self._exchange("GET", "/v1", b"", limit_s)
        except AnswerLost as lost:
            # Nothing was asked for, so nothing can have been carried out.
            raise OwnerGone(lost.detail) from lost

    async def status(self) -> StatusView:
        """Tell the health of the home on one screen."""
        return await self._ask(StatusView, "status")

    async def accounts(self, scope: Scope) -> tuple[AccountView, ...]:
        """List accounts; an empty scope means all."""
        return await self._ask(tuple[AccountView, ...], "accounts", scope=scope)

    async def balances(self, scope: Scope) -> tuple[BalanceView, ...]:
        """Read what the accounts can spend."""
        return await self._ask(tuple[BalanceView, ...], "balances", scope=scope)

    async def positions(self, scope: Scope) -> tuple[PositionView, ...]:
        """Read what the accounts hold."""
        return await self._ask(tuple[PositionView, ...], "positions", scope=scope)

    async def holdings(self, scope: Scope) -> HoldingsView:
        """Read what the accounts are, can spend and hold, going by what cannot be read."""
        return await self._ask(HoldingsView, "holdings", scope=scope)

    async def orders(self, scope: Scope) -> tuple[OrderView, ...]:
        """Read today's orders, ours and others', newest first."""
        return await self._ask(tuple[OrderView, ...], "orders", scope=scope)

    async def quotes(self, symbols: tuple[str, ...]) -> tuple[QuoteView, ...]:
        """Read quotes; UnknownSymbol names those that the broker does not know."""
        return await self._ask(tuple[QuoteView, ...], "quotes", symbols=symbols)

    async def chain(self, symbol: str, expiry: str | None, strikes: int) -> ChainView:
        """Read one expiration (ISO day; the nearest when None) around the money."""
        return await self._ask(ChainView, "chain", symbol=symbol, expiry=expiry, strikes=strikes)

    async def warm(self, scope: Scope) -> int:
        """Get tokens and connections ready for orders that may come; return of how many."""
        return await self._ask(int, "warm", scope=scope)

    async def preview(self, request: PlanRequest) -> PlanView:
        """Plan a ticket: allocate, check, price; sends nothing."""
        return await self._ask(PlanView, "preview", request=request)

    async def submit(self, request: SubmitRequest) -> BroadcastView:
        """Send a plan; if the answer is lost, tell by the broadcast's id what became of it."""
        try:
            return await self._ask(BroadcastView, "submit", request=request)
        except OwnerGone:
            raise
        except HomeHeld as lost:
            return await self._look_up(request.broadcast, lost)

    async def cancel(self, reference: str) -> BroadcastView:
        """Cancel what is open of a broadcast or of one line; may be repeated."""
        return await self._ask(BroadcastView, "cancel", reference=reference)

    async def cancel_all(self) -> tuple[BroadcastView, ...]:
        """Cancel every order of ours that may still trade; may be repeated."""
        return await self._ask(tuple[BroadcastView, ...], "cancel_all")

    async def replace(
        self, reference: str, price: Decimal, overrides: tuple[str, ...] = ()
    ) -> BroadcastView:
        """Replace what works of a broadcast or of one line by the same at another price."""
        return await self._ask(
            BroadcastView, "replace", reference=reference, price=price, overrides=overrides
        )

    async def flatten_plan(self, scope: Scope, price: str) -> FlattenView:
        """Show what would be canceled and closed to leave accounts empty; sends nothing."""
        return await self._ask(FlattenView, "flatten_plan", scope=scope, price=price)

    async def flatten(self, request: FlattenRequest) -> FlattenView:
        """Cancel our open orders in the accounts of a plan, then close what they hold by then."""
        limit_s = request.wait_s + CLOSING_S
        return await self._ask_within(limit_s, FlattenView, "flatten", {"request": request})

    async def undo_plan(self, reference: str, price: str) -> UndoView:
        """Show what would be canceled and reversed to take a broadcast back; sends nothing."""
        return await self._ask(UndoView, "undo_plan", reference=reference, price=price)

    async def undo(self, request: UndoRequest) -> UndoView:
        """Cancel what works of a plan's broadcast, then close what it has opened by then."""
        limit_s = request.wait_s + CLOSING_S
        return await self._ask_within(limit_s, UndoView, "undo", {"request": request})

    async def follow_replacement(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Wait until it is known of every line which order works, or the time is over."""
        limit_s = wait_s + self._answer_s
        arguments = {"broadcast": broadcast, "wait_s": float(wait_s)}
        return await self._ask_within(limit_s, BroadcastView, "follow_replacement", arguments)

    async def follow(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Wait until the broadcast (``B/ALIAS``: that line) is settled or the time is over."""
        limit_s = wait_s + self._answer_s
        arguments = {"broadcast": broadcast, "wait_s": float(wait_s)}
        return await self._ask_within(limit_s, BroadcastView, "follow", arguments)

    async def resolve(self, request: ResolveRequest) -> BroadcastView:
        """Settle a line in doubt as the operator says, unless a read made now contradicts it."""
        return await self._ask(BroadcastView, "resolve", request=request)

    async def foreign(self, scope: Scope) -> tuple[ForeignView, ...]:
        """Read the open and today's orders that nobody here sent, newest first."""
        return await self._ask(tuple[ForeignView, ...], "foreign", scope=scope)

    async def adopt(self, account: str, order_id: str, reason: str) -> BroadcastView:
        """Take an open order that nobody here sent for ours; sends nothing."""
        arguments = {"account": account, "order_id": order_id, "reason": reason}
        return await self._ask(BroadcastView, "adopt", **arguments)

    async def ignore(self, account: str, order_id: str, reason: str) -> ForeignView:
        """Tell an order that nobody here sent as a difference no more."""
        arguments = {"account": account, "order_id": order_id, "reason": reason}
        return await self._ask(ForeignView, "ignore", **arguments)

    async def reconcile(self, scope: Scope) -> ReconcileView:
        """Compare orders and positions of these accounts (all) with the broker's, completely."""
        return await self._ask(ReconcileView, "reconcile", scope=scope)

    async def broadcast(self, broadcast: str) -> BroadcastView:
        """Show one broadcast by its id or a unique ending of it."""
        return await self._ask(BroadcastView, "broadcast", broadcast=broadcast)

    async def broadcasts(self, limit: int) -> tuple[BroadcastRow, ...]:
        """Show the newest broadcasts."""
        return await self._ask(tuple[BroadcastRow, ...], "broadcasts", limit=limit)

    async def fairness(self, limit: int) -> tuple[FairnessView, ...]:
        """Tell by account how early it was served over the newest broadcasts."""
        return await self._ask(tuple[FairnessView, ...], "fairness", limit=limit)

    async def trail(self, reference: str) -> TrailView:
        """Show how the line ``B/ALIAS`` came to be what it is."""
        return await self._ask(TrailView, "trail", reference=reference)

    async def watch(self, since: str, wait_s: float) -> BoardView:
        """Wait for what is newer than the token of an earlier answer (empty: tell everything)."""
        arguments = {"since": since, "wait_s": float(wait_s)}
        return await self._ask_within(wait_s + self._answer_s, BoardView, "watch", arguments)

    async def logins(self) -> tuple[LoginView, ...]:
        """Tell how every login stands: until when, and what a person is to do."""
        return await self._ask(tuple[LoginView, ...], "logins")

    async def begin_sign_in(self, request: BeginSignIn) -> SignInStart:
        """Begin a sign-in of a login; the caller opens what it gives in a browser."""
        return await self._ask(SignInStart, "begin_sign_in", request=request)

    async def finish_sign_in(self, request: FinishSignIn) -> LoginView:
        """Trade what came back for a new grant."""
        return await self._ask(LoginView, "finish_sign_in", request=request)

    async def fail_sign_in(self, request: FailSignIn) -> LoginView:
        """End a sign-in that came to nothing."""
        return await self._ask(LoginView, "fail_sign_in", request=request)

    async def halt(self, reason: str) -> GuardView:
        """Stop all new sending, across restarts."""
        return await self._ask(GuardView, "halt", reason=reason)

    async def reduce(self, reason: str) -> GuardView:
        """Let only orders leave that close what is held, across restarts."""
        return await self._ask(GuardView, "reduce", reason=reason)

    async def resume(self) -> GuardView:
        """Allow sending again."""
        return await self._ask(GuardView, "resume")

    async def _ask(self, kind: type[T], method: str, **arguments: object) -> T:
        return await self._ask_within(self._answer_s, kind, method, arguments)

    async def _ask_within(
        self, limit_s: float, kind: type[T], method: str, arguments: dict[str, Any]
    ) -> T:
        body = json.dumps({"args": to_json(arguments)}, allow_nan=False).encode("ascii")
        answer = await self._exchange("POST", f"/v1/{method}", body, limit_s)
        try:
            document = json.loads(answer)
            if "error" not in document:
                return from_json(kind, document["result"])
            error = SwimdeskError.from_json(document["error"])
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise RemoteError(
                f"The answer to {method} is not understood ({problem});"
                f" is {self._owner()} another version of swimdesk?"
            ) from problem
        raise error

    async def _exchange(self, method: str, target: str, body: bytes, limit_s: float) -> bytes:
        try:
            async with asyncio.timeout(limit_s):
                return await exchange(find_socket(self._home), method, target, body)
        except TimeoutError as error:
            owner = last_owner(self._home)
            stop = f"; `kill {owner.pid}` stops it" if owner else ""
            held = f"The owner of this home, {self._owner()}, did not answer within {limit_s:g} s"
            raise HomeHeld(f"{held}{stop}.") from error

    async def _look_up(self, broadcast: str, lost: HomeHeld) -> BroadcastView:
        """Find out what became of a submit without an answer; it is never sent a second time."""
        arguments = {"broadcast": broadcast}
        try:
            return await self._ask_within(HELLO_S, BroadcastView, "broadcast", arguments)
        except UnknownReference:
            if isinstance(lost, AnswerLost):
                raise OwnerGone(
                    f"{lost.detail} Broadcast {broadcast} was not written down: nothing was sent."
                ) from lost
            so_far = f"Broadcast {broadcast} is not written down so far"
        except HomeHeld:
            so_far = f"Whether broadcast {broadcast} was written down is not known here"
        raise AnswerLost(
            f"{lost.detail} {so_far}; before sending again, see `swimdesk broadcasts {broadcast}`."
        ) from lost

    def _owner(self) -> str:
        owner = last_owner(self._home)
        if owner is None:
            return "another process"
        return f"process {owner.pid} (since {owner.since:%Y-%m-%d %H:%M:%S} UTC)"
