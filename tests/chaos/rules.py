"""What must hold at every moment, and what at the end; each rule yields what breaks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.chaos.findings import Moment, lineage_of, orders_of

Broken = Iterator[tuple[str, str]]
Rule = Callable[[Moment], Broken]

NEVER_THERE = frozenset({"denied", "skipped", "refused", "not_sent", "absent", "planned"})
UNSEEN = frozenset({"sending", "accepted", "in_doubt"})
"""States in which an order id, if there is one, is only what an answer said."""
OVER = {"filled": "FILLED", "canceled": "CANCELED", "rejected": "REJECTED", "expired": "EXPIRED"}
ENDED = frozenset({"FILLED", "CANCELED", "REJECTED", "EXPIRED", "REPLACED"})
LIVE = frozenset({"working", "partial"})
KNOWN = LIVE | NEVER_THERE - {"planned"} | set(OVER) | {"replaced"}
DECIDED_BY_A_PERSON = frozenset({"conflict", "absent_candidate", "probable"})


def shown_as_written(moment: Moment) -> Broken:
    """What is shown is what is in the file."""
    for broadcast in moment.shown:
        for line in broadcast["lines"]:
            row = moment.books.rows.get((broadcast["broadcast"], line["account"]))
            if row is None:
                yield "lied", f"{line['account']} of {broadcast['broadcast']} is in no file"
                continue
            for name in ("state", "doubt", "order_id", "filled"):
                if line[name] != row[name]:
                    yield "lied", f"{row['ref']} shows {name} {line[name]}, wrote {row[name]}"


def nothing_denied_that_is_there(moment: Moment) -> Broken:
    """A line that says that there is no order has none."""
    for line, row in moment.lines():
        made = [one.order_id for one in moment.books.made.get(row["ref"], ())]
        if line["state"] in NEVER_THERE and made:
            yield "lied", f"{row['ref']} says {line['state']}, order {made[0]} was accepted"


def bound_to_its_own(moment: Moment) -> Broken:
    """Every order that a line was found to have came of that line's requests."""
    for line, row in moment.lines():
        if line["state"] in UNSEEN:
            continue
        named = {line["order_id"], *line["lineage"]} - {None}
        for order_id in sorted(named - moment.own(row)):
            yield "lied", f"{row['ref']} is {line['state']} with order {order_id}, not its own"


def nothing_from_before(moment: Moment) -> Broken:
    """No order that is written down as there before a broadcast is one of its own."""
    for line, row in moment.lines():
        if line["state"] not in UNSEEN:
            named = {line["order_id"], *line["lineage"]}
            for order_id in sorted(named & moment.books.there_before[row["broadcast"]]):
                yield "lied", f"{row['ref']} is order {order_id}, which was there before"


def bound_once(moment: Moment) -> Broken:
    """No order belongs to two lines."""
    named = Counter(
        (row["account"], order_id)
        for row in moment.books.lines
        for order_id in {row["order_id"], *lineage_of(row)} - {None}
    )
    for (account, order_id), times in named.items():
        if times > 1:
            yield "doubled", f"{account} has order {order_id} in {times} lines"


def ends_are_true(moment: Moment) -> Broken:
    """An end that is shown is the end that the ledger has."""
    for line, row in moment.lines():
        order = moment.orders.get(str(line["order_id"]))
        if line["state"] in OVER and (order is None or order["status"] != OVER[line["state"]]):
            status = "nowhere" if order is None else order["status"]
            yield "lied", f"{row['ref']} says {line['state']}, its order is {status}"


def fills_are_true(moment: Moment) -> Broken:
    """No more is shown filled than is, and a filled line shows all of it."""
    for line, row in moment.lines():
        filled = _filled(moment.orders, {line["order_id"], *line["lineage"]})
        if line["filled"] > filled or (line["state"] == "filled" and line["filled"] < filled):
            yield "lied", f"{row['ref']} shows {line['filled']} filled, the ledger has {filled}"


def fills_only_grow(moment: Moment) -> Broken:
    """What was written as filled stays filled."""
    most: dict[str, int] = {}
    for row in moment.books.transitions:
        if row["filled"] < most.get(row["ref"], 0):
            yield "lied", f"{row['ref']} had {most[row['ref']]} filled, then {row['filled']}"
        most[row["ref"]] = max(row["filled"], most.get(row["ref"], 0))


