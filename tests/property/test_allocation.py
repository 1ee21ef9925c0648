"""What every division of units over accounts keeps."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.builders import CONDOR, a_ticket, an_account, some_accounts, some_balances

from swimdesk.domain.accounts import AccountType
from swimdesk.domain.allocation import Standing, allocate, exact_shares, round_shares
from swimdesk.domain.margin import cost
from swimdesk.domain.orders import Effect
from swimdesk.domain.sizing import Remainder, Sizing, SizingRule, parse_sizing

amounts = st.one_of(
    st.just(Decimal(0)),
    st.decimals("0", "1e15", places=2),
    st.decimals("0", "1e-20", places=28),
    st.integers(0, 10**30).map(Decimal),
)
names = st.text("ABC-0123456789", min_size=1, max_size=6)
weighings = st.dictionaries(names, amounts, max_size=60)
totals = st.integers(1, 100_000)
turns = st.integers(0, 1000)
giving_all = st.sampled_from((Remainder.LARGEST, Remainder.ROTATE))


def split(
    total: int, weights: dict[str, Decimal], rule: Remainder = Remainder.LARGEST, turn: int = 0
) -> dict[str, int]:
    return round_shares(exact_shares(total, weights), rule, turn)


@given(totals, weighings, giving_all, turns)
def test_every_unit_is_given_out_exactly_once(
    total: int, weights: dict[str, Decimal], rule: Remainder, turn: int
) -> None:
    shares = split(total, weights, rule, turn)
    assert shares.keys() == weights.keys()
    assert sum(shares.values()) == (total if any(weights.values()) else 0)


@given(totals, weighings)
def test_dropping_gives_the_floors_and_never_more_than_the_total(
    total: int, weights: dict[str, Decimal]
) -> None:
    exact = exact_shares(total, weights)
    shares = split(total, weights, Remainder.DROP)
    assert shares == {name: int(share) for name, share in exact.items()}
    assert total - len(weights) < sum(shares.values()) <= total or not any(weights.values())


@given(totals, weighings, giving_all, turns)
def test_a_share_is_its_fair_part_rounded_down_or_up(
    total: int, weights: dict[str, Decimal], rule: Remainder, turn: int
) -> None:
    whole = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    for name, share in split(total, weights, rule, turn).items():
        fair = Fraction(weights[name]) * total / whole if whole else Fraction(0)
        assert int(fair) <= share <= int(fair) + 1
        assert share == fair or fair.denominator > 1


@given(totals, weighings, giving_all, turns, st.randoms())
def test_the_order_of_the_accounts_plays_no_part(
    total: int, weights: dict[str, Decimal], rule: Remainder, turn: int, random: Random
) -> None:
    shuffled = list(weights.items())
    random.shuffle(shuffled)
    assert split(total, dict(shuffled), rule, turn) == split(total, weights, rule, turn)


@given(totals, weighings, giving_all, turns)
def test_who_weighs_nothing_gets_nothing(
    total: int, weights: dict[str, Decimal], rule: Remainder, turn: int
) -> None:
    shares = split(total, weights, rule, turn)
    assert all(not shares[name] for name, weight in weights.items() if not weight)


@given(totals, weighings, st.sampled_from(Remainder), turns)
def test_who_weighs_more_never_gets_less(
    total: int, weights: dict[str, Decimal], rule: Remainder, turn: int
) -> None:
    shares = split(total, weights, rule, turn)
    ordered = sorted(weights, key=lambda name: weights[name])
    assert all(
        shares[light] <= shares[heavy]
        for light, heavy in pairwise(ordered)
        if weights[light] < weights[heavy]
    )


@given(totals, st.integers(1, 30), turns)
def test_accounts_that_tie_get_the_same_after_a_round_of_turns(
    total: int, accounts: int, first: int
) -> None:
    weights = {f"A-{i:02d}": Decimal(1) for i in range(accounts)}
    given_out = dict.fromkeys(weights, 0)
    for turn in range(first, first + accounts):
        for name, share in split(total, weights, Remainder.ROTATE, turn).items():
            given_out[name] += share
    assert set(given_out.values()) == {total}


@given(
    st.integers(1, 10_000),
    st.lists(st.decimals("0", "100", places=3), max_size=20),
    st.sampled_from(Remainder),
    turns,
)
def test_multiplied_quantities_keep_to_their_exact_sum(
    units: int, multipliers: list[Decimal], rule: Remainder, turn: int
) -> None:
    accounts = [an_account(f"A-{i:02d}", multiplier=str(m)) for i, m in enumerate(multipliers)]
    ticket = a_ticket("BUY +1 AAPL @1.00 LMT").sized(units)
    sizing = Sizing(SizingRule.MULT, None, rule)
    shares = allocate(sizing, ticket, accounts, {}, turn)
    exact = {a.alias: Fraction(a.multiplier) * units for a in accounts}
    given_out = sum(share.quantity for share in shares.values())
    assert given_out <= sum(exact.values(), Fraction(0))
    if rule is not Remainder.DROP:
        assert given_out == int(sum(exact.values(), Fraction(0)))
    for alias, share in shares.items():
        assert int(exact[alias]) <= share.quantity < exact[alias] + 1
        assert share.quantity == int(exact[alias]) or rule is not Remainder.DROP
        assert (share.reason is None) is (share.quantity > 0)


@pytest.mark.parametrize(
    "order", [CONDOR, "BUY +1 AAPL @187.50 LMT", "BUY +1 SPY 100 18 DEC 26 600 CALL @4.10 LMT"]
)
@given(budget=st.decimals("1", "100000", places=2))
def test_a_budget_takes_the_loss_of_its_units_and_not_of_one_more(
    order: str, budget: Decimal
) -> None:
    ticket = a_ticket(order).with_effect(Effect.OPEN)
    assert ticket.credit is not None
    debit = -ticket.credit

    def loss(units: int) -> Decimal:
        found = cost(ticket.sized(units), debit, None, AccountType.MARGIN, {}).max_loss
        assert found is not None
        return found

    standing = Standing(some_balances(), {}, loss(1))
    sizing = Sizing(SizingRule.RISK, budget)
    units = allocate(sizing, ticket, some_accounts(1), {"A-01": standing})["A-01"].quantity
    assert units == 0 or loss(units) <= budget
    assert loss(units + 1) > budget


@given(st.integers(1, 100), st.decimals("0", "1000", places=1))
def test_no_share_of_a_holding_is_more_than_it(percent: int, held: Decimal) -> None:
    ticket = a_ticket("SELL -1 AAPL @MKT")
    standing = Standing(some_balances(), {"AAPL": held})
    sizing = parse_sizing(f"pct:-{percent}")
    units = allocate(sizing, ticket, some_accounts(1), {"A-01": standing})["A-01"].quantity
    exact = Fraction(held) * percent / 100
    assert units <= exact < units + 1
    assert percent < 100 or units == int(held)
