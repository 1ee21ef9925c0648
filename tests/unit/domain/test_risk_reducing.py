"""What may leave while the desk is reducing, and what of the pace holds for what closes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.fakes.builders import a_ticket
from tests.unit.domain.test_holdings import CONDOR, positions
from tests.unit.domain.test_risk import LIMITS, codes, facts

from swimdesk.domain.broadcast import Grade
from swimdesk.domain.orders import Effect
from swimdesk.domain.positions import held
from swimdesk.domain.risk import BroadcastFacts, RiskLimits, check_broadcast, only_closes
from swimdesk.domain.risk.reducing import reducing

IRON = "BUY +{} IRON CONDOR SPY 100 18 DEC 26 620/625/580/575 CALL/PUT @0.80 LMT"
SELL = "SELL -{} SPY @600.00 LMT"


@pytest.mark.parametrize(
    ("order", "effect", "there", "detail"),
    [
        (SELL.format(100), Effect.CLOSE, {"SPY": 100}, None),
        (SELL.format(101), Effect.CLOSE, {"SPY": 100}, "closes 101 SPY, free to close 100"),
        (SELL.format(100), Effect.OPEN, {"SPY": 100}, "only orders that close may leave"),
        (SELL.format(1), Effect.CLOSE, {"SPY": -5}, "closes 1 SPY, free to close 0"),
        (SELL.format(1), Effect.CLOSE, {}, "closes 1 SPY, free to close 0"),
        (IRON.format(1), Effect.CLOSE, CONDOR, None),
        (IRON.format(2), Effect.CLOSE, CONDOR, "free to close 1"),
        (IRON.format(1), Effect.CLOSE, CONDOR | {"P575": 0}, "free to close 0"),
        (IRON.format(1), Effect.CLOSE_OPEN, CONDOR, "only orders that close may leave"),
    ],
)
def test_only_what_is_held_is_closed(
    order: str, effect: Effect, there: dict[str, int], detail: str | None
) -> None:
    known = held(positions(**there))
    found = facts(order, effect=effect, holdings=known, is_reducing=True)
    denial = reducing(found, LIMITS)
    assert (denial is None) is (detail is None)
    if denial is not None and detail is not None:
        assert detail in denial.detail
        assert (denial.code, denial.grade, denial.override) == ("REDUCING", Grade.HARD, None)
    assert reducing(facts(order, effect=effect, holdings=known), LIMITS) is None


def test_reducing_is_told_first() -> None:
    found = facts(SELL.format(1), is_reducing=True, session="closed")
    assert codes(found)[:2] == ["REDUCING", "SESSION_CLOSED"]


def test_orders_only_close_where_each_does_and_no_more_was_allowed() -> None:
    closing = a_ticket(SELL.format(1)).with_effect(Effect.CLOSE)
    opening = closing.with_effect(Effect.OPEN)
    assert only_closes([closing, closing], ("PRICE_COLLAR=1", "QUOTE_STALE"))
    assert not only_closes([closing, opening], ())
    assert not only_closes([closing], ("SELL_MORE_THAN_HELD=5",))


def test_pace_holds_nothing_up_that_only_closes_but_a_repetition() -> None:
    many = BroadcastFacts(Decimal(0), 1, last_minute=99, last_day=999, closes=True)
    assert check_broadcast(many, RiskLimits()) == ()
    again = BroadcastFacts(Decimal(0), 1, alike_age_s=1, closes=True)
    assert [one.code for one in check_broadcast(again, RiskLimits())] == ["DUPLICATE_BROADCAST"]
