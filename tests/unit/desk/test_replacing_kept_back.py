"""What is not replaced, and what is written down before anything leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest
from tests.fakes.broker import Act, CancelAct
from tests.fakes.builders import STOCK, roomy_limits, some_balances
from tests.fakes.desk import Bench, a_desk
from tests.fakes.virtual import run_virtual
from tests.unit.desk.replacing import (
    AT_PRICE,
    ONE,
    PRICE,
    first,
    on_resting,
    outcomes,
    replaced,
    states,
)

from swimdesk.desk.recorder import Decide
from swimdesk.domain.commands import Command, CommandOutcome
from swimdesk.domain.risk import RiskLimits
from swimdesk.errors import (
    BrokerUnreachable,
    InputError,
    StoreFull,
    TradingHalted,
    UnknownReference,
)

# --- what is not replaced ----------------------------------------------------------------------


def test_halted_desk_replaces_nothing() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        await bench.desk.halt("lunch")
        with pytest.raises(TradingHalted):
            await bench.desk.replace(id_, PRICE, ())
        assert not bench.broker.puts
        assert not bench.journal.commands_kept

    on_resting(scenario)


def test_halt_between_check_and_request_keeps_it_back() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        begin = bench.journal.begin_commands

        async def begin_and_halt(commands: object) -> None:
            await begin(commands)  # type: ignore[arg-type]
            bench.sentinel.raise_("now")

        bench.journal.begin_commands = begin_and_halt  # type: ignore[method-assign]
        view = await bench.desk.replace(id_, PRICE, ())
        assert outcomes(view) == ["not_sent"] * 4
        assert states(view) == ["working"] * 4
        assert not bench.broker.puts

    on_resting(scenario)


def test_nobody_has_a_turn_between_the_last_look_at_the_switch_and_the_requests() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        begin, update = bench.journal.begin_commands, bench.desk.recorder.update
        earlier = len(bench.broker.bursts)
        fired_at_halt: list[list[bool]] = []

        def halt() -> None:
            fired_at_halt.append([burst.is_fired for burst in bench.broker.bursts[earlier:]])
            bench.sentinel.raise_("now")

        async def update_and_halt_next(
            broadcast_id: str, decide: Decide, read: int | None = None
        ) -> None:
            await update(broadcast_id, decide, read)
            asyncio.get_running_loop().call_soon(halt)

        async def begin_and_wait_for_the_last_commit(commands: Sequence[Command]) -> None:
            await begin(commands)
            bench.desk.recorder.update = update_and_halt_next  # type: ignore[method-assign]

        bench.journal.begin_commands = begin_and_wait_for_the_last_commit  # type: ignore[method-assign]
        await bench.desk.replace(id_, PRICE, ())
        assert fired_at_halt[0] == [True]

    on_resting(scenario)


def test_same_price_is_denied_and_lines_that_are_not_open_say_why() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        view = await bench.desk.replace(id_, Decimal("187.5"), ())
        said = {c.account: (c.outcome, c.reason) for c in view.commands}
        assert said[ONE] == ("ended", "filled already")
        assert said["A-02"] == ("denied", "SAME_PRICE: 187.5 is its price already")
        assert not bench.broker.puts

    on_resting(scenario, {ONE: Act.FILL})


@pytest.mark.parametrize(
    ("price", "limits", "code"),
    [
        ("187.605", None, "PRICE_TICK"),
        ("600.00", None, "NOTIONAL_ORDER"),
        ("187.60", roomy_limits(max_notional_per_broadcast=Decimal(75_020)), "NOTIONAL_BROADCAST"),
    ],
)
def test_new_price_must_pass_the_checks(price: str, limits: RiskLimits | None, code: str) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        view = await bench.desk.replace(id_, Decimal(price), ())
        assert outcomes(view) == [CommandOutcome.DENIED] * 4
        assert all(f"{code}:" in (command.reason or "") for command in view.commands)
        assert not bench.broker.puts
        assert states(view) == ["working"] * 4

    on_resting(scenario, limits=limits)


def test_denial_says_what_lifts_it_and_is_lifted_by_that() -> None:
    limits = roomy_limits(max_notional_per_order=Decimal(18_755))

    async def scenario(bench: Bench, id_: str) -> None:
        view = await bench.desk.replace(f"{id_}/{ONE}", PRICE, ())
        assert "(--override NOTIONAL_ORDER=18760)" in (view.commands[-1].reason or "")
        low = await bench.desk.replace(f"{id_}/{ONE}", PRICE, ("NOTIONAL_ORDER=18759",))
        assert low.commands[-1].outcome == "denied"
        lifted = await bench.desk.replace(f"{id_}/{ONE}", PRICE, ("NOTIONAL_ORDER=18760",))
        assert lifted.commands[-1].outcome == "taken"
        with pytest.raises(InputError, match="no code of a denial"):
            await bench.desk.replace(id_, PRICE, ("NONSENSE=1",))

    on_resting(scenario, limits=limits)


def test_what_was_typed_for_the_broadcast_needs_no_typing_again() -> None:
    async def main() -> None:
        async with a_desk(1) as bench:
            bench.broker.acts = {ONE: Act.REST}
            plan = await bench.plan(f"{STOCK} GTC", overrides=("GTC_ORDER=GTC",))
            id_ = (await bench.submit(plan)).broadcast
            await bench.desk.follow(id_, 1)
            assert outcomes(await replaced(bench, id_)) == ["taken"]

    run_virtual(main())


def test_what_its_own_order_holds_is_free_for_the_new_one() -> None:
    """18,750 of buying power are held by the order; 20,000 are needed, and 3,000 are left."""

    async def main() -> None:
        async with a_desk(1) as bench:
            bench.broker.acts = {ONE: Act.REST}
            id_ = (await bench.send(STOCK, wait_s=1)).broadcast
            bench.broker.balances = {ONE: some_balances("1500")}
            await asyncio.sleep(60)
            assert outcomes(await replaced(bench, id_, Decimal("200.00"))) == ["taken"]
            view = await bench.desk.replace(id_, Decimal("240.00"), ())
            assert "BUYING_POWER" in (view.commands[-1].reason or "")

    run_virtual(main())


def test_order_without_a_price_is_denied() -> None:
    async def main() -> None:
        async with a_desk(1) as bench:
            bench.broker.acts = {ONE: Act.REST}
            id_ = (await bench.send("BUY +10 AAPL @150.00 STP", wait_s=1)).broadcast
            view = await bench.desk.replace(id_, PRICE, ())
            assert outcomes(view) == ["denied"]
            assert "NO_PRICE" in (view.commands[0].reason or "")

    run_virtual(main())


def test_unknown_line_replaces_nothing() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        with pytest.raises(UnknownReference, match="no line"):
            await bench.desk.replace(f"{id_}/A-09", PRICE, ())
        assert not bench.journal.commands_kept

    on_resting(scenario)


def test_orders_that_cannot_be_read_are_not_replaced() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.reads_fail = True
        with pytest.raises(BrokerUnreachable):
            await bench.desk.replace(id_, PRICE, ())
        assert not bench.broker.puts

    on_resting(scenario)


# --- the journal -------------------------------------------------------------------------------


def test_replacement_that_cannot_be_written_is_not_sent() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.journal.failure = StoreFull("no room")
        with pytest.raises(StoreFull):
            await bench.desk.replace(id_, PRICE, ())
        assert not bench.broker.puts

    on_resting(scenario)


def test_line_that_cannot_be_marked_is_not_sent() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        begin = bench.journal.begin_commands

        async def begin_and_fill_the_disk(commands: object) -> None:
            await begin(commands)  # type: ignore[arg-type]
            bench.journal.failure = StoreFull("no room")

        bench.journal.begin_commands = begin_and_fill_the_disk  # type: ignore[method-assign]
        view = await bench.desk.replace(id_, PRICE, ())
        assert outcomes(view) == ["not_sent"] * 4
        assert not bench.broker.puts

    on_resting(scenario)


def test_everything_is_written_before_the_first_request() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        written: list[tuple[int, set[str]]] = []

        def look() -> None:
            lines = bench.journal.broadcasts[id_].lines
            kept = [c for c in bench.journal.commands_kept.values() if c.price == PRICE]
            written.append((len(kept), {line.state.value for line in lines}))

        bench.broker.before_fire = look
        await bench.desk.replace(id_, PRICE, ())
        assert written == [(4, {"replacing"})]

    on_resting(scenario)


def test_replacement_goes_on_when_nobody_waits_for_it_any_more() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        asking = asyncio.ensure_future(bench.desk.replace(id_, PRICE, ()))
        await bench.broker.put_arrived.wait()
        asking.cancel()
        view = await bench.desk.follow_replacement(id_, 30)
        assert {line.order for line in view.lines} == {AT_PRICE}
        assert outcomes(view) == ["taken"] * 4

    on_resting(scenario)


def test_cancel_that_may_not_have_arrived_keeps_no_replacement_from_being_found() -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        bench.broker.cancel_acts = {ONE: [CancelAct.LOSE]}
        await bench.desk.cancel(f"{id_}/{ONE}")
        line = first(await replaced(bench, f"{id_}/{ONE}"))
        assert (line.state, line.order) == ("working", AT_PRICE)

    on_resting(scenario)


@pytest.mark.parametrize("price", ["-1", "0", "NaN", "Infinity"])
def test_price_of_no_order_is_refused_for_all_lines(price: str) -> None:
    async def scenario(bench: Bench, id_: str) -> None:
        with pytest.raises(InputError):
            await bench.desk.replace(id_, Decimal(price), ())
        assert not bench.journal.commands_kept

    on_resting(scenario)
