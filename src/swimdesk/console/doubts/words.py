"""What is said of doubts in few words: groups, next steps, sentences; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from swimdesk.console.formats import age, clock, ending
from swimdesk.console.modals.describe import Section
from swimdesk.console.runs import in_runs
from swimdesk.console.shortorder import short_order
from swimdesk.domain.instruments import plain
from swimdesk.views import doubting
from swimdesk.views.models import DoubtView, OrderView

_STEPS: Final = {
    "answer": "waits for the answer",
    "person": "YOU decide",
    "nobody": "nobody reads",
}

Facts = list[tuple[str, str]]


def by_broadcast(doubts: Iterable[DoubtView]) -> dict[str, list[DoubtView]]:
    """Return the doubts by their broadcast, the one with the oldest doubt first."""
    groups: dict[str, list[DoubtView]] = {}
    for doubt in doubts:
        groups.setdefault(doubt.broadcast, []).append(doubt)
    return groups


def exchange_time(moment: datetime) -> str:
    """Return a time of day with its zone, as sentences have it."""
    return f"{clock(moment)} ET"


def next_step(doubt: DoubtView, now: datetime) -> str:
    """Return who or what decides next, and when."""
    if doubt.trouble:
        return "list NOT READ"
    step = _STEPS.get(doubt.waits_for)
    if step is not None or doubt.decides is None:
        return step or "reads decide"
    by = doubt.absent_from or doubt.decides
    return "reads decide" if by <= now else f"decided by {clock(by)}"


def next_steps(doubts: Sequence[DoubtView], now: datetime) -> str:
    """Return the next step of several doubts, the most urgent one with its count."""
    counted = Counter(next_step(doubt, now) for doubt in urgent_first(doubts))
    step, count = next(iter(counted.items()))
    return step if count == len(doubts) else f"{step} {count} of {len(doubts)}"


def urgent_first(doubts: Iterable[DoubtView]) -> list[DoubtView]:
    """Return the doubts with those first that somebody has to do something about."""
    return sorted(doubts, key=lambda doubt: not needs_a_person(doubt))


def needs_a_person(doubt: DoubtView) -> bool:
    """Tell whether the desk by itself will come to no end with it."""
    return doubt.waits_for in ("person", "nobody") or bool(doubt.trouble)


def kinds(doubts: Sequence[DoubtView]) -> str:
    """Return how many there are of each kind: ``40 unknown, 5 CONFLICT``."""
    counted = Counter(doubting.word(doubt) for doubt in doubts)
    return ", ".join(f"{count} {word}" for word, count in counted.most_common())


def accounts(doubts: Iterable[DoubtView]) -> str:
    """Return the accounts in few words."""
    return " ".join(in_runs(doubt.account for doubt in doubts))


def order_of(doubt: DoubtView) -> str:
    """Return the order in few words with its price."""
    return short_order(doubt.order, doubt.created.year).whole


def facts_of(doubt: DoubtView, now: datetime, key: str) -> Facts:
    """Return all that is told of one doubt, by name; ``key`` is what begins a decision."""
    decide = f"   {key} decides" if key and doubt.commands else ""
    return [
        ("order", f"{order_of(doubt)}, {doubting.word(doubt)} for {age(now - doubt.since)}"),
        ("known", doubting.known(doubt)),
        ("doing", doubting.doing(doubt, exchange_time)),
        ("you", f"{doubting.may(doubt)}{decide}"),
        ("hands off", doubting.hands_off(doubt)),
        ("command", doubt.commands[0] if doubt.commands else ""),
    ]


def facts_of_group(doubts: Sequence[DoubtView], now: datetime) -> Facts:
    """Return what is told of the doubts of one broadcast together, by name."""
    oldest = doubts[0]
    return [
        ("order", f"{order_of(oldest)}, in doubt for {age(now - oldest.since)}"),
        ("known", kinds(doubts)),
        ("doing", next_steps(doubts, now)),
        ("hands off", f"do not re-enter this order in {accounts(doubts)}"),
    ]


def doubt_sections(
    doubt: DoubtView, orders: Iterable[OrderView], doubts: Iterable[DoubtView], now: datetime
) -> list[Section]:
    """Return all that is told of one doubt, and the orders that the broker lists beside it.

    ``doubts`` are all there are: an order may be that of another one in the same account.
    """
    others = {
        order_id: one.broadcast
        for one in doubts
        if one.account == doubt.account and one.broadcast != doubt.broadcast
        for order_id in (*one.candidates, *filter(None, (one.order_id,)))
    }
    facts = [fact for fact in facts_of(doubt, now, "") if fact[0] != "command"]
    commands = [("command", one) for one in doubt.commands]
    listed = [_listed(order, doubt, others) for order in orders]
    return [
        (f"IN DOUBT: {doubt.account} {doubt.last4} of {doubt.broadcast}", [*facts, *commands]),
        (f"ORDERS OF {doubt.account} AT THE BROKER", listed or [("", "none is listed")]),
    ]


def _listed(order: OrderView, doubt: DoubtView, others: Mapping[str, str]) -> tuple[str, str]:
    whose = f"ours, of …{ending(order.broadcast)}" if order.broadcast else "nobody's here"
    if order.order_id in others:
        whose = f"may be that of …{ending(others[order.order_id])}, in doubt too"
    if order.order_id in {*doubt.candidates, doubt.order_id}:
        whose = "MAY BE THIS ONE"
    filled = f"{plain(order.filled):f} of {plain(order.quantity):f} filled"
    told = f"{order.description}, {order.status}, {filled}, id {order.order_id}; {whose}"
    return exchange_time(order.entered), told
