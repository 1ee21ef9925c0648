"""What every journal promises the desk, asked of each one there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.fakes.journal import MemoryJournal
from tests.unit.store.builders import (
    START,
    StepClock,
    a_broadcast,
    a_fill,
    a_plan,
    accepted,
    an_id,
)

from swimdesk.desk.ports import BroadcastSize, GuardRecord, GuardState, Journal
from swimdesk.domain.broadcast import Broadcast, Denial, Line, counts
from swimdesk.domain.commands import Command, CommandKind, CommandOutcome
from swimdesk.domain.orders import Doubt, LineState, Side, equity_ticket
from swimdesk.domain.replacing import EarlierOrder, Replacement
from swimdesk.errors import InputError, InvariantBroken, ModeMismatch, PlanExpired, UnknownReference
from swimdesk.store.database import Database
from swimdesk.store.sqlite_journal import SqliteJournal
from swimdesk.store.writer import Inline, Runner, WriterThread


@asynccontextmanager
async def in_memory(_: Path) -> AsyncIterator[Journal]:
    yield MemoryJournal(now=StepClock().now)


@asynccontextmanager
async def in_sqlite(folder: Path, runner: Callable[[], Runner]) -> AsyncIterator[Journal]:
    database = Database.open(folder / "desk.db", "paper", START, reserve_bytes=4096)
    journal = SqliteJournal(database, StepClock(), runner(), lambda full: None)
    yield journal
    await journal.close()


@asynccontextmanager
async def on_thread(folder: Path) -> AsyncIterator[Journal]:
    async with in_sqlite(folder, WriterThread) as journal:
        yield journal


@asynccontextmanager
async def inline(folder: Path) -> AsyncIterator[Journal]:
    async with in_sqlite(folder, Inline) as journal:
        yield journal


Opener = Callable[[Path], AbstractAsyncContextManager[Journal]]


@pytest.fixture(params=[in_memory, on_thread, inline])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    opener: Opener = request.param
    async with opener(tmp_path) as opened:
        yield opened


async def test_broadcast_comes_back_as_it_was_written(journal: Journal) -> None:
    broadcast = a_broadcast(accounts=48, key="k-1")
    denied = replace(
        broadcast.lines[5],
        state=LineState.DENIED,
        denials=(Denial("BUYING_POWER", "needs 1842.08, has 12.00"), Denial("TICK", "ω")),
        ticket=equity_ticket(Side.BUY, 100, "BRK/B", Decimal("187.50")),
    )
    broadcast = broadcast.with_lines([denied])
    await journal.open_broadcast(broadcast)
    assert await journal.broadcast(broadcast.id) == broadcast
    assert await journal.broadcast_by_key("k-1") == broadcast


async def test_unknown_id_and_unused_key_are_none(journal: Journal) -> None:
    await journal.open_broadcast(a_broadcast())
    assert await journal.broadcast(an_id(99)) is None
    assert await journal.broadcast_by_key("never") is None


async def test_repeated_id_is_a_bug_and_changes_nothing(journal: Journal) -> None:
    first = a_broadcast(accounts=2)
    await journal.open_broadcast(first)
    with pytest.raises(InvariantBroken):
        await journal.open_broadcast(a_broadcast(accounts=3))
    assert await journal.broadcast(first.id) == first


async def test_second_use_of_a_key_is_refused(journal: Journal) -> None:
    await journal.open_broadcast(a_broadcast(1, key="once"))
    with pytest.raises(InputError, match="once"):
        await journal.open_broadcast(a_broadcast(2, key="once"))
    assert await journal.broadcast(an_id(2)) is None


async def test_broadcasts_without_a_key_do_not_exclude_each_other(journal: Journal) -> None:
    for number in range(3):
        await journal.open_broadcast(a_broadcast(number))
    assert len(await journal.history(10)) == 3


async def test_broadcast_of_the_other_mode_is_refused(journal: Journal) -> None:
    with pytest.raises(ModeMismatch):
        await journal.open_broadcast(a_broadcast(mode="live"))
    assert await journal.history(1) == ()


async def test_two_lines_for_one_account_are_refused(journal: Journal) -> None:
    broadcast = a_broadcast()
    twin = replace(broadcast.lines[0], ref="another")
    with pytest.raises(InvariantBroken):
        await journal.open_broadcast(replace(broadcast, lines=(*broadcast.lines, twin)))
    assert await journal.broadcast(broadcast.id) is None


async def test_ref_of_another_broadcast_is_refused(journal: Journal) -> None:
    first, second = a_broadcast(1), a_broadcast(2)
    await journal.open_broadcast(first)
    stolen = replace(second.lines[0], ref=first.lines[0].ref)
    with pytest.raises(InvariantBroken):
        await journal.open_broadcast(replace(second, lines=(stolen,)))
    assert await journal.broadcast(second.id) is None


async def test_recorded_states_come_back(journal: Journal) -> None:
    broadcast = a_broadcast()
    await journal.open_broadcast(broadcast)
    first, second, third = broadcast.lines
    changed = [
        accepted(first, "1005000000001"),
        second.moved(LineState.IN_DOUBT, doubt=Doubt.UNKNOWN, reason="timed out after sending"),
        third.moved(LineState.REFUSED, reason="400: no"),
    ]
    await journal.record(broadcast.id, changed)
    filled = changed[0].moved(LineState.FILLED, filled=1, average=Decimal("1.605"))
    await journal.record(broadcast.id, [filled])
    expected = broadcast.with_lines(changed).with_lines([filled])
    assert await journal.broadcast(broadcast.id) == expected


async def test_record_of_nothing_is_nothing(journal: Journal) -> None:
    broadcast = a_broadcast()
    await journal.open_broadcast(broadcast)
    await journal.record(broadcast.id, [])
    await journal.record(broadcast.id, (), iter(()))
    assert await journal.broadcast(broadcast.id) == broadcast


async def test_line_that_goes_back_is_refused_with_its_whole_batch(journal: Journal) -> None:
    broadcast = a_broadcast()
    await journal.open_broadcast(broadcast)
    first, second, _ = broadcast.lines
    await journal.record(broadcast.id, [accepted(first, "1").moved(LineState.FILLED)])
    with pytest.raises(InvariantBroken):
        await journal.record(broadcast.id, [accepted(second, "2"), first])
    kept = await journal.broadcast(broadcast.id)
    assert kept is not None
    assert [line.state for line in kept.lines] == ["filled", "sending", "sending"]


async def test_line_may_skip_states_that_were_not_written(journal: Journal) -> None:
    broadcast = a_broadcast()
    await journal.open_broadcast(broadcast)
    working = accepted(broadcast.lines[0], "1").moved(LineState.WORKING)
    await journal.record(broadcast.id, [working])
    kept = await journal.broadcast(broadcast.id)
    assert kept is not None
    assert kept.lines[0] == working


async def test_unknown_line_and_unknown_broadcast_are_refused(journal: Journal) -> None:
    broadcast, other = a_broadcast(1), a_broadcast(2)
    await journal.open_broadcast(broadcast)
    for broadcast_id in (broadcast.id, other.id):
        with pytest.raises(InvariantBroken):
            await journal.record(broadcast_id, [accepted(other.lines[0], "1")])
        with pytest.raises(InvariantBroken):
            await journal.record(broadcast_id, (), [(other.lines[0].ref, a_fill("1"))])


async def test_line_cannot_become_another(journal: Journal) -> None:
    broadcast = a_broadcast()
    await journal.open_broadcast(broadcast)
    line = accepted(broadcast.lines[0], "1")
    for other in (replace(line, account="FAM-77"), replace(line, ticket=line.ticket.sized(9))):
        with pytest.raises(InvariantBroken):
            await journal.record(broadcast.id, [other])
    assert await journal.broadcast(broadcast.id) == broadcast


def being_replaced(line: Line) -> Line:
    """Return a working line of which another order is to take the place."""
    asked = Replacement("c-9", Decimal("1.45"), 2, "print", "hash", START, reason="no, ω")
    return accepted(line, "1").moved(LineState.REPLACING, replacement=asked)


async def test_replacement_and_earlier_orders_come_back(journal: Journal) -> None:
    broadcast = a_broadcast()
    await journal.open_broadcast(broadcast)
    asked = being_replaced(broadcast.lines[0])
    await journal.record(broadcast.id, [asked])
    kept = await journal.broadcast(broadcast.id)
    assert kept is not None
    assert kept.lines[0] == asked
    earlier = (EarlierOrder("1", 1, Decimal("1.605"), 3), EarlierOrder("2"))
    ticket = asked.ticket.repriced(Decimal("1.45"))
    heir = replace(asked, earlier=earlier, order_id="3", ticket=ticket, replacement=None)
    await journal.record(broadcast.id, [heir])
    kept = await journal.broadcast(broadcast.id)
    assert kept is not None
    assert kept.lines[0] == heir
    ours = {(heir.account, number): broadcast.id for number in "123"}
    assert await journal.owners({*ours, (heir.account, "4"), ("FAM-02", "1")}) == ours


async def test_command_to_replace_keeps_its_price_and_the_order_named(journal: Journal) -> None:
    broadcast = a_broadcast(accounts=1)
    await journal.open_broadcast(broadcast)
    (command,) = some_commands(broadcast)
    command = replace(command, kind=CommandKind.REPLACE, price=Decimal("-0.80"))
    await journal.begin_commands([command])
    ended = replace(command, outcome=CommandOutcome.TAKEN, answered=START, new_order_id="7100")
    await journal.end_commands([ended])
    assert await journal.commands(broadcast.id) == (ended,)


async def test_second_binding_of_an_order_is_refused(journal: Journal) -> None:
    first, second = a_broadcast(1), a_broadcast(2)
    await journal.open_broadcast(first)
    await journal.open_broadcast(second)
    await journal.record(first.id, [accepted(first.lines[0], "1005")])
    with pytest.raises(InvariantBroken):
        await journal.record(second.id, [accepted(second.lines[0], "1005")])
    assert await journal.broadcast(second.id) == second
    # The same number in another account is another order.
    await journal.record(second.id, [accepted(second.lines[1], "1005")])


async def test_fill_reported_twice_is_kept_once(journal: Journal) -> None:
    broadcast = a_broadcast()
    await journal.open_broadcast(broadcast)
    ref = broadcast.lines[0].ref
    await journal.record(broadcast.id, (), iter([(ref, a_fill("1", 1))]))
    corrected = replace(a_fill("1", 1), price=Decimal("9.99"))
    await journal.record(broadcast.id, (), [(ref, corrected), (ref, a_fill("1", 2))])
    assert await journal.executions(broadcast.id) == {ref: (a_fill("1", 1), a_fill("1", 2))}


async def test_same_fill_number_in_another_account_is_another_fill(journal: Journal) -> None:
    broadcast = a_broadcast()
    await journal.open_broadcast(broadcast)
    refs = [line.ref for line in broadcast.lines]
    await journal.record(broadcast.id, (), [(ref, a_fill("1")) for ref in refs])
    assert await journal.executions(broadcast.id) == {ref: (a_fill("1"),) for ref in refs}
    assert await journal.executions(an_id(99)) == {}


@pytest.mark.parametrize("ending", ["00012", "T00012", "rst00012"])
async def test_id_may_be_shortened_to_its_ending(journal: Journal, ending: str) -> None:
    for number in (12, 13):
        await journal.open_broadcast(a_broadcast(number))
    assert await journal.broadcast(ending) == a_broadcast(12)


async def test_ending_of_several_ids_is_refused_with_their_count(journal: Journal) -> None:
    for number in (10_012, 20_012):
        await journal.open_broadcast(a_broadcast(number))
    with pytest.raises(UnknownReference, match="2 broadcasts"):
        await journal.broadcast("0012")


@pytest.mark.parametrize("reference", ["012", "", "%012", "____", "99999"])
async def test_what_is_no_ending_finds_nothing(journal: Journal, reference: str) -> None:
    await journal.open_broadcast(a_broadcast(12))
    assert await journal.broadcast(reference) is None


async def test_unfinished_are_those_with_a_line_short_of_its_end(journal: Journal) -> None:
    for number, state in enumerate([LineState.FILLED, LineState.SENDING, LineState.DENIED]):
        await journal.open_broadcast(a_broadcast(number, state=state))
    mixed = a_broadcast(3, state=LineState.CANCELED)
    doubtful = replace(mixed.lines[1], state=LineState.IN_DOUBT, doubt=Doubt.CONFLICT)
    mixed = mixed.with_lines([doubtful])
    await journal.open_broadcast(mixed)
    assert await journal.unfinished() == (a_broadcast(1), mixed)


async def test_facts_are_remembered_and_may_change(journal: Journal) -> None:
    assert await journal.fact("tag") is None
    await journal.keep_fact("tag", "TA_one")
    await journal.keep_fact("tag", "TA_two")
    assert await journal.fact("tag") == "TA_two"


async def test_orders_that_are_ours_are_told_with_their_broadcast(journal: Journal) -> None:
    for number in range(2):
        sent = a_broadcast(number)
        await journal.open_broadcast(sent)
        await journal.record(sent.id, [accepted(sent.lines[0], f"order-{number}")])
    later = a_broadcast(1)
    account = later.lines[0].account
    asked = {(account, f"order-{number}") for number in range(3)}
    assert await journal.owners(asked) == {
        (account, "order-0"): a_broadcast(0).id, (account, "order-1"): later.id,
    }  # fmt: skip
    assert await journal.owners({("FAM-02", "order-1")}) == {}
    assert await journal.owners(()) == {}


async def test_history_is_newest_first_and_counts_lines(journal: Journal) -> None:
    for number in range(4):
        await journal.open_broadcast(a_broadcast(number, key=f"k-{number}"))
    newest = a_broadcast(3)
    lines = [accepted(newest.lines[0], "1"), newest.lines[1].moved(LineState.NOT_SENT)]
    await journal.record(newest.id, lines)
    rows = await journal.history(2)
    assert [row.id for row in rows] == [an_id(3), an_id(2)]
    assert rows[0].counts == counts(newest.with_lines(lines).lines)
    assert rows[0].state == "sending"
    assert (rows[0].key, rows[0].order, rows[0].created) == ("k-3", newest.order, newest.created)


async def test_plan_comes_back_until_it_is_spent(journal: Journal) -> None:
    plan = a_plan()
    await journal.save_plan(plan)
    assert await journal.load_plan(plan.id) == plan
    await journal.open_broadcast(replace(a_broadcast(1), plan=plan.id))
    assert await journal.load_plan(plan.id) is None


@pytest.mark.parametrize("is_saved", [True, False])
async def test_plan_becomes_one_broadcast(journal: Journal, is_saved: bool) -> None:
    plan = a_plan()
    if is_saved:
        await journal.save_plan(plan)
    await journal.open_broadcast(replace(a_broadcast(1), plan=plan.id))
    with pytest.raises(PlanExpired):
        await journal.open_broadcast(replace(a_broadcast(2), plan=plan.id))
    assert [row.id for row in await journal.history(9)] == [an_id(1)]


async def test_plan_is_saved_once(journal: Journal) -> None:
    await journal.save_plan(a_plan())
    with pytest.raises(InvariantBroken):
        await journal.save_plan(a_plan())


async def test_kill_switch_starts_active_and_stays_as_it_was_set(journal: Journal) -> None:
    assert (await journal.guard()).state is GuardState.ACTIVE
    halted = GuardRecord(GuardState.HALTED, "the market is mad", START)
    await journal.set_guard(halted)
    assert await journal.guard() == halted


async def test_notes_are_taken(journal: Journal) -> None:
    for _ in range(2):
        await journal.note(START, "alarm", "a fill after an end")


# --- commands ----------------------------------------------------------------------------------


def some_commands(broadcast: Broadcast, start: int = 1) -> list[Command]:
    """Build a command on every line, a second apart, without outcomes."""
    return [
        Command(
            id=f"command-{start + n}",
            ref=line.ref,
            account=line.account,
            kind=CommandKind.CANCEL,
            at=START + timedelta(seconds=start + n),
            order_id=f"{7000 + n}",
        )
        for n, line in enumerate(broadcast.lines)
    ]


async def test_commands_come_back_as_they_were_written_oldest_first(journal: Journal) -> None:
    one, other = a_broadcast(1, 3), a_broadcast(2, 2)
    await journal.open_broadcast(one)
    await journal.open_broadcast(other)
    first, second = some_commands(one), some_commands(one, start=20)
    await journal.begin_commands(second)
    await journal.begin_commands(first)
    await journal.begin_commands(some_commands(other, start=40))
    assert await journal.commands(one.id) == (*first, *second)
    assert await journal.commands(an_id(99)) == ()


async def test_outcome_of_a_command_is_kept(journal: Journal) -> None:
    broadcast = a_broadcast(accounts=2)
    await journal.open_broadcast(broadcast)
    first, second = some_commands(broadcast)
    await journal.begin_commands([first, second])
    ended = replace(first, outcome=CommandOutcome.REFUSED, answered=START, reason="no, ω")
    await journal.end_commands([ended])
    assert await journal.commands(broadcast.id) == (ended, second)


async def test_command_with_nothing_to_send_is_written_with_its_outcome(journal: Journal) -> None:
    broadcast = a_broadcast(accounts=1)
    await journal.open_broadcast(broadcast)
    (command,) = some_commands(broadcast)
    over = replace(
        command, order_id=None, outcome=CommandOutcome.ENDED, answered=START, reason="filled"
    )
    await journal.begin_commands([over])
    assert await journal.commands(broadcast.id) == (over,)


async def test_outcome_is_written_once_and_only_of_a_known_command(journal: Journal) -> None:
    broadcast = a_broadcast(accounts=2)
    await journal.open_broadcast(broadcast)
    known, never = some_commands(broadcast)
    await journal.begin_commands([known])
    ended = replace(known, outcome=CommandOutcome.TAKEN, answered=START)
    await journal.end_commands([ended])
    for wrong in (replace(ended, outcome=CommandOutcome.UNKNOWN), never):
        with pytest.raises(InvariantBroken):
            await journal.end_commands([wrong])
    assert await journal.commands(broadcast.id) == (ended,)


async def test_commands_are_written_all_or_none(journal: Journal) -> None:
    broadcast = a_broadcast(accounts=2)
    await journal.open_broadcast(broadcast)
    first, second = some_commands(broadcast)
    with pytest.raises(InvariantBroken):
        await journal.begin_commands([first, replace(second, ref="a line of nobody")])
    assert await journal.commands(broadcast.id) == ()


# --- what broadcasts were checked against -------------------------------------------------------


async def test_broadcast_is_found_by_the_plan_it_was(journal: Journal) -> None:
    await journal.open_broadcast(a_broadcast(1))
    await journal.open_broadcast(a_broadcast(2))
    assert await journal.broadcast_of_plan("plan-2") == a_broadcast(2)
    assert await journal.broadcast_of_plan("plan-3") is None


async def test_the_largest_seed_is_found_among_short_and_long_ones(journal: Journal) -> None:
    assert await journal.last_seed() is None
    for number, seed in enumerate((9, 2**64 + 1, 100, 2**64 + 3, 2**64 + 2)):
        await journal.open_broadcast(replace(a_broadcast(number), seed=seed))
    assert await journal.last_seed() == 2**64 + 3


async def test_write_times_are_of_what_was_written_newest_first(journal: Journal) -> None:
    first, second, silent = a_broadcast(1), a_broadcast(2), a_broadcast(3)
    for broadcast in (first, second, silent):
        await journal.open_broadcast(broadcast)
    for number, broadcast in enumerate((first, second)):
        lines = [
            replace(accepted(line, f"{number}{n}"), sent_ns=n)
            for n, line in enumerate(broadcast.lines[:2])
        ]
        await journal.record(broadcast.id, lines)
    leaving = replace(silent.lines[0], sent_ns=5)
    await journal.record(silent.id, [leaving])
    written = {"FAM-00": 0, "FAM-01": 1}
    assert await journal.write_times(9) == (written, written)
    assert await journal.write_times(2) == (written,), "the newest counts, though none was written"


async def test_sizes_are_told_newest_first_up_to_a_limit(journal: Journal) -> None:
    unknown = replace(a_broadcast(3), notional=None)
    for broadcast in (a_broadcast(1), a_broadcast(2), unknown):
        await journal.open_broadcast(broadcast)
    assert await journal.sizes(2) == (
        BroadcastSize(unknown.created, None),
        BroadcastSize(a_broadcast(2).created, Decimal("3680.00")),
    )
