"""Iron condors that a simulated market fills: strikes around the money, priced off its quotes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from swimdesk.desk.facade import DeskFacade
from swimdesk.domain.instruments import Right
from swimdesk.domain.orderlang import parse, print_ticket

RISK = """
[risk]
collar_option = "50%"
max_position_share = "100%"
max_notional_share = "100%"
ceiling_notional_share = "100%"
broadcasts_per_minute = 10000
broadcasts_per_day = 100000
duplicate_warn_s = 0
"""
"""What a bench that sends all day writes into its home; more keys of the section may follow."""

TICK = Decimal("0.05")
CONCESSION = Decimal("0.80")
"""What is given up against the mid so that most orders trade at once and some rest."""
WIDTH = 5
STEP = 10
"""Shorts stand on tens and longs on fives, so that no condor closes a leg of another."""


async def varying_condors(desk: DeskFacade, count: int) -> Iterator[str]:
    """Return that many different SPX condors, five points wide, a little below their mid."""
    chain = await desk.chain("$SPX", await _expiry(desk), 80)
    middle = int(chain.last or 0) // STEP * STEP
    mids = {(row.right, row.strike): (row.bid + row.ask) / 2 for row in chain.rows}
    day = datetime.fromisoformat(chain.expiry).date()
    strikes = [
        (middle + STEP * (3 + up), middle - STEP * (3 + down))
        for up in range(20)
        for down in range(20)
    ]
    usable = [pair for pair in strikes if all(leg in mids for leg in _legs(*pair))]
    return (_text(day.strftime("%-d %b %y").upper(), *usable[i], mids) for i in range(count))


async def _expiry(desk: DeskFacade) -> str:
    """Take a weekly about two weeks out."""
    listed = (await desk.chain("$SPX", None, 1)).expiries
    return listed[min(9, len(listed) - 1)]


def _legs(call: int, put: int) -> tuple[tuple[str, Decimal], ...]:
    return (
        (Right.CALL.value, Decimal(call)),
        (Right.CALL.value, Decimal(call + WIDTH)),
        (Right.PUT.value, Decimal(put)),
        (Right.PUT.value, Decimal(put - WIDTH)),
    )


def _text(day: str, call: int, put: int, mids: dict[tuple[str, Decimal], Decimal]) -> str:
    short_call, long_call, short_put, long_put = (mids[leg] for leg in _legs(call, put))
    mid = short_call - long_call + short_put - long_put
    price = max(((mid - CONCESSION) / TICK).to_integral_value(ROUND_DOWN) * TICK, TICK)
    strikes = f"{call}/{call + WIDTH}/{put}/{put - WIDTH}"
    text = f"SELL -1 IRON CONDOR SPX 100 (Weeklys) {day} {strikes} CALL/PUT @{price} LMT [TO OPEN]"
    return print_ticket(parse(text))
