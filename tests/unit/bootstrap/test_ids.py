"""Identifiers: ULIDs in ascending order, however many are asked for at once."""

from __future__ import annotations

import pytest
from ulid import ULID

from swimdesk.bootstrap import Ulids, home


@pytest.mark.parametrize("count", [0, 1, 45, 3000])
def test_many_ids_are_ulids_of_one_moment_in_ascending_order(count: int) -> None:
    ids = Ulids().mint_many(count)
    assert len({*ids}) == count
    assert ids == sorted(ids)
    read = [ULID.from_str(one) for one in ids]
    assert [str(one) for one in read] == ids
    assert len({one.milliseconds for one in read}) == min(count, 1)


def test_many_ids_count_on_over_every_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "urandom", lambda count: b"\xff" * count)
    first, second = Ulids().mint_many(2)
    assert (first[10:], second[10:]) == ("ZZZZZZZZZZ0ZZZZZ", "ZZZZZZZZZZ100000")


def test_no_id_is_minted_twice_within_a_moment() -> None:
    ids = Ulids()
    minted = [id_ for _ in range(50) for id_ in (ids.mint(), *ids.mint_many(100), ids.mint())]
    assert len({*minted}) == len(minted)
