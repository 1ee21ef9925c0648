"""Stage, plan, confirm, send: the one way from a typed order to a broadcast."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from swimdesk.console.board import Board
from swimdesk.console.session import Session, Stage
from swimdesk.console.ticket.market import Quoting
from swimdesk.console.ticket.order import draft_of
from swimdesk.desk.facade import DeskFacade
from swimdesk.domain.orders import Ticket
from swimdesk.errors import InputError, SwimdeskError
from swimdesk.views.models import BroadcastView, PlanView
from swimdesk.views.requests import Scope, SubmitRequest


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What trading needs of the console around it."""

    desk: DeskFacade
    board: Board
    session: Session
    now: Callable[[], datetime]
    mint: Callable[[], str]
    changed: Callable[[], None]
    """Called whenever the session changed."""
    quiet: Callable[[], AbstractContextManager[object]]
    """Holds all painting back while the block runs."""
    take: Callable[[BroadcastView], None]
    """Shows a broadcast that an answer brought."""


class Trading:
    """Owns the stage; a plan is sent only as it was confirmed, once."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._session = around.session
        self._asked = 0
        self.quoting = Quoting(around.desk, around.now, self._ticket)
        """What the legs of the staged order are quoted at."""

    def _ticket(self) -> Ticket | None:
        stage = self._session.stage
        draft = draft_of(stage) if stage else None
        return draft.ticket if draft else None

    def quiet(self) -> AbstractContextManager[object]:
        """Hold all painting back while the block runs."""
        return self._around.quiet()

    def put(self, stage: Stage | None) -> None:
        """Stage an order, or take the staged one away."""
        self._session.stage = stage
        self._asked += 1
        self._around.changed()

    def refresh(self) -> None:
        """Let the screens show a change of the session."""
        self._around.changed()

    async def warm(self) -> None:
        """Have tokens and connections ready for the accounts that an order may be for."""
        stage = self._session.stage
        # What cannot be had shows in the plan, where it matters.
        with contextlib.suppress(SwimdeskError):
            await self._around.desk.warm(stage.scope if stage else Scope(everyone=True))

    async def preview(self, *, ask_broker: bool = False) -> None:
        """Plan the staged order; an answer that comes too late for its stage is dropped.

        ``ask_broker`` has the broker check every order too, which costs a request each.
        """
        stage = self._session.stage
        if stage is None:
            raise InputError("There is no order to plan: type one first (:).")
        self._asked += 1
        asked = self._asked
        self._session.stage = replace(stage, is_planning=True, error=None)
        self._around.changed()
        plan: PlanView | None = None
        error = ""
        try:
            plan = await self._around.desk.preview(stage.request(broker_preview=ask_broker))
        except SwimdeskError as problem:
            error = problem.detail
        stage = self._session.stage
        if asked != self._asked or stage is None:
            return
        if plan is not None:
            self._session.stage = stage.planned(plan, self._around.now())
        else:
            self._session.stage = replace(stage, plan=None, is_planning=False, error=error)
        self._around.changed()

    def exclude(self, accounts: Collection[str]) -> None:
        """Leave accounts out, or take them in again; the plan dies."""
        stage = self._session.stage
        if stage is None or not stage.candidates:
            raise InputError("Plan the order first (F9), then choose which accounts to leave out.")
        changed = stage.changed(excluded=stage.excluded ^ frozenset(accounts))
        if not changed.kept:
            raise InputError("That is the last account of this order; Esc drops the order.")
        self.put(changed)

    def why_not_send(self) -> str | None:
        """Return why nothing can be sent now; None if the confirmation may open."""
        session, now = self._session, self._around.now()
        stage = session.stage
        status = self._around.board.status
        if session.is_sending:
            return "the order before is being sent"
        if stage is None:
            return "there is no order: type one first (:)"
        if status is not None and status.guard.state == "halted":
            return f"trading is halted ({status.guard.reason}); RESUME allows it again"
        if stage.plan is None:
            planning = "the order has no plan yet: it is being planned"
            missing = "the order has no plan yet: F9 makes one"
            return stage.error or (planning if stage.is_planning else missing)
        if stage.sends == 0:
            return "no account would be sent to; the plan says why"
        if stage.plan.expires <= now:
            return "the plan is too old: F9 makes a fresh one"
        if not session.is_armed(now):
            return "sending is not armed: F8 arms for 15 minutes"
        return None

    async def send(self, plan: PlanView) -> BroadcastView:
        """Send a confirmed plan; nothing is painted until its last byte has left."""
        around, session = self._around, self._session
        reason = self.why_not_send()
        stage = session.stage
        if reason is None and (stage is None or stage.plan is None or stage.plan != plan):
            reason = "the order changed after it was confirmed: confirm it again"
        if reason is not None or stage is None:
            raise InputError(f"Nothing was sent: {reason}.")
        session.is_sending = True
        request = SubmitRequest(plan.plan, around.mint(), waves=stage.waves)
        try:
            with around.quiet():
                sent = await around.desk.submit(request)
                # Answers only when no burst is under way any more; that it was sent is known.
                with contextlib.suppress(SwimdeskError):
                    await around.desk.watch(around.board.token, 0.0)
        except SwimdeskError:
            self.put(stage.changed())
            raise
        finally:
            session.is_sending = False
        self.put(None)
        around.take(sent)
        return sent

    def take(self, view: BroadcastView) -> None:
        """Show a broadcast that an answer brought."""
        self._around.take(view)

    async def command(self, work: Awaitable[BroadcastView]) -> BroadcastView:
        """Carry out a command on a broadcast and show what became of it."""
        view = await work
        self._around.take(view)
        return view
