"""Fault plans: what the brokerage does wrong, to whom, at which request."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any


class Fault(StrEnum):
    """One way to fail; docs/simulator.md tells what each does."""

    REFUSE = "refuse"
    WRAPPED_500 = "400_wrapping_500"
    RATE_LIMITED = "429"
    RATE_LIMITED_BARE = "429_bare"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    ERROR_BEFORE = "500_before"
    ERROR_AFTER = "500_after"
    UNAVAILABLE_BEFORE = "503_before"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    CUT_AFTER = "cut_after"
    LATE_ACCEPT = "late_accept"
    NO_LOCATION = "no_location"
    WRONG_LOCATION = "wrong_location"
    LIST_LAG = "list_lag"
    PARTIAL = "partial"
    ASYNC_REJECT = "async_reject"
    GARBAGE = "garbage"
    UNKNOWN_STATUS = "unknown_status"
    REDIRECT = "redirect"
    GZIP_ERROR = "gzip_error"
    ROUTE_LOST = "404_route"
    BAD_GATEWAY_AFTER = "502_after"
    ACCOUNT_MISSING = "account_missing"
    NAN_GREEKS = "nan_greeks"


class Operation(StrEnum):
    """What a request does, as fault plans and request counts name it."""

    PLACE = "place"
    CANCEL = "cancel"
    REPLACE = "replace"
    LIST = "list"
    GET = "get"
    ACCOUNTS = "accounts"
    PREVIEW = "preview"
    PREFERENCE = "preference"
    TOKEN = "token"  # noqa: S105 - the name of an endpoint
    QUOTES = "quotes"
    ANY = "*"


BEFORE = frozenset(
    {
        Fault.REFUSE,
        Fault.WRAPPED_500,
        Fault.RATE_LIMITED,
        Fault.RATE_LIMITED_BARE,
        Fault.UNAUTHORIZED,
        Fault.FORBIDDEN,
        Fault.ERROR_BEFORE,
        Fault.UNAVAILABLE_BEFORE,
        Fault.RESET_BEFORE,
        Fault.HANG_BEFORE,
        Fault.LATE_ACCEPT,
        Fault.GARBAGE,
        Fault.REDIRECT,
        Fault.GZIP_ERROR,
        Fault.ROUTE_LOST,
    }
)
"""Faults that answer instead of the brokerage: the request itself has no effect (yet)."""

OF_READS = frozenset({Fault.ACCOUNT_MISSING, Fault.NAN_GREEKS})
"""Faults that only a read can have."""

_SECONDS = ("retry_after_s", "delay_s")
PARAMETERS = frozenset({*_SECONDS, "text", "status", "of", "body"})
"""What a rule may say beside whom, when and how it fails."""
_LOCATIONS = ("account", "order")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a request concerns: an account, a login, or nobody (a request for all accounts)."""

    key: str = ""
    """The last four digits of an account, or the name of a login."""
    index: int | None = None
    """The account's place in the brokerage's list, from 0."""


