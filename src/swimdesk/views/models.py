"""The views: frozen dataclasses whose field names are the keys of the JSON documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from swimdesk.views.signing import LoginView, TokenCacheView


@dataclass(frozen=True, slots=True)
class DenialView:
    """One reason of our own checks: a stable code, its figures, and how firm it is.

    ``grade`` is hard, typed or soft; ``override`` is what lifts it: ``CODE=FIGURE`` for
    ``--override`` (typed), ``CODE`` for ``--ack`` (soft), null where nothing does.
    """

    code: str
    detail: str
    grade: str
    override: str | None


@dataclass(frozen=True, slots=True)
class WarningView:
    """The denials of one code over all accounts; ``detail`` and ``override`` are of the worst.

    The grade ``warning`` is of what bars nothing and is to be known, such as OUTLIVES_SIGN_IN.
    """

    code: str
    grade: str
    accounts: int
    detail: str
    override: str | None


@dataclass(frozen=True, slots=True)
class BrokerCheckView:
    """The broker's own preview of an order: accept, alert, reject, or unread, which is no yes.

    ``effect`` is the buying power after the order minus that before it, in dollars.
    """

    verdict: str
    texts: tuple[str, ...]
    commission: Decimal | None
    effect: Decimal | None


@dataclass(frozen=True, slots=True)
class LineView:
    """One account's line of a broadcast; times in ms since confirm.

    Sent: its request was wholly written. Latency is from there to the first byte of the answer.
    Order, price and order id are those of the order that works now; lineage has the ids of its
    earlier orders as they ended, a replacement that was rejected among them. Filled and average
    are over all of them.
    """

    account: str
    last4: str
    order: str
    quantity: int
    effect: str
    state: str
    doubt: str | None
    order_id: str | None
    filled: int
    average: Decimal | None
    reason: str | None
    denials: tuple[DenialView, ...]
    sent_ms: float | None
    first_byte_ms: float | None
    acked_ms: float | None
    latency_ms: float | None
    lineage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimingView:
    """Proof of timing of a broadcast, in ms since confirm, whose wall time is ``confirmed``.

    Journal: the intents were committed. Skews are last minus first, of writes and of answers. A
    latency is from an order's own write to the first byte of its answer: the network's and the
    broker's part. Overhead is ours: last answer minus the slowest latency.
    """

    confirmed: datetime | None
    journal: float | None
    first_write: float | None
    last_write: float | None
    dispatch_skew: float | None
    first_ack: float | None
    last_ack: float | None
    ack_skew: float | None
    ack_p50: float | None
    ack_p95: float | None
    ack_p99: float | None
    latency_p50: float | None
    latency_p95: float | None
    latency_p99: float | None
    latency_max: float | None
    overhead: float | None


@dataclass(frozen=True, slots=True)
class FillsView:
    """Fill prices over accounts; dispersion is (best - worst) / average in basis points."""

    average: Decimal | None
    best: Decimal | None
    worst: Decimal | None
    dispersion_bps: float | None


@dataclass(frozen=True, slots=True)
class CommandView:
    """What an account's order was told, and the outcome; null while nothing is known of it.

    Taken: the order may still fill. Ended: the line had come to its end before. Denied: our own
    checks said no. Price is what a replacement asks, new order id what the broker's answer named.
    """

    account: str
    kind: str
    at: datetime
    order_id: str | None
    outcome: str | None
    reason: str | None
    price: Decimal | None
    new_order_id: str | None


@dataclass(frozen=True, slots=True)
class BroadcastView:
    """A broadcast with its lines and the commands on them, oldest first.

    ``limits`` tells which risk limits it was checked against, ``overrides`` what was typed or
    acknowledged for it, ``plan`` the plan that was sent, ``seed`` which order of sending it had.
    ``origin`` is ours, or adopted: then somebody else entered its only order at ``created``.
    """

    broadcast: str
    key: str | None
    order: str
    mode: str
    state: str
    created: datetime
    agent: str
    counts: dict[str, int]
    timing_ms: TimingView
    fills: FillsView
    lines: tuple[LineView, ...]
    commands: tuple[CommandView, ...]
    plan: str | None
    limits: str
    overrides: tuple[str, ...]
    seed: int
    origin: str


@dataclass(frozen=True, slots=True)
class FairnessView:
    """How early an account was served over broadcasts to two accounts or more.

    Mean place is 0 for always first and 1 for always last; first and last count broadcasts.
    """

    account: str
    broadcasts: int
    mean_place: float
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class BroadcastRow:
    """A broadcast in the history."""

    broadcast: str
    key: str | None
    order: str
    mode: str
    state: str
    created: datetime
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class PlanLineView:
    """What one account would get and why; money in dollars."""

    account: str
    last4: str
    order: str
    quantity: int
    effect: str
    verdict: str
    reason: str | None
    denials: tuple[DenialView, ...]
    lifted: tuple[DenialView, ...]
    broker: BrokerCheckView | None
    requirement: Decimal | None
    max_loss: Decimal | None
    buying_power: Decimal | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan: per account quantity, verdict, effect, cost; sends nothing by itself.

    The net market is in the sign of the order's price; null where a leg has none. ``price_from``
    is what was typed for a price that was worked out from it, such as ``@mid``.
    ``warnings`` are the denials by code, the firmest first, five at the most, and behind them what
    bars nothing; ``notional`` are dollars over the accounts that would be sent to, ``limits`` tells
    which risk limits it was checked against, ``overrides`` what was typed or acknowledged and
    lifted something.
    """

    plan: str
    order: str
    sizing: str
    remainder: str | None
    created: datetime
    expires: datetime
    digest: str
    saved: bool
    notices: tuple[str, ...]
    counts: dict[str, int]
    requirement: Decimal
    max_loss: Decimal | None
    net_bid: Decimal | None
    net_mid: Decimal | None
    net_ask: Decimal | None
    quote_age_s: float | None
    price_from: str | None
    notional: Decimal | None
    limits: str
    overrides: tuple[str, ...]
    warnings: tuple[WarningView, ...]
    lines: tuple[PlanLineView, ...]


