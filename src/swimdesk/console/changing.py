"""Cancel and replace what works: the one way from a key or a typed word to the desk."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from swimdesk.console.blotter.at_work import (
    Replacement,
    find,
    meant_by,
    open_lines,
    open_of,
    outcomes,
    read_replacement,
    told,
    why_of,
)
from swimdesk.console.formats import ending, money, price
from swimdesk.console.modals.confirm import Question
from swimdesk.console.shell.standing import Tone
from swimdesk.console.shortorder import short_order
from swimdesk.domain.risk.overrides import parse_overrides
from swimdesk.errors import InputError, SwimdeskError
from swimdesk.views.models import BroadcastView, LineView

if TYPE_CHECKING:
    from swimdesk.console.app import Console

CANCEL: Final = "cancel"
REPLACE: Final = "replace"


class Changing:
    """Asks the desk, says what became of it, and shows the broadcasts that came back."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._canceling: set[str] = set()
        self._replacing: set[str] = set()

    # --- canceling ---------------------------------------------------------------------------

    async def cancel_all(self) -> None:
        """Cancel every order of ours that may still trade, whatever the screen knows of them."""
        console = self._console
        console.say("Canceling ALL working orders …", Tone.WARN)
        views = await console.desk.cancel_all()
        counted: Counter[str] = Counter()
        for view in views:
            console.trading.take(view)
            counted += outcomes(view, (line.account for line in view.lines), CANCEL)
        self._say_canceled("all working orders", counted, views)

    def cancel_typed(self, text: str) -> Coroutine[object, object, None]:
        """Cancel what a typed word means: ``*``, an underlying, an account, a broadcast.

        InputError, before anything is asked, where nothing works of it.
        """
        if text == "*":
            return self.cancel_all()
        board = self._console.board
        return self.cancel(meant_by(board.broadcasts, board.accounts, text))

    async def cancel(self, references: Sequence[str]) -> None:
        """Cancel what is open of these, all at once; what is being canceled is not asked again.

        A replacement under way holds no cancel back: the desk asks both orders to end.
        """
        fresh = [one for one in references if one not in self._canceling]
        if not fresh:
            self._console.say("That is being canceled already.", Tone.WARN)
            return
        self._canceling.update(fresh)
        try:
            results = await asyncio.gather(
                *(self._cancel(one) for one in fresh), return_exceptions=True
            )
        finally:
            self._canceling.difference_update(fresh)
        self._tell_canceled(fresh, results)

    async def _cancel(self, reference: str) -> tuple[BroadcastView, Counter[str]]:
        board, (broadcast, slash, account) = self._console.board, reference.partition("/")
        asked = {line.account for line in open_of(board.broadcasts, reference)}
        view = await self._console.desk.cancel(reference)
        self._console.trading.take(view)
        if broadcast not in board.broadcasts or not asked:
            asked = {account} if slash else {line.account for line in view.lines}
        return view, outcomes(view, asked, CANCEL)

    def _tell_canceled(
        self,
        references: Sequence[str],
        results: Iterable[tuple[BroadcastView, Counter[str]] | BaseException],
    ) -> None:
        counted: Counter[str] = Counter()
        views: list[BroadcastView] = []
        for result in results:
            if isinstance(result, SwimdeskError):
                self._console.say(f"Not canceled: {result.detail}", Tone.DANGER)
            elif isinstance(result, BaseException):
                raise result
            else:
                views.append(result[0])
                counted += result[1]
        if views:
            what = _named(references[0]) if len(references) == 1 else f"{len(views)} broadcasts"
            self._say_canceled(what, counted, views)

    def _say_canceled(
        self, what: str, counted: Counter[str], views: Sequence[BroadcastView]
    ) -> None:
        text, is_good = told(counted)
        why = "" if is_good else next(filter(None, (why_of(v, CANCEL) for v in views)), "")
        said = text or "nothing was open"
        self._console.say(
            f"Cancel {what}: {said}" + (f" ({why})" if why else ""),
            Tone.PLAIN if is_good else Tone.DANGER,
        )

    # --- replacing ---------------------------------------------------------------------------

    def why_not_replace(self) -> str | None:
        """Return why nothing can be replaced now: a replacement is a new order."""
        console = self._console
        status = console.board.status
        if status is not None and status.guard.state == "halted":
            return f"trading is halted ({status.guard.reason}); RESUME allows it again"
        if not console.session.is_armed(console.now()):
            return "sending is not armed: F8 arms for 15 minutes"
        return None

    def replace_typed(self, text: str) -> Coroutine[object, object, None]:
        """Replace what is open of a broadcast at a new price, once that is confirmed.

        InputError, before anything is asked, for what is not understood or not armed.
        """
        board = self._console.board
        wanted = read_replacement(text)
        parse_overrides(wanted.overrides)
        reference = find(board.broadcasts, board.accounts, wanted.reference)
        self._check_replace()
        return self._confirm_replace(replace(wanted, reference=reference))

    async def _confirm_replace(self, wanted: Replacement) -> None:
        console, reference = self._console, wanted.reference
        view = await self._view(reference)
        lines = _open_in(view, reference)
        if not lines:
            raise InputError(f"Nothing of {_named(reference)} is open: nothing to replace.")
        status = console.board.status
        question = question_of(view, lines, wanted, status.mode if status else "")
        if not await console.commands.asking.asked(question):
            console.say("Nothing was replaced.")
            return
        self._check_replace()
        meant = {(line.account, line.order) for line in lines}
        now = _open_in(await self._view(wanted.reference), wanted.reference)
        if not {(line.account, line.order) for line in now} <= meant:
            raise InputError("Nothing was replaced: the orders changed meanwhile; ask again.")
        await self._replace(wanted, lines)

    def _check_replace(self) -> None:
        reason = self.why_not_replace()
        if reason is not None:
            raise InputError(f"Nothing was replaced: {reason}.")

    async def _view(self, reference: str) -> BroadcastView:
        broadcast = reference.partition("/")[0]
        known = self._console.board.broadcasts.get(broadcast)
        return known or await self._console.desk.broadcast(broadcast)

    async def _replace(self, wanted: Replacement, lines: Sequence[LineView]) -> None:
        console, reference = self._console, wanted.reference
        if reference in self._replacing | self._canceling:
            console.say("That is being replaced or canceled already.", Tone.WARN)
            return
        self._replacing.add(reference)
        try:
            view = await console.desk.replace(reference, wanted.price, wanted.overrides)
        finally:
            self._replacing.discard(reference)
        console.trading.take(view)
        text, is_good = told(outcomes(view, (line.account for line in lines), REPLACE))
        why = "" if is_good else why_of(view, REPLACE)
        console.say(
            f"Replace {_named(reference)} @{price(wanted.price)}: {text or 'nothing was open'}"
            + (f" ({why})" if why else ""),
            Tone.PLAIN if is_good else Tone.DANGER,
        )


