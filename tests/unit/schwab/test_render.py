from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.schwab.support import iron_condor, option, vertical

from swimdesk.domain.instruments import Equity, Right
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orders import (
    PRICED,
    STOPPED,
    Effect,
    Leg,
    OrderType,
    Session,
    Side,
    StructureKind,
    Ticket,
    TimeInForce,
    equity_ticket,
)
from swimdesk.errors import InputError, InvariantBroken
from swimdesk.schwab.fingerprint import fingerprint_of_wire
from swimdesk.schwab.render import price_text, render
from swimdesk.schwab.values import parse_json
from swimdesk.schwab.wire import WireOrder


def body_of(ticket: Ticket) -> Any:
    return json.loads(render(ticket).body)


def legs_of(ticket: Ticket) -> list[tuple[str, int, str]]:
    return [
        (leg["instruction"], leg["quantity"], leg["instrument"]["symbol"])
        for leg in body_of(ticket)["orderLegCollection"]
    ]


def wire(body: Any) -> WireOrder:
    return WireOrder.model_validate(parse_json(json.dumps(body)))


def echo(body: dict[str, Any], order_id: int = 1005000000001) -> dict[str, Any]:
    """Show a request as the broker lists it: numbers for texts, legs numbered, fields added."""
    legs = [
        leg
        | {"legId": number, "quantity": float(leg["quantity"]), "orderLegType": "EQUITY"}
        | {"instrument": leg["instrument"] | {"cusip": "0", "assetType": "COLLECTIVE_INVESTMENT"}}
        for number, leg in enumerate(body["orderLegCollection"], 1)
    ]
    figures = {name: float(body[name]) for name in ("price", "stopPrice") if name in body}
    return (
        body
        | figures
        | {"orderLegCollection": legs[::-1], "orderId": order_id, "status": "WORKING"}
        | {"complexOrderStrategyType": body.get("complexOrderStrategyType", "NONE")}
    )


def test_market_stock_order_is_the_brokers_sample() -> None:
    ticket = equity_ticket(Side.BUY, 15, "XYZ").with_effect(Effect.OPEN)
    assert body_of(ticket) == {
        "orderType": "MARKET",
        "session": "NORMAL",
        "duration": "DAY",
        "orderStrategyType": "SINGLE",
        "orderLegCollection": [
            {
                "instruction": "BUY",
                "quantity": 15,
                "instrument": {"symbol": "XYZ", "assetType": "EQUITY"},
            }
        ],
    }


def test_single_option_is_the_brokers_sample() -> None:
    leg = Leg(option("120", Right.CALL), Side.BUY)
    ticket = Ticket(
        Side.BUY,
        3,
        StructureKind.OPTION,
        (leg,),
        OrderType.LIMIT,
        Decimal("4.15"),
        effect=Effect.OPEN,
    )
    body = body_of(ticket)
    assert body["complexOrderStrategyType"] == "NONE"
    assert (body["orderType"], body["price"]) == ("LIMIT", "4.15")
    assert "quantity" not in body
    assert legs_of(ticket) == [("BUY_TO_OPEN", 3, "ABCD  261218C00120000")]
    assert body["orderLegCollection"][0]["instrument"]["assetType"] == "OPTION"


@pytest.mark.parametrize(
    ("ticket", "order_type", "price", "instructions"),
    [
        pytest.param(vertical(), "NET_CREDIT", "0.85", ["SELL", "BUY"], id="credit"),
        pytest.param(vertical(Side.BUY), "NET_DEBIT", "0.85", ["BUY", "SELL"], id="debit"),
        pytest.param(
            vertical(price="-0.8"), "NET_DEBIT", "0.80", ["BUY", "SELL"], id="sold for a debit"
        ),
        pytest.param(
            vertical(Side.BUY, "-0.8"), "NET_CREDIT", "0.80", ["SELL", "BUY"], id="bought at credit"
        ),
        pytest.param(vertical(price="0"), "NET_ZERO", None, ["SELL", "BUY"], id="even"),
        pytest.param(
            vertical(price=None, order_type=OrderType.MARKET),
            "MARKET",
            None,
            ["SELL", "BUY"],
            id="market",
        ),
    ],
)
def test_net_price_is_positive_and_its_direction_is_in_the_type(
    ticket: Ticket, order_type: str, price: str | None, instructions: list[str]
) -> None:
    body = body_of(ticket)
    assert (body["orderType"], body.get("price")) == (order_type, price)
    assert body["complexOrderStrategyType"] == "VERTICAL"
    assert body["quantity"] == 2
    assert [leg[0].split("_")[0] for leg in legs_of(ticket)] == instructions


