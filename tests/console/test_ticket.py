"""The ticket: what it shows, and every key that changes the order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.console.condor import (
    MARKET,
    panel_of,
    plan_condor,
    quote,
    replanned,
    staged,
    ticket_of,
)
from tests.console.stage import Stage, a_console
from tests.fakes.builders import CONDOR, STOCK, an_account, some_accounts

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_ticket_shows_its_legs_its_market_its_bounds_and_every_account(
    size: tuple[int, int],
) -> None:
    async with a_console(size) as stage:
        await plan_condor(stage)
        text = stage.text()
        for part in (
            "6200/6220/5820/5800",
            "-1   6200 C",
            "1.98 x 2.08",
            "1.62",
            "1.44",
            "max gain",
            "1,840",
            "5,818.40",
            "6,201.60",
            "8 send",
            "dies in 01:00",
            "A-08",
            "8 requests",
            "$1,280",
        ):
            assert part in text, part


async def test_a_ticket_that_is_opened_has_the_connections_of_its_accounts_opened() -> None:
    async with a_console() as stage:
        everyone = {account.alias for account in some_accounts(8)}
        await stage.press("5")
        await stage.until(lambda: bool(stage.broker.readied), "accounts made ready")
        assert {alias for readied in stage.broker.readied for alias in readied} == everyone


async def test_the_chance_and_deltas_come_from_the_quotes_and_say_that_they_are_near() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        assert "chance ~" in stage.text()
        assert "~delta" in stage.text()


async def test_a_payoff_is_drawn_where_there_is_room_for_it() -> None:
    async with a_console((120, 40)) as stage:
        await plan_condor(stage)
        assert "+160" in stage.text()
        assert "▲ 6,010.42" in stage.text()
    async with a_console((80, 24)) as stage:
        await plan_condor(stage)
        assert "▲" not in stage.text()


async def test_quotes_that_grew_old_say_how_old() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        assert "live" in stage.text()
        stage.clock.advance(12)
        panel_of(stage).ticked()
        await stage.pilot.pause()
        assert "QUOTES 12s OLD" in stage.text()


async def test_plus_and_minus_change_the_quantity_and_the_order_is_planned_anew() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("plus", "plus", "equals_sign", "minus")
        await replanned(stage)
        assert ticket_of(stage).quantity == 3
        assert "24 units" in stage.text()


async def test_a_changed_order_has_no_plan_until_the_keys_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        monkeypatch.setattr("swimdesk.console.panels.ticket.REST_S", 3600.0)
        await stage.press("plus")
        assert staged(stage).plan is None
        assert "SELL -2 " in staged(stage).order
        assert "planning" in stage.text()


async def test_shares_change_by_round_lots() -> None:
    async with a_console() as stage:
        await stage.plan(f"{STOCK} all")
        await stage.press("plus")
        await replanned(stage)
        assert ticket_of(stage).quantity == 200


async def test_a_quantity_below_one_is_refused_in_words() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("minus")
        assert "smallest quantity" in stage.text()
        assert staged(stage).plan is not None


async def test_comma_and_full_stop_move_the_price_by_the_step_of_the_structure() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("full_stop", "full_stop", "full_stop", "comma")
        await replanned(stage)
        assert ticket_of(stage).price == Decimal("1.70")
        await stage.press("comma", "comma", "comma")
        await replanned(stage)
        assert ticket_of(stage).price == Decimal("1.55")


async def test_better_is_lower_for_a_buyer() -> None:
    async with a_console() as stage:
        await stage.plan(f"{STOCK} all")
        await stage.press("full_stop")
        await replanned(stage)
        assert ticket_of(stage).price == Decimal("187.49")


async def test_a_price_off_the_grid_first_steps_onto_it() -> None:
    async with a_console() as stage:
        await plan_condor(stage, f"{CONDOR.replace('1.60', '1.62')} all")
        await stage.press("comma")
        await replanned(stage)
        assert ticket_of(stage).price == Decimal("1.60")


async def test_mid_and_natural_lock_the_price_at_the_figure_they_come_to() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("n")
        await replanned(stage)
        assert ticket_of(stage).price == Decimal("1.45")
        assert "@1.45" in staged(stage).order
        await stage.press("m")
        await replanned(stage)
        assert "@1.60" in staged(stage).order


async def test_without_quotes_of_every_leg_there_is_no_mid() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        short = stage.broker.prices["SPXW  261211C06200000"]
        stage.broker.prices[short.symbol] = replace(short, bid=None)
        stage.clock.advance(3)
        before = staged(stage).order
        await stage.press("m")
        await stage.until(lambda: "no quote of every leg" in stage.text(), "a word about quotes")
        assert staged(stage).order == before


async def test_an_open_price_follows_the_mid_until_it_is_planned() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("l")
        assert "open" in stage.text()
        assert staged(stage).plan is None
        quote(stage, {**MARKET, "SPXW  261211P05820000": ("2.48", "2.58")})
        await stage.press("ctrl+r")
        await stage.until(lambda: "2.10" in stage.text(), "the price at the new mid")
        assert staged(stage).plan is None
        await stage.press("f9")
        await replanned(stage)
        assert ticket_of(stage).price == Decimal("2.10")


async def test_the_lock_closes_at_the_price_that_stands() -> None:
    async with a_console() as stage:
        await plan_condor(stage, f"{CONDOR.replace('1.60', '1.20')} all")
        await stage.press("l", "l")
        await replanned(stage)
        assert ticket_of(stage).price == Decimal("1.60")
        assert "@1.60" in staged(stage).order


async def test_a_quantity_changes_without_closing_an_open_price() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("l", "plus")
        await replanned(stage)
        assert "-2" in staged(stage).order
        assert "@mid" in staged(stage).order
        assert ticket_of(stage).quantity == 2


async def test_a_sizing_is_chosen_by_its_letter() -> None:
    accounts = tuple(an_account(f"A-0{n}", multiplier=str(n)) for n in (1, 2, 3))
    async with a_console(accounts=accounts) as stage:
        await plan_condor(stage)
        await stage.press("z", "m")
        await replanned(stage)
        assert staged(stage).sizing == "mult"
        assert "6 units" in stage.text()


async def test_a_split_asks_for_its_figure_and_sets_the_text_to_one_unit() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("plus")
        await replanned(stage)
        await stage.press("z", "e")
        assert stage.console.prompt.value == "SIZE equal:"
        await stage.press("1", "6", "enter")
        await stage.until(lambda: "16 units" in stage.text(), "sixteen units")
        await stage.press("plus")
        assert "finds the quantity by itself" in stage.text()


async def test_a_sizing_that_is_none_is_told_and_changes_nothing() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.type("SIZE sideways:3")
        await stage.until(lambda: "is not a sizing" in stage.text(), "a word about the sizing")
        assert staged(stage).sizing == "text"
        assert staged(stage).plan is not None


async def test_an_account_is_left_out_and_taken_in_again() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        await stage.press("j", "x")
        plan = await replanned(stage)
        assert "A-02" not in {line.account for line in plan.lines}
        assert "7 send" in stage.text()
        assert "1 out" in stage.text()
        await stage.press("x")
        plan = await replanned(stage)
        assert plan.counts["send"] == 8


async def test_the_account_left_out_is_that_under_the_cursor_when_the_key_came() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        stage.console.do("ticket.exclude")
        stage.console.do("list.down")
        await stage.until(lambda: bool(staged(stage).excluded), "an account left out")
        assert staged(stage).excluded == {"A-01"}


async def test_marked_accounts_are_left_out_together_and_the_last_one_stays() -> None:
    async with a_console(accounts=3) as stage:
        await plan_condor(stage)
        await stage.press("space", "j", "space", "x")
        plan = await replanned(stage)
        assert [line.account for line in plan.lines] == ["A-03"]
        await stage.press("backslash", "G", "x")
        assert "last account" in stage.text()


async def test_enter_shows_every_reason_against_an_account_and_what_lifts_it() -> None:
    accounts = (*some_accounts(2), an_account("LOW-1", option_level=1, closing_only=True))
    async with a_console(accounts=accounts) as stage:
        await plan_condor(stage)
        assert "OPTION_LEVEL" in stage.text() or "CLOSING_ONLY +1" in stage.text()
        await stage.press("G", "enter")
        await stage.until(lambda: stage.console.is_modal, "the account's page")
        assert "needs option level 2" in stage.text()
        assert "only close" in stage.text()
        await stage.press("escape")
        assert not stage.console.is_modal


async def test_a_denial_is_lifted_by_typing_its_figure() -> None:
    async with a_console(accounts=2) as stage:
        await plan_condor(stage, f"{CONDOR} GTC all")
        assert "0 send" in stage.text()
        await stage.press("o")
        assert stage.console.prompt.value == "OVERRIDE GTC_ORDER="
        assert "GTC_ORDER=GTC lifts it: " in stage.text()
        await stage.press("G", "T", "C", "enter")
        await stage.until(lambda: "2 send" in stage.text(), "the plan with the override")
        assert "GTC_ORDER=GTC" in stage.text()
        await stage.type("OVERRIDE NONE")
        await stage.until(lambda: "0 send" in stage.text(), "the plan without it")


async def test_what_denies_most_accounts_is_told_first_and_the_rest_is_counted() -> None:
    low = tuple(an_account(f"LOW-{n}", option_level=1) for n in range(2))
    shut = an_account("SHUT-1", closing_only=True)
    async with a_console((80, 24), accounts=(*low, shut, *some_accounts(5))) as stage:
        await plan_condor(stage, f"{CONDOR} GTC all")
        shown = [line.strip() for line in stage.text().splitlines()]
        at = next(n for n, line in enumerate(shown) if line.startswith("8 x GTC_ORDER: "))
        assert shown[at + 1] == "2 more: 2 x OPTION_LEVEL, 1 x CLOSING_ONLY"


async def test_what_nothing_lifts_says_so() -> None:
    async with a_console(accounts=(an_account("LOW-1", option_level=1),)) as stage:
        await plan_condor(stage)
        await stage.press("o")
        assert "can be overridden" in stage.text()


async def test_f9_again_asks_the_broker_about_every_order_and_f9_held_does_not() -> None:
    async with a_console(accounts=2) as stage:
        await plan_condor(stage)
        await stage.press(*["f9"] * 20)
        assert "broker" not in stage.text()
        stage.clock.advance(2)
        await stage.press("f9")
        await stage.until(lambda: "2 accept" in stage.text(), "the broker's own preview")
        assert stage.broker.posts.total() == 0


async def test_the_market_is_read_only_while_somebody_looks() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        assert _following(stage) == 1
        await stage.press("2")
        await stage.until(lambda: _following(stage) == 0, "no more quotes")
        await stage.press("5")
        await stage.until(lambda: _following(stage) == 1, "quotes again")


def _following(stage: Stage) -> int:
    return sum(one.group == "quotes" and one.is_running for one in stage.console.workers)


async def test_keys_of_the_ticket_say_why_they_do_nothing_without_an_order() -> None:
    async with a_console(first="TKT") as stage:
        for key in ("plus", "minus", "m", "l", "x", "z", "full_stop", "o"):
            await stage.press(key)
            assert "there is no order" in stage.text(), key


async def test_a_plan_of_the_order_before_a_change_is_dropped() -> None:
    async with a_console() as stage:
        await plan_condor(stage)
        stage.console.start(stage.console.trading.preview(), "preview")
        await stage.press("plus")
        plan = await replanned(stage)
        assert {line.quantity for line in plan.lines} == {2}


async def test_an_order_nobody_can_plan_says_why_and_can_be_dropped() -> None:
    async with a_console() as stage:
        stage.broker.unknown_symbols.add("SPXW  261211C06200000")
        await stage.type(f"{CONDOR} all")
        await stage.until(lambda: "NOT PLANNED" in stage.text(), "a refusal")
        assert "lists no" in stage.text()
        await stage.press("escape")
        assert stage.console.session.stage is None


async def test_an_order_at_the_mid_without_quotes_has_no_price_yet_and_is_not_at_the_market() -> (
    None
):
    async with a_console() as stage:
        stage.broker.unknown_symbols.add("AAPL")
        await stage.type("BUY +1 AAPL @mid all")
        await stage.until(lambda: "TICKET" in stage.text(), "the ticket")
        assert "MKT" not in stage.text()
