"""What the desk needs from the outside, as protocols; adapters implement them, tests fake them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from swimdesk.domain.accounts import Account, Balances
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.commands import Command, CommandOutcome
from swimdesk.domain.executions import Execution
from swimdesk.domain.instruments import Instrument
from swimdesk.domain.orders import Ticket
from swimdesk.domain.plan import Plan
from swimdesk.domain.positions import Position
from swimdesk.telemetry.redaction import Secret


class Clock(Protocol):
    """Tell wall time (for stamps) and monotonic time (for durations)."""

    def now(self) -> datetime:
        """Return the wall time, UTC-aware."""
        ...

    def monotonic_ns(self) -> int:
        """Return nanoseconds on a clock that never goes back."""
        ...


class Ids(Protocol):
    """Mint identifiers that sort by time."""

    def mint(self) -> str:
        """Return a new ULID."""
        ...


# --- the broker: sending -----------------------------------------------------------------------


class OutcomeKind(StrEnum):
    """What is known about one order after it was fired."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LineOrder:
    """What one account is to be sent: our reference and the ticket, effect resolved."""

    ref: str
    account: str
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class PreparedOrder:
    """A rendered order; ``fingerprint`` is what makes two orders look alike in broker lists."""

    ref: str
    account: str
    body: bytes
    body_hash: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """All orders of a wave, rendered and frozen."""

    orders: tuple[PreparedOrder, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back for one fired order; stamps are absolute monotonic nanoseconds.

    An accepted order without ``order_id`` was taken by the broker under an id that we do not know.
    """

    ref: str
    kind: OutcomeKind
    order_id: str | None = None
    status: int | None = None
    reason: str | None = None
    correlation_id: str | None = None
    sent_ns: int | None = None
    first_byte_ns: int | None = None
    acked_ns: int | None = None


@dataclass(frozen=True, slots=True)
class CancelOutcome:
    """What came back for a request to cancel; the reason is for people."""

    kind: CommandOutcome
    reason: str | None = None


# --- the broker: reading -----------------------------------------------------------------------


class BrokerOrderState(StrEnum):
    """The broker's order states in groups that the desk acts on; unknown text counts as open."""

    WORKING = "working"
    CANCELING = "canceling"
    REPLACING = "replacing"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REPLACED = "replaced"
    UNRECOGNISED = "unrecognised"


ENDED = frozenset(
    {
        BrokerOrderState.FILLED,
        BrokerOrderState.CANCELED,
        BrokerOrderState.REJECTED,
        BrokerOrderState.EXPIRED,
        BrokerOrderState.REPLACED,
    }
)
"""States in which an order trades no more."""


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """One order as the broker's list shows it; ``fingerprint`` None means it cannot be told."""

    account: str
    order_id: str
    state: BrokerOrderState
    raw_status: str
    entered: datetime
    fingerprint: str | None
    quantity: Decimal
    filled: Decimal
    executions: tuple[Execution, ...] = ()
    reason: str | None = None
    tag: str | None = None
    closed: datetime | None = None
    description: str = ""
    """What the order trades, in a few words, for lists shown to people."""


@dataclass(frozen=True, slots=True)
class OrdersRead:
    """A list read; only a complete one is evidence of absence, and only for its accounts."""

    accounts: frozenset[str]
    since: datetime
    until: datetime
    orders: tuple[BrokerOrder, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Holdings:
    """Balances and positions of one account from one complete read."""

    account: Account
    balances: Balances
    positions: tuple[Position, ...]


class Broker(Protocol):
    """Everything the desk asks of the broker. Reads raise BrokerError; sends never raise."""

    async def discover(self) -> tuple[Account, ...]:
        """Read which accounts our logins see, joined with the configured names."""
        ...

    async def holdings(self, accounts: Sequence[str]) -> tuple[Holdings, ...]:
        """Read balances and positions of these accounts, all or BrokerError."""
        ...

    def prepare(self, orders: Sequence[LineOrder]) -> Prepared:
        """Render orders without any input or output; the same orders give the same bytes."""
        ...

    async def ready(self, accounts: Sequence[str]) -> None:
        """Open or refresh what a burst needs (tokens, warm connections); LoginRequired if not."""
        ...

    async def fire(
        self,
        prepared: Prepared,
        on_sent: Callable[[], None],
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        """Send every order once and report each outcome exactly once; return when all have.

        ``on_sent`` is called when the last request has been written.
        """
        ...

    async def cancel(self, account: str, order_id: str) -> CancelOutcome:
        """Ask once to cancel an order, ahead of reads; never raises.

        Asking again is harmless. Only a read tells what became of the order.
        """
        ...

    async def orders(self, accounts: Sequence[str], since: datetime) -> OrdersRead:
        """Read the order lists of these accounts (all statuses, children included) since then."""
        ...

    async def order(self, account: str, order_id: str) -> BrokerOrder | None:
        """Read one order; None when the broker does not know the id (yet)."""
        ...


# --- market data -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote; an index has no bid and ask. ``as_of`` is the broker's quote time."""

    symbol: str
    last: Decimal
    mark: Decimal
    as_of: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    description: str = ""
    penny_pilot: bool = False
    realtime: bool = True
    is_normal: bool = True


@dataclass(frozen=True, slots=True)
class ChainContract:
    """One row of an option chain; greeks are None where the broker has none."""

    instrument: Instrument
    bid: Decimal
    ask: Decimal
    mark: Decimal
    delta: Decimal | None
    volatility: Decimal | None
    open_interest: int
    volume: int


@dataclass(frozen=True, slots=True)
class Expiry:
    """A listed expiration of an underlying."""

    day: date
    root: str
    settlement: str
    kind: str
    days: int


@dataclass(frozen=True, slots=True)
class SessionHours:
    """When one market trades on a day: spans per session name; empty when closed."""

    market: str
    is_open: bool
    spans: Mapping[str, tuple[tuple[datetime, datetime], ...]]


class MarketData(Protocol):
    """Quotes, chains and hours; reads raise BrokerError."""

    async def quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        """Read quotes; symbols the broker does not know are missing from the answer."""
        ...

    async def expiries(self, symbol: str) -> tuple[Expiry, ...]:
        """Read the listed expirations; UnknownSymbol if the broker does not list any."""
        ...

    async def chain(self, symbol: str, expiry: date, strikes: int) -> tuple[ChainContract, ...]:
        """Read calls and puts of one day around the money."""
        ...

    async def hours(self, day: date) -> Mapping[str, SessionHours]:
        """Read the session hours by product: ``EQ``, ``EQO``, ``IND``."""
        ...


# --- memory ------------------------------------------------------------------------------------


class GuardState(StrEnum):
    """What the kill switch allows."""

    ACTIVE = "active"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class GuardRecord:
    """The kill switch as written down."""

    state: GuardState
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class BroadcastSummary:
    """One row of the history."""

    id: str
    key: str | None
    order: str
    mode: str
    created: datetime
    counts: Mapping[str, int]
    state: str


class Journal(Protocol):
    """The desk's memory on disk; every call is durable when it returns, StoreError if not."""

    async def open_broadcast(self, broadcast: Broadcast) -> None:
        """Write a broadcast and all its lines in one commit; raise if its id or key exists."""
        ...

    async def record(
        self,
        broadcast_id: str,
        lines: Sequence[Line],
        executions: Iterable[tuple[str, Execution]] = (),
        journal_ns: int | None = None,
    ) -> None:
        """Write the lines' new states and their fills, each with its line's ref, in one commit.

        Fills known already are left alone; how long the first commit took is written once.
        InvariantBroken, and nothing written, if a line names an order that another line has.
        """
        ...

    async def begin_commands(self, commands: Sequence[Command]) -> None:
        """Write commands before any is sent, in one commit; all of them or StoreError."""
        ...

    async def end_commands(self, commands: Sequence[Command]) -> None:
        """Write what became of commands, once each; InvariantBroken if it was written already."""
        ...

    async def commands(self, broadcast_id: str) -> tuple[Command, ...]:
        """Read the commands on the lines of a broadcast, oldest first."""
        ...

    async def since(self, moment: datetime) -> tuple[Broadcast, ...]:
        """Read the broadcasts made since then, oldest first."""
        ...

    async def executions(self, broadcast_id: str) -> Mapping[str, tuple[Execution, ...]]:
        """Read the fills of a broadcast by line ref."""
        ...

    async def broadcast(self, broadcast_id: str) -> Broadcast | None:
        """Read one broadcast with its lines; an id may be shortened to a unique ending."""
        ...

    async def broadcast_by_key(self, key: str) -> Broadcast | None:
        """Read the broadcast that used this idempotency key."""
        ...

    async def unfinished(self) -> tuple[Broadcast, ...]:
        """Read every broadcast with a line that has not reached an end."""
        ...

    async def history(self, limit: int) -> tuple[BroadcastSummary, ...]:
        """Read the newest broadcasts first."""
        ...

    async def orders_since(self, since: datetime) -> Mapping[tuple[str, str], str]:
        """Read which orders are ours in broadcasts since then: (account, order id) to broadcast."""
        ...

    async def save_plan(self, plan: Plan) -> None:
        """Keep a plan so that another process of this home can send it."""
        ...

    async def load_plan(self, plan_id: str) -> Plan | None:
        """Read a kept plan; None if it never was or was used."""
        ...

    async def spend_plan(self, plan_id: str) -> bool:
        """Mark a kept plan as used; False if it was used before."""
        ...

    async def guard(self) -> GuardRecord:
        """Read the kill switch."""
        ...

    async def set_guard(self, record: GuardRecord) -> None:
        """Write the kill switch."""
        ...

    async def fact(self, name: str) -> str | None:
        """Return what was learnt under a name; None if nothing was."""
        ...

    async def keep_fact(self, name: str, value: str) -> None:
        """Remember something learnt under a name."""
        ...

    async def note(self, at: datetime, kind: str, text: str) -> None:
        """Append a line to the log of alarms and operator decisions."""
        ...


class HaltSentinel(Protocol):
    """A file whose presence halts trading even when nothing else answers."""

    def reason(self) -> str | None:
        """Return why trading is halted; None when it is not."""
        ...

    def since(self) -> datetime | None:
        """Return when the file was put there; None when it is not."""
        ...

    def raise_(self, reason: str) -> None:
        """Put the file there."""
        ...

    def clear(self) -> None:
        """Take the file away."""
        ...


# --- logins ------------------------------------------------------------------------------------


class LoginState(StrEnum):
    """How a login's grant stands."""

    OK = "ok"
    EXPIRING = "expiring"
    SIGN_IN_NEEDED = "sign_in_needed"
    NO_TOKEN = "no_token"  # noqa: S105 - a state, not a secret


@dataclass(frozen=True, slots=True)
class LoginHealth:
    """A login's grant: when its tokens end and what to do about it."""

    login: str
    state: LoginState
    access_expires: datetime | None
    refresh_expires: datetime | None
    detail: str


class TokenSource(Protocol):
    """Give access tokens; one owner refreshes, all others wait for its result."""

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Return a token that lives at least that long; LoginRequired, BrokerUnreachable."""
        ...

    def current(self, login: str) -> Secret | None:
        """Return the token if it is alive now, without waiting."""
        ...

    async def replace_rejected(self, login: str, rejected: Secret) -> Secret:
        """Return another token after the broker refused this one on a read."""
        ...

    def health(self) -> tuple[LoginHealth, ...]:
        """Tell how each login stands."""
        ...