def one_order_of_one_intent(moment: Moment) -> Broken:
    """No intent made two orders, and nothing arrived that was not written down as leaving."""
    for shot_ref, times in Counter(
        shot.ref for shot in moment.books.shots if shot.order_id is not None
    ).items():
        if times > 1:
            yield "doubled", f"{shot_ref} made {times} orders"
    attempts = sum(row["state"] == "sending" for row in moment.books.transitions)
    attempts += sum(row["kind"] == "replace" for row in moment.books.commands)
    arrived = sum(len(account["arrivals"]) for account in moment.ledger["accounts"].values())
    if arrived - len(moment.books.by_hand) > attempts:
        yield "doubled", f"{arrived} requests arrived of {attempts} that were written down"


# --- at the end --------------------------------------------------------------------------------


def nothing_is_lost(moment: Moment) -> Broken:
    """Every order that came of a request is known, or its line says that it may be there."""
    rows = {row["ref"]: row for row in moment.books.lines}
    for shot in moment.books.shots:
        order_id = shot.order_id
        if order_id is None or (moment.orders[order_id]["status"] == "REJECTED" and shot.replaces):
            continue
        row = rows.get(moment.books.line_of.get(shot.ref, ""))
        if row is None:
            yield "lost", f"order {order_id} of {shot.ref}, of which nothing is written"
        elif row["order_id"] in moment.misattributed:
            continue  # somebody's order stands for this one, and this one for somebody's
        elif order_id not in {row["order_id"], *lineage_of(row)} and not _may_be_there(row):
            yield "lost", f"order {order_id} of {row['ref']}, {row['state']} {row['doubt']}"


def nothing_was_denied(moment: Moment) -> Broken:
    """No line ever said that there was no order, not even for a moment, where one was made."""
    denied = {row["ref"]: row["state"] for row in moment.books.transitions if _denies(row)}
    for ref, state in denied.items():
        for shot in moment.books.made.get(ref, ()):
            if shot.replaces is None:
                yield "lied", f"{ref} once said {state}, order {shot.order_id} was accepted"


def nothing_is_left_open(moment: Moment) -> Broken:
    """Every line has reached what can be known of it."""
    for line, row in moment.lines():
        is_doubt = line["state"] == "in_doubt" and line["doubt"] in DECIDED_BY_A_PERSON
        if line["state"] not in KNOWN and not is_doubt:
            yield "stuck", f"{row['ref']} is still {line['state']} {line['doubt'] or ''}"


def nothing_lags_behind(moment: Moment) -> Broken:
    """What happened a while ago is shown."""
    before = {} if moment.before is None else orders_of(moment.before)
    for line, row in moment.lines():
        named = {line["order_id"], *line["lineage"]} - {None}
        if line["state"] == "in_doubt" or not named <= before.keys():
            continue
        if line["filled"] < _filled(before, named):
            yield "stuck", f"{row['ref']} shows {line['filled']} of {_filled(before, named)} filled"
        order = before.get(str(line["order_id"]))
        if order is not None and order["status"] in ENDED and line["state"] in LIVE:
            yield "stuck", f"{row['ref']} is {line['state']}, its order was {order['status']}"


def fills_are_kept(moment: Moment) -> Broken:
    """Every fill of a line's orders is written down."""
    kept = {(row["order_id"], row["activity_id"]) for row in moment.books.executions}
    before = {} if moment.before is None else orders_of(moment.before)
    for line, row in moment.lines():
        if line["state"] not in LIVE | set(OVER):
            continue
        for order_id in sorted({line["order_id"], *line["lineage"]} - {None}):
            for fill in before.get(order_id, {}).get("fills", ()):
                if (order_id, str(fill["activity_id"])) not in kept:
                    yield "lost", f"fill {fill['activity_id']} of {row['ref']}"


def _filled(orders: Mapping[str, Mapping[str, Any]], ids: set[Any]) -> int:
    return sum(int(orders[one]["filled"]) for one in ids if one in orders)


def _denies(row: Any) -> bool:
    return row["state"] in {"refused", "not_sent", "absent"}


def _may_be_there(row: Any) -> bool:
    if row["state"] == "in_doubt":
        return row["doubt"] in {"unknown", "probable", "conflict"}
    return bool(row["state"] in {"replacing", "sending"})


MOMENT_RULES: tuple[Rule, ...] = (
    shown_as_written, nothing_denied_that_is_there, bound_to_its_own, nothing_from_before,
    bound_once, ends_are_true, fills_are_true, fills_only_grow, one_order_of_one_intent,
)  # fmt: skip
END_RULES: tuple[Rule, ...] = (
    nothing_is_lost, nothing_was_denied, nothing_is_left_open, nothing_lags_behind, fills_are_kept,
)  # fmt: skip
