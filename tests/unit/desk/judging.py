"""One read judged before one broadcast, without a desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tests.fakes.builders import a_broadcast, a_line, a_ticket
from tests.fakes.fills import fills_of
from tests.fakes.virtual import START

from swimdesk.desk.evidence import READS_FOR_ABSENCE, Evidence
from swimdesk.desk.ports import BrokerOrder, BrokerOrderState, OrdersRead
from swimdesk.desk.reconciler import reconcile
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.orders import Doubt, LineState

S, B = LineState, BrokerOrderState
TICKET = a_ticket("BUY +100 AAPL @187.50 LMT")
BIND_S, ABSENT_S = 60, 180
CONFIRMED_NS = 5_000 * 10**9


def an_order(
    order_id: str = "77",
    state: BrokerOrderState = B.WORKING,
    *,
    after_s: float = 0,
    look: str | None = "look",
    filled: int = 0,
    executed: int | None = None,
    tag: str | None = "ours",
    account: str = "A-01",
    reason: str | None = None,
    raw: str = "WORKING",
) -> BrokerOrder:
    """Build an order of the broker's list."""
    done = filled if executed is None else executed
    at = START + timedelta(seconds=after_s)
    fills = fills_of(TICKET, order_id, done, START)
    return BrokerOrder(
        account, order_id, state, raw, at, look, Decimal(100), Decimal(filled), fills, reason, tag
    )


def line_in(state: LineState, account: str = "A-01", **changes: object) -> Line:
    """Build a line in this state."""
    return replace(a_line(account, state, ticket=TICKET), **changes)  # type: ignore[arg-type]


def in_doubt(doubt: Doubt = Doubt.UNKNOWN, **changes: object) -> Line:
    """Build a line in doubt."""
    return replace(line_in(S.IN_DOUBT), doubt=doubt, **changes)  # type: ignore[arg-type]


@dataclass
class Case:
    """A read judged; ``lines`` make the broadcast, ``others`` are lines of other broadcasts."""

    lines: Sequence[Line]
    orders: Sequence[BrokerOrder] = ()
    age_s: float = 1
    complete: bool = True
    covered: frozenset[str] = frozenset({"A-01"})
    others: Sequence[Line] = ()
    tag: str | None = "ours"
    reads: int = READS_FOR_ABSENCE
    since: datetime = START - timedelta(minutes=3)
    unknown: frozenset[tuple[str, str]] = frozenset()
    counted_s: float | None = None
    """How long the machine has counted since the confirmation, where that is known."""
    broadcast: Broadcast = field(init=False)

    def __post_init__(self) -> None:
        self.broadcast = replace(a_broadcast(*self.lines), confirmed_ns=CONFIRMED_NS)

    def evidence(self) -> Evidence:
        """Return what the read and its circumstances are worth."""
        now = START + timedelta(seconds=self.age_s)
        ours: dict[str, list[Line]] = {}
        for line in (*self.lines, *self.others):
            ours.setdefault(line.account, []).append(line)
        return Evidence(
            read=OrdersRead(
                self.covered,
                self.since,
                now,
                tuple(self.orders),
                self.complete,
                unknown=self.unknown,
            ),
            now=now,
            ours=ours,
            tag=self.tag,
            reads={line.ref: self.reads for line in self.lines},
            steady_ns=None if self.counted_s is None else CONFIRMED_NS + int(self.counted_s * 1e9),
        )

    def judged(self) -> dict[str, Line]:
        """Return the changed lines by ref."""
        changes = reconcile(self.broadcast, self.evidence())
        return {change.line.ref: change.line for change in changes}

    def only(self) -> Line:
        """Return the line after the read, changed or not."""
        (line,) = self.lines
        return self.judged().get(line.ref, line)
