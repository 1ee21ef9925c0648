"""Everything a front end may ask or command; one contract for the desk here and over the socket."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from swimdesk.views.closing import FlattenView, UndoView
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

    async def holdings(self, scope: Scope) -> HoldingsView:
        """Read what the accounts are, can spend and hold, going by what cannot be read.

        What could not is named in the view; raises why where that is everything.
        """
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

    async def warm(self, scope: Scope) -> int:
        """Get tokens and connections ready for orders that may come; return of how many accounts.

        Sends nothing. A login or a connection that is not to be had shows when it is needed.
        """
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

    async def flatten_plan(self, scope: Scope, price: str) -> FlattenView:
        """Show what would be canceled and closed to leave accounts empty; sends nothing.

        ``price`` is for every closing order: ``@nat``, ``@mid``, ``@mid-0.02``, ``@MKT``.
        """
        ...

    async def flatten(self, request: FlattenRequest) -> FlattenView:
        """Cancel our open orders in the accounts of a plan, then close what they hold by then.

        Refused while halted, allowed while reducing. A plan is good for one call (PlanExpired
        after that), and only with the right number of accounts (InputError: nothing was done).
        Returns what became of every order and holding; doing it again is safe.
        """
        ...

    async def undo_plan(self, reference: str, price: str) -> UndoView:
        """Show what would be canceled and reversed to take a broadcast back; sends nothing."""
        ...

    async def undo(self, request: UndoRequest) -> UndoView:
        """Cancel what works of a plan's broadcast, then close what it has opened by then.

        As for ``flatten``; what earlier calls reversed is not reversed again.
        """
        ...

    async def follow_replacement(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Wait until it is known of every line which order works, or the time is over."""
        ...

    async def follow(self, broadcast: str, wait_s: float) -> BroadcastView:
        """Wait until the broadcast (``B/ALIAS``: that line) is settled or the time is over."""
        ...

    async def resolve(self, request: ResolveRequest) -> BroadcastView:
        """Settle a line in doubt as the operator says, unless a read made now contradicts it.

        VerdictContradicted, NotInDoubt, NoEvidence; nothing is changed then. May be repeated.
        """
        ...

    async def foreign(self, scope: Scope) -> tuple[ForeignView, ...]:
        """Read the open and today's orders that nobody here sent, newest first."""
        ...

    async def adopt(self, account: str, order_id: str, reason: str) -> BroadcastView:
        """Take an open order that nobody here sent for ours: followed, canceled, replaced so.

        Sends nothing. CannotAdopt where it is ours, may be that of a line in doubt, is over, or is
        no ticket of this program. May be repeated.
        """
        ...

    async def ignore(self, account: str, order_id: str, reason: str) -> ForeignView:
        """Tell an order that nobody here sent as a difference no more. May be repeated."""
        ...

    async def reconcile(self, scope: Scope) -> ReconcileView:
        """Compare orders and positions of these accounts (all) with the broker's, completely."""
        ...

    async def broadcast(self, broadcast: str) -> BroadcastView:
        """Show one broadcast by its id or a unique ending of it."""
        ...

    async def trail(self, reference: str) -> TrailView:
        """Show how the line ``B/ALIAS`` came to be what it is; UnknownReference, InputError."""
        ...

    async def broadcasts(self, limit: int) -> tuple[BroadcastRow, ...]:
        """Show the newest broadcasts."""
        ...

    async def fairness(self, limit: int) -> tuple[FairnessView, ...]:
        """Tell by account how early it was served over the newest broadcasts."""
        ...

    async def watch(self, since: str, wait_s: float) -> BoardView:
        """Wait for what is newer than the token of an earlier answer (empty: tell everything).

        Answers at once where something is, and with nothing new when the time is over.
        """
        ...

    async def logins(self) -> tuple[LoginView, ...]:
        """Tell how every login stands: until when, and what a person is to do."""
        ...

    async def begin_sign_in(self, request: BeginSignIn) -> SignInStart:
        """Begin a sign-in of a login; what it gives is opened in a browser by the caller.

        SignInRefused where it is not the moment: one is under way, two began within the hour, the
        password was refused before, or a broadcast of the login is not settled.
        """
        ...

    async def finish_sign_in(self, request: FinishSignIn) -> LoginView:
        """Trade what came back for a new grant, at a moment in which no order is on its way.

        SignInFailed for a callback that is not of this sign-in, which goes on then; SignInRefused,
        BrokerUnreachable and StoreError end it. Until a new grant is there the old one stands.
        """
        ...

    async def fail_sign_in(self, request: FailSignIn) -> LoginView:
        """End a sign-in that came to nothing; a wrong password is not typed a second time."""
        ...

    async def halt(self, reason: str) -> GuardView:
        """Stop all new sending, across restarts."""
        ...

    async def reduce(self, reason: str) -> GuardView:
        """Let only orders leave that close what is held, across restarts; cancels as always."""
        ...

    async def resume(self) -> GuardView:
        """Allow sending again."""
        ...
