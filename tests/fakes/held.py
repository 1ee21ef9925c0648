"""A broker whose accounts hold what their orders filled, as the real one's do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from swimdesk.desk.ports import BrokerOrder, Holdings, Quote
from swimdesk.domain.instruments import parse_instrument
from swimdesk.domain.positions import Position
from swimdesk.errors import BrokerUnreachable
from tests.fakes.broker import FakeBroker
from tests.fakes.builders import some_accounts
from tests.fakes.chains import Listed
from tests.fakes.virtual import VirtualClock

SPOT = Decimal(600)


@dataclass
class HeldBroker(FakeBroker):
    """A fake broker whose positions follow its fills, ``position_lag_s`` late."""

    position_lag_s: float = 0.0
    unreadable: set[str] = field(default_factory=set)
    """Accounts of which nothing can be read; their login has no other."""
    during_holdings: Callable[[], Awaitable[object]] | None = None
    """What happens once while the next holdings are read, after they were looked up."""
    during_quotes: Callable[[], Awaitable[object]] | None = None
    """What happens once while the next quotes are read."""

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Quote as usual."""
        happens, self.during_quotes = self.during_quotes, None
        if happens is not None:
            await happens()
        return await super().quotes(symbols)

    async def holdings(self, accounts: Sequence[str]) -> tuple[Holdings, ...]:
        """Add what was filled to what was scripted."""
        read = await self._looked_up(accounts)
        happens, self.during_holdings = self.during_holdings, None
        if happens is not None:
            await happens()
        return read

    async def _looked_up(self, accounts: Sequence[str]) -> tuple[Holdings, ...]:
        read = await super().holdings(accounts)
        if self.unreadable & {*accounts}:
            raise BrokerUnreachable("no answer")
        return tuple(replace(one, positions=self._held(one)) for one in read)

    def holds(self, account: str) -> dict[str, int]:
        """Return what an account holds in truth, without what is zero."""
        return {symbol: units for symbol, units in self._counted(account, 0.0).items() if units}

    def open_orders(self) -> list[BrokerOrder]:
        """Return the orders that may still trade."""
        return [one for one in self.ledger if one.state in ("working", "canceling", "replacing")]

    def _held(self, one: Holdings) -> tuple[Position, ...]:
        units = self._counted(one.account.alias, self.position_lag_s)
        others = tuple(p for p in one.positions if p.instrument is None)
        return others + tuple(
            Position(symbol, Decimal(count), Decimal(1), Decimal(count), parse_instrument(symbol))
            for symbol, count in units.items()
            if count
        )

    def _counted(self, account: str, lag_s: float) -> Counter[str]:
        seen = self.clock.now() - timedelta(seconds=lag_s)
        scripted = (p for p in self.positions.get(account, ()) if p.instrument is not None)
        units = Counter({p.symbol: int(p.quantity) for p in scripted})
        for order in self.ledger:
            ticket = self._tickets.get(order.fingerprint or "")
            if order.account != account or ticket is None:
                continue
            sides = {leg.instrument.symbol: leg.side.sign for leg in ticket.legs}
            for fill in order.executions:
                if fill.time <= seen:
                    units[fill.symbol] += sides[fill.symbol] * int(fill.quantity)
        return units


def a_held_broker(
    *positions: tuple[Position, ...], per_login: int = 4, spot: Decimal = SPOT
) -> HeldBroker:
    """Build a broker with an account for each of these holdings, A-01 and so on; SPY is quoted."""
    accounts = some_accounts(len(positions), per_login=per_login)
    broker = HeldBroker(VirtualClock(), accounts, listed=Listed({"SPY": spot}))
    broker.positions = {a.alias: held for a, held in zip(accounts, positions, strict=True)}
    return broker
