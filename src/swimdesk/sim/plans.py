"""The fault plans that are known by name, and plans from files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from swimdesk.sim.faults import Fault, FaultPlan, FaultRule, Operation


def plan_from(name_or_path: str) -> FaultPlan:
    """Return a named plan or read one from a JSON file, else ValueError."""
    named = NAMED_PLANS.get(name_or_path)
    if named is not None:
        return named
    path = Path(name_or_path)
    if not path.is_file():
        raise ValueError(
            f"{name_or_path!r} is neither a fault plan ({', '.join(NAMED_PLANS)}) nor a file"
        )
    raw = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict):
        raise ValueError("a fault plan is a JSON object with 'name' and 'rules'")  # noqa: TRY004 - bad text
    return FaultPlan.from_json(raw)


_EACH: tuple[tuple[Fault, dict[str, Any]], ...] = (
    (Fault.REFUSE, {}),
    (Fault.WRAPPED_500, {}),
    (Fault.RATE_LIMITED, {"retry_after_s": 5}),
    (Fault.RATE_LIMITED_BARE, {}),
    (Fault.UNAUTHORIZED, {}),
    (Fault.FORBIDDEN, {}),
    (Fault.ERROR_BEFORE, {}),
    (Fault.ERROR_AFTER, {}),
    (Fault.UNAVAILABLE_BEFORE, {}),
    (Fault.RESET_BEFORE, {}),
    (Fault.RESET_AFTER, {}),
    (Fault.HANG_BEFORE, {}),
    (Fault.HANG_AFTER, {}),
    (Fault.CUT_AFTER, {}),
    (Fault.LATE_ACCEPT, {"delay_s": 3}),
    (Fault.NO_LOCATION, {}),
    (Fault.WRONG_LOCATION, {"of": "account"}),
    (Fault.WRONG_LOCATION, {"of": "order"}),
    (Fault.LIST_LAG, {"delay_s": 5}),
    (Fault.PARTIAL, {}),
    (Fault.ASYNC_REJECT, {}),
    (Fault.GARBAGE, {}),
    (Fault.UNKNOWN_STATUS, {"delay_s": 3}),
    (Fault.REDIRECT, {}),
    (Fault.GZIP_ERROR, {}),
    (Fault.ROUTE_LOST, {}),
    (Fault.BAD_GATEWAY_AFTER, {}),
)

_FLAKY: tuple[tuple[Operation, Fault, float], ...] = (
    (Operation.PLACE, Fault.RESET_AFTER, 0.004),
    (Operation.PLACE, Fault.RESET_BEFORE, 0.004),
    (Operation.PLACE, Fault.ERROR_AFTER, 0.004),
    (Operation.PLACE, Fault.ERROR_BEFORE, 0.004),
    (Operation.PLACE, Fault.NO_LOCATION, 0.004),
    (Operation.PLACE, Fault.LATE_ACCEPT, 0.002),
    (Operation.PLACE, Fault.RATE_LIMITED, 0.004),
    (Operation.CANCEL, Fault.UNAVAILABLE_BEFORE, 0.01),
    (Operation.LIST, Fault.UNAVAILABLE_BEFORE, 0.01),
    (Operation.LIST, Fault.CUT_AFTER, 0.005),
    (Operation.GET, Fault.ERROR_BEFORE, 0.01),
    (Operation.ACCOUNTS, Fault.ERROR_BEFORE, 0.01),
    (Operation.QUOTES, Fault.UNAVAILABLE_BEFORE, 0.01),
    (Operation.REPLACE, Fault.RESET_AFTER, 0.01),
    (Operation.REPLACE, Fault.RESET_BEFORE, 0.01),
    (Operation.REPLACE, Fault.ERROR_AFTER, 0.01),
    (Operation.REPLACE, Fault.LATE_ACCEPT, 0.005),
)


_STORMY: tuple[tuple[Operation, Fault, float], ...] = (
    (Operation.PLACE, Fault.RESET_AFTER, 0.03),
    (Operation.PLACE, Fault.RESET_BEFORE, 0.03),
    (Operation.PLACE, Fault.HANG_AFTER, 0.01),
    (Operation.PLACE, Fault.HANG_BEFORE, 0.01),
    (Operation.PLACE, Fault.CUT_AFTER, 0.02),
    (Operation.PLACE, Fault.ERROR_AFTER, 0.03),
    (Operation.PLACE, Fault.ERROR_BEFORE, 0.03),
    (Operation.PLACE, Fault.BAD_GATEWAY_AFTER, 0.02),
    (Operation.PLACE, Fault.LATE_ACCEPT, 0.02),
    (Operation.PLACE, Fault.NO_LOCATION, 0.03),
    (Operation.PLACE, Fault.WRONG_LOCATION, 0.01),
    (Operation.PLACE, Fault.LIST_LAG, 0.03),
    (Operation.PLACE, Fault.ASYNC_REJECT, 0.02),
    (Operation.PLACE, Fault.PARTIAL, 0.03),
    (Operation.PLACE, Fault.UNKNOWN_STATUS, 0.02),
    (Operation.PLACE, Fault.RATE_LIMITED, 0.02),
    (Operation.PLACE, Fault.UNAUTHORIZED, 0.01),
    (Operation.PLACE, Fault.GARBAGE, 0.01),
    (Operation.CANCEL, Fault.UNAVAILABLE_BEFORE, 0.05),
    (Operation.CANCEL, Fault.RESET_AFTER, 0.05),
    (Operation.CANCEL, Fault.LATE_ACCEPT, 0.03),
    (Operation.REPLACE, Fault.RESET_AFTER, 0.05),
    (Operation.REPLACE, Fault.RESET_BEFORE, 0.05),
    (Operation.REPLACE, Fault.ERROR_AFTER, 0.05),
    (Operation.REPLACE, Fault.LATE_ACCEPT, 0.03),
    (Operation.REPLACE, Fault.NO_LOCATION, 0.03),
    (Operation.LIST, Fault.UNAVAILABLE_BEFORE, 0.06),
    (Operation.LIST, Fault.CUT_AFTER, 0.03),
    (Operation.LIST, Fault.GARBAGE, 0.02),
    (Operation.LIST, Fault.RATE_LIMITED, 0.02),
    (Operation.LIST, Fault.ACCOUNT_MISSING, 0.03),
    (Operation.GET, Fault.ERROR_BEFORE, 0.05),
    (Operation.ACCOUNTS, Fault.ERROR_BEFORE, 0.03),
    (Operation.ACCOUNTS, Fault.ACCOUNT_MISSING, 0.02),
    (Operation.QUOTES, Fault.UNAVAILABLE_BEFORE, 0.03),
)
"""A bad day at the broker: of 48 orders some fifteen meet with something."""


def each_on_its_own_account(faults: Iterable[tuple[Fault, dict[str, Any]]]) -> FaultPlan:
    """Return the plan in which account ``#i`` meets fault i at its first placed order."""
    rules = (
        FaultRule(fault, f"#{index}", parameters=parameters)
        for index, (fault, parameters) in enumerate(faults)
    )
    return FaultPlan("each", tuple(rules))


def now_and_then(name: str, faults: Iterable[tuple[Operation, Fault, float]]) -> FaultPlan:
    """Return the plan in which faults come at any request, each as likely as it says."""
    rules = (
        FaultRule(fault, "*", operation, nth=None, probability=probability)
        for operation, fault, probability in faults
    )
    return FaultPlan(name, tuple(rules))


NAMED_PLANS: dict[str, FaultPlan] = {
    "none": FaultPlan(),
    "each": each_on_its_own_account(_EACH),
    "flaky": now_and_then("flaky", _FLAKY),
    "stormy": now_and_then("stormy", _STORMY),
}
"""The fault plans that are known by name."""