NOBODY = Subject()


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One line of a plan: who, what, which time, and how it fails."""

    fault: Fault
    account: str = "*"
    """Last four digits, ``#`` and the account's index from 0, a login's name, or ``*``."""
    operation: Operation = Operation.PLACE
    nth: int | None = 1
    """The 1-based count of that operation on that account; None: every time."""
    probability: float = 1.0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """``retry_after_s``, ``delay_s``, ``text``, ``status``, ``of`` (account|order), ``body``."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> FaultRule:
        """Read a rule of a plan; ValueError names what is not understood."""
        if not isinstance(raw, Mapping):
            raise ValueError("a fault rule is a JSON object")  # noqa: TRY004 - bad text, not a bug
        known = {"account", "operation", "nth", "every", "probability", "fault"} | PARAMETERS
        unknown = sorted(set(raw) - known)
        if unknown:
            raise ValueError(f"unknown key in a fault rule: {', '.join(unknown)}")
        if "fault" not in raw:
            raise ValueError("a fault rule needs the key 'fault'")
        return cls(
            fault=Fault(raw["fault"]),
            account=str(raw.get("account", "*")),
            operation=Operation(raw.get("operation", "place")),
            nth=None if raw.get("every") else int(_number(raw, "nth", 1)),
            probability=_number(raw, "probability", 1.0),
            parameters=_parameters(raw),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the rule as a plan file holds it."""
        when: dict[str, Any] = {"every": True} if self.nth is None else {"nth": self.nth}
        if self.probability < 1:
            when["probability"] = self.probability
        who = {"account": self.account, "operation": self.operation.value}
        return {**who, **when, "fault": self.fault.value, **self.parameters}

    def concerns(self, subject: Subject, operation: Operation) -> bool:
        """Tell whether the rule speaks of this operation on this account."""
        if self.operation not in (Operation.ANY, operation):
            return False
        return self.account in ("*", subject.key) or self.account == f"#{subject.index}"


def _parameters(raw: Mapping[str, Any]) -> dict[str, Any]:
    given = {key: raw[key] for key in raw if key in PARAMETERS}
    for key, value in given.items():
        if key in _SECONDS:
            _number(raw, key, 0.0)
        elif not isinstance(value, str):
            raise ValueError(f"{key!r} of a fault rule is a text, not {value!r}")
    if given.get("of", _LOCATIONS[0]) not in _LOCATIONS:
        raise ValueError(f"'of' of a fault rule is one of {', '.join(_LOCATIONS)}")
    return given


def _number(raw: Mapping[str, Any], key: str, otherwise: float) -> float:
    value = raw.get(key, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{key!r} of a fault rule is a number from 0, not {value!r}")
    return float(value)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """A named list of rules; the first rule that applies to a request wins."""

    name: str = "none"
    rules: tuple[FaultRule, ...] = ()

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> FaultPlan:
        """Read a plan; ValueError names what is not understood."""
        rules = raw.get("rules", [])
        if not isinstance(rules, list):
            raise ValueError("'rules' of a fault plan is a list")  # noqa: TRY004 - bad text, not a bug
        return cls(str(raw.get("name", "custom")), tuple(FaultRule.from_json(r) for r in rules))

    def to_json(self) -> dict[str, Any]:
        """Return the plan as its file holds it."""
        return {"name": self.name, "rules": [rule.to_json() for rule in self.rules]}


class FaultEngine:
    """Counts the requests and tells which of them fail, by the plan in force."""

    def __init__(self, plan: FaultPlan, seed: int) -> None:
        self._random = Random(f"{seed}:faults")
        self.plan = plan
        self._counts: Counter[tuple[str, Operation]] = Counter()
        self._fired: Counter[int] = Counter()

    def replace(self, plan: FaultPlan) -> None:
        """Put another plan in force; counting starts again."""
        self.plan = plan
        self._counts.clear()
        self._fired.clear()

    def next(self, subject: Subject, operation: Operation) -> FaultRule | None:
        """Count a request and return the rule it falls under, if any."""
        if not self.plan.rules:
            return None
        counted = (operation, Operation.ANY)
        for name in counted:
            self._counts[subject.key, name] += 1
        for place, rule in enumerate(self.plan.rules):
            if not rule.concerns(subject, operation):
                continue
            count = self._counts[subject.key, rule.operation]
            if rule.nth is not None and rule.nth != count:
                continue
            if rule.probability < 1 and self._random.random() >= rule.probability:
                continue
            self._fired[place] += 1
            return rule
        return None

    def report(self) -> dict[str, Any]:
        """Return the plan in force with how often each rule fired."""
        rules = [
            {**rule.to_json(), "fired": self._fired[place]}
            for place, rule in enumerate(self.plan.rules)
        ]
        return {"name": self.plan.name, "rules": rules}
