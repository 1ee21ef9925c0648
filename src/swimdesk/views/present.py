"""From the domain to views: rounding and naming happen here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from swimdesk.domain.broadcast import Broadcast, Denial, Line, counts, fills
from swimdesk.domain.commands import Command
from swimdesk.domain.fairness import Fairness
from swimdesk.domain.net_price import NetMarket
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.plan import BrokerCheck, Plan, PlannedLine, Verdict
from swimdesk.domain.timing import latency_ns, timing
from swimdesk.views.models import (
    BroadcastView,
    BrokerCheckView,
    CommandView,
    DenialView,
    FairnessView,
    FillsView,
    LineView,
    PlanLineView,
    PlanView,
    TimingView,
)
from swimdesk.views.warnings import warnings_of

_CENT = Decimal("0.01")
_PRICE = Decimal("0.0001")


def milliseconds(nanoseconds: int | None) -> float | None:
    """Round nanoseconds to milliseconds with three decimals."""
    return None if nanoseconds is None else round(nanoseconds / 1e6, 3)


def price(value: Decimal | None) -> Decimal | None:
    """Round a price to four decimals, keeping at least two."""
    if value is None:
        return None
    rounded = value.quantize(_PRICE)
    return rounded.quantize(_CENT) if rounded == rounded.quantize(_CENT) else rounded.normalize()


def dollars(value: Decimal | None) -> Decimal | None:
    """Round an amount to cents."""
    return None if value is None else value.quantize(_CENT)


def denial_views(denials: tuple[Denial, ...]) -> tuple[DenialView, ...]:
    """Show denials."""
    return tuple(DenialView(one.code, one.detail, one.grade.value, one.override) for one in denials)


def _broker(check: BrokerCheck | None) -> BrokerCheckView | None:
    if check is None:
        return None
    said = check.verdict
    return BrokerCheckView(
        said.word.value, said.texts, dollars(said.commission), dollars(check.effect)
    )


def reason_of(reason: str | None, denials: tuple[Denial, ...]) -> str | None:
    """Return a reason, or the one that denials make together."""
    if reason or not denials:
        return reason
    return "; ".join(f"{one.code}: {one.detail}" for one in denials)


def line_view(line: Line) -> LineView:
    """Show one line of a broadcast."""
    return line_views([line])[0]


def line_views(lines: Iterable[Line]) -> tuple[LineView, ...]:
    """Show lines of a broadcast, which share a few tickets between thousands of them."""
    lines = tuple(lines)
    tickets = {id(line.ticket): line.ticket for line in lines}
    texts = {key: print_ticket(ticket) for key, ticket in tickets.items()}
    return tuple(_line_view(line, texts[id(line.ticket)]) for line in lines)


def _line_view(line: Line, order: str) -> LineView:
    return LineView(
        account=line.account,
        last4=line.last4,
        order=order,
        quantity=line.ticket.quantity,
        effect=line.ticket.effect.value,
        state=line.state.value,
        doubt=line.doubt.value if line.doubt else None,
        order_id=line.order_id,
        filled=line.filled,
        average=price(line.average),
        reason=reason_of(line.reason, line.denials),
        denials=denial_views(line.denials),
        sent_ms=milliseconds(line.sent_ns),
        first_byte_ms=milliseconds(line.first_byte_ns),
        acked_ms=milliseconds(line.acked_ns),
        latency_ms=milliseconds(latency_ns(line)),
        lineage=tuple(order.order_id for order in line.earlier),
    )


def timing_view(broadcast: Broadcast) -> TimingView:
    """Show the proof of a broadcast's timing."""
    took = asdict(timing(broadcast))
    return TimingView(
        confirmed=broadcast.confirmed,
        **{name.removesuffix("_ns"): milliseconds(figure) for name, figure in took.items()},
    )


