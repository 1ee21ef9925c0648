"""Undo and flatten: the plan is shown, confirmed, carried out, and what became of it is said."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Final

from swimdesk.console.blotter.at_work import find
from swimdesk.console.closing_words import flatten_question, outcome, split_price, undo_question
from swimdesk.console.modals.confirm import Question
from swimdesk.console.shell.scopes import check_names, scope_of
from swimdesk.console.shell.standing import Tone
from swimdesk.domain.orderlang.commandline import read_scope
from swimdesk.errors import InputError
from swimdesk.views.closing import FlattenView, UndoView
from swimdesk.views.requests import FlattenRequest, Scope, UndoRequest

if TYPE_CHECKING:
    from swimdesk.console.app import Console

_READING: Final = "Reading what is held, for the plan; it comes as a question …"


class ClosingOut:
    """Asks the desk for a plan, the operator whether it is meant, then the desk to do it."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def undo_typed(self, text: str) -> Coroutine[object, object, None]:
        """Take a broadcast back; InputError, before anything is asked, for a mistake."""
        board = self._console.board
        words, price = split_price(text)
        if len(words.split()) != 1:
            raise InputError("UNDO takes one BROADCAST[/ALIAS], such as UNDO 7K2M9Q @nat")
        self._check("undone")
        return self._undo(find(board.broadcasts, board.accounts, words), price)

    async def _undo(self, reference: str, price: str) -> None:
        console = self._console
        console.say(_READING)
        plan = await console.desk.undo_plan(reference, price)
        if await self._is_meant(plan, undo_question(plan, self._mode()), "undone"):
            console.say("Undoing …", Tone.WARN)
            console.go("BLT")
            self._tell("Undo", await console.desk.undo(UndoRequest(plan.plan)))

    def flatten_typed(self, text: str) -> Coroutine[object, object, None]:
        """Leave accounts with nothing; InputError, before anything is asked, for a mistake."""
        console = self._console
        words, price = split_price(text)
        scope = scope_of(read_scope(words), console.session.marks)
        if scope.is_empty:
            raise InputError("FLATTEN takes accounts: all, grp NAME, acc ALIAS, marked or where …")
        check_names(scope, console.board)
        self._check("flattened")
        return self._flatten(scope, price)

    async def _flatten(self, scope: Scope, price: str) -> None:
        console = self._console
        console.say(_READING)
        plan = await console.desk.flatten_plan(scope, price)
        if await self._is_meant(plan, flatten_question(plan, self._mode()), "flattened"):
            console.say(f"Flattening {plan.accounts} accounts …", Tone.WARN)
            console.go("BLT")
            # The question took this number and no other.
            request = FlattenRequest(plan.plan, plan.accounts)
            self._tell("Flatten", await console.desk.flatten(request))

    async def _is_meant(self, plan: FlattenView | UndoView, question: Question, done: str) -> bool:
        console = self._console
        if not plan.accounts:
            console.say(f"Nothing can be {done}: {outcome(plan)[0]}", Tone.WARN)
            return False
        if not await console.commands.asking.asked(question):
            late = ": the plan became too old" if console.commands.asking.was_late else ""
            console.say(f"Nothing was {done}{late}.")
            return False
        self._check(done)
        return True

    def _check(self, done: str) -> None:
        reason = self._console.changing.why_not_replace()
        if reason is not None:
            raise InputError(f"Nothing was {done}: {reason}.")

    def _tell(self, word: str, view: FlattenView | UndoView) -> None:
        text, is_good = outcome(view)
        self._console.say(f"{word}: {text}", Tone.PLAIN if is_good else Tone.DANGER)

    def _mode(self) -> str:
        status = self._console.board.status
        return status.mode if status else ""
