"""The operator's decisions: on orders in doubt, and on orders that nobody here sent."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING

from swimdesk.console.doubts.deciding import (
    OfAnother,
    Verdict,
    question_of,
    read_of_another,
    read_verdict,
)
from swimdesk.console.modals.confirm import Question
from swimdesk.views.models import BroadcastView, DoubtView
from swimdesk.views.requests import ResolveRequest

if TYPE_CHECKING:
    from swimdesk.console.app import Console


class Deciding:
    """Asks whether it is meant, asks the desk, and says what became of it."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def resolve_typed(self, text: str) -> Coroutine[object, object, None]:
        """Settle a line in doubt as typed; InputError, before anything is asked, for a mistake."""
        board = self._console.board
        return self._resolve(read_verdict(board.broadcasts, board.accounts, text))

    async def _resolve(self, verdict: Verdict) -> None:
        console = self._console
        question = question_of(verdict, self._doubt(verdict.reference), self._mode())
        if not await console.commands.asking.asked(question):
            console.say("Nothing was decided.")
            return
        request = ResolveRequest(verdict.reference, verdict.verdict, verdict.reason)
        view = await console.desk.resolve(request)
        console.trading.take(view)
        console.say(_resolved(view, verdict.reference))

    def adopt_typed(self, text: str) -> Coroutine[object, object, None]:
        """Take an order of somebody else for ours as typed, after a question."""
        return self._adopt(read_of_another("ADOPT", self._console.board.accounts, text))

    async def _adopt(self, one: OfAnother) -> None:
        console = self._console
        question = Question(
            f"{one.account}: TAKE THIS ORDER FOR OURS",
            (
                ("order", one.order_id),
                ("then", "it is followed, canceled and replaced as if sent from here"),
                ("because", one.reason),
                ("sends", "nothing"),
            ),
            "ADOPT",
            mode=self._mode(),
        )
        if not await console.commands.asking.asked(question):
            console.say("Nothing was adopted.")
            return
        view = await console.desk.adopt(one.account, one.order_id, one.reason)
        console.trading.take(view)
        console.say(f"Order {one.order_id} of {one.account} is ours: …{view.broadcast[-8:]}.")

    def ignore_typed(self, text: str) -> Coroutine[object, object, None]:
        """Tell an order of somebody else as a difference no more."""
        return self._ignore(read_of_another("IGNORE", self._console.board.accounts, text))

    async def _ignore(self, one: OfAnother) -> None:
        told = await self._console.desk.ignore(one.account, one.order_id, one.reason)
        self._console.say(f"Order {told.order_id} of {told.account} is told no more.")

    def _doubt(self, reference: str) -> DoubtView | None:
        status = self._console.board.status
        broadcast, _, account = reference.partition("/")
        doubts = status.doubts if status else ()
        return next(
            (one for one in doubts if (one.broadcast, one.account) == (broadcast, account)), None
        )

    def _mode(self) -> str:
        status = self._console.board.status
        return status.mode if status else ""


def _resolved(view: BroadcastView, reference: str) -> str:
    account = reference.partition("/")[2]
    line = next((one for one in view.lines if one.account == account), None)
    if line is None:
        return f"{account} is decided."
    order = f", order {line.order_id}" if line.order_id else ""
    return f"{account} is {line.state.replace('_', ' ')}{order}."