@dataclass(frozen=True, slots=True)
class LearnedView:
    """What a reject of the broker taught about an account, and which order it was."""

    lack: str
    text: str
    at: datetime
    order: str
    order_id: str | None
    broadcast: str


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account and what it may trade; ``learned`` is what the broker last said it may not."""

    account: str
    last4: str
    login: str
    type: str
    groups: tuple[str, ...]
    multiplier: Decimal
    option_level: int | None
    closing_only: bool
    ira: bool
    learned: LearnedView | None


@dataclass(frozen=True, slots=True)
class BalanceView:
    """What an account can spend, in dollars."""

    account: str
    last4: str
    liquidation_value: Decimal
    cash: Decimal
    option_buying_power: Decimal
    stock_buying_power: Decimal
    as_of: datetime


@dataclass(frozen=True, slots=True)
class PositionView:
    """A holding; ``quantity`` is signed."""

    account: str
    last4: str
    symbol: str
    description: str
    quantity: Decimal
    average_price: Decimal
    market_value: Decimal


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order at the broker; ``broadcast`` names ours, None for anybody else's.

    ``origin`` is ours, adopted, foreign or ignored (foreign, and told no more).
    """

    account: str
    last4: str
    order_id: str
    status: str
    entered: datetime
    description: str
    quantity: Decimal
    filled: Decimal
    reason: str | None
    broadcast: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A quote."""

    symbol: str
    description: str
    bid: Decimal | None
    ask: Decimal | None
    last: Decimal
    mark: Decimal
    as_of: datetime


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A contract of a chain."""

    symbol: str
    right: str
    strike: Decimal
    bid: Decimal
    ask: Decimal
    mark: Decimal
    delta: Decimal | None
    volatility: Decimal | None
    open_interest: int
    volume: int


