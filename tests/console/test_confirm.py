"""The confirmation: what it says, what it takes to say yes, and that a yes sends once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from textual._compositor import Compositor

from swimdesk.console.board import EVERYTHING
from swimdesk.console.modals.confirm import Confirm
from swimdesk.domain.risk import RiskLimits
from swimdesk.views.models import BroadcastView
from swimdesk.views.requests import Scope, SubmitRequest
from tests.console.condor import MARKET, plan_condor, quote, replanned, staged
from tests.console.stage import Stage, a_console
from tests.fakes.builders import CONDOR, a_position, an_account, some_accounts

pytestmark = pytest.mark.slow


async def ask(stage: Stage, order: str = f"{CONDOR} all") -> None:
    """Plan, arm, and open the question; its deaf time is over."""
    await plan_condor(stage, order)
    await stage.press("f8", "f10")
    await stage.until(lambda: stage.console.is_modal, "the question")
    stage.clock.advance(1)


async def sent(stage: Stage) -> None:
    """Wait until the orders left."""
    await stage.until(lambda: not stage.console.is_modal, "the question is gone")
    await stage.until(lambda: stage.broker.posts.total() > 0, "orders at the broker")


async def refused(stage: Stage) -> None:
    """Wait until the question is gone; nothing may have left."""
    await stage.until(lambda: not stage.console.is_modal, "the question is gone")
    assert stage.broker.posts.total() == 0


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_question_says_who_how_much_at_what_price_and_for_how_long(
    size: tuple[int, int],
) -> None:
    accounts = (*some_accounts(3), an_account("LOW-1", option_level=1))
    async with a_console(size, accounts=accounts) as stage:
        await ask(stage)
        text = stage.text()
        for part in (
            "PAPER",
            "SEND 3 ORDERS",
            "dies in",
            "3; 1 denied",
            "12 in 3 units",
            "over all accounts",
            "$480 in all, 1.60 a unit",
            "3, all at once",
            "mid 1.62, natural 1.44",
            "[Enter] Cancel",
            "[Y] SEND TO 3",
        ):
            assert part in text, part


async def test_the_price_is_held_against_the_quote_of_the_moment() -> None:
    async with a_console() as stage:
        await ask(stage)
        quote(stage, {**MARKET, "SPXW  261211P05820000": ("2.48", "2.58")})
        await stage.console.trading.quoting.look()
        await stage.until(lambda: "mid 2.12" in stage.text(), "the new mid")
        stage.clock.advance(9)
        await stage.until(lambda: "QUOTES 9s OLD" in stage.text(), "the age of the quotes")


async def test_y_sends_once_however_long_it_is_held() -> None:
    async with a_console() as stage:
        await ask(stage)
        await stage.press(*["Y"] * 30)
        await sent(stage)
        await stage.press(*["Y"] * 30)
        assert set(stage.broker.posts.values()) == {1}
        assert len(stage.console.board.broadcasts) == 1


async def test_f10_held_opens_one_question_and_sends_nothing() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("f8", *["f10"] * 30)
        stage.clock.advance(1)
        await stage.press(*["f10"] * 30)
        assert [type(one) for one in stage.console.screen_stack[1:]] == [Confirm]
        assert stage.broker.posts.total() == 0
        await stage.press("Y", *["f10"] * 30)
        await sent(stage)
        await stage.press(*["f10"] * 30)
        assert set(stage.broker.posts.values()) == {1}


async def test_a_change_right_before_f10_opens_no_question_and_says_so() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("f8")
        stage.console.do("ticket.more")
        stage.console.do("global.send")
        await stage.until(lambda: "send: the order has no plan yet" in stage.text(), "a reason")
        assert not stage.console.is_modal
        assert (await replanned(stage)).lines[0].quantity == 2


async def test_enter_held_never_sends() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("f8", "f10", *["enter"] * 15)
        stage.clock.advance(1)
        await stage.press(*["enter"] * 15)
        assert not any(isinstance(one, Confirm) for one in stage.console.screen_stack)
        assert stage.broker.posts.total() == 0


async def test_f10_and_enter_and_y_mashed_together_send_once() -> None:
    async with a_console() as stage:
        await ask(stage)
        await stage.press(*["Y", "f10", "enter", "f9", "Y"] * 8)
        await sent(stage)
        assert set(stage.broker.posts.values()) == {1}


async def test_keys_that_were_on_their_way_before_the_question_are_not_its_answer() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("f8", "f10")
        await stage.press("Y", "escape", "enter")
        assert stage.console.is_modal
        assert stage.broker.posts.total() == 0


@pytest.mark.parametrize("key", ["escape", "enter", "n"])
async def test_the_harmless_answer_is_on_every_key_that_means_no(key: str) -> None:
    async with a_console() as stage:
        await ask(stage)
        await stage.press(key)
        await refused(stage)
        assert "Nothing was sent" in stage.text()
        assert staged(stage).plan is not None


async def test_the_question_ends_with_its_plan_and_says_so() -> None:
    async with a_console() as stage:
        await ask(stage)
        stage.clock.advance(60)
        await refused(stage)
        assert "too old" in stage.text()
        await stage.press("Y", "f10")
        assert stage.broker.posts.total() == 0
        assert "F9 makes a fresh one" in stage.text()


async def test_a_yes_to_a_plan_that_died_in_this_moment_is_none() -> None:
    async with a_console() as stage:
        await ask(stage)
        stage.clock.advance(60)
        await stage.press("Y")
        await refused(stage)


async def test_an_order_that_changed_under_the_question_is_not_sent() -> None:
    async with a_console() as stage:
        await ask(stage)
        stage.console.trading.put(staged(stage).changed(sizing="mult"))
        await stage.press("Y")
        await refused(stage)
        assert "Nothing was sent" in stage.text()


async def test_a_halt_works_under_the_question_and_its_yes_sends_nothing() -> None:
    async with a_console() as stage:
        await ask(stage)
        await stage.press("ctrl+k")
        await stage.until(
            lambda: (
                stage.console.board.status is not None
                and stage.console.board.status.guard.state != "active"
            ),
            "the halt",
        )
        await stage.press("Y")
        await refused(stage)


async def test_a_disarmed_console_does_not_send() -> None:
    async with a_console() as stage:
        await ask(stage)
        await stage.press("ctrl+l", "Y")
        await refused(stage)
        assert "not armed" in stage.text()


async def test_what_the_desk_will_not_send_any_more_is_planned_anew_and_shown() -> None:
    async with a_console(accounts=2) as stage:
        await ask(stage)
        plan = staged(stage).plan
        assert plan is not None
        # Another front end sends the same order meanwhile.
        await stage.bench.send(CONDOR)
        posted = stage.broker.posts.copy()
        await stage.press("Y")
        await stage.until(lambda: not stage.console.is_modal, "the question is gone")
        await stage.until(lambda: "Nothing was sent" in stage.text(), "the refusal")
        again = await replanned(stage)
        assert again.plan != plan.plan
        assert stage.broker.posts == posted


async def test_a_large_broadcast_wants_its_accounts_counted() -> None:
    limits = RiskLimits(max_notional_per_order=Decimal(1_000_000))
    async with a_console(limits=limits) as stage:
        await ask(stage, f"{CONDOR.replace('-1', '-10')} all")
        assert "type 8 and Enter" in stage.text()
        await stage.press("Y")
        assert stage.console.is_modal
        await stage.press("7", "enter")
        assert "not that number" in stage.text()
        await stage.press("8", *["enter"] * 10)
        await sent(stage)
        assert set(stage.broker.posts.values()) == {1}


async def test_an_empty_count_is_a_no() -> None:
    limits = RiskLimits(max_notional_per_order=Decimal(1_000_000))
    async with a_console(limits=limits) as stage:
        await ask(stage, f"{CONDOR.replace('-1', '-10')} all")
        await stage.press("enter")
        await refused(stage)


async def test_details_that_do_not_fit_scroll_and_the_answers_stay_in_sight() -> None:
    async with a_console((80, 24)) as stage:
        await plan_condor(stage)
        plan = staged(stage).plan
        assert plan is not None
        wordy = replace(plan, notices=tuple(f"notice number {n}" for n in range(20)))
        stage.console.session.stage = replace(staged(stage), plan=wordy)
        await stage.press("f8", "f10")
        stage.clock.advance(1)
        assert "[Y] SEND TO 8" in stage.text()
        assert "notice number 19" not in stage.text()
        await stage.press("pagedown", "pagedown", "pagedown")
        assert "notice number 19" in stage.text()
        assert "[Y] SEND TO 8" in stage.text()


async def test_nothing_is_painted_between_the_yes_and_the_last_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_console() as stage:
        await ask(stage)
        frames = _count_frames(monkeypatch)
        told: list[int] = []
        painted_by_the_last_byte = -1
        submit = stage.bench.desk.submit

        async def slowly(request: SubmitRequest) -> BroadcastView:
            nonlocal painted_by_the_last_byte
            for _ in range(30):
                # The world goes on while the desk writes its journal: all of it wants painting.
                stage.console.refresh()
                stage.console.screen.refresh()
                stage.console.bridge.tell(EVERYTHING)
                told.append(1)
                await asyncio.sleep(0.01)
            sent_now = await submit(request)
            painted_by_the_last_byte = frames()
            return sent_now

        monkeypatch.setattr(stage.bench.desk, "submit", slowly)
        before = frames()
        await stage.press("Y")
        await sent(stage)
        assert len(told) == 30
        assert painted_by_the_last_byte == before
        await stage.until(lambda: frames() > before, "painting goes on")


def _count_frames(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    count = 0
    render = Compositor.render_update

    def counted(self: Compositor, full: bool = False, **more: object) -> object:
        nonlocal count
        count += 1
        return render(self, full, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Compositor, "render_update", counted)
    return lambda: count


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_closes_by_holdings_shows_each_account_its_order_and_its_price(
    size: tuple[int, int],
) -> None:
    async with a_console(size, accounts=3) as stage:
        stage.broker.positions = {
            "A-01": (a_position("AAPL", 100),),
            "A-02": (a_position("AAPL", 36),),
        }
        stage.clock.advance(1)
        await stage.bench.desk.balances(Scope(everyone=True))
        await stage.plan("CLOSE AAPL @100.00 acc A-01,A-02")
        assert "SELL -100 AAPL CLOSE @100.00" in stage.text()
        await stage.press("f8", "f10")
        await stage.until(lambda: stage.console.is_modal, "the question")
        text = stage.text()
        for part in ("SELL -100 AAPL CLOSE @100.00", "SELL -36 AAPL CLOSE @100.00"):
            assert part in text, text
        assert "$13,600 in all at the limits" in text
