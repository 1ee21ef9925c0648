"""No override, whatever is typed, lets a line above its ceiling through."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.builders import STOCK, a_ticket, an_account, some_balances

from swimdesk.domain.broadcast import Denial, Grade
from swimdesk.domain.margin import Cost
from swimdesk.domain.orders import Effect
from swimdesk.domain.risk import (
    CONTROLS,
    BroadcastFacts,
    DenialCode,
    LineFacts,
    QuoteFacts,
    RiskLimits,
    check_broadcast,
    check_line,
    denial,
    judge,
    parse_overrides,
)

LIMITS = RiskLimits()
FIGURES = st.decimals(Decimal("0.01"), Decimal(10**9), places=2)
TYPED = [one for one in CONTROLS.values() if one.grade is Grade.TYPED and one.word is None]


def everything(figure: Decimal) -> list[str]:
    """Type one figure for every control that takes one, and acknowledge all others."""
    words = [f"{one.code}={one.word}" for one in CONTROLS.values() if one.word]
    soft = [one.code.value for one in CONTROLS.values() if one.grade is Grade.SOFT]
    return [*(f"{one.code}={figure}" for one in TYPED), *words, *soft]


@given(st.sampled_from(TYPED), FIGURES, FIGURES, FIGURES)
def test_a_typed_figure_lifts_up_to_itself_and_never_above_the_ceiling(
    control: object, figure: Decimal, ceiling: Decimal, typed: Decimal
) -> None:
    code = control.code  # type: ignore[attr-defined]
    found = denial(code, "…", figure, ceiling)
    standing = judge([found], parse_overrides(everything(typed))).standing
    assert (standing == ()) is (figure <= ceiling and figure <= typed)


@given(st.sampled_from(TYPED), FIGURES)
def test_the_override_that_is_shown_lifts_the_denial_that_shows_it(
    control: object, figure: Decimal
) -> None:
    found = denial(control.code, "…", figure)  # type: ignore[attr-defined]
    assert found.override is not None
    overrides = parse_overrides([found.override]).close_to([found])
    assert judge([found], overrides).lifted == (found,)


@given(
    shares=st.integers(1, 20_000),
    dollars=FIGURES,
    worth=st.decimals(0, Decimal(10**7), places=2),
    mid=st.decimals(Decimal(-999), Decimal(-1), places=2),
    typed=FIGURES,
)
def test_no_line_beyond_a_ceiling_passes_whatever_is_typed(
    shares: int, dollars: Decimal, worth: Decimal, mid: Decimal, typed: Decimal
) -> None:
    ticket = a_ticket(STOCK).with_effect(Effect.OPEN).sized(shares)
    balances = some_balances()
    facts = LineFacts(
        account=an_account(),
        ticket=ticket,
        balances=type(balances)(worth, worth, worth, worth, balances.as_of),
        holdings={},
        cost=Cost(Decimal(0), Decimal(0), dollars, Decimal(0)),
        quotes=QuoteFacts(mid, mid, mid),
    )
    standing = judge(check_line(facts, LIMITS), parse_overrides(everything(typed))).standing
    if not standing:
        assert shares <= 5 * LIMITS.max_shares_per_order
        assert dollars <= worth * LIMITS.ceiling_notional_share
        given_away = mid + Decimal("187.50")
        assert given_away <= 2 * max(abs(mid) * LIMITS.collar_equity, Decimal("0.05"))


@given(FIGURES, FIGURES)
def test_no_broadcast_beyond_its_ceiling_passes_whatever_is_typed(
    dollars: Decimal, typed: Decimal
) -> None:
    found = check_broadcast(BroadcastFacts(dollars, 48), LIMITS)
    standing: tuple[Denial, ...] = judge(found, parse_overrides(everything(typed))).standing
    if dollars > 2 * LIMITS.max_notional_per_broadcast:
        assert [one.code for one in standing] == [DenialCode.NOTIONAL_BROADCAST]
