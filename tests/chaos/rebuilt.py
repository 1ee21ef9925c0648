"""A home whose file is lost: a new one is made, and what works at the broker is adopted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from tests.chaos.figures import Tally
from tests.chaos.yard import Case, Yard
from tests.fakes.audit import ENDED

REBUILT: Final = "rebuilt"
"""How a replay names such a case."""


async def run_rebuilt(place: Yard, seed: int, tally: Tally) -> None:
    """Lose the file while orders work, do as the refusal says, and compare with the books."""
    with place.case(seed) as case:
        await case.run("trade", orders=case.orders, point="replacement.leave.before", nth=1)
        sent = case.sent()
        for file in list(case.home.glob("desk.db*")):
            file.rename(file.with_name(f"aside-{file.name}"))
        listed = (await _asked(case, "foreign"))["foreign"]
        adopted = {one["order_id"]: one["account"] for one in listed if one["is_open"]}
        for order_id, account in adopted.items():
            await _asked(case, "adopt", f"{account}/{order_id}", "--reason", "the file was lost")
        tally.counts["adopted"] += len(adopted)
        compared = await _asked(case, "reconcile")
        problems = [f"differs: {one}" for one in compared["differences"]]
        working = set(_working(case))
        # Some that worked when they were listed are over by now.
        if not working or not working <= set(adopted):
            problems.append(f"{sorted(working)} work, adopted were {sorted(adopted)}")
        if case.sent() != sent:
            problems.append("a home without a file sent something")
        tally.take(f"{REBUILT}:{seed}", problems)


def _working(case: Case) -> Iterator[str]:
    for account in case.ledger()["accounts"].values():
        for order in account["orders"]:
            if order["status"] not in ENDED:
                yield str(order["id"])


async def _asked(case: Case, *arguments: str) -> Any:
    (ended,) = await case.commands({"arguments": [*arguments, "--json"]})
    assert ended.told is not None, ended.err
    return json.loads(ended.told["out"])
