"""What the desk needs from the outside, as protocols; adapters implement them, tests fake them."""

from __future__ import annotations

from swimdesk.desk.ports.basics import Clock, Ids
from swimdesk.desk.ports.broker import (
    ENDED,
    Broker,
    BrokerOrder,
    BrokerOrderState,
    CancelOutcome,
    Holdings,
    LineOrder,
    OrdersRead,
    Outcome,
    OutcomeKind,
    Prepared,
    PreparedOrder,
)
from swimdesk.desk.ports.logins import LoginHealth, LoginState, TokenSource
from swimdesk.desk.ports.market import ChainContract, Expiry, MarketData, Quote, SessionHours
from swimdesk.desk.ports.memory import (
    BroadcastSize,
    BroadcastSummary,
    GuardRecord,
    GuardState,
    HaltSentinel,
    Journal,
)

__all__ = [
    "ENDED",
    "BroadcastSize",
    "BroadcastSummary",
    "Broker",
    "BrokerOrder",
    "BrokerOrderState",
    "CancelOutcome",
    "ChainContract",
    "Clock",
    "Expiry",
    "GuardRecord",
    "GuardState",
    "HaltSentinel",
    "Holdings",
    "Ids",
    "Journal",
    "LineOrder",
    "LoginHealth",
    "LoginState",
    "MarketData",
    "OrdersRead",
    "Outcome",
    "OutcomeKind",
    "Prepared",
    "PreparedOrder",
    "Quote",
    "SessionHours",
    "TokenSource",
]
