"""Flatten: leave accounts with nothing, neither holdings nor open orders of ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from swimdesk.desk.book import Book
from swimdesk.desk.closer import Closer, Errand, Find, Target, open_lines
from swimdesk.desk.closing_views import orders_in, part_views, taken_back
from swimdesk.desk.errands import CarriedOut, Errands, Planned, cost_of, terms_of
from swimdesk.desk.foreign import Foreigners
from swimdesk.desk.parts import Wanted
from swimdesk.desk.ports import Holdings
from swimdesk.desk.submitter import Parts
from swimdesk.desk.together import both
from swimdesk.domain.accounts import Account
from swimdesk.domain.holdings import everything_in, not_orderable
from swimdesk.domain.intents import name_of
from swimdesk.errors import BrokerError, InputError
from swimdesk.views.closing import FlattenView
from swimdesk.views.comparing import ForeignView
from swimdesk.views.requests import FlattenRequest, Scope

KIND: Final = "flatten"


class Flattener:
    """Plan to flatten accounts, and do it when the plan comes back with their number."""

    def __init__(self, parts: Parts, closer: Closer, foreigners: Foreigners, life_s: int) -> None:
        self._book = parts.book
        self._foreigners = foreigners
        self._errands = Errands(parts, closer, KIND, life_s)

    async def plan(self, accounts: Sequence[Account], price: str) -> FlattenView:
        """Show what would be canceled and closed; sends nothing. InputError, BrokerError."""
        errand = Errand(tuple(accounts), terms_of(price), self._targets, _everything, _no_key)
        planned, others = await both(self._errands.plan(errand), self._others(accounts))
        shown = CarriedOut(planned, planned.targets, (), planned.parts)
        return replace(_view(shown, self._book), others=others)

    async def carry_out(self, request: FlattenRequest) -> FlattenView:
        """Cancel and close; TradingHalted, PlanExpired, InputError, StoreError: nothing done."""
        planned = self._errands.find(request.plan)
        _check_number(planned, request.accounts)
        done = await self._errands.carry_out(planned, request.overrides, request.wait_s)
        return _view(done, self._book, carried_out=True)

    async def _others(self, accounts: Sequence[Account]) -> tuple[ForeignView, ...] | None:
        """Read which orders of others work there: they may fill once all is closed."""
        scope = Scope(accounts=tuple(account.alias for account in accounts))
        try:
            return tuple(one for one in await self._foreigners.listed(scope) if one.is_open)
        except BrokerError:
            return None

    def _targets(self, accounts: Iterable[Account]) -> list[Target]:
        ours = self._book.snapshot.by_account()
        return [
            target for account in accounts for target in open_lines(ours.get(account.alias, ()))
        ]


def _check_number(planned: Planned, typed: int) -> None:
    if typed != len(planned.accounts):
        raise InputError(
            f"This concerns {len(planned.accounts)} accounts, {typed} was typed; nothing was"
            " canceled and nothing was sent."
        )


def _view(done: CarriedOut, book: Book, *, carried_out: bool = False) -> FlattenView:
    planned = done.planned
    return FlattenView(
        plan=planned.id,
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
        others=(),
    )


async def _everything() -> Find:
    return _all_held


def _all_held(_: Account, holdings: Holdings) -> list[Wanted]:
    whole = [Wanted(name_of(one), one) for one in everything_in(holdings.positions)]
    rest = not_orderable(holdings.positions)
    why = "cannot be ordered here"
    return whole + [Wanted(f"{p.symbol} ({p.quantity:+f})", reason=why) for p in rest]


async def _no_key() -> None:
    return None
