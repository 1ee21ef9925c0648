"""The brokerage's customers: logins, accounts, what they hold and what they have ordered."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from swimdesk.domain.instruments import OPTION_MULTIPLIER, OptionContract
from swimdesk.sim.margin import Coverage, carried, coverage
from swimdesk.sim.orders import SimOrder

ZERO = Decimal(0)


class AccountKind(StrEnum):
    """What the account may borrow."""

    MARGIN = "MARGIN"
    CASH = "CASH"
    LIMITED_MARGIN = "LIMITED_MARGIN"
    """A retirement account that may hold spreads but never borrows."""


@dataclass(slots=True)
class SimPosition:
    """A holding; ``quantity`` is negative when short."""

    symbol: str
    contract: OptionContract | None
    quantity: int
    trade_price: Decimal
    """Average price paid or received."""
    cost_price: Decimal
    """The same with commissions and fees in it."""
    previous_quantity: int = 0
    previous_value: Decimal = ZERO
    """Market value when the day began, dollars."""
    day_cost: Decimal = ZERO
    """Cash that today's trades took out (negative: brought in), dollars."""
    shown: str | None = None
    """What was written of it for the wire and stays until the next trade."""

    @property
    def multiplier(self) -> int:
        """Shares that one of these stands for."""
        return OPTION_MULTIPLIER if self.contract else 1

    @property
    def underlying(self) -> str:
        """The quote symbol of what the position rests on."""
        return self.contract.underlying if self.contract else self.symbol

    def book(self, quantity: int, price: Decimal, fees: Decimal) -> None:
        """Take in a trade: signed quantity, price per share, fees in dollars."""
        signed_fees = fees / self.multiplier / abs(quantity)
        all_in = price + signed_fees if quantity > 0 else price - signed_fees
        total = self.quantity + quantity
        if self.quantity * quantity >= 0:
            held = abs(self.quantity)
            added = abs(quantity)
            self.trade_price = (self.trade_price * held + price * added) / (held + added)
            self.cost_price = (self.cost_price * held + all_in * added) / (held + added)
        elif abs(quantity) > abs(self.quantity):
            self.trade_price, self.cost_price = price, all_in
        self.quantity = total
        self.day_cost += quantity * price * self.multiplier + fees
        self.shown = None


@dataclass(slots=True, eq=False)
class SimAccount:
    """One brokerage account with its money, holdings and orders."""

    index: int
    number: str
    hash_value: str
    login: str
    kind: AccountKind
    nickname: str
    option_level: int | None
    """See :mod:`swimdesk.sim.levels`; None: not approved for options at all."""
    cash: Decimal
    closing_only: bool = False
    positions: dict[str, SimPosition] = field(default_factory=dict)
    start_value: Decimal = ZERO
    """Liquidation value when the day began."""
    start_cash: Decimal = ZERO
    orders: list[SimOrder] = field(default_factory=list)
    """In the order of entry."""
    entered: list[int] = field(default_factory=list)
    """Entry times of :attr:`orders`, epoch seconds, never falling."""
    by_id: dict[int, SimOrder] = field(default_factory=dict)
    live: dict[int, SimOrder] = field(default_factory=dict)
    """Orders that are not terminal."""
    chains: dict[str, dict[date, dict[OptionContract, int]]] = field(default_factory=dict)
    """Option holdings by underlying and expiry: :attr:`positions` in the order of margin rules."""
    _coverages: dict[str, Coverage] = field(default_factory=dict)
    _spread_charges: dict[str, dict[OptionContract, Decimal]] = field(default_factory=dict)

    @property
    def last4(self) -> str:
        """The digits by which people name the account."""
        return self.number[-4:]

    @property
    def is_cash_type(self) -> bool:
        """Tell whether the wire calls it CASH instead of MARGIN."""
        return self.kind is AccountKind.CASH

    def add(self, order: SimOrder) -> None:
        """Take in a new order record."""
        self.orders.append(order)
        self.entered.append(order.entered_s)
        self.by_id[order.order_id] = order
        if not order.is_terminal:
            self.live[order.order_id] = order

    def clear(self) -> None:
        """Forget all holdings and orders."""
        books = (self.positions, self.by_id, self.live, self.chains)
        for book in (*books, self._coverages, self._spread_charges):
            book.clear()
        self.orders.clear()
        self.entered.clear()

    def entered_between(self, first_s: float, last_s: float) -> Iterator[SimOrder]:
        """Return the orders entered from ``first_s`` to ``last_s`` (both in), newest first."""
        low = bisect_left(self.entered, first_s)
        high = bisect_right(self.entered, last_s)
        return (self.orders[place] for place in range(high - 1, low - 1, -1))

    def reserved(self) -> Decimal:
        """Return the buying power held back for live orders, dollars."""
        return sum((order.reserve for order in self.live.values()), ZERO)

    def held(self, symbol: str) -> int:
        """Return the signed quantity of a symbol."""
        position = self.positions.get(symbol)
        return position.quantity if position else 0

    def coverage_of(self, underlying: str) -> Coverage:
        """Return how the options on an underlying cover each other; worked out once a change."""
        known = self._coverages.get(underlying)
        if known is None:
            known = coverage(self.chains.get(underlying, {}), self.held(underlying))
            self._coverages[underlying] = known
        return known

    def spread_charges(self, underlying: str) -> dict[OptionContract, Decimal]:
        """Return what the shorts in spreads on an underlying hold back, dollars."""
        known = self._spread_charges.get(underlying)
        if known is None:
            charges = self.coverage_of(underlying).charges
            chain = self.chains.get(underlying, {})
            known = {
                contract: amount
                for expiry, group in chain.items()
                for contract, amount in carried(group, charges[expiry]).items()
            }
            self._spread_charges[underlying] = known
        return known

    def hold(self, position: SimPosition) -> None:
        """Take in a ready position."""
        self.positions[position.symbol] = position
        self._changed(position)

    def book(
        self,
        symbol: str,
        contract: OptionContract | None,
        signed: int,
        price: Decimal,
        fees: Decimal,
    ) -> None:
        """Take in one leg of a fill: signed quantity, price per share, fees in dollars."""
        position = self.positions.get(symbol)
        if position is None:
            position = SimPosition(symbol, contract, 0, ZERO, ZERO)
            self.positions[symbol] = position
        position.book(signed, price, fees)
        self.cash -= signed * price * position.multiplier + fees
        if position.quantity == 0:
            del self.positions[symbol]
        self._changed(position)

    def _changed(self, position: SimPosition) -> None:
        self._coverages.pop(position.underlying, None)
        self._spread_charges.pop(position.underlying, None)
        contract = position.contract
        if contract is None:
            return
        chain = self.chains.setdefault(contract.underlying, {})
        group = chain.setdefault(contract.expiry, {})
        group[contract] = position.quantity
        if position.quantity == 0:
            del group[contract]
        if not group:
            del chain[contract.expiry]
        if not chain:
            del self.chains[contract.underlying]


@dataclass(slots=True, eq=False)
class SimLogin:
    """One customer who can sign in, with the accounts he sees."""

    name: str
    user: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)
    customer_id: str = ""
    accounts: list[SimAccount] = field(default_factory=list)
