"""Names of accounts: given once, never to another account, whatever the logins show later."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.domain.accounts import Account
from swimdesk.errors import ConfigError
from swimdesk.schwab.naming import Names

POOL = ("11110001", "11110002", "22220001", "22220003", "33330009")
Shown = dict[str, tuple[str, ...]]

shown_logins = st.dictionaries(
    st.sampled_from(["smith", "jones"]),
    st.lists(st.sampled_from(POOL), unique=True).map(tuple),
)
configured = st.lists(
    st.sampled_from([Account("FAM-07", "smith", "0002"), Account("JOINT", "jones", "0009")]),
    unique=True,
)


def shown(names: Names, logins: Shown) -> None:
    for login, numbers in logins.items():
        names.check(login, numbers)
    names.give(logins)


@given(configured, st.lists(shown_logins, min_size=1, max_size=6))
def test_no_name_ever_moves_to_another_account(accounts: list[Account], reads: list[Shown]) -> None:
    names = Names(accounts, {})
    given_before: dict[str, str] = {}
    for logins in reads:
        shown(names, logins)
        now = {number: names.of(number).alias for numbers in logins.values() for number in numbers}
        given_before |= {n: alias for n, alias in now.items() if n not in given_before}
        assert now.items() <= given_before.items()
    assert len(set(given_before.values())) == len(given_before)


def test_account_that_is_linked_later_takes_the_next_place() -> None:
    names = Names((), {})
    shown(names, {"smith": ("11110002", "22220001")})
    shown(names, {"smith": ("11110001", "22220001")})
    aliases = [names.of(number).alias for number in ("11110002", "22220001", "11110001")]
    assert aliases == ["smith-1", "smith-2", "smith-3"]


def test_order_in_which_the_broker_lists_accounts_does_not_matter() -> None:
    names = Names((), {})
    shown(names, {"smith": ("22220001", "11110002")})
    assert names.of("11110002").alias == "smith-1"


def test_configured_name_stays_when_a_number_with_the_same_ending_is_linked() -> None:
    names = Names([Account("FAM-07", "smith", "0001")], {})
    shown(names, {"smith": ("22220001",)})
    shown(names, {"smith": ("11110001", "22220001")})
    assert names.of("22220001").alias == "FAM-07"
    assert names.of("11110001").alias == "smith-2"


def test_configured_name_comes_too_late_for_an_account_that_has_one() -> None:
    names = Names([Account("JOINT", "jones", "0001")], {})
    shown(names, {"smith": ("11110001",)})
    shown(names, {"smith": ("11110001",), "jones": ("11110001",)})
    assert names.of("11110001").alias == "smith-1"


def test_name_that_is_configured_for_another_account_is_not_given() -> None:
    names = Names([Account("smith-2", "smith", "0001")], {})
    with pytest.raises(ConfigError, match="smith-2"):
        names.check("smith", ("11110001", "11110002"))


def test_accounts_are_ordered_by_login_then_configuration_then_place() -> None:
    accounts = [Account("Z", "jones", "0003"), Account("A", "jones", "0001")]
    names = Names(accounts, {}, ["smith", "jones"])
    numbers = {"jones": ("22220001", "22220003", "33330009"), "smith": ("11110002",)}
    shown(names, numbers)
    named = [names.of(number) for shown_ones in numbers.values() for number in shown_ones]
    assert [a.alias for a in sorted(named, key=names.order)] == ["smith-1", "Z", "A", "jones-3"]
