"""What happens in a world, drawn from its seed: the operator's day, and other people's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.chaos.faults import Trouble, draw
from tests.chaos.world import CrashPoint, Size

BIND_S, ABSENT_S = 8.0, 16.0
LATE_S = (0.1, 6.0)
"""What comes late comes within the horizon, late acceptance and lag of lists together."""
BEYOND_S = (6.0, 30.0)
"""Now and then it comes later than the desk believes in.

Neither then, nor where lists leave an order out for good, does anybody enter by our mark what the
desk has sent: a lost answer, an order that no list shows and another that has its look and mark are
together what nobody could tell apart.
"""

STOCKS = ("AAPL", "MSFT", "SPY", "QQQ", "IWM")


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the operator: bought at a price that is so much off the market, or at it."""

    symbol: str
    units: int
    off: str | None
    """A factor on the price at the start; None: a market order."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens at a moment; ``pick`` chooses among what there is then."""

    at_s: float
    kind: str
    pick: int = 0
    word: str = ""
    span_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Script:
    """One seed's world, whole."""

    size: Size
    orders: tuple[Order, ...]
    steps: tuple[Step, ...]
    trouble: Trouble
    is_calm: bool
    crashes: tuple[CrashPoint, ...] = field(default=())
    """At which call of the journal each life of the desk dies by itself."""


def script_of(seed: int) -> Script:
    """Draw the script of a seed."""
    random = Random(f"{seed}:script")
    is_calm = random.random() < 0.1
    accounts = random.randint(1, 6)
    size = Size(accounts, random.randint(1, min(accounts, 2)), BIND_S, ABSENT_S)
    is_beyond = random.random() < 0.25
    has_double = not is_calm and not is_beyond and random.random() < 0.35
    late_s = BEYOND_S if is_beyond else LATE_S
    trouble = draw(random, is_calm=is_calm, late_s=late_s, loses_orders=has_double)
    orders = tuple(_order(random) for _ in range(random.randint(1, 3)))
    may_be_ours = not is_beyond and not trouble.hides_orders
    steps = _steps(random, orders, may_be_ours=may_be_ours, is_calm=is_calm)
    if has_double:
        steps = [_double(random, orders, accounts, steps, may_be_ours=may_be_ours), *steps]
    crashes = () if is_calm else tuple(_crash(random) for _ in range(4))
    return Script(size, orders, tuple(steps), trouble, is_calm, crashes)


def _order(random: Random) -> Order:
    off = random.choice(("1.004", "1.004", "0.97", "0.97", "0.97", "0.9999", None))
    return Order(random.choice(STOCKS), random.choice((10, 40, 100, 400)), off)


def _crash(random: Random) -> CrashPoint:
    if random.random() < 0.75:
        return CrashPoint()
    return CrashPoint(random.randint(4, 40), random.random() < 0.5)


def _steps(
    random: Random, orders: tuple[Order, ...], *, may_be_ours: bool, is_calm: bool
) -> list[Step]:
    steps: list[Step] = []
    at_s = random.choice((0.5, 0.5, 0.5, 20.0))
    for place in range(len(orders)):
        waves = random.choice(("all", "all", "all", "all", "canary", "1", "2"))
        steps.append(Step(at_s, "send", place, waves))
        steps += [
            _around(random, at_s, place, may_be_ours=may_be_ours, is_calm=is_calm)
            for _ in range(random.choice((0, 1, 2, 3, 4)))
        ]
        at_s += random.choice((0.2, 1.0, 4.0, 9.0))
    steps.sort(key=lambda step: step.at_s)
    return steps


def _double(
    random: Random,
    orders: Sequence[Order],
    accounts: int,
    steps: Sequence[Step],
    *,
    may_be_ours: bool,
) -> Step:
    """Draw an order by hand in every account, like one that the operator sends after it."""
    place = random.randrange(len(orders))
    sent_s = next(one.at_s for one in steps if one.kind == "send" and one.pick == place)
    before_s = random.choice(((0.2, 4.0), (0.2, 4.0), (13.0, 19.0)))
    at_s = max(0.05, sent_s - random.uniform(*before_s))
    return Step(at_s, "twin", place + 8 * accounts, "ours" if may_be_ours else "other")


def _around(random: Random, at_s: float, place: int, *, may_be_ours: bool, is_calm: bool) -> Step:
    """Draw one more thing that happens near a broadcast."""
    kinds = CALM_KINDS if is_calm else KINDS
    kind = random.choices([name for name, _ in kinds], [weight for _, weight in kinds])[0]
    late_s = random.choice((0.1, 0.2, 0.25, 0.3, 0.5, 1.0, 2.0, 5.0, 12.0)) * random.uniform(
        0.7, 1.4
    )
    if kind == "twin" and random.random() < 0.4:
        late_s = -random.choice((random.uniform(0.1, 5.0), random.uniform(13.0, 20.0)))
    word = _WORDS[kind](random) if kind in _WORDS else ""
    if kind == "twin" and not may_be_ours:
        word = "other"
    moment_s = max(0.05, at_s + late_s)
    pick = place + 8 * random.randrange(1 << 16)
    return Step(moment_s, kind, pick, word, random.choice((0.0, 0.05, 0.5, 3.0)))


KINDS = (
    ("cancel", 20), ("replace", 22), ("kill", 18), ("twin", 18), ("cancel_all", 4), ("halt", 5),
    ("close", 3), ("again", 8), ("jump", 6), ("second", 8),
)  # fmt: skip
CALM_KINDS = (("cancel", 3), ("replace", 3), ("twin", 1), ("halt", 1), ("close", 1))

_WORDS: dict[str, Callable[[Random], str]] = {
    "twin": lambda random: random.choice(("ours", "other")),
    "jump": lambda random: random.choice(("-2", "2", "-4", "4")),
    "replace": lambda random: random.choice(("0.98", "0.99", "1.003", "0.9999")),
    "cancel": lambda random: random.choice(("line", "all")),
}
