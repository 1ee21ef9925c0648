"""The rows of the list of doubts: one per broadcast, under it one per account; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from swimdesk.console.doubts.words import (
    accounts,
    kinds,
    needs_a_person,
    next_step,
    next_steps,
    order_of,
)
from swimdesk.console.formats import NOTHING, age, clock, ending
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.views import doubting
from swimdesk.views.models import DoubtView

COLUMNS: Final = (
    Column("name", "in doubt", 18, priority=100, is_sticky=True),
    Column("kind", "doubt", 9, priority=99),
    Column("age", "age", 6, align="right", priority=98, is_calm=True),
    Column("next", "next", 26, priority=97, is_calm=True),
    Column("known", "order / known", 40, is_flexible=True, least=20, priority=90),
    Column("reads", "reads", 5, align="right", priority=60, is_calm=True),
    Column("orders", "may be", 14, priority=50),
    Column("id", "id", 8, priority=30),
)  # fmt: skip


def broadcast_row(doubts: Sequence[DoubtView], now: datetime) -> Row:
    """Return the row of a broadcast for its doubts."""
    oldest = doubts[0]
    return (
        Cell(clock(oldest.created), Role.STRONG, sort_value=oldest.broadcast),
        Cell(f"DOUBT {len(doubts)}", Role.DOUBT),
        _age(oldest, now),
        Cell(next_steps(doubts, now), _role(doubts)),
        Cell(f"{accounts(doubts)}  {order_of(oldest)}  {kinds(doubts)}"),
        Cell(""),
        Cell(""),
        Cell(ending(oldest.broadcast), Role.DIM),
    )


def doubt_row(doubt: DoubtView, now: datetime) -> Row:
    """Return the row of one account."""
    return (
        Cell(f"{doubt.account} {doubt.last4}"),
        Cell(doubting.word(doubt), Role.DOUBT),
        _age(doubt, now),
        Cell(next_step(doubt, now), _role([doubt])),
        Cell(doubting.known(doubt), Role.WARN),
        Cell(str(doubt.reads), Role.DIM),
        Cell(_orders(doubt), Role.DIM),
        Cell(""),
    )


def _orders(doubt: DoubtView) -> str:
    """Return the orders that it may be, the one that an answer named first."""
    # Of a replacement that is the old one, which is known and not in question.
    named = () if doubt.is_replacement and doubt.candidates else (doubt.order_id,)
    return " ".join(dict.fromkeys(filter(None, (*named, *doubt.candidates)))) or NOTHING


def _age(doubt: DoubtView, now: datetime) -> Cell:
    return Cell(age(now - doubt.since), sort_value=doubt.since.isoformat())


def _role(doubts: Sequence[DoubtView]) -> Role:
    return Role.DANGER if any(map(needs_a_person, doubts)) else Role.TEXT
