"""What the desk asks of the broker: sending once, canceling, complete reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from swimdesk.domain.accounts import Account, Balances
from swimdesk.domain.commands import CommandOutcome
from swimdesk.domain.executions import Execution
from swimdesk.domain.orders import Side, Ticket
from swimdesk.domain.plan import BrokerVerdict
from swimdesk.domain.positions import Position
from swimdesk.errors import LoginRequired, StoreError, SwimdeskError


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
    """A rendered order; ``fingerprint`` is what makes two orders look alike in broker lists.

    ``replaces`` is the id of the order whose place it is to take; None for an order of its own.
    """

    ref: str
    account: str
    body: bytes
    body_hash: str
    fingerprint: str
    replaces: str | None = None

    def under(self, ref: str) -> PreparedOrder:
        """Return the same order under another reference."""
        return PreparedOrder(
            ref, self.account, self.body, self.body_hash, self.fingerprint, self.replaces
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """All orders of a wave, rendered and frozen."""

    orders: tuple[PreparedOrder, ...]


# Not frozen: thousands come at once, and a frozen one takes five times as long to make.
@dataclass(slots=True)
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
class OrderLeg:
    """One leg of a broker's order; ``side`` is None for what neither buys nor sells."""

    leg_id: int | None
    symbol: str
    side: Side | None
    quantity: Decimal


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
    legs: tuple[OrderLeg, ...] = field(default=(), compare=False)
    ticket: Ticket | None = field(default=None, compare=False)
    """The ticket that would make this order, effect resolved; None where none of ours would."""
    document: str = field(default="", repr=False, compare=False)
    """What the broker said of it, as JSON, account numbers and hashes replaced by keyed digests;
    empty for an order that stands within another's document."""


@dataclass(frozen=True, slots=True)
class OrdersRead:
    """A list read; only a complete one is evidence of absence, and only for its accounts."""

    accounts: frozenset[str]
    since: datetime
    until: datetime
    orders: tuple[BrokerOrder, ...]
    complete: bool
    failure: SwimdeskError | None = field(default=None, compare=False)
    """Why it is not complete, where that is known."""
    unknown: frozenset[tuple[str, str]] = frozenset()
    """Orders (account, id) that were asked for by their ids, and that the broker does not have."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """Which accounts there are, and of which logins they were never read, with the reason.

    Of those logins ``accounts`` has what is configured.
    """

    accounts: tuple[Account, ...]
    unread: Mapping[str, SwimdeskError] = field(default_factory=dict)

    @property
    def is_blind(self) -> bool:
        """Whether not one login could be read."""
        return all(account.login in self.unread for account in self.accounts) and bool(self.unread)

    @property
    def broken(self) -> Mapping[str, SwimdeskError]:
        """The logins that were not read although nothing is known to be wrong with their tokens."""
        expected = LoginRequired | StoreError
        return {k: error for k, error in self.unread.items() if not isinstance(error, expected)}

    @property
    def objection(self) -> SwimdeskError | None:
        """Why these must not be taken for all accounts: they must not go missing unnoticed.

        A login without a token is known to be missing, and stands in the way of no other.
        """
        telling = self.broken or (self.unread if self.is_blind else {})
        return next(iter(telling.values()), None)


@dataclass(frozen=True, slots=True)
class Holdings:
    """Balances and positions of one account from one complete read."""

    account: Account
    balances: Balances
    positions: tuple[Position, ...]


class Burst(Protocol):
    """Orders that need only be written: they leave once, or never. Nothing here raises."""

    def leave(self) -> None:
        """Write every order once, without waiting; without effect the second time.

        Whoever lets them leave also calls ``fire``, which tells what became of them.
        """
        ...

    async def fire(
        self, on_sent: Callable[[], None], on_outcome: Callable[[Outcome], None]
    ) -> None:
        """Let the orders leave if they have not; report each outcome once, return when all have.

        ``on_sent`` is called when the last request has been written. The outcome of an order that
        replaces another names the new one; only reads tell which of the two works.
        """
        ...

    def discard(self) -> None:
        """Let nothing of this leave, ever; without effect once it has left."""
        ...


class Broker(Protocol):
    """Everything the desk asks of the broker. Reads raise BrokerError; sends never raise."""

    async def discover(self) -> Discovered:
        """Read which accounts our logins see, joined with the configured names.

        A login that cannot be read is told and hides no other.
        """
        ...

    async def holdings(self, accounts: Sequence[str]) -> tuple[Holdings, ...]:
        """Read balances and positions of these accounts, all or BrokerError."""
        ...

    def prepare(self, orders: Sequence[LineOrder]) -> Prepared:
        """Render orders without any input or output; the same orders give the same bytes."""
        ...

    async def preview(self, orders: Sequence[PreparedOrder]) -> Mapping[str, BrokerVerdict]:
        """Ask the broker what it would make of these orders, by account; places none.

        Never raises: what could not be asked or understood is ``unread``.
        """
        ...

    def is_ready(self, accounts: Sequence[str]) -> bool:
        """Tell at once whether ``ready`` would find nothing to do; False where that is not sure."""
        ...

    async def ready(self, accounts: Sequence[str]) -> None:
        """Open or refresh what a burst needs (tokens, warm connections); LoginRequired if not."""
        ...

    def load(self, prepared: Prepared) -> Burst:
        """Make orders so ready that they need only be written; nothing leaves, nothing waits.

        It is done before the intents are written down; the orders may leave only afterwards.
        """
        ...

    async def keep_warm(self) -> None:
        """Keep what ``ready`` opened from going stale, until cancelled."""
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
