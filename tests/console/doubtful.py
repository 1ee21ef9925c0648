"""Doubts for the tests of screens: sent through a console, or made of views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from swimdesk.desk.desk import Desk
from swimdesk.desk.facade import DeskFacade
from swimdesk.views.models import BoardView, DoubtView
from tests.console.orders import AT, send
from tests.console.stage import Stage
from tests.fakes.broker import Act
from tests.fakes.builders import CONDOR

Change = Callable[[DoubtView], DoubtView]


def a_doubt(account: str = "A-01", doubt: str = "unknown", **changes: Any) -> DoubtView:
    """Build a doubt as a front end sees it."""
    given: dict[str, Any] = {
        "broadcast": "01B00000000000000000000001",
        "account": account,
        "last4": "0001",
        "order": CONDOR,
        "doubt": doubt,
        "created": AT,
        "since": AT,
        "reason": "connection reset",
        "order_id": None,
        "candidates": (),
        "is_replacement": False,
        "waits_for": "reads",
        "reads": 3,
        "every_s": 0.5,
        "trouble": "",
        "decides": AT + timedelta(seconds=60),
        "absent_from": AT + timedelta(seconds=180),
        "commands": (f'swimdesk resolve 00000001/{account} --as absent --reason "…"',),
    }
    return DoubtView(**given | changes)


class _Told:
    """A desk whose doubts are told otherwise."""

    def __init__(self, desk: Desk, change: Change) -> None:
        self._desk = desk
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    async def watch(self, since: str, wait_s: float) -> BoardView:
        """Wait for news of the desk."""
        news = await self._desk.watch(since, wait_s)
        doubts = tuple(map(self._change, news.status.doubts))
        return replace(news, status=replace(news.status, doubts=doubts))


def told_as(change: Change) -> Callable[[Desk], DeskFacade]:
    """Put something between a console and its desk that changes every doubt on its way."""

    def around(desk: Desk) -> DeskFacade:
        between: Any = _Told(desk, change)
        return between  # type: ignore[no-any-return]

    return around


steady_reads = told_as(lambda doubt: replace(doubt, reads=4, every_s=0.5))
"""Four reads, twice a second, however long the test took."""


async def doubt(stage: Stage, acts: dict[str, Act], *, twins: tuple[str, ...] = ()) -> str:
    """Send an order that ends in these doubts; ``twins`` have another order of the same look."""
    broadcast = await send(stage, acts=acts)
    wanted = sum(act in (Act.LOSE, Act.TAKE_AND_LOSE_ANSWER) for act in acts.values())
    for account in twins:
        mine = next(one for one in stage.broker.ledger if one.account == account)
        stage.broker.ledger.append(replace(mine, order_id=f"{int(mine.order_id) + 900}"))

    def doubts() -> tuple[DoubtView, ...]:
        status = stage.console.board.status
        return status.doubts if status else ()

    found = {Act.TAKE_AND_LOSE_ANSWER}
    named = {account for account, act in acts.items() if act in found}
    await stage.until(
        lambda: (
            len(doubts()) == wanted
            and all(bool(one.candidates) == (one.account in named) for one in doubts())
            and all(one.doubt == "conflict" for one in doubts() if one.account in twins)
        ),
        f"{wanted} doubts",
    )
    return broadcast
