"""The journal's file against the brokerage's books and what is shown: plain SELECTs, no desk.

`tests.fakes.audit` compares what is shown with the books; this looks at what is written down.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_MAY_HAVE_ONE: Final = frozenset({"sending", "in_doubt", "replacing"})
"""Lines that may have an order which is not written down as theirs."""

_BEFORE_SENDING: Final = frozenset({"planned", "denied", "skipped"})


@dataclass(frozen=True, slots=True)
class Written:
    """What the file says."""

    lines: Sequence[sqlite3.Row]
    reached: Mapping[str, frozenset[str]]
    """By line, the states that it was written to have had."""
    named: frozenset[str]
    """Orders that answers to replacements named."""
    fills: Mapping[str, int]
    """Units by order."""
    decided: frozenset[str]
    """Lines of which a person has said something."""


def read_written(database: Path) -> Written:
    """Read the file of a home that nobody has open."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        reached: dict[str, set[str]] = {}
        for ref, state in connection.execute("SELECT ref, state FROM transitions"):
            reached.setdefault(ref, set()).add(state)
        new = connection.execute("SELECT new_order_id FROM commands WHERE new_order_id IS NOT NULL")
        fills = connection.execute(
            "SELECT order_id, sum(CAST(quantity AS INTEGER)) FROM executions GROUP BY order_id"
        )
        decided = connection.execute("SELECT ref FROM decisions WHERE ref IS NOT NULL")
        return Written(
            lines=connection.execute("SELECT * FROM lines").fetchall(),
            reached={ref: frozenset(states) for ref, states in reached.items()},
            named=frozenset(one for (one,) in new),
            fills=dict(map(tuple, fills)),
            decided=frozenset(one for (one,) in decided),
        )


def judge_written(
    written: Written, ledger: Mapping[str, Any], views: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    """Tell what the file does not say and should, or says and should not."""
    yield from _orders(written, ledger)
    yield from _fills(written, ledger)
    yield from _lines(written)
    yield from _shown(written, views)


def _orders(written: Written, ledger: Mapping[str, Any]) -> Iterator[str]:
    """Tell of orders of the books that no line has or may have, and of lines that share one."""
    owned = Counter(order_id for line in written.lines for order_id in _orders_of(line))
    yield from (f"order {one} is written down {n} times" for one, n in owned.items() if n > 1)
    for account in ledger["accounts"].values():
        mine = [line for line in written.lines if line["last4"] == account["last4"]]
        open_ = sum(line["state"] in _MAY_HAVE_ONE for line in mine)
        known = {*owned, *written.named}
        loose = [str(one["id"]) for one in account["orders"] if str(one["id"]) not in known]
        if len(loose) > open_:
            yield f"not in the file, nor in doubt there: {', '.join(loose)}"


def _fills(written: Written, ledger: Mapping[str, Any]) -> Iterator[str]:
    """Tell of fills in the file that the books do not have."""
    filled = {
        str(order["id"]): int(order["filled"])
        for account in ledger["accounts"].values()
        for order in account["orders"]
    }
    for order_id, units in written.fills.items():
        if units > filled.get(order_id, 0):
            yield f"order {order_id}: {units} filled by the file, {filled.get(order_id)} in truth"


def _lines(written: Written) -> Iterator[str]:
    """Tell of lines that came to their state in a way that none may."""
    for line in written.lines:
        reached = written.reached.get(line["ref"], frozenset())
        if _orders_of(line) and "sending" not in reached:
            yield f"{line['ref']} has an order and was never written down as leaving"
        if line["state"] == "absent" and line["ref"] not in written.decided:
            yield f"{line['ref']} is taken for absent and nobody has said so"
        if line["state"] in _BEFORE_SENDING and "sending" in reached:
            yield f"{line['ref']} was leaving and is {line['state']}"


def _shown(written: Written, views: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Tell of lines that are written down and not shown, and the reverse."""
    rows = {(line["broadcast"], line["account"]) for line in written.lines}
    shown = {(view["broadcast"], line["account"]) for view in views for line in view["lines"]}
    yield from (f"written down and not shown: {one}" for one in sorted(rows - shown))
    yield from (f"shown and not written down: {one}" for one in sorted(shown - rows))


def _orders_of(line: sqlite3.Row) -> list[str]:
    earlier = [str(one) for one, *_ in json.loads(line["earlier"])]
    return [*earlier, *([line["order_id"]] if line["order_id"] else [])]
