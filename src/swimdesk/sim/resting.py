"""Orders at rest: looked at over and over, a portion at a time, so that nothing waits for long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.matching import NetQuote, Prices, net_quote
from swimdesk.sim.orders import OrderTerms, SimOrder
from swimdesk.sim.schedule import Schedule

TICK_S: Final = 0.5
"""The pause after all resting orders were held against the market."""
MOST_AT_ONCE: Final = 400
"""As many are looked at before other work has its turn."""
BREATH_S: Final = 0.005
"""The pause between two such portions."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was worked out for other orders at the same moment."""

    quotes: dict[tuple[tuple[str, int], ...], NetQuote | None] = field(default_factory=dict)
    """Net quotes by what one unit buys and sells."""
    hours: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Whether a market is open, by asset class and session."""

    def net_quote(self, terms: OrderTerms, prices: Prices) -> NetQuote | None:
        """Return what an order would pay now; None when a leg has no market."""
        if terms.unit not in self.quotes:
            self.quotes[terms.unit] = net_quote(terms, prices)
        return self.quotes[terms.unit]

    def is_open(self, terms: OrderTerms, ask: Callable[[OrderTerms], bool]) -> bool:
        """Tell whether the market of an order is open."""
        key = (terms.asset_class, terms.session)
        if key not in self.hours:
            self.hours[key] = ask(terms)
        return self.hours[key]


class RestingOrders:
    """Lets ``look`` see every order at rest again and again, in the order they came in."""

    def __init__(
        self, schedule: Schedule, look: Callable[[SimAccount, SimOrder, Moment], None]
    ) -> None:
        self._schedule = schedule
        self._look = look
        self._orders: dict[int, tuple[SimAccount, SimOrder]] = {}
        self._round: list[int] = []
        self._ticking = False

    def add(self, account: SimAccount, order: SimOrder) -> None:
        """Begin to look at an order."""
        self._orders[order.order_id] = (account, order)
        if not self._ticking:
            self._ticking = True
            self._schedule.after_real(TICK_S, self._tick)

    def remove(self, order: SimOrder) -> None:
        """Look at an order no more; nothing happens where it is not at rest."""
        self._orders.pop(order.order_id, None)

    def _tick(self) -> None:
        # The first to come is the last of the list.
        self._round = self._round or list(reversed(self._orders))
        moment = Moment()
        for _ in range(min(MOST_AT_ONCE, len(self._round))):
            found = self._orders.get(self._round.pop())
            if found is None:
                continue
            account, order = found
            if order.is_terminal:
                self.remove(order)
            else:
                self._look(account, order, moment)
        self._ticking = bool(self._orders)
        if self._ticking:
            self._schedule.after_real(BREATH_S if self._round else TICK_S, self._tick)
