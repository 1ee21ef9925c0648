"""Builders of domain values with sensible defaults."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from swimdesk.domain.accounts import Account, AccountType, Balances, Capabilities
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.instruments import parse_instrument
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orders import LineState, Ticket
from swimdesk.domain.positions import Position
from swimdesk.domain.risk import RiskLimits
from tests.fakes.virtual import START

CONDOR = "SELL -1 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60 LMT"
STOCK = "BUY +100 AAPL @187.50 LMT"


def an_account(
    alias: str = "FAM-01",
    *,
    login: str = "login-01",
    groups: tuple[str, ...] = (),
    multiplier: str = "1",
    kind: AccountType = AccountType.MARGIN,
    option_level: int | None = 3,
    closing_only: bool = False,
    last4: str | None = None,
) -> Account:
    """Build an account whose last four digits come from its alias unless they are given."""
    last4 = last4 or f"{sum(ord(c) * 7**i for i, c in enumerate(alias)) % 10000:04d}"
    able = Capabilities(kind, option_level, closing_only)
    return Account(alias, login, last4, frozenset(groups), Decimal(multiplier), able)


def some_accounts(count: int, *, per_login: int = 4) -> tuple[Account, ...]:
    """Build accounts A-01, A-02 ... over as many logins as needed."""
    return tuple(
        an_account(f"A-{i + 1:02d}", login=f"login-{i // per_login + 1:02d}") for i in range(count)
    )


def some_balances(
    buying_power: str = "100000", *, cash: str = "50000", as_of: datetime = START
) -> Balances:
    """Build balances of a comfortable account."""
    return Balances(
        Decimal(120000), Decimal(cash), Decimal(buying_power), Decimal(buying_power) * 2, as_of
    )


def roomy_limits(**changes: object) -> RiskLimits:
    """Build limits that only the fixed sizes and the moments-old duplicates can hurt.

    The fakes quote everything at 100 and send as fast as they can.
    """
    most = Decimal(1_000_000)
    chosen: dict[str, object] = {
        "max_notional_share": most,
        "ceiling_notional_share": most,
        "max_position_share": most,
        "unusual_multiple": most,
        "collar_equity_floor": most,
        "collar_option_floor": most,
        "max_market_spread": most,
        "duplicate_warn_s": 0,
        "broadcast_repeat_window_s": 0,
        "broadcasts_per_minute": 1000,
        "broadcasts_per_day": 1000,
    }
    return RiskLimits(**{**chosen, **changes})  # type: ignore[arg-type]


def a_position(symbol: str, quantity: int, price: str = "100") -> Position:
    """Build a holding of that many units."""
    value = Decimal(price) * quantity
    return Position(symbol, Decimal(quantity), Decimal(price), value, parse_instrument(symbol))


def a_ticket(text: str = CONDOR) -> Ticket:
    """Read a ticket from an order text."""
    return parse(text)


def a_line(
    account: str = "A-01",
    state: LineState = LineState.SENDING,
    *,
    ticket: Ticket | None = None,
    **changes: object,
) -> Line:
    """Build a line of a broadcast."""
    line = Line(
        ref=f"ref-{account}",
        account=account,
        login="login-01",
        last4="0001",
        ticket=ticket or a_ticket(),
        state=state,
        fingerprint="look",
    )
    return line.moved(state, **changes)


def a_broadcast(*lines: Line, created: datetime = START, id_: str = "01BROADCAST") -> Broadcast:
    """Build a broadcast of these lines."""
    return Broadcast(id_, CONDOR, "paper", created, lines or (a_line(),))
