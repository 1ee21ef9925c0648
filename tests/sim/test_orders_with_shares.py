"""Orders of shares and options at once, and rolls: net price, cover, what is held afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.fakes.sim_client import Counter, spread

from swimdesk.domain.instruments import Right


def uniform() -> Counter:
    """Return the counter of a rich margin account with every approval."""
    return Counter(profile="uniform")


def covered(kind: str, price: str, *options: tuple[str, int, str]) -> dict[str, Any]:
    """Return the body of a hundred SPY bought or sold with some options."""
    instruction = "BUY" if kind == "NET_DEBIT" else "SELL"
    body = spread(kind, price, [(instruction, 100, "SPY"), *options], "COVERED")
    body["orderLegCollection"][0]["instrument"]["assetType"] = "EQUITY"
    return body


def held(counter: Counter) -> dict[str, float]:
    """Return the signed quantity by symbol."""
    return {
        symbol: row["longQuantity"] - row["shortQuantity"]
        for symbol, row in counter.positions().items()
    }


def test_covered_call_fills_at_its_net_price_per_share_and_needs_no_naked_cover() -> None:
    counter = uniform()
    call = counter.option(Right.CALL, "1.03", "SPY")
    bid, ask = counter.quote("SPY")
    before = Decimal(str(counter.balances()["availableFundsNonMarginableTrade"]))
    order = counter.settled(covered("NET_DEBIT", str(ask), ("SELL_TO_OPEN", 1, call)))
    assert (order["status"], order["quantity"]) == ("FILLED", 1.0)
    assert held(counter) == {"SPY": 100.0, call: -1.0}
    taken = before - Decimal(str(counter.balances()["availableFundsNonMarginableTrade"]))
    # The shares are lent on by half, the call is covered by them.
    assert bid * 40 < taken < ask * 51


def test_covered_call_closes_as_it_was_opened() -> None:
    counter = uniform()
    call = counter.option(Right.CALL, "1.03", "SPY")
    _, ask = counter.quote("SPY")
    counter.settled(covered("NET_DEBIT", str(ask), ("SELL_TO_OPEN", 1, call)))
    low = str(round(ask * Decimal("0.9"), 2))
    order = counter.settled(covered("NET_CREDIT", low, ("BUY_TO_CLOSE", 1, call)))
    assert order["status"] == "FILLED"
    assert held(counter) == {}


def test_collar_of_shares_put_and_call_is_taken() -> None:
    counter = uniform()
    options = (
        ("BUY_TO_OPEN", 1, counter.option(Right.PUT, "0.97", "SPY")),
        ("SELL_TO_OPEN", 1, counter.option(Right.CALL, "1.03", "SPY")),
    )
    _, ask = counter.quote("SPY")
    order = counter.settled(covered("NET_DEBIT", str(ask + 20), *options))
    assert order["status"] == "FILLED"
    assert held(counter) == {"SPY": 100.0, options[0][2]: 1.0, options[1][2]: -1.0}


def test_covered_call_with_shares_that_are_not_held_is_rejected_when_closed() -> None:
    counter = uniform()
    call = counter.option(Right.CALL, "1.03", "SPY")
    order = counter.settled(covered("NET_CREDIT", "100", ("BUY_TO_CLOSE", 1, call)))
    assert order["status"] == "REJECTED"


def test_roll_of_a_vertical_closes_one_spread_and_opens_the_other() -> None:
    counter = uniform()
    near = [counter.option(Right.PUT, away, "SPY") for away in ("0.98", "0.97")]
    far = [counter.option(Right.PUT, away, "SPY", nth=12) for away in ("0.98", "0.97")]
    counter.settled(
        spread("NET_CREDIT", "0.05", [("SELL_TO_OPEN", 1, near[0]), ("BUY_TO_OPEN", 1, near[1])])
    )
    before = counter.balances()["availableFundsNonMarginableTrade"]
    roll = [
        ("SELL_TO_OPEN", 1, far[0]),
        ("BUY_TO_OPEN", 1, far[1]),
        ("BUY_TO_CLOSE", 1, near[0]),
        ("SELL_TO_CLOSE", 1, near[1]),
    ]
    order = counter.settled(spread("NET_DEBIT", "1.00", roll, "VERTICAL_ROLL"))
    assert order["status"] == "FILLED"
    assert held(counter) == {far[0]: -1.0, far[1]: 1.0}
    after = counter.balances()["availableFundsNonMarginableTrade"]
    assert abs(after - before) < 150