def test_iron_condor_legs_run_from_put_wing_to_call_wing() -> None:
    assert legs_of(iron_condor()) == [
        ("BUY_TO_OPEN", 1, "SPXW  261218P05800000"),
        ("SELL_TO_OPEN", 1, "SPXW  261218P05820000"),
        ("SELL_TO_OPEN", 1, "SPXW  261218C06200000"),
        ("BUY_TO_OPEN", 1, "SPXW  261218C06220000"),
    ]
    assert body_of(iron_condor())["complexOrderStrategyType"] == "IRON_CONDOR"


@pytest.mark.parametrize(
    ("order", "word", "quantities"),
    [
        ("SELL -3 1/2 BACKRATIO {} 600/605 CALL @-0.71", "BACK_RATIO", [6, 3]),
        ("BUY +3 STRADDLE {} 600 CALL/PUT @20.00", "STRADDLE", [3, 3]),
        ("SELL -3 STRANGLE {} 610/590 CALL/PUT @4.00", "STRANGLE", [3, 3]),
        ("BUY +3 CALENDAR SPY 100 15 JAN 27/18 DEC 26 600 CALL @2.00", "CALENDAR", [3, 3]),
        ("BUY +3 DIAGONAL SPY 100 15 JAN 27/18 DEC 26 600/605 CALL @2.00", "DIAGONAL", [3, 3]),
        ("BUY +3 BUTTERFLY {} 600/605/610 CALL @1.00", "BUTTERFLY", [3, 3, 6]),
        ("BUY +3 1/3/2 ~BUTTERFLY {} 600/605/610 CALL @1", "UNBALANCED_BUTTERFLY", [3, 6, 9]),
        ("SELL -3 CONDOR {} 600/605/610/615 PUT @1.00", "CONDOR", [3, 3, 3, 3]),
        ("BUY +3 2/1/1/3 ~CONDOR {} 600/605/610/615 PUT @9", "UNBALANCED_CONDOR", [6, 9, 3, 3]),
        (
            "SELL -3 2/2/1/1 ~IRON CONDOR {} 610/620/590/580 CALL/PUT @1.60",
            "UNBALANCED_IRON_CONDOR",
            [6, 3, 6, 3],
        ),
        ("SELL -3 IRON BUTTERFLY {} 600/610/590 CALL/PUT @5.00", "CUSTOM", [3, 3, 3, 3]),
        (
            "BUY +3 DBL DIAG SPY 100 15 JAN 27/18 DEC 26 580/620/585/615 PUT/CALL/PUT/CALL @3.00",
            "DOUBLE_DIAGONAL",
            [3, 3, 3, 3],
        ),
        ("BUY +3 1/-2 CUSTOM {}/18 DEC 26 600/590 CALL/PUT @3.00", "CUSTOM", [3, 6]),
    ],
)
def test_structure_is_named_and_its_legs_are_units_times_ratio(
    order: str, word: str, quantities: list[int]
) -> None:
    ticket = parse(order.format("SPY 100 18 DEC 26")).with_effect(Effect.OPEN)
    rendered = render(ticket)
    body = json.loads(rendered.body)
    assert (body["complexOrderStrategyType"], body["quantity"]) == (word, 3)
    assert [leg[1] for leg in legs_of(ticket)] == quantities
    assert body["orderType"] == ("NET_CREDIT" if (ticket.credit or 0) > 0 else "NET_DEBIT")
    assert fingerprint_of_wire(wire(echo(body))) == rendered.fingerprint


def test_order_for_a_last_day_is_good_till_cancel_with_a_time_to_cancel() -> None:
    text = "BUY +1 BUTTERFLY SPY 100 18 DEC 26 600/605/610 CALL @1.00 LMT {} [TO OPEN]"
    rendered = render(parse(text.format("GTD 11 DEC 26")))
    body = json.loads(rendered.body)
    assert body["duration"] == "GOOD_TILL_CANCEL"
    assert body["cancelTime"] == "2026-12-11T23:59:59+0000"
    assert fingerprint_of_wire(wire(echo(body))) == rendered.fingerprint
    assert "cancelTime" not in json.loads(render(parse(text.format("GTC"))).body)


ROLL = "{} VERT ROLL SPY 100 15 JAN 27/18 DEC 26 605/610/600/605 CALL @0.40 LMT {}"


