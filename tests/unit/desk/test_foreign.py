"""Orders that nobody here sent: shown for what they are, adopted, ignored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.fakes.broker import Act
from tests.fakes.builders import STOCK
from tests.fakes.desk import Bench, a_desk, kill
from tests.fakes.journal import MemoryJournal
from tests.fakes.strangers import OURS, enter
from tests.fakes.virtual import run_virtual

from swimdesk.desk.ports import BrokerOrderState
from swimdesk.domain.decisions import DecisionKind, Origin
from swimdesk.errors import BrokerError, CannotAdopt, InputError, UnknownReference
from swimdesk.views.requests import Scope

ONE, OTHER = "A-01", "A-02"
ALL = Scope(everyone=True)
BY_HAND = "BUY +7 MSFT @400.00 LMT"


def at_a_desk(scenario: Callable[[Bench], Awaitable[None]]) -> None:
    """Play on a desk whose first account has an order of ours that rests."""

    async def main() -> None:
        async with a_desk(2) as bench:
            bench.broker.acts = {ONE: Act.REST, OTHER: Act.FILL}
            await bench.send(STOCK, wait_s=1)
            await scenario(bench)

    run_virtual(main())


async def origins(bench: Bench) -> dict[str, str]:
    return {order.order_id: order.origin for order in await bench.desk.orders(ALL)}


def test_orders_tell_where_they_come_from() -> None:
    async def scenario(bench: Bench) -> None:
        ours = [order.order_id for order in bench.broker.ledger]
        kept, passed, other = (enter(bench.broker, ONE, BY_HAND) for _ in range(3))
        await bench.desk.adopt(ONE, kept, "mine")
        await bench.desk.ignore(ONE, passed, "a friend's")
        assert await origins(bench) == {
            **dict.fromkeys(ours, "ours"),
            kept: "adopted",
            passed: "ignored",
            other: "foreign",
        }
        shown = await bench.desk.foreign(ALL)
        assert [(one.order_id, one.origin) for one in shown] == [
            (passed, "ignored"), (other, "foreign"),
        ]  # fmt: skip

    at_a_desk(scenario)


def test_foreign_orders_are_those_of_today_and_open_ones_of_any_day() -> None:
    async def scenario(bench: Bench) -> None:
        old = bench.broker.clock.now() - timedelta(days=20)
        ended = BrokerOrderState.CANCELED
        today = enter(bench.broker, ONE, BY_HAND, state=ended)
        resting = enter(bench.broker, ONE, BY_HAND, entered=old)
        enter(bench.broker, ONE, BY_HAND, entered=old, state=ended)
        shown = {one.order_id: one for one in await bench.desk.foreign(Scope(accounts=(ONE,)))}
        assert {*shown} == {today, resting}
        assert (shown[today].is_open, shown[resting].is_open) == (False, True)
        assert shown[resting].order == f"{BY_HAND} [TO OPEN]"
        assert await bench.desk.foreign(Scope(accounts=(OTHER,))) == ()

    at_a_desk(scenario)


def test_look_alike_of_a_line_in_doubt_is_told_and_is_neither_adopted_nor_ignored() -> None:
    async def scenario(bench: Bench) -> None:
        bench.broker.acts = {ONE: Act.LOSE, OTHER: Act.LOSE}
        id_ = (await bench.send(BY_HAND, wait_s=1)).broadcast
        order_id = enter(bench.broker, ONE, BY_HAND, tag=OURS)
        (shown,) = await bench.desk.foreign(ALL)
        assert shown.may_be == (f"{id_}/{ONE}",)
        for act in (bench.desk.adopt, bench.desk.ignore):
            with pytest.raises(CannotAdopt, match=f"resolve {id_}/{ONE} --as placed:{order_id}"):
                await act(ONE, order_id, "mine")
        assert bench.journal.decided == []

    at_a_desk(scenario)


def test_order_with_our_mark_that_nothing_here_sent_is_told_as_use_of_our_key() -> None:
    async def scenario(bench: Bench) -> None:
        enter(bench.broker, ONE, BY_HAND, tag=OURS)
        (shown,) = await bench.desk.foreign(ALL)
        assert shown.has_our_mark
        assert "somebody else uses the application key" in (shown.note or "")

    at_a_desk(scenario)


# --- adopting ----------------------------------------------------------------------------------


def test_adopted_order_is_followed_canceled_and_replaced_like_ours_and_nothing_is_sent() -> None:
    async def scenario(bench: Bench) -> None:
        posts = sum(bench.broker.posts.values())
        order_id = enter(bench.broker, ONE, BY_HAND)
        view = await bench.desk.adopt(ONE, order_id, "entered on the phone")
        (line,) = view.lines
        assert (line.state, line.order_id, line.sent_ms) == ("working", order_id, None)
        assert (view.order, view.origin) == (f"{BY_HAND} [TO OPEN]", "adopted")
        assert view.created == bench.broker.order_of(order_id).entered
        assert sum(bench.broker.posts.values()) == posts
        await bench.desk.replace(view.broadcast, Decimal("399.00"), ())
        view = await bench.desk.follow_replacement(view.broadcast, 30)
        (line,) = view.lines
        assert (line.state, line.lineage) == ("working", (order_id,))
        bench.broker.fill(line.order_id or "", 3)
        await bench.desk.cancel(view.broadcast)
        view = await bench.desk.follow(view.broadcast, 30)
        assert (view.lines[0].state, view.lines[0].filled) == ("canceled", 3)

    at_a_desk(scenario)


def test_what_an_adopted_order_has_filled_before_counts() -> None:
    async def scenario(bench: Bench) -> None:
        order_id = enter(bench.broker, ONE, BY_HAND, filled=3)
        view = await bench.desk.adopt(ONE, order_id, "mine")
        assert (view.lines[0].state, view.lines[0].filled) == ("partial", 3)
        fills = await bench.journal.executions(view.broadcast)
        assert sum(e.quantity for found in fills.values() for e in found) == 3

    at_a_desk(scenario)


def test_adopted_order_is_known_after_a_restart_and_counts_as_no_broadcast_that_was_sent() -> None:
    async def main() -> None:
        journal = MemoryJournal()
        async with a_desk(1, journal=journal) as bench:
            order_id = enter(bench.broker, ONE, BY_HAND)
            id_ = (await bench.desk.adopt(ONE, order_id, "mine")).broadcast
            await kill(bench)
        assert journal.broadcasts[id_].origin is Origin.ADOPTED
        assert await journal.sizes(5) == ()
        async with a_desk(1, journal=journal, broker=bench.broker) as bench:
            bench.broker.fill(order_id)
            view = await bench.desk.follow(id_, 30)
            assert (view.lines[0].state, view.lines[0].filled) == ("filled", 7)
            assert await origins(bench) == {order_id: "adopted"}
            again = await bench.desk.adopt(ONE, order_id, "mine")
            assert again.broadcast == id_
            assert len(journal.decided) == 1

    run_virtual(main())


def test_decision_to_adopt_is_written_with_its_line_and_reason() -> None:
    async def scenario(bench: Bench) -> None:
        order_id = enter(bench.broker, ONE, BY_HAND)
        view = await bench.desk.adopt(ONE, order_id, "mine")
        (decision,) = bench.journal.decided
        line = bench.journal.broadcasts[view.broadcast].lines[0]
        assert (decision.kind, decision.ref) == (DecisionKind.ADOPT, line.ref)
        assert (decision.account, decision.order_id, decision.reason) == (ONE, order_id, "mine")

    at_a_desk(scenario)


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("is no ticket of this program", {"ticket": None}),
        ("is no ticket of this program", {"fingerprint": "what this would not make"}),
        ("is CANCELED already", {"state": BrokerOrderState.CANCELED, "raw_status": "CANCELED"}),
    ],
)
def test_order_that_cannot_be_followed_is_not_adopted_but_may_be_ignored(
    what: str, changes: dict[str, object]
) -> None:
    async def scenario(bench: Bench) -> None:
        order_id = enter(bench.broker, ONE, BY_HAND)
        order = bench.broker.ledger.pop()
        bench.broker.ledger.append(replace(order, **changes))  # type: ignore[arg-type]
        with pytest.raises(CannotAdopt, match=f"{what}.*ignore"):
            await bench.desk.adopt(ONE, order_id, "mine")
        assert bench.journal.decided == []
        assert (await bench.desk.ignore(ONE, order_id, "not mine")).origin == "ignored"

    at_a_desk(scenario)


def test_our_own_orders_are_neither_adopted_nor_ignored() -> None:
    async def scenario(bench: Bench) -> None:
        (order_id,) = [o.order_id for o in bench.broker.ledger if o.account == ONE]
        for act in (bench.desk.adopt, bench.desk.ignore):
            with pytest.raises(CannotAdopt, match="is ours"):
                await act(ONE, order_id, "mine")

    at_a_desk(scenario)


def test_what_is_not_there_or_has_no_reason_is_refused() -> None:
    async def scenario(bench: Bench) -> None:
        order_id = enter(bench.broker, ONE, BY_HAND)
        for act in (bench.desk.adopt, bench.desk.ignore):
            with pytest.raises(UnknownReference):
                await act(ONE, "99", "mine")
            with pytest.raises(UnknownReference):
                await act(OTHER, order_id, "mine")
            with pytest.raises(UnknownReference):
                await act("A-09", order_id, "mine")
            with pytest.raises(InputError):
                await act(ONE, order_id, " ")
        bench.broker.orders_unreadable = True
        with pytest.raises(BrokerError):
            await bench.desk.adopt(ONE, order_id, "mine")
        assert bench.journal.decided == []

    at_a_desk(scenario)


def test_two_who_adopt_the_same_order_at_once_make_one_broadcast() -> None:
    async def scenario(bench: Bench) -> None:
        order_id = enter(bench.broker, ONE, BY_HAND)
        views = await asyncio.gather(*(bench.desk.adopt(ONE, order_id, "mine") for _ in range(3)))
        assert len({view.broadcast for view in views}) == 1
        assert len(bench.journal.decided) == 1

    at_a_desk(scenario)


def test_ignored_order_keeps_its_first_reason_and_may_be_adopted_later() -> None:
    async def scenario(bench: Bench) -> None:
        order_id = enter(bench.broker, ONE, BY_HAND)
        for reason in ("first", "second"):
            view = await bench.desk.ignore(ONE, order_id, reason)
            assert view.note == "ignored: first"
        await bench.desk.adopt(ONE, order_id, "mine after all")
        assert (await origins(bench))[order_id] == "adopted"
        assert await bench.desk.foreign(ALL) == ()

    at_a_desk(scenario)
