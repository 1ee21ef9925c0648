"""Broadcasts, fills and plans for tests of the journal."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from swimdesk.domain.broadcast import Broadcast, Denial, Grade, Line
from swimdesk.domain.executions import Execution
from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.domain.orders import (
    Effect,
    Leg,
    LineState,
    OrderType,
    Side,
    StructureKind,
    Ticket,
    equity_ticket,
)
from swimdesk.domain.plan import Plan, PlannedLine, Verdict

START = datetime(2026, 11, 23, 15, 4, 5, 123456, tzinfo=UTC)


class StepClock:
    """A clock that goes on by one second whenever it is asked."""

    def __init__(self) -> None:
        self.steps = 0

    def now(self) -> datetime:
        """Return the next second."""
        self.steps += 1
        return START + timedelta(seconds=self.steps)

    def monotonic_ns(self) -> int:
        """Return the seconds so far in nanoseconds."""
        return self.steps * 1_000_000_000


def a_condor(quantity: int = 1) -> Ticket:
    """Build the iron condor of the order language's examples, opening."""
    contracts = ((Right.CALL, 6200), (Right.CALL, 6220), (Right.PUT, 5820), (Right.PUT, 5800))
    sides = (Side.SELL, Side.BUY, Side.SELL, Side.BUY)
    return Ticket(
        Side.SELL,
        quantity,
        StructureKind.IRON_CONDOR,
        tuple(
            Leg(OptionContract("SPXW", date(2026, 12, 11), right, Decimal(strike)), side)
            for (right, strike), side in zip(contracts, sides, strict=True)
        ),
        OrderType.LIMIT,
        Decimal("1.60"),
        effect=Effect.OPEN,
    )


def an_id(number: int) -> str:
    """Return a ULID-shaped id that ends in the number."""
    return f"01JDABCDEFGHJKMNPQRST{number:05d}"


def a_broadcast(
    number: int = 1,
    accounts: int = 3,
    *,
    key: str | None = None,
    mode: str = "paper",
    state: LineState = LineState.SENDING,
) -> Broadcast:
    """Build a broadcast whose lines are all in one state."""
    broadcast_id = an_id(number)
    lines = tuple(
        Line(
            ref=f"{broadcast_id}-{n:02d}",
            account=f"FAM-{n:02d}",
            login=f"login-{n // 4}",
            last4=f"{4000 + n}",
            ticket=a_condor(1 + n % 2),
            state=state,
            fingerprint=f"print-{number}",
            body_hash=f"hash-{n}",
        )
        for n in range(accounts)
    )
    return Broadcast(
        id=broadcast_id,
        order="SELL -1 IRON CONDOR SPX 100 (Weeklys) 11 DEC 26 6200/6220/5820/5800 CALL/PUT @1.60",
        mode=mode,
        created=START + timedelta(minutes=number),
        lines=lines,
        key=key,
        agent="local",
        plan_digest="0f" * 32,
        seed=2**63 + number,
        plan=f"plan-{number}",
        limits="0a1b2c3d",
        overrides=("NOTIONAL_ORDER=62000", "PRICE_FAR"),
        notional=Decimal("1840.00") * number,
        confirmed=START + timedelta(minutes=number, microseconds=-1_234),
        confirmed_ns=5 * 10**15 + number,
    )


def accepted(line: Line, order_id: str) -> Line:
    """Return the line as it is once the broker took its order."""
    return line.moved(
        LineState.ACCEPTED,
        accepted=True,
        order_id=order_id,
        correlation_id="c-1",
        sent_ns=900_000,
        first_byte_ns=76_000_000,
        acked_ns=77_200_000,
    )


def a_fill(order_id: str, leg: int = 1, activity: str = "a1") -> Execution:
    """Build a fill of one contract."""
    return Execution(
        order_id, activity, leg, "SPXW  261211C06200000", Decimal(1), Decimal("1.605"), START
    )


def a_plan(number: int = 1) -> Plan:
    """Build a plan with a line to send, one denied and one skipped."""
    lines = (
        PlannedLine(
            "FAM-00", "login-0", "4000", a_condor(2), Verdict.SEND, 2,
            requirement=Decimal("3684.16"), max_loss=Decimal("3680.00"),
            buying_power=Decimal("101234.50"), body_hash="b0", fingerprint="f0",
        ),
        PlannedLine(
            "FAM-01", "login-0", "4001", a_condor(), Verdict.DENIED, 0,
            denials=(
                Denial("BUYING_POWER", "needs 1842.08, has 12.00", Grade.SOFT, "BUYING_POWER"),
                Denial("CLOSING_ONLY", "it may only close"),
            ),
            lifted=(Denial("PRICE_FAR", "far away", Grade.SOFT, "PRICE_FAR"),),
        ),
        PlannedLine(
            "FAM-02", "login-0", "4002", equity_ticket(Side.BUY, 5, "SPY", Decimal("601.25")),
            Verdict.SKIPPED, 0, reason="rounds down to 0 units",
        ),
    )  # fmt: skip
    return Plan(
        id=f"plan-{number}",
        order="SELL -1 IRON CONDOR …",
        ticket=a_condor(),
        created=START,
        expires=START + timedelta(seconds=60),
        lines=lines,
        digest="ab" * 32,
        sizing="mult",
        remainder="rotate",
        notices=("(Replacing #…) was dropped",),
        limits="0a1b2c3d",
        overrides=("PRICE_FAR",),
        notional=Decimal("3680.00"),
    )
