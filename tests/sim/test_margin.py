"""The brokerage's margin requirements, against figures seen at the real one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from swimdesk.domain.instruments import OptionContract
from swimdesk.sim.margin import Coverage, amended, carried, coverage, naked_charge

Groups = dict[date, dict[OptionContract, int]]


def legs(*texts: str) -> Groups:
    """Read ``-2 .TSLA250221P340`` and the like, sorted by expiry."""
    groups: Groups = {}
    for text in texts:
        quantity, symbol = text.split()
        contract = OptionContract.parse(symbol)
        group = groups.setdefault(contract.expiry, {})
        group[contract] = group.get(contract, 0) + int(quantity)
    return groups


def charged(found: Coverage) -> Decimal:
    """Sum what the spreads are charged."""
    return sum((charge.amount for charge in found.charges.values()), Decimal(0))


def on_shorts(groups: Groups) -> dict[str, Decimal]:
    """Return what each short carries by its symbol."""
    found = coverage(groups, 0)
    return {
        contract.symbol: amount
        for expiry, group in groups.items()
        for contract, amount in carried(group, found.charges[expiry]).items()
    }


def test_credit_vertical_is_charged_its_width_on_the_short_leg() -> None:
    groups = legs("-1 .TSLA250221P340", "1 .TSLA250221P320")
    found = coverage(groups, 0)
    assert on_shorts(groups) == {"TSLA  250221P00340000": Decimal(2000)}
    assert not found.naked
    assert found.covered_by_options == 1


def test_debit_vertical_is_charged_nothing() -> None:
    found = coverage(legs("1 .TSLA250221P340", "-1 .TSLA250221P320"), 0)
    assert charged(found) == 0


def test_iron_condor_is_charged_for_its_wider_side_only() -> None:
    groups = legs("-1 .AB250221C155", "1 .AB250221C170", "-1 .AB250221P90", "1 .AB250221P80")
    assert on_shorts(groups) == {"AB    250221C00155000": Decimal(1500)}


def test_iron_condor_of_equal_widths_is_charged_once() -> None:
    groups = legs("-2 .AB250221C155", "2 .AB250221C160", "-2 .AB250221P90", "2 .AB250221P85")
    assert charged(coverage(groups, 0)) == 1000
    assert len(on_shorts(groups)) == 1


def test_long_butterfly_is_charged_nothing() -> None:
    found = coverage(legs("1 .AB250221C90", "-2 .AB250221C95", "1 .AB250221C100"), 0)
    assert charged(found) == 0
    assert not found.naked


def test_calendar_short_is_covered_by_the_later_long() -> None:
    found = coverage(legs("-1 .AB250221C90", "1 .AB250321C90"), 0)
    assert charged(found) == 0
    assert not found.naked


def test_long_of_an_earlier_expiry_covers_nothing() -> None:
    found = coverage(legs("1 .AB250221C90", "-1 .AB250321C90"), 0)
    assert found.naked_calls == 1


def test_diagonal_is_charged_the_adverse_width() -> None:
    found = coverage(legs("-1 .AB250221C90", "1 .AB250321C95"), 0)
    assert charged(found) == 500


def test_shares_cover_short_calls_but_not_puts() -> None:
    found = coverage(legs("-2 .AB250221C90", "-1 .AB250221P80"), 150)
    assert found.covered_by_shares == 1
    assert (found.naked_calls, found.naked_puts) == (1, 1)


def test_ratio_spread_leaves_the_extra_short_naked() -> None:
    found = coverage(legs("1 .AB250221C90", "-2 .AB250221C95"), 0)
    assert found.naked_calls == 1
    assert charged(found) == 0


def test_naked_charge_counts_the_out_of_the_money_amount_down_to_a_floor() -> None:
    call = OptionContract.parse(".AB250221C110")
    assert naked_charge(call, Decimal(100), Decimal(2)) == 1200
    put = OptionContract.parse(".AB250221P95")
    assert naked_charge(put, Decimal(100), Decimal(1)) == 1600


STRIKES = st.integers(min_value=90, max_value=110)


@given(
    st.lists(st.tuples(st.sampled_from("CP"), STRIKES, STRIKES), min_size=1, max_size=6),
)
def test_verticals_never_cost_more_together_than_one_by_one(
    verticals: list[tuple[str, int, int]],
) -> None:
    held: Groups = {}
    apart = Decimal(0)
    before = coverage({}, 0)
    for right, short, long in verticals:
        pair = legs(f"-1 .AB250221{right}{short}", f"1 .AB250221{right}{long}")
        apart += charged(coverage(pair, 0))
        [(expiry, group)] = pair.items()
        merged = dict(held.get(expiry, {}))
        for contract, quantity in group.items():
            merged[contract] = merged.get(contract, 0) + quantity
        held = {expiry: merged}
        shortcut = amended(before, held)
        before = coverage(held, 0)
        assert shortcut == before
    assert not before.naked
    assert Decimal(0) <= charged(before) <= apart


def test_shortcut_is_refused_where_an_expiry_does_not_cover_itself() -> None:
    plain = coverage(legs("-1 .AB250221C90", "1 .AB250221C95"), 0)
    assert amended(plain, legs("-1 .AB250321C90")) is None
    calendar = coverage(legs("-1 .AB250221C90", "1 .AB250321C90"), 0)
    assert amended(calendar, legs("1 .AB250418C90")) is None