def fairness_view(account: Fairness) -> FairnessView:
    """Show how early an account was served."""
    return FairnessView(
        account=account.account,
        broadcasts=account.broadcasts,
        mean_place=round(float(account.mean_place), 3),
        first=account.first,
        last=account.last,
    )


def command_view(command: Command) -> CommandView:
    """Show a command on a line."""
    return CommandView(
        account=command.account,
        kind=command.kind.value,
        at=command.at,
        order_id=command.order_id,
        outcome=command.outcome.value if command.outcome else None,
        reason=command.reason,
        price=command.price,
        new_order_id=command.new_order_id,
    )


def broadcast_view(
    broadcast: Broadcast, commands: Iterable[Command] = (), only: Iterable[Line] | None = None
) -> BroadcastView:
    """Show a broadcast as its JSON promise says, with the commands on its lines.

    With ``only`` these lines are told one by one; figures and counts are over all the same.
    """
    prices = fills(broadcast.lines)
    return BroadcastView(
        broadcast=broadcast.id,
        key=broadcast.key,
        order=broadcast.order,
        mode=broadcast.mode,
        state=broadcast.state.value,
        created=broadcast.created,
        agent=broadcast.agent,
        counts=counts(broadcast.lines),
        timing_ms=timing_view(broadcast),
        fills=FillsView(
            average=price(prices.average),
            best=price(prices.best),
            worst=price(prices.worst),
            dispersion_bps=None
            if prices.dispersion_bps is None
            else round(float(prices.dispersion_bps), 2),
        ),
        lines=line_views(broadcast.lines if only is None else only),
        commands=tuple(command_view(command) for command in commands),
        plan=broadcast.plan,
        limits=broadcast.limits,
        overrides=broadcast.overrides,
        seed=broadcast.seed,
        origin=broadcast.origin.value,
    )


def plan_line_view(line: PlannedLine) -> PlanLineView:
    """Show one account's part of a plan."""
    return PlanLineView(
        account=line.account,
        last4=line.last4,
        order=print_ticket(line.ticket),
        quantity=line.quantity,
        effect=line.ticket.effect.value,
        verdict=line.verdict.value,
        reason=reason_of(line.reason, line.denials),
        denials=denial_views(line.denials),
        lifted=denial_views(line.lifted),
        broker=_broker(line.broker),
        requirement=dollars(line.requirement),
        max_loss=dollars(line.max_loss),
        buying_power=dollars(line.buying_power),
    )


def _age_s(net: NetMarket, now: datetime) -> float:
    return round(max((now - net.as_of).total_seconds(), 0.0), 3)


def plan_view(plan: Plan, *, saved: bool) -> PlanView:
    """Show a plan with its totals over the accounts that would be sent to."""
    net = plan.net
    sendable = plan.sendable
    losses = [line.max_loss for line in sendable]
    total_loss = None if None in losses else sum((x for x in losses if x), Decimal(0))
    verdicts = [line.verdict for line in plan.lines]
    return PlanView(
        plan=plan.id,
        order=plan.order,
        sizing=plan.sizing,
        remainder=plan.remainder,
        created=plan.created,
        expires=plan.expires,
        digest=plan.digest,
        saved=saved,
        notices=plan.notices,
        counts={"accounts": len(plan.lines)}
        | {verdict.value: verdicts.count(verdict) for verdict in Verdict},
        requirement=dollars(sum((x.requirement or Decimal(0) for x in sendable), Decimal(0)))
        or Decimal(0),
        max_loss=dollars(total_loss),
        net_bid=price(net.bid) if net else None,
        net_mid=price(net.mid) if net else None,
        net_ask=price(net.ask) if net else None,
        quote_age_s=_age_s(net, plan.created) if net else None,
        price_from=plan.price_from,
        notional=dollars(plan.notional),
        limits=plan.limits,
        overrides=plan.overrides,
        warnings=warnings_of(plan.lines),
        lines=tuple(plan_line_view(line) for line in plan.lines),
    )
