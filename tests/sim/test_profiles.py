"""The customers drawn from a seed."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from decimal import Decimal

import pytest
from tests.fakes.sim_client import Counter

from swimdesk.sim import rules
from swimdesk.sim.accounts import AccountKind
from swimdesk.sim.funds import funds_of
from swimdesk.sim.settings import SimSettings


def test_uniform_accounts_are_all_alike() -> None:
    broker = Counter(accounts=48, logins=12).broker
    assert len(broker.accounts) == 48
    assert {len(login.accounts) for login in broker.logins} == {4}
    for account in broker.accounts:
        assert (account.kind, account.option_level) == (AccountKind.MARGIN, 3)
        assert (account.cash, account.positions) == (Decimal(500_000), {})


def test_numbers_have_eight_digits_and_endings_of_their_own() -> None:
    accounts = Counter(accounts=300, logins=7).broker.accounts
    assert all(len(a.number) == 8 and a.number.isdigit() for a in accounts)
    assert len({a.last4 for a in accounts}) == 300
    assert len({a.hash_value for a in accounts}) == 300
    assert [a.index for a in accounts] == list(range(300))


def test_mixed_accounts_differ_in_kind_size_level_and_holdings() -> None:
    broker = Counter(accounts=48, logins=12, profile="mixed").broker
    kinds = Tally(account.kind for account in broker.accounts)
    assert set(kinds) == set(AccountKind)
    assert {account.option_level for account in broker.accounts} == {None, 0, 1, 2, 3}
    assert sum(account.closing_only for account in broker.accounts) == 1
    values = [funds_of(account, broker.market).liquidation for account in broker.accounts]
    assert min(values) < 500
    assert sorted(values)[1] > 5_000
    assert max(values) > 1_000_000
    holding = [account for account in broker.accounts if account.positions]
    assert 20 < len(holding) < 48
    structures = [a for a in holding if any(p.contract for p in a.positions.values())]
    assert len(structures) > 8
    assert all(a.option_level is not None and a.option_level >= 2 for a in structures)
    assert all(funds_of(a, broker.market).available > 0 for a in broker.accounts)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_most_mixed_accounts_take_an_iron_condor_and_six_cannot(seed: int) -> None:
    counter = Counter(accounts=48, logins=1, profile="mixed", seed=seed)
    addresses = [counter.place(counter.condor("0.05"), a) for a in counter.broker.accounts]
    counter.settle()
    found = [counter.order(address) for address in addresses]
    reasons = Tally(order.get("statusDescription", order["status"]) for order in found)
    assert reasons.pop("FILLED") == 42
    assert reasons == {rules.OPTION_LEVEL: 4, rules.BUYING_POWER: 1, rules.NO_TRADES: 1}


def test_the_same_seed_gives_the_same_customers() -> None:
    def drawn(seed: int) -> list[object]:
        broker = Counter(accounts=20, logins=5, profile="mixed", seed=seed).broker
        rows = [
            (a.number, a.hash_value, a.cash, sorted(a.positions), a.login) for a in broker.accounts
        ]
        return [broker.describe(), rows]

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


def test_description_lets_a_client_sign_in() -> None:
    counter = Counter()
    logins = counter.broker.describe()["logins"]
    assert [login["name"] for login in logins] == ["login-01", "login-02"]
    for login in logins:
        assert set(login) == {
            "name", "user", "password", "totp_secret", "refresh_token", "accounts"
        }  # fmt: skip
        reply = counter.token(
            {"grant_type": "refresh_token", "refresh_token": login["refresh_token"]}
        )
        assert reply.status == 200
    numbers = [number for login in logins for number in login["accounts"]]
    assert numbers == [account.number for account in counter.broker.accounts]


def test_logins_share_accounts_as_evenly_as_can_be() -> None:
    broker = Counter(accounts=10, logins=4).broker
    assert sorted(len(login.accounts) for login in broker.logins) == [2, 2, 3, 3]


@pytest.mark.parametrize(
    "wrong",
    [{"profile": "odd"}, {"accounts": 0}, {"accounts": 2, "logins": 3}, {"accounts": 9001}],
)
def test_impossible_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"profile|accounts"):
        SimSettings(**wrong)  # type: ignore[arg-type]


def test_mixed_accounts_can_be_shown() -> None:
    counter = Counter(accounts=24, logins=1, profile="mixed")
    rows = counter.get("accounts", fields="positions")
    types = {row["securitiesAccount"]["type"] for row in rows}
    assert types == {"MARGIN", "CASH"}
    cash = next(r["securitiesAccount"] for r in rows if r["securitiesAccount"]["type"] == "CASH")
    assert set(cash["projectedBalances"]) == {
        "cashAvailableForTrading", "cashAvailableForWithdrawal"
    }  # fmt: skip
    held = [p for row in rows for p in row["securitiesAccount"].get("positions", [])]
    assert all(p["longQuantity"] >= 0 and p["shortQuantity"] >= 0 for p in held)
    shown = [p for p in held if p["instrument"]["assetType"] == "COLLECTIVE_INVESTMENT"]
    assert all(p["instrument"]["type"] == "EXCHANGE_TRADED_FUND" for p in shown)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_spreads_that_are_held_were_opened_for_a_credit(seed: int) -> None:
    broker = Counter(accounts=48, logins=12, profile="mixed", seed=seed).broker
    received: defaultdict[tuple[str, object], Decimal] = defaultdict(Decimal)
    for account in broker.accounts:
        for position in account.positions.values():
            if position.contract is not None:
                spread = (account.number, position.contract.right)
                received[spread] -= position.quantity * position.trade_price
    assert len(received) > 8
    assert all(credit > 0 for credit in received.values())
