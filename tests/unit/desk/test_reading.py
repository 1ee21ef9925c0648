"""Reading accounts: how they are listed."""

from __future__ import annotations

from tests.fakes.builders import an_account

from swimdesk.desk.reading import in_order


def test_accounts_are_listed_as_people_count() -> None:
    aliases = ["FAM-10", "fam-2", "A", "FAM-1", "7"]
    listed = [account.alias for account in in_order(an_account(alias) for alias in aliases)]
    assert listed == ["A", "FAM-1", "fam-2", "FAM-10", "7"]