@dataclass(frozen=True, slots=True)
class ChainView:
    """One expiration of an underlying, and which others are listed."""

    symbol: str
    expiry: str
    expiries: tuple[str, ...]
    last: Decimal | None
    rows: tuple[ChainRow, ...]


@dataclass(frozen=True, slots=True)
class GuardView:
    """The kill switch: active, reducing (only orders leave that close what is held), or halted."""

    state: str
    reason: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class HaltView:
    """The kill switch, and the broadcasts whose orders were canceled with it."""

    state: str
    reason: str
    since: datetime | None
    broadcasts: tuple[BroadcastView, ...]


@dataclass(frozen=True, slots=True)
class DoubtView:
    """A line whose order nobody is sure of: what is known, what is done, what may be decided.

    ``doubt`` is sending (left, no answer for seconds), unknown, probable, conflict or
    absent_candidate; ``created`` is when its broadcast was made, ``since`` when its fate became
    open. ``order_id`` is what the line's order is known by, ``candidates`` are orders that may be
    it, or, where ``is_replacement``, that may have taken its place. ``waits_for`` is answer,
    reads, person or nobody (nothing reads its list). ``reads`` counts complete reads that would
    show the order, one every ``every_s`` seconds or so; ``trouble`` is why its list is not read.
    From ``decides`` on a single look-alike may be taken for it, from ``absent_from`` on it
    probably never arrived; null where reads alone decide nothing. ``commands`` are what the
    operator may decide with.
    """

    broadcast: str
    account: str
    last4: str
    order: str
    doubt: str
    created: datetime
    since: datetime
    reason: str | None
    order_id: str | None
    candidates: tuple[str, ...]
    is_replacement: bool
    waits_for: str
    reads: int
    every_s: float | None
    trouble: str
    decides: datetime | None
    absent_from: datetime | None
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskView:
    """A background task of the desk."""

    name: str
    state: str
    restarts: int
    detail: str


@dataclass(frozen=True, slots=True)
class ReadingView:
    """How the desk's reads of accounts go; ``failing_since`` is None while they succeed.

    ``oldest`` is when the account was read whose balances are oldest.
    """

    oldest: datetime | None
    failing_since: datetime | None
    detail: str


@dataclass(frozen=True, slots=True)
class StatusView:
    """One-screen health of a home; ``owner`` is None when nothing runs.

    ``limits`` tells which risk limits are in force; null while no desk runs. ``doubts`` are the
    lines nobody is sure of, the oldest first: their accounts are not to be traded by hand.
    ``token_cache`` is null where no memcached is configured.
    """

    version: str
    mode: str
    home: str
    owner: int | None
    guard: GuardView
    accounts: int | None
    open_lines: int
    in_doubt_lines: int
    doubts: tuple[DoubtView, ...]
    reading: ReadingView | None
    newest_broadcast: str | None
    logins: tuple[LoginView, ...]
    token_cache: TokenCacheView | None
    tasks: tuple[TaskView, ...]
    alarms: tuple[str, ...]
    limits: str | None


@dataclass(frozen=True, slots=True)
class HoldingView:
    """What one account has: from one complete read."""

    balances: BalanceView
    positions: tuple[PositionView, ...]


@dataclass(frozen=True, slots=True)
class BoardView:
    """What changed on the desk since ``token`` was last taken; ``whole``: this replaces all.

    ``accounts`` is empty where none changed, else all of them in order. A broadcast holds the
    lines that changed, with figures and counts over all of its lines; commands are not here.
    """

    token: str
    whole: bool
    status: StatusView
    accounts: tuple[AccountView, ...]
    holdings: tuple[HoldingView, ...]
    broadcasts: tuple[BroadcastView, ...]
