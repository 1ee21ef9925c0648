"""The life of orders: taken, checked, worked, filled, canceled, replaced, expired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from random import Random

from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.clock import SimClock
from swimdesk.sim.fees import fees
from swimdesk.sim.listings import Listing
from swimdesk.sim.market import Market
from swimdesk.sim.matching import fill_prices, is_marketable, net_quote, stop_is_reached
from swimdesk.sim.orders import (
    AT_CLOSE,
    Activity,
    ExecutedLeg,
    OrderTerms,
    SimOrder,
    Status,
)
from swimdesk.sim.resting import Moment, RestingOrders
from swimdesk.sim.rules import Case, open_case, rejections
from swimdesk.sim.schedule import Schedule
from swimdesk.sim.sessions import SessionMode
from swimdesk.sim.settings import SimSettings
from swimdesk.sim.validation import ReadOrder

ZERO = Decimal(0)
FIRST_ORDER_ID = 1_005_000_000_001
FIRST_ACTIVITY_ID = 90_000_000_001
REPLACED_TOO_LATE = "The order to be replaced is no longer working."

_DECISION_S = (0.0, 0.3)
_FIRST_FILL_S = (0.1, 1.5)
_NEXT_FILL_S = (0.1, 0.9)
_CROSSED_FILL_S = (0.02, 0.2)
_CANCEL_S = (0.2, 0.45)
_DESTINATIONS = ("CDRG", "WEXM", "JNST", "HRTF", "NITE", "ETMM", "SOHO")
_ENTRY_STATUSES = (Status.ACCEPTED, Status.ACCEPTED, Status.NEW, Status.PENDING_ACKNOWLEDGEMENT)
_WAITING = frozenset(
    {Status.NEW, Status.PENDING_ACKNOWLEDGEMENT, Status.ACCEPTED, Status.PENDING_ACTIVATION}
)
_LARGE_CONTRACTS = 10
_LARGE_SHARES = 300
_ROUND_LOT = 100


@dataclass(frozen=True, slots=True)
class Quirks:
    """What a fault does to one order."""

    hidden_s: float = 0.0
    half_only: bool = False
    reject_with: str | None = None
    shown_status: str | None = None
    shown_for_s: float = 0.0


NO_QUIRKS = Quirks()


class Venue:
    """Takes orders and carries them through their states, by the schedule and the market."""

    def __init__(
        self,
        settings: SimSettings,
        clock: SimClock,
        market: Market,
        schedule: Schedule,
        describe: Callable[[str], Listing | None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._market = market
        self._sessions = market.sessions
        self._schedule = schedule
        self._describe = describe
        self._random = Random(f"{settings.seed}:venue")
        self._resting = RestingOrders(schedule, self._look)
        self.last_order_id = FIRST_ORDER_ID
        self.last_activity_id = FIRST_ACTIVITY_ID

    def place(
        self,
        account: SimAccount,
        read: ReadOrder,
        quirks: Quirks = NO_QUIRKS,
        replaced: SimOrder | None = None,
    ) -> SimOrder:
        """Create the order record and set its life going; with ``replaced``, in its place."""
        self.last_order_id += self._random.randint(1, 97)
        order = SimOrder(
            self.last_order_id,
            account.number,
            read.terms,
            read.received,
            self._schedule.epoch_s,
            status=self._random.choice(_ENTRY_STATUSES),
            triggered=read.terms.stop_price is None,
        )
        self._apply(order, quirks)
        account.add(order)
        if replaced is not None:
            order.replaces = replaced.order_id
            replaced.replaced_by = order.order_id
            replaced.move_to(Status.PENDING_REPLACE)
        self._after(_DECISION_S, partial(self._decide, account, order, replaced))
        return order

    def cancel(self, account: SimAccount, order: SimOrder) -> None:
        """Take a request to cancel a live order; it may still fill before that comes through."""
        if order.status is Status.PENDING_CANCEL:
            return
        order.move_to(Status.PENDING_CANCEL)
        self._after(_CANCEL_S, partial(self._cancel_rest, account, order, Status.CANCELED))

    def resume(self, account: SimAccount) -> None:
        """Take up the live orders of an account as an earlier run left them."""
        for order in list(account.live.values()):
            if order.status is Status.PENDING_CANCEL:
                self._after(_CANCEL_S, partial(self._cancel_rest, account, order, Status.CANCELED))
            if order.decided:
                self._resting.add(account, order)
            else:
                replaced = account.by_id.get(order.replaces or 0)
                self._after(_DECISION_S, partial(self._decide, account, order, replaced))

    def _after(self, span_s: tuple[float, float], action: Callable[[], None]) -> None:
        self._schedule.after(self._random.uniform(*span_s), action)

    def _apply(self, order: SimOrder, quirks: Quirks) -> None:
        if quirks.hidden_s:
            order.hidden_until_s = self._schedule.now_s + quirks.hidden_s
        if quirks.half_only:
            order.fill_cap = order.units // 2
        order.forced_reject = quirks.reject_with
        order.shown_status = quirks.shown_status
        if quirks.shown_status is not None:
            self._schedule.after(quirks.shown_for_s, partial(_show_again, order))

    def _decide(self, account: SimAccount, order: SimOrder, replaced: SimOrder | None) -> None:
        """Run the asynchronous rules and either reject the order or put it to work."""
        if order.is_terminal:
            return
        case = open_case(
            account, order.terms, self._market, self._describe, order=order, replaced=replaced
        )
        reasons = self._reasons(order, case)
        if reasons:
            self._reject(account, order, reasons, replaced)
            return
        if replaced is not None:
            self._cancel_rest(account, replaced, Status.REPLACED)
        order.reserve = max(ZERO, case.cost)
        order.decided = True
        order.expires_s = self._expiry_of(order.terms)
        if self._is_open(order.terms):
            self._activate(account, order)
        else:
            if order.status in _WAITING:
                order.move_to(Status.PENDING_ACTIVATION)
            self._resting.add(account, order)

    def _reasons(self, order: SimOrder, case: Case) -> list[str]:
        if order.forced_reject is not None:
            return [order.forced_reject]
        if case.replaced is not None and case.replaced.status is not Status.PENDING_REPLACE:
            return [REPLACED_TOO_LATE]
        return rejections(case)

    def _reject(
        self,
        account: SimAccount,
        order: SimOrder,
        reasons: list[str],
        replaced: SimOrder | None,
    ) -> None:
        order.move_to(Status.REJECTED, at_s=order.entered_s, reason="|".join(reasons))
        account.live.pop(order.order_id, None)
        if replaced is not None and replaced.status is Status.PENDING_REPLACE:
            replaced.replaced_by = None
            replaced.move_to(Status.WORKING if replaced.activated else Status.PENDING_ACTIVATION)

    def _expiry_of(self, terms: OrderTerms) -> int | None:
        """Return when the order dies unfilled; an always open market never ends a day order."""
        if terms.cancel_at is not None:
            return int(terms.cancel_at.timestamp())
        always_open = self._sessions.mode is SessionMode.OPEN
        if terms.duration != "DAY" or (always_open and terms.order_type not in AT_CLOSE):
            return None
        close = self._sessions.close_of_day(terms.asset_class, self._clock.now(), terms.session)
        return int(close.timestamp())

    def _is_open(self, terms: OrderTerms) -> bool:
        return self._sessions.is_open(terms.asset_class, self._clock.now(), terms.session)

    def _activate(self, account: SimAccount, order: SimOrder) -> None:
        """Bring the order to the market: fill it soon, let it rest, or end it by its duration."""
        order.activated = True
        order.destination = self._random.choice(_DESTINATIONS)
        if order.status in _WAITING:
            order.status = Status.WORKING
        order.changed()
        if order.terms.order_type in AT_CLOSE:
            self._resting.add(account, order)
        elif self._trades_now(order):
            self._after(_FIRST_FILL_S, partial(self._fill, account, order))
        else:
            self._unfilled(account, order)

    def _trades_now(self, order: SimOrder, moment: Moment | None = None) -> bool:
        if order.fill_cap is not None and order.filled_units >= order.fill_cap:
            return False
        if not order.triggered and stop_is_reached(order.terms, self._market):
            order.triggered = True
        if not order.triggered:
            return False
        quote = (moment or Moment()).net_quote(order.terms, self._market)
        return quote is not None and is_marketable(order.terms, quote)

    def _unfilled(self, account: SimAccount, order: SimOrder) -> None:
        if order.terms.duration == "FILL_OR_KILL":
            self._expire(account, order)
        elif order.terms.duration == "IMMEDIATE_OR_CANCEL":
            self._cancel_rest(account, order, Status.CANCELED)
        else:
            self._resting.add(account, order)

    def _look(self, account: SimAccount, order: SimOrder, moment: Moment) -> None:
        """Hold an order at rest against the clock and the market."""
        if order.expires_s is not None and order.expires_s <= self._clock.now().timestamp():
            self._close(account, order, moment)
        elif not moment.is_open(order.terms, self._is_open):
            return
        elif not order.activated:
            self._resting.remove(order)
            self._activate(account, order)
        elif order.terms.order_type not in AT_CLOSE and self._trades_now(order, moment):
            self._resting.remove(order)
            self._after(_CROSSED_FILL_S, partial(self._fill, account, order))

    def _close(self, account: SimAccount, order: SimOrder, moment: Moment) -> None:
        """End an order's last day: orders for the close trade now or never."""
        auction = order.terms.order_type in AT_CLOSE and order.activated
        if auction and self._trades_now(order, moment):
            self._execute(account, order, self._next_units(order))
        if not order.is_terminal:
            self._expire(account, order)

    def _fill(self, account: SimAccount, order: SimOrder) -> None:
        """Execute what the market gives now; what is left follows or rests."""
        if order.is_terminal:
            return
        if not (self._is_open(order.terms) and self._trades_now(order)):
            self._unfilled(account, order)
            return
        self._execute(account, order, self._next_units(order))
        if order.open_units:
            self._after(_NEXT_FILL_S, partial(self._fill, account, order))

    def _next_units(self, order: SimOrder) -> int:
        """Return how many units trade at once: all, or of a large order sometimes a part."""
        remaining = order.open_units
        if order.fill_cap is not None:
            return min(remaining, order.fill_cap - order.filled_units)
        single_share = len(order.terms.legs) == 1 and order.terms.legs[0].contract is None
        at_once = order.terms.duration == "FILL_OR_KILL" or order.terms.order_type in AT_CLOSE
        whole = at_once or order.terms.special_instruction
        small = remaining < (_LARGE_SHARES if single_share else _LARGE_CONTRACTS)
        if whole or small or self._random.random() < 0.5:
            return remaining
        step = _ROUND_LOT if single_share else 1
        return step * self._random.randint(1, (remaining - 1) // step)

    def _execute(self, account: SimAccount, order: SimOrder, units: int) -> None:
        terms = order.terms
        quote = net_quote(terms, self._market)
        assert quote is not None  # noqa: S101 - the order was just found marketable
        prices = fill_prices(terms, quote, self._market, self._random)
        legs = tuple(
            ExecutedLeg(leg, Decimal(leg.quantity * units // terms.units), price)
            for leg, price in zip(terms.legs, prices, strict=True)
        )
        before = order.open_units
        order.filled_units += units
        self._record(order, "FILL", units, legs)
        if order.filled_units == terms.units:
            order.move_to(Status.FILLED, at_s=self._schedule.epoch_s)
            account.live.pop(order.order_id, None)
        if self._settings.position_lag_s:
            self._schedule.after(self._settings.position_lag_s, partial(_book, account, legs))
        else:
            _book(account, legs)
        order.reserve = order.reserve * (before - units) / before

    def _cancel_rest(self, account: SimAccount, order: SimOrder, status: Status) -> None:
        if order.is_terminal:
            return
        remaining = order.open_units
        legs = tuple(
            ExecutedLeg(leg, Decimal(leg.quantity * remaining // order.units), ZERO)
            for leg in order.terms.legs
        )
        order.move_to(status, at_s=self._schedule.epoch_s)
        account.live.pop(order.order_id, None)
        self._record(order, "CANCELED", remaining, legs)

    def _expire(self, account: SimAccount, order: SimOrder) -> None:
        order.move_to(Status.EXPIRED, at_s=self._schedule.epoch_s)
        account.live.pop(order.order_id, None)
        self._resting.remove(order)

    def _record(
        self, order: SimOrder, kind: str, units: int, legs: tuple[ExecutedLeg, ...]
    ) -> None:
        self.last_activity_id += self._random.randint(1, 89)
        remaining = order.open_units if kind == "FILL" else 0
        activity = Activity(
            self.last_activity_id, kind, units, remaining, self._schedule.epoch_s, legs
        )
        # The real list is in no order of time; clients must not count on one.
        order.activities.insert(self._random.randint(0, len(order.activities)), activity)
        order.changed()


def _book(account: SimAccount, legs: tuple[ExecutedLeg, ...]) -> None:
    for executed in legs:
        leg, quantity = executed.leg, int(executed.quantity)
        paid = fees(leg, quantity, executed.price)
        account.book(leg.symbol, leg.contract, leg.sign * quantity, executed.price, paid)


def _show_again(order: SimOrder) -> None:
    order.shown_status = None
    order.changed()
