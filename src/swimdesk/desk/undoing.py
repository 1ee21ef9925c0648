"""Undo: take a broadcast back, by canceling what works and closing what it has opened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

from swimdesk.desk.book import Book
from swimdesk.desk.closer import Closer, Errand, Find, Target, open_lines
from swimdesk.desk.closing_views import orders_in, part_views, taken_back
from swimdesk.desk.errands import CarriedOut, Errands, cost_of, terms_of
from swimdesk.desk.parts import Fate, Part, Wanted
from swimdesk.desk.ports import Holdings
from swimdesk.desk.submitter import Parts
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.holdings import Held
from swimdesk.domain.intents import Nothing, name_of, undone
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orders import LIVE, UNRESOLVED
from swimdesk.views.closing import UndoView
from swimdesk.views.requests import UndoRequest

KIND: Final = "undo"

_GONE: Final = (
    "this alias is not among the accounts: restore it in config.toml, or sign its login in, and"
    " undo again"
)
_ANOTHER: Final = "this alias is another account than the one that the order was sent to"


class Undoer:
    """Plan to undo a broadcast, and do it when the plan comes back."""

    def __init__(self, parts: Parts, closer: Closer, life_s: int) -> None:
        self._book = parts.book
        self._journal = parts.journal
        self._errands = Errands(parts, closer, KIND, life_s)

    async def plan(
        self, broadcast: Broadcast, account: str | None, known: Sequence[Account], price: str
    ) -> UndoView:
        """Show what would be canceled and reversed, in all accounts or in that one.

        A line whose account is not there is left out, and told with the reason. Sends nothing.
        InputError, BrokerError.
        """
        lines = [x for x in broadcast.lines if account is None or x.account == account]
        touched = [x for x in lines if x.filled or x.state in LIVE]
        aliases = {line.account for line in touched}
        there = {one.alias for one in known}
        lost = [line for line in touched if line.account not in there]
        errand = Errand(
            accounts=tuple(one for one in known if one.alias in aliases),
            terms=terms_of(price),
            targets=partial(self._targets, broadcast),
            find=partial(self._find, broadcast),
            key=partial(self._next_key, broadcast.id),
            subject=broadcast.id,
            left_out=await self._left_out(broadcast.id, lost) if lost else (),
        )
        planned = await self._errands.plan(errand)
        return _view(CarriedOut(planned, planned.targets, (), planned.parts), self._book)

    async def carry_out(self, request: UndoRequest) -> UndoView:
        """Cancel and reverse; TradingHalted, PlanExpired, InputError, StoreError: nothing done."""
        planned = self._errands.find(request.plan)
        done = await self._errands.carry_out(planned, request.overrides, request.wait_s)
        return _view(done, self._book, carried_out=True)

    def _now(self, broadcast: Broadcast) -> Broadcast:
        return self._book.snapshot.broadcasts.get(broadcast.id, broadcast)

    def _targets(self, broadcast: Broadcast, accounts: Collection[Account]) -> list[Target]:
        aliases = {account.alias for account in accounts}
        now = self._now(broadcast)
        return open_lines((now, line) for line in now.lines if line.account in aliases)

    async def _left_out(self, broadcast_id: str, lost: Sequence[Line]) -> tuple[Part, ...]:
        """Tell the lines of accounts that are not there, but for what was taken back already."""
        back = await self._reversed(broadcast_id)
        units = {line.ref: line.filled - back.get(line.account, 0) for line in lost}
        return tuple(
            _left_out(line, max(units[line.ref], 0))
            for line in lost
            if units[line.ref] > 0 or line.state in LIVE
        )

    async def _find(self, broadcast: Broadcast) -> Find:
        back = await self._reversed(broadcast.id)
        now = self._now(broadcast)
        return partial(_to_reverse, {line.account: line for line in now.lines}, back)

    async def _reversed(self, broadcast_id: str) -> Mapping[str, int]:
        """Return the units that earlier reversals have closed, or may still close, by account."""
        units: dict[str, int] = {}
        number = 1
        while (known := await self._by_key(broadcast_id, number)) is not None:
            for line in known.lines:
                open_units = line.may_trade if line.state in LIVE else 0
                units[line.account] = units.get(line.account, 0) + line.filled + open_units
            number += 1
        return units

    async def _next_key(self, broadcast_id: str) -> str:
        number = 1
        while await self._by_key(broadcast_id, number) is not None:
            number += 1
        return _key(broadcast_id, number)

    async def _by_key(self, broadcast_id: str, number: int) -> Broadcast | None:
        found = await self._journal.broadcast_by_key(_key(broadcast_id, number))
        return None if found is None else self._now(found)


def _key(broadcast_id: str, number: int) -> str:
    """Return the key of a reversal: by it a later undo knows what was taken back already."""
    return f"undo {broadcast_id} {number}"


def _left_out(line: Line, units: int) -> Part:
    state = line.state.value.replace("_", " ")
    still = f"; its order is {state} and is not canceled" if line.state in LIVE else ""
    opened = undone(line.ticket, units) if units else None
    return Part(
        Account(line.account, line.login, line.last4),
        name_of(opened) if isinstance(opened, Held) else print_ticket(line.ticket),
        units=units,
        fate=Fate.KEPT_BACK,
        reason=f"{_GONE}{still}",
        is_in_doubt=line.state in UNRESOLVED,
    )


def _to_reverse(
    lines: Mapping[str, Line], back: Mapping[str, int], account: Account, _: Holdings
) -> list[Wanted]:
    """Return what of a line's fills is to be reversed."""
    line = lines[account.alias]
    if (account.login, account.last4) != (line.login, line.last4):
        return [Wanted(print_ticket(line.ticket), reason=_ANOTHER)]
    units = line.filled - back.get(account.alias, 0)
    if units <= 0:
        return []
    opened = undone(line.ticket, units)
    if isinstance(opened, Nothing):
        return [Wanted(print_ticket(line.ticket), reason=opened.reason)]
    return [Wanted(name_of(opened), opened)]


def _view(done: CarriedOut, book: Book, *, carried_out: bool = False) -> UndoView:
    planned = done.planned
    return UndoView(
        plan=planned.id,
        undoes=planned.errand.subject,
        price=planned.errand.terms.written,
        created=planned.created,
        expires=planned.expires,
        carried_out=carried_out,
        accounts=len(planned.accounts),
        orders=orders_in(done.parts),
        cost=cost_of(done.parts),
        cancels=taken_back(done.targets, book, done.commands),
        parts=part_views(done.parts, book),
        broadcasts=tuple(dict.fromkeys(p.broadcast for p in done.parts if p.broadcast)),
    )
