"""Swarm testing: every seed has its own few kinds of trouble, each with its own weight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from swimdesk.sim.faults import Fault, FaultPlan, FaultRule, Operation
from tests.chaos.wire import CALM, Weather

_O = Operation
OF_ORDERS = (_O.PLACE, _O.REPLACE)
ALL = ((_O.PLACE, 6), (_O.LIST, 4), (_O.REPLACE, 3), (_O.CANCEL, 3), (_O.GET, 2), (_O.ACCOUNTS, 1),
       (_O.QUOTES, 1), (_O.TOKEN, 1))  # fmt: skip
"""Where a fault may strike, with weights."""

_ONLY: Mapping[Fault, tuple[tuple[Operation, int], ...]] = {
    Fault.NO_LOCATION: ((_O.PLACE, 3), (_O.REPLACE, 1)),
    Fault.WRONG_LOCATION: ((_O.PLACE, 3), (_O.REPLACE, 1)),
    Fault.LIST_LAG: ((_O.PLACE, 3), (_O.REPLACE, 1)),
    Fault.PARTIAL: ((_O.PLACE, 3), (_O.REPLACE, 1)),
    Fault.ASYNC_REJECT: ((_O.PLACE, 2), (_O.REPLACE, 2)),
    Fault.UNKNOWN_STATUS: ((_O.PLACE, 3), (_O.REPLACE, 1)),
    Fault.LATE_ACCEPT: ((_O.PLACE, 5), (_O.REPLACE, 2), (_O.CANCEL, 1)),
    Fault.ACCOUNT_MISSING: ((_O.ACCOUNTS, 1), (_O.LIST, 2)),
    Fault.NAN_GREEKS: ((_O.QUOTES, 1),),
}
_WEATHER = ("slow", "ended", "cut_write", "no_dial", "split")
KINDS: tuple[str, ...] = (*(fault.value for fault in Fault), *_WEATHER)
"""Everything that may go wrong at the brokerage or on the wire."""

MILD = frozenset({_O.ACCOUNTS, _O.QUOTES, _O.TOKEN})
"""Where trouble all the time would only keep anything from happening."""

HIDING = frozenset({Fault.ACCOUNT_MISSING})
LOSING = (Fault.RESET_BEFORE, Fault.HANG_BEFORE, Fault.ERROR_BEFORE)
UNSEEN_S = 62.0
BELIEVED_S = 8.0
"""What comes later than this comes later than the desk believes in."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong in one seed, and for how long orders may come or show late."""

    plan: FaultPlan
    weather: Weather
    longest_s: float

    @property
    def hides_orders(self) -> bool:
        """Whether lists of orders leave some out, for good where it is the share of all reads."""
        return any(
            one.fault in HIDING and one.operation is Operation.LIST for one in self.plan.rules
        )

    @property
    def unseen_s(self) -> float:
        """How long an account that a list of accounts left out is not looked for again."""
        return UNSEEN_S if any(one.fault in HIDING for one in self.plan.rules) else 0.0


def draw(
    random: Random, *, is_calm: bool, late_s: tuple[float, float], loses_orders: bool = False
) -> Trouble:
    """Draw one to five kinds of trouble; ``late_s`` says how late what comes late may come.

    ``loses_orders`` makes sure that some orders are sent, not answered, and not there.
    """
    if is_calm:
        return Trouble(FaultPlan(), CALM, 0.0)
    kinds = random.sample(KINDS, random.randint(1, 5))
    rules: list[FaultRule] = []
    if late_s[1] > BELIEVED_S:
        late = random.choice((Fault.LATE_ACCEPT, Fault.LIST_LAG))
        rules.append(_placing(random, late, round(random.uniform(*late_s), 2)))
    elif loses_orders:
        rules.append(_placing(random, random.choice(LOSING), 0.0))
    weather = CALM
    for kind in kinds:
        if kind in _WEATHER:
            weather = replace(weather, **{kind: random.choice((0.05, 0.2, 0.5))})
        else:
            rules += _rules(random, Fault(kind), late_s)
    return Trouble(FaultPlan("seed", tuple(rules)), weather, late_s[1])


def _placing(random: Random, fault: Fault, delay_s: float) -> FaultRule:
    """Draw a fault that strikes some orders of every broadcast."""
    share = random.choice((0.3, 0.6))
    return FaultRule(fault, "*", _O.PLACE, None, share, {"delay_s": delay_s})


def _rules(random: Random, fault: Fault, late_s: tuple[float, float]) -> list[FaultRule]:
    places = _ONLY.get(fault, ALL)
    names, weights = zip(*places, strict=True)
    chosen = dict.fromkeys(random.choices(names, weights, k=random.choice((1, 1, 2, 3))))
    return [_rule(random, fault, operation, late_s) for operation in chosen]


def _rule(
    random: Random, fault: Fault, operation: Operation, late_s: tuple[float, float]
) -> FaultRule:
    share = random.choice((0.05, 0.2)) if operation in MILD else random.choice((0.1, 0.3, 0.6, 1.0))
    account = f"#{random.randrange(6)}" if random.random() < 0.3 else "*"
    if operation in {_O.LIST, _O.ACCOUNTS, _O.QUOTES, _O.TOKEN}:
        account = "*"
    given: dict[str, Any] = {"delay_s": round(random.uniform(*late_s), 2)}
    if fault is Fault.WRONG_LOCATION:
        given = {"of": random.choice(("account", "order"))}
    elif fault is Fault.RATE_LIMITED:
        given = {"retry_after_s": random.choice((0, 1, 3, 30))}
    nth = random.choice((None, None, None, 1, 2))
    return FaultRule(fault, account, operation, nth, share if nth is None else 1.0, given)


def fired(report: Mapping[str, Any]) -> Counter[str]:
    """Count from the engine's report how often each kind struck."""
    counts: Counter[str] = Counter()
    for rule in report["rules"]:
        counts[rule["fault"]] += rule["fired"]
    return +counts
