"""Saved plans as JSON text, so that another process of the home can send exactly what was shown."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from swimdesk.domain.net_price import NetMarket
from swimdesk.domain.plan import Plan, PlannedLine, Verdict
from swimdesk.store.rows import (
    decimal_of,
    decimal_text,
    denials_of,
    denials_text,
    readable,
    ticket_of,
    ticket_text,
    time_of,
    time_text,
)

_MONEY = ("requirement", "max_loss", "buying_power")
_PLAIN = ("account", "login", "last4", "quantity", "reason", "body_hash", "fingerprint")


def plan_text(plan: Plan) -> str:
    """Write a plan as JSON."""
    return json.dumps(
        {
            "id": plan.id,
            "order": plan.order,
            "ticket": ticket_text(plan.ticket),
            "created": time_text(plan.created),
            "expires": time_text(plan.expires),
            "lines": [_line_values(line) for line in plan.lines],
            "digest": plan.digest,
            "sizing": plan.sizing,
            "remainder": plan.remainder,
            "notices": plan.notices,
            "net": _net_values(plan.net),
            "price_from": plan.price_from,
            "limits": plan.limits,
            "overrides": plan.overrides,
            "notional": decimal_text(plan.notional),
        }
    )


def plan_of(text: str) -> Plan:
    """Read a plan written by ``plan_text``; StoreCorrupt if it is none."""
    with readable("a saved plan"):
        values = json.loads(text)
        return Plan(
            **values
            | {
                "ticket": ticket_of(values["ticket"]),
                "created": time_of(values["created"]),
                "expires": time_of(values["expires"]),
                "lines": tuple(_line_of(line) for line in values["lines"]),
                "notices": tuple(values["notices"]),
                "net": _net_of(values.get("net")),
                "overrides": tuple(values.get("overrides", ())),
                "notional": decimal_of(values.get("notional")),
            }
        )


def _net_values(net: NetMarket | None) -> list[str] | None:
    return None if net is None else [str(net.bid), str(net.ask), time_text(net.as_of)]


def _net_of(values: list[str] | None) -> NetMarket | None:
    if values is None:
        return None
    bid, ask, as_of = values
    return NetMarket(Decimal(bid), Decimal(ask), time_of(as_of))


def _line_values(line: PlannedLine) -> dict[str, Any]:
    values = {name: getattr(line, name) for name in _PLAIN}
    values |= {name: decimal_text(getattr(line, name)) for name in _MONEY}
    return values | {
        "ticket": ticket_text(line.ticket),
        "verdict": line.verdict.value,
        "denials": denials_text(line.denials),
        "lifted": denials_text(line.lifted),
    }


def _line_of(values: dict[str, Any]) -> PlannedLine:
    money = {name: decimal_of(values[name]) for name in _MONEY}
    return PlannedLine(
        **values
        | money
        | {
            "ticket": ticket_of(values["ticket"]),
            "verdict": Verdict(values["verdict"]),
            "denials": denials_of(values["denials"]),
            "lifted": denials_of(values.get("lifted", "[]")),
        }
    )
