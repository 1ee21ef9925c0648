"""What every division of units over accounts keeps."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.builders import an_account

from swimdesk.domain.allocation import Sizing, SizingRule, allocate, largest_remainder

amounts = st.one_of(
    st.just(Decimal(0)),
    st.decimals("0", "1e15", places=2),
    st.decimals("0", "1e-20", places=28),
    st.integers(0, 10**30).map(Decimal),
)
names = st.text("ABC-0123456789", min_size=1, max_size=6)
weighings = st.dictionaries(names, amounts, max_size=60)
totals = st.integers(1, 100_000)


@given(totals, weighings)
def test_every_unit_is_given_out_exactly_once(total: int, weights: dict[str, Decimal]) -> None:
    shares = largest_remainder(total, weights)
    assert shares.keys() == weights.keys()
    assert sum(shares.values()) == (total if any(weights.values()) else 0)


@given(totals, weighings)
def test_a_share_is_its_fair_part_rounded_down_or_up(
    total: int, weights: dict[str, Decimal]
) -> None:
    whole = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    for name, share in largest_remainder(total, weights).items():
        fair = Fraction(weights[name]) * total / whole if whole else Fraction(0)
        assert int(fair) <= share <= int(fair) + 1
        assert share == fair or fair.denominator > 1


@given(totals, weighings, st.randoms())
def test_the_order_of_the_accounts_plays_no_part(
    total: int, weights: dict[str, Decimal], random: Random
) -> None:
    shuffled = list(weights.items())
    random.shuffle(shuffled)
    assert largest_remainder(total, dict(shuffled)) == largest_remainder(total, weights)


@given(totals, weighings)
def test_who_weighs_nothing_gets_nothing(total: int, weights: dict[str, Decimal]) -> None:
    shares = largest_remainder(total, weights)
    assert all(not shares[name] for name, weight in weights.items() if not weight)


@given(totals, weighings)
def test_who_weighs_more_never_gets_less(total: int, weights: dict[str, Decimal]) -> None:
    shares = largest_remainder(total, weights)
    ordered = sorted(weights, key=lambda name: weights[name])
    assert all(
        shares[light] <= shares[heavy]
        for light, heavy in pairwise(ordered)
        if weights[light] < weights[heavy]
    )


@given(st.integers(1, 10_000), st.decimals("0", "100", places=3))
def test_a_multiplied_quantity_never_exceeds_the_exact_one(units: int, multiplier: Decimal) -> None:
    account = an_account(multiplier=str(multiplier))
    share = allocate(Sizing(SizingRule.MULT), units, [account], {})[account.alias]
    exact = Fraction(multiplier) * units
    assert share.quantity <= exact < share.quantity + 1
    assert (share.reason is None) is (share.quantity > 0)
