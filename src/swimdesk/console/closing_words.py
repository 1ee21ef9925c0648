"""What is said of undoing and flattening: the plan in few lines, and what became of it; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from swimdesk.console.formats import ending, money
from swimdesk.console.modals.confirm import FactsOf, Question
from swimdesk.console.runs import in_runs
from swimdesk.console.shortorder import short_order
from swimdesk.views.closing import FlattenView, PartView, TakenBackView, UndoView

NATURAL: Final = "@nat"
"""The price of closing orders where none was typed: they trade at once."""

MOST: Final = 12
"""So many different orders of a plan are told one by one."""

Closing = FlattenView | UndoView

_GOOD: Final = frozenset({"filled", "canceled", "close"})


def split_price(text: str) -> tuple[str, str]:
    """Return what was typed without its price, and the price, ``@nat`` where there is none."""
    words = text.split()
    if words and words[-1].startswith("@"):
        return " ".join(words[:-1]), words[-1]
    return " ".join(words), NATURAL


def undo_question(plan: UndoView, mode: str) -> Question:
    """Return the question before a broadcast is taken back."""
    heading = f"UNDO …{ending(plan.undoes)} IN {_accounts(plan.accounts)}"
    return Question(
        heading, _facts(plan), "UNDO", expires=plan.expires, mode=mode, warnings=_warnings(plan)
    )


def flatten_question(plan: FlattenView, mode: str) -> Question:
    """Return the question before accounts are left with nothing: it wants their number typed."""
    return Question(
        f"FLATTEN {_accounts(plan.accounts)}",
        _facts(plan),
        "FLATTEN",
        count=plan.accounts,
        expires=plan.expires,
        mode=mode,
        warnings=(*_warnings(plan), *_of_others(plan)),
    )


def _of_others(plan: FlattenView) -> tuple[str, ...]:
    """Say what works in the accounts and is not canceled, for it is not ours."""
    if plan.others is None:
        return ("orders of others could not be read; they are NOT canceled",)
    where = " ".join(in_runs(dict.fromkeys(one.account for one in plan.others)))
    count = _count(len(plan.others), "order")
    return (f"NOT canceled, not ours ({count}): {where}",) if plan.others else ()


def _accounts(count: int) -> str:
    return _count(count, "account").upper()


def _facts(plan: Closing) -> FactsOf:
    """Return what is known of a plan; what is the same for all of it stands before any list."""
    closed = [one for one in plan.parts if one.state == "close"]
    return (
        ("sends", _sends(plan)),
        *_cost(plan),
        ("then", "accounts are read again after the cancels; no more than is held is closed"),
        *_grouped("cancels", ((_taken_back(one, plan), one.account) for one in plan.cancels)),
        *_grouped("closes", ((_closed(one, plan), one.account) for one in closed)),
    )


def _sends(plan: Closing) -> str:
    steps = [_count(len(plan.cancels), "cancel")] * bool(plan.cancels)
    steps += [f"{_count(plan.orders, 'order')} at {plan.price}"] * bool(plan.orders)
    kept = sum(one.state != "close" for one in plan.parts)
    verb = "is" if kept == 1 else "are"
    return ", then ".join(steps) + (f"; {kept} {verb} NOT closed, see below" if kept else "")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _cost(plan: Closing) -> FactsOf:
    if not plan.orders:
        return ()
    if plan.cost is None:
        return (("costs", "not known: a leg has no price"),)
    word = "brings" if plan.cost < 0 else "costs"
    return ((word, f"${money(abs(plan.cost))} in all at the natural price, before fees"),)


def _grouped(name: str, told: Iterable[tuple[str, str]]) -> FactsOf:
    """Return what is told with the accounts it is told of, what concerns most of them first."""
    accounts: dict[str, list[str]] = {}
    for text, account in told:
        accounts.setdefault(text, []).append(account)
    rows = sorted(accounts.items(), key=lambda row: -len(row[1]))
    facts = [(name, f"{text}  in {' '.join(in_runs(where))}") for text, where in rows[:MOST]]
    more = len(rows) - len(facts)
    return (*facts, *([(name, f"and {more} others")] if more > 0 else []))


def _taken_back(one: TakenBackView, plan: Closing) -> str:
    return short_order(one.order, plan.created.year).whole


def _closed(one: PartView, plan: Closing) -> str:
    order = short_order(one.order, plan.created.year).whole if one.order else ""
    return order or f"{one.quantity} {one.holding}"


def _warnings(plan: Closing) -> tuple[str, ...]:
    """Return what is not closed, and why: a line for each reason."""
    reasons: dict[str, list[PartView]] = {}
    for one in plan.parts:
        if one.state != "close":
            reasons.setdefault(_reason(one), []).append(one)
    ordered = sorted(reasons.items(), key=lambda row: -len(row[1]))
    return tuple(_warning(reason, parts) for reason, parts in ordered)


def _reason(one: PartView) -> str:
    if one.in_doubt:
        return "an order there is in doubt"
    return one.denials[0].code if one.denials else one.reason or one.state.replace("_", " ")


def _warning(reason: str, parts: Sequence[PartView]) -> str:
    where = " ".join(in_runs(one.account for one in parts))
    if len(parts) > 1 or parts[0].in_doubt:
        count = f" ({len(parts)} holdings)" if len(parts) > 1 and not parts[0].in_doubt else ""
        return f"NOT closed, {reason}{count}: {where}"
    what = f"{parts[0].holding} in {where}" if parts[0].holding else where
    return f"NOT closed, {parts[0].reason or reason}: {what}"


def outcome(view: Closing) -> tuple[str, bool]:
    """Return what became of a plan in one line, and whether all of it is good."""
    if not view.cancels and not view.parts:
        return "there is nothing to do", True
    canceled = Counter(one.state for one in view.cancels)
    closed = Counter(one.state for one in view.parts)
    doubts = [one.account for one in view.parts if one.in_doubt]
    left = [one for one in view.parts if one.state not in _GOOD and not one.in_doubt]
    parts = [f"cancels: {_counted(canceled)}"] * bool(canceled)
    parts += [f"holdings: {_counted(closed)}"] * bool(closed)
    parts += [f"IN DOUBT in {' '.join(in_runs(doubts))}"] * bool(doubts)
    parts += [f"{one.account}: {one.reason}" for one in left if one.reason][:1]
    return "; ".join(parts), {*canceled, *closed} <= _GOOD and not doubts


def _counted(states: Counter[str]) -> str:
    return ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in states.most_common())