@pytest.mark.parametrize(
    ("order", "legs"),
    [
        (
            ROLL.format("SELL -2", "[TO OPEN/TO CLOSE]"),
            [
                ("SELL_TO_OPEN", 2, "SPY   270115C00605000"),
                ("SELL_TO_CLOSE", 2, "SPY   261218C00605000"),
                ("BUY_TO_OPEN", 2, "SPY   270115C00610000"),
                ("BUY_TO_CLOSE", 2, "SPY   261218C00600000"),
            ],
        ),
        (
            ROLL.format("BUY +1", "[TO CLOSE/TO OPEN]"),
            [
                ("BUY_TO_CLOSE", 1, "SPY   270115C00605000"),
                ("BUY_TO_OPEN", 1, "SPY   261218C00605000"),
                ("SELL_TO_CLOSE", 1, "SPY   270115C00610000"),
                ("SELL_TO_OPEN", 1, "SPY   261218C00600000"),
            ],
        ),
    ],
)
def test_legs_of_a_roll_have_effects_of_their_own(
    order: str, legs: list[tuple[str, int, str]]
) -> None:
    rendered = render(parse(order))
    body = json.loads(rendered.body)
    assert body["complexOrderStrategyType"] == "VERTICAL_ROLL"
    assert legs_of(parse(order)) == legs
    assert fingerprint_of_wire(wire(echo(body))) == rendered.fingerprint


