"""The order of the demonstration, chosen off a chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.fakes.facade import FakeFacade, sample
from tests.fakes.virtual import run_virtual

from swimdesk.cli.condor import choose_condor, condor_text
from swimdesk.domain.orderlang import parse, print_ticket
from swimdesk.errors import UnknownSymbol
from swimdesk.views.models import ChainRow, ChainView

ROW: ChainRow = sample(ChainRow)


def rows(root: str = "SPXW  ", step: int = 5) -> Iterator[ChainRow]:
    """Yield contracts around 6000 whose delta falls by 0.01 every 5 points."""
    for strike in range(5700, 6301, step):
        for right, away in (("CALL", strike - 6000), ("PUT", 6000 - strike)):
            delta = Decimal(max(1, 50 - away // 5)) / 100
            bid = Decimal(max(1, 60 - away // 5))
            yield replace(
                ROW,
                symbol=f"{root}261211{right[0]}{strike * 1000:08}",
                right=right,
                strike=Decimal(strike),
                delta=delta if right == "CALL" else -delta,
                bid=bid,
                ask=bid + 1,
                mark=bid + Decimal("0.5"),
            )


def chain(expiry: str = "2026-12-11", **changes: Any) -> ChainView:
    view: ChainView = replace(sample(ChainView), expiry=expiry, rows=tuple(rows()))
    return replace(view, **changes)


def test_condor_has_15_delta_shorts_20_points_wide_and_a_price_that_fills() -> None:
    text = condor_text(chain())
    # Mid 8.00, at once 6.00.
    assert text == (
        "SELL -1 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6175/6195/5825/5805 CALL/PUT @6.50 LMT"
    )
    assert print_ticket(parse(text)) == text


def test_price_is_never_below_one_tick() -> None:
    free = tuple(replace(row, bid=Decimal(0), ask=Decimal(9), mark=Decimal(1)) for row in rows())
    assert "@0.05 LMT" in condor_text(chain(rows=free))


def test_chain_without_wings_is_refused() -> None:
    with pytest.raises(UnknownSymbol, match="20 points wide"):
        condor_text(chain(rows=tuple(rows(step=50))))


class Listing(FakeFacade):
    """A desk that lists expirations, and whose monthly one has two roots."""

    async def chain(self, symbol: str, expiry: str | None, strikes: int) -> ChainView:
        days = ("2026-12-08", "2026-12-14", "2026-12-18", "2026-12-21")
        view = chain(expiry or days[0], expiries=days)
        if expiry == "2026-12-18":
            return replace(view, rows=(*rows(), *rows("SPX   ")))
        return view


def test_first_weekly_expiration_a_week_ahead_is_chosen() -> None:
    assert " 21 DEC 26 " in run_virtual(choose_condor(Listing()))
