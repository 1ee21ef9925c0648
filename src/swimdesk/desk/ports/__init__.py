"""What the desk needs from the outside, as protocols; adapters implement them, tests fake them."""

from __future__ import annotations

from swimdesk.desk.ports.basics import Clock, Ids
from swimdesk.desk.ports.broker import (
    ENDED,
    Broker,
    BrokerOrder,
    BrokerOrderState,
    Burst,
    CancelOutcome,
    Discovered,
    Holdings,
    LineOrder,
    OrderLeg,
    OrdersRead,
    Outcome,
    OutcomeKind,
    Prepared,
    PreparedOrder,
)
from swimdesk.desk.ports.evidence import (
    Binding,
    Grounds,
    KeptRead,
    LineStep,
    ReadScope,
    ReadToKeep,
)
from swimdesk.desk.ports.logins import LoginHealth, Logins, LoginState, TokenCacheUse, TokenSource
from swimdesk.desk.ports.market import ChainContract, Expiry, MarketData, Quote, SessionHours
from swimdesk.desk.ports.memory import (
    BroadcastSize,
    BroadcastSummary,
    GuardRecord,
    GuardState,
    HaltSentinel,
    Journal,
    OrderKey,
)

__all__ = [
    "ENDED",
    "Binding",
    "BroadcastSize",
    "BroadcastSummary",
    "Broker",
    "BrokerOrder",
    "BrokerOrderState",
    "Burst",
    "CancelOutcome",
    "ChainContract",
    "Clock",
    "Discovered",
    "Expiry",
    "Grounds",
    "GuardRecord",
    "GuardState",
    "HaltSentinel",
    "Holdings",
    "Ids",
    "Journal",
    "KeptRead",
    "LineOrder",
    "LineStep",
    "LoginHealth",
    "LoginState",
    "Logins",
    "MarketData",
    "OrderKey",
    "OrderLeg",
    "OrdersRead",
    "Outcome",
    "OutcomeKind",
    "Prepared",
    "PreparedOrder",
    "Quote",
    "ReadScope",
    "ReadToKeep",
    "SessionHours",
    "TokenCacheUse",
    "TokenSource",
]