@pytest.mark.parametrize(
    ("order", "word", "order_type", "legs"),
    [
        (
            "BUY +2 COVERED SPY 100 18 DEC 26 600 CALL/SPY @595 LMT [TO OPEN]",
            "COVERED",
            "NET_DEBIT",
            [("BUY", 200, "SPY"), ("SELL_TO_OPEN", 2, "SPY   261218C00600000")],
        ),
        (
            "SELL -1 COVERED SPY 100 18 DEC 26 600 CALL/SPY @595 LMT [TO CLOSE]",
            "COVERED",
            "NET_CREDIT",
            [("SELL", 100, "SPY"), ("BUY_TO_CLOSE", 1, "SPY   261218C00600000")],
        ),
        (
            "BUY +1 COLLAR SPY 100 18 DEC 26 580/600 PUT/CALL/SPY @595 LMT [TO OPEN]",
            "COLLAR_WITH_STOCK",
            "NET_DEBIT",
            [
                ("BUY", 100, "SPY"),
                ("BUY_TO_OPEN", 1, "SPY   261218P00580000"),
                ("SELL_TO_OPEN", 1, "SPY   261218C00600000"),
            ],
        ),
    ],
)
def test_shares_stand_before_the_options_that_go_with_them(
    order: str, word: str, order_type: str, legs: list[tuple[str, int, str]]
) -> None:
    rendered = render(parse(order))
    body = json.loads(rendered.body)
    assert (body["complexOrderStrategyType"], body["orderType"]) == (word, order_type)
    assert (body["price"], body["quantity"]) == ("595.00", legs[0][1] // 100)
    assert legs_of(parse(order)) == legs
    types = [leg["instrument"]["assetType"] for leg in body["orderLegCollection"]]
    assert types == ["EQUITY", *["OPTION"] * (len(legs) - 1)]
    assert fingerprint_of_wire(wire(echo(body))) == rendered.fingerprint


def test_closing_condor_turns_every_leg() -> None:
    closing = legs_of(iron_condor(Side.BUY, "0.40", Effect.CLOSE))
    assert [leg[0] for leg in closing] == [
        "SELL_TO_CLOSE",
        "BUY_TO_CLOSE",
        "BUY_TO_CLOSE",
        "SELL_TO_CLOSE",
    ]


@pytest.mark.parametrize(
    ("side", "effect", "instruction"),
    [
        (Side.BUY, Effect.OPEN, "BUY"),
        (Side.BUY, Effect.CLOSE, "BUY_TO_COVER"),
        (Side.SELL, Effect.OPEN, "SELL_SHORT"),
        (Side.SELL, Effect.CLOSE, "SELL"),
    ],
)
def test_stock_instruction_follows_the_effect(side: Side, effect: Effect, instruction: str) -> None:
    ticket = equity_ticket(side, 10, "SPY", Decimal("600.5")).with_effect(effect)
    assert legs_of(ticket) == [(instruction, 10, "SPY")]


def test_stop_session_and_duration_use_the_brokers_words() -> None:
    stop = Ticket(
        Side.SELL,
        10,
        StructureKind.EQUITY,
        (Leg(Equity("SPY"), Side.SELL),),
        OrderType.STOP_LIMIT,
        Decimal(590),
        Decimal("591.5"),
        TimeInForce.GTC,
        Session.EXT,
        Effect.CLOSE,
    )
    body = body_of(stop)
    assert body["orderType"] == "STOP_LIMIT"
    assert (body["price"], body["stopPrice"]) == ("590.00", "591.50")
    assert (body["session"], body["duration"]) == ("SEAMLESS", "GOOD_TILL_CANCEL")


def test_unresolved_effect_is_a_bug_of_ours() -> None:
    with pytest.raises(InvariantBroken):
        render(vertical(effect=Effect.AUTO))


def test_prices_the_broker_has_no_order_for_are_refused() -> None:
    with pytest.raises(InputError):
        render(equity_ticket(Side.BUY, 1, "SPY", Decimal(0)).with_effect(Effect.OPEN))
    with pytest.raises(InputError):
        render(vertical(order_type=OrderType.LIMIT_ON_CLOSE))


def test_body_is_compact_and_its_hash_is_of_the_bytes() -> None:
    rendered = render(vertical())
    assert b" " not in rendered.body.replace(b"ABCD  ", b"")
    assert rendered.body_hash == hashlib.sha256(rendered.body).hexdigest()
    assert render(vertical()) == rendered


@pytest.mark.parametrize(
    ("price", "text"), [("6.45", "6.45"), ("100", "100.00"), ("0.1", "0.10"), ("0.1234", "0.1234")]
)
def test_price_text_changes_no_figure(price: str, text: str) -> None:
    assert price_text(Decimal(price)) == text


prices = st.integers(1, 999_999).map(lambda cents: Decimal(cents) / 100)
effects = st.sampled_from([Effect.OPEN, Effect.CLOSE])


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    effect = draw(effects)
    side = draw(st.sampled_from(Side))
    kind = draw(st.sampled_from(["stock", "vertical", "condor"]))
    if kind == "vertical":
        return vertical(side, str(draw(prices)), draw(st.integers(1, 50)), effect)
    if kind == "condor":
        return iron_condor(side, str(draw(prices)), effect)
    order_type = draw(st.sampled_from(OrderType))
    return Ticket(
        side,
        draw(st.integers(1, 10_000)),
        StructureKind.EQUITY,
        (Leg(Equity("BRK/B"), side),),
        order_type,
        draw(prices) if order_type in PRICED else None,
        draw(prices) if order_type in STOPPED else None,
        draw(st.sampled_from(TimeInForce).filter(lambda life: life is not TimeInForce.GTD)),
        draw(st.sampled_from(Session)),
        effect,
    )


@given(tickets())
def test_echo_of_a_rendered_body_has_the_same_fingerprint(ticket: Ticket) -> None:
    rendered = render(ticket)
    assert fingerprint_of_wire(wire(echo(json.loads(rendered.body)))) == rendered.fingerprint


@given(tickets(), tickets())
def test_different_bodies_have_different_fingerprints(first: Ticket, second: Ticket) -> None:
    one, other = render(first), render(second)
    short_forms = {"SELL_SHORT": "SELL", "BUY_TO_COVER": "BUY"}

    def as_class(body: bytes) -> str:
        text = body.decode()
        for long_form, short_form in short_forms.items():
            text = text.replace(f'"{long_form}"', f'"{short_form}"')
        return text

    same = as_class(one.body) == as_class(other.body)
    assert (one.fingerprint == other.fingerprint) == same


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"price": 0.9}, id="price"),
        pytest.param({"duration": "GOOD_TILL_CANCEL"}, id="duration"),
        pytest.param({"session": "AM"}, id="session"),
        pytest.param({"orderType": "NET_DEBIT"}, id="type"),
        pytest.param({"complexOrderStrategyType": "CUSTOM"}, id="structure"),
        pytest.param({"specialInstruction": "ALL_OR_NONE"}, id="special instruction"),
    ],
)
def test_a_look_alike_that_differs_is_told_apart(change: dict[str, Any]) -> None:
    rendered = render(vertical())
    other = fingerprint_of_wire(wire(echo(json.loads(rendered.body)) | change))
    assert other is not None
    assert other != rendered.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"orderType": "SOMETHING_NEW"}, id="unknown type"),
        pytest.param({"orderType": None}, id="no type"),
        pytest.param({"session": "EXTO"}, id="unknown session"),
        pytest.param({"duration": None}, id="no duration"),
        pytest.param({"complexOrderStrategyType": "NEW"}, id="unknown structure"),
        pytest.param({"price": None}, id="no price"),
        pytest.param({"orderLegCollection": []}, id="no legs"),
        pytest.param({"orderLegCollection": [{"instruction": "BUY"}]}, id="leg without symbol"),
        pytest.param({"orderStrategyType": "TRIGGER"}, id="parent of a tree"),
        pytest.param({"childOrderStrategies": [{"orderId": 1}]}, id="children"),
    ],
)
def test_an_order_that_cannot_be_told_has_no_fingerprint(change: dict[str, Any]) -> None:
    body = echo(json.loads(render(vertical()).body)) | change
    assert fingerprint_of_wire(wire(body)) is None