def _named(reference: str) -> str:
    broadcast, slash, account = reference.partition("/")
    return f"…{ending(broadcast)}" + (f" in {account}" if slash else "")


def _open_in(view: BroadcastView, reference: str) -> tuple[LineView, ...]:
    _, slash, account = reference.partition("/")
    return tuple(line for line in open_lines(view) if not slash or line.account == account)


def question_of(
    view: BroadcastView, lines: Sequence[LineView], wanted: Replacement, mode: str
) -> Question:
    """Return what the confirmation of a replacement says: orders, prices, what it is worth."""
    count, new = len(lines), wanted.price
    orders = [short_order(line.order, view.created.year) for line in lines]
    units = sum(line.quantity - line.filled for line in lines)
    limits = sorted({order.limit for order in orders if order.limit})
    facts = [
        (
            "order",
            orders[0].text if count == 1 else short_order(view.order, view.created.year).text,
        ),
        ("accounts", str(count) if count > 1 else lines[0].account),
        ("price", f"{' and '.join(limits)} -> {price(new)}"),
        ("units", f"{units} still open"),
        ("requests", f"{count}, at once; a replacement is a new order"),
    ]
    worth = _worth(lines, view.created.year, new)
    if worth is not None:
        facts.insert(3, ("change", worth))
    noun = "ORDER" if count == 1 else "ORDERS"
    return Question(
        f"REPLACE {count} {noun}",
        tuple(facts),
        f"REPLACE {count}",
        warnings=tuple(f"overridden: {word}" for word in wanted.overrides),
        mode=mode,
    )


def _worth(lines: Sequence[LineView], year: int, new: Decimal) -> str | None:
    """Return what the new price gives or costs over all units; None without old prices."""
    total = Decimal(0)
    for line in lines:
        ticket = short_order(line.order, year).ticket
        if ticket is None or ticket.price is None:
            return None
        left = line.quantity - line.filled
        total += (ticket.price - new) * ticket.side.sign * left * ticket.multiplier
    return f"${money(abs(total))} {'better' if total > 0 else 'worse'} for us over all units"
