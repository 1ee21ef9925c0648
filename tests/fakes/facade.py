"""A desk that answers with sample views and remembers what it was asked."""

from __future__ import annotations

import asyncio
import dataclasses
import types
from collections import deque
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from swimdesk.errors import UnknownReference
from swimdesk.views.closing import FlattenView, UndoView
from swimdesk.views.comparing import ForeignView, ReconcileView, UnreadView
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

_SAMPLES: dict[Any, Any] = {
    str: 'x "é\u2028\ud800',
    int: 7,
    float: 0.1,
    bool: True,
    Decimal: Decimal("1.60"),
    datetime: datetime(2026, 11, 23, 15, 4, 5, 123456, tzinfo=UTC),
}


def sample(kind: Any) -> Any:
    """Build a value of a type with every optional part there and one item in every container."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return sample(next(one for one in get_args(kind) if one is not types.NoneType))
    if origin is tuple:
        return (sample(get_args(kind)[0]),)
    if origin is dict:
        return {"key": sample(get_args(kind)[1])}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{field.name: sample(hints[field.name]) for field in dataclasses.fields(kind)})
    return _SAMPLES[kind]


class FakeFacade:
    """``DeskFacade`` in a test's hand: errors are planted, answers can be held back.

    ``asked`` is a queue of (method, arguments) in the order of arrival. While ``gate`` is not set
    nothing is answered. ``ended`` has (method, whether it was answered) in the order of the ends.
    ``broadcasts_known`` are what ``broadcast`` finds; None: whatever is asked.
    """

    def __init__(self) -> None:
        self.asked: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.errors: dict[str, deque[BaseException]] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.in_flight = 0
        self.ended: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self.broadcasts_known: set[str] | None = None
        self.unread: tuple[UnreadView, ...] = ()

    def fail(self, method: str, error: BaseException) -> None:
        """Let the next call of a method raise this."""
        self.errors.setdefault(method, deque()).append(error)

    async def _answer(self, kind: type[T], method: str, **arguments: Any) -> T:
        self.asked.put_nowait((method, arguments))
        self.in_flight += 1
        is_answered = False
        try:
            await self.gate.wait()
            if self.errors.get(method):
                raise self.errors[method].popleft()
            is_answered = True
            result: T = sample(kind)
            return result
        finally:
            self.in_flight -= 1
            self.ended.put_nowait((method, is_answered))

    async def status(self) -> StatusView:
        """Answer."""
        return await self._answer(StatusView, "status")

    async def accounts(self, scope: Scope) -> tuple[AccountView, ...]:
        """Answer."""
        return await self._answer(tuple[AccountView, ...], "accounts", scope=scope)

    async def balances(self, scope: Scope) -> tuple[BalanceView, ...]:
        """Answer."""
        return await self._answer(tuple[BalanceView, ...], "balances", scope=scope)

    async def positions(self, scope: Scope) -> tuple[PositionView, ...]:
        """Answer."""
        return await self._answer(tuple[PositionView, ...], "positions", scope=scope)

    async def holdings(self, scope: Scope) -> HoldingsView:
        """Answer; everything was read unless ``unread`` says otherwise."""
        view = await self._answer(HoldingsView, "holdings", scope=scope)
        return dataclasses.replace(view, unread=self.unread)

    async def orders(self, scope: Scope) -> tuple[OrderView, ...]:
        """Answer."""
        return await self._answer(tuple[OrderView, ...], "orders", scope=scope)

    async def quotes(self, symbols: tuple[str, ...]) -> tuple[QuoteView, ...]:
        """Answer."""
        return await self._answer(tuple[QuoteView, ...], "quotes", symbols=symbols)

    async def chain(self, symbol: str, expiry: str | None, strikes: int) -> ChainView:
        """Answer."""
        return await self._answer(ChainView, "chain", symbol=symbol, expiry=expiry, strikes=strikes)

    async def warm(self, scope: Scope) -> int:
        """Answer."""
        return await self._answer(int, "warm", scope=scope)

    async def preview(self, request: PlanRequest) -> PlanView:
        """Answer."""
        return await self._answer(PlanView, "preview", request=request)

    async def submit(self, request: SubmitRequest) -> BroadcastView:
        """Answer."""
        return await self._answer(BroadcastView, "submit", request=request)

    async def cancel(self, reference: str) -> BroadcastView:
        """Answer."""
        return await self._answer(BroadcastView, "cancel", reference=reference)

    async def cancel_all(self) -> tuple[BroadcastView, ...]:
        """Answer."""
        return await self._answer(tuple[BroadcastView, ...], "cancel_all")

    async def replace(
        self, reference: str, price: Decimal, overrides: tuple[str, ...] = ()
    ) -> BroadcastView:
        """Answer."""
        return await self._answer(
            BroadcastView, "replace", reference=reference, price=price, overrides=overrides
        )

    async def flatten_plan(self, scope: Scope, price: str) -> FlattenView:
        """Answer."""
        return await self._answer(FlattenView, "flatten_plan", scope=scope, price=price)

    async def flatten(self, request: FlattenRequest) -> FlattenView:
        """Answer."""
        return await self._answer(FlattenView, "flatten", request=request)

    async def undo_plan(self, reference: str, price: str) -> UndoView:
        """Answer."""
        return await self._answer(UndoView, "undo_plan", reference=reference, price=price)

    async def undo(self, request: UndoRequest) -> UndoView:
        """Answer."""
        return await self._answer(UndoView, "undo", request=request)

    async def follow_replacement(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Answer."""
        return await self._answer(
            BroadcastView, "follow_replacement", broadcast=broadcast, wait_s=wait_s
        )

    async def follow(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Answer."""
        return await self._answer(BroadcastView, "follow", broadcast=broadcast, wait_s=wait_s)

    async def resolve(self, request: ResolveRequest) -> BroadcastView:
        """Answer."""
        return await self._answer(BroadcastView, "resolve", request=request)

    async def foreign(self, scope: Scope) -> tuple[ForeignView, ...]:
        """Answer."""
        return await self._answer(tuple[ForeignView, ...], "foreign", scope=scope)

    async def adopt(self, account: str, order_id: str, reason: str) -> BroadcastView:
        """Answer."""
        arguments = {"account": account, "order_id": order_id, "reason": reason}
        return await self._answer(BroadcastView, "adopt", **arguments)

    async def ignore(self, account: str, order_id: str, reason: str) -> ForeignView:
        """Answer."""
        arguments = {"account": account, "order_id": order_id, "reason": reason}
        return await self._answer(ForeignView, "ignore", **arguments)

    async def reconcile(self, scope: Scope) -> ReconcileView:
        """Answer."""
        return await self._answer(ReconcileView, "reconcile", scope=scope)

    async def broadcast(self, broadcast: str) -> BroadcastView:
        """Answer, or know nothing of that broadcast."""
        if self.broadcasts_known is not None and broadcast not in self.broadcasts_known:
            raise UnknownReference(f"There is no broadcast {broadcast}.")
        return await self._answer(BroadcastView, "broadcast", broadcast=broadcast)

    async def broadcasts(self, limit: int) -> tuple[BroadcastRow, ...]:
        """Answer."""
        return await self._answer(tuple[BroadcastRow, ...], "broadcasts", limit=limit)

    async def fairness(self, limit: int) -> tuple[FairnessView, ...]:
        """Answer."""
        return await self._answer(tuple[FairnessView, ...], "fairness", limit=limit)

    async def trail(self, reference: str) -> TrailView:
        """Answer."""
        return await self._answer(TrailView, "trail", reference=reference)

    async def watch(self, since: str, wait_s: float) -> BoardView:
        """Answer."""
        return await self._answer(BoardView, "watch", since=since, wait_s=wait_s)

    async def logins(self) -> tuple[LoginView, ...]:
        """Answer."""
        return await self._answer(tuple[LoginView, ...], "logins")

    async def begin_sign_in(self, request: BeginSignIn) -> SignInStart:
        """Answer."""
        return await self._answer(SignInStart, "begin_sign_in", request=request)

    async def finish_sign_in(self, request: FinishSignIn) -> LoginView:
        """Answer."""
        return await self._answer(LoginView, "finish_sign_in", request=request)

    async def fail_sign_in(self, request: FailSignIn) -> LoginView:
        """Answer."""
        return await self._answer(LoginView, "fail_sign_in", request=request)

    async def halt(self, reason: str) -> GuardView:
        """Answer."""
        return await self._answer(GuardView, "halt", reason=reason)

    async def reduce(self, reason: str) -> GuardView:
        """Answer."""
        return await self._answer(GuardView, "reduce", reason=reason)

    async def resume(self) -> GuardView:
        """Answer."""
        return await self._answer(GuardView, "resume")
