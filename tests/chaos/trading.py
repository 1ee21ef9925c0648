"""What chaos interrupts: two broadcasts, a replacement, cancels, an undo, a flatten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from swimdesk.bootstrap import HomePaths, Ulids, open_desk
from swimdesk.desk.desk import Desk
from swimdesk.desk.tracker import TAG
from swimdesk.domain.orders import TERMINAL, LineState
from swimdesk.errors import OrderDenied, SwimdeskError
from swimdesk.telemetry.logs import close_logs, configure_logs
from swimdesk.views.codec import to_json
from swimdesk.views.models import StatusView
from swimdesk.views.requests import (
    FlattenRequest,
    PlanRequest,
    Scope,
    SubmitRequest,
    UndoRequest,
)

EVERYONE: Final = Scope(everyone=True)
LOOK_S: Final = 1.5
"""How long the script waits for something that a brokerage without trouble does in time."""

MARK: Final = "TA_swimdesk"
"""How the simulated brokerage marks the orders of this program."""

_CLOSED_AT: Final = "@nat"


@dataclass(slots=True)
class _Steps:
    """Steps of which one that fails keeps no later one from being tried."""

    failed: list[dict[str, Any]] = field(default_factory=list)

    async def step(self, name: str, work: Awaitable[Any]) -> Any:
        """Return what a step comes to, None where it was refused."""
        try:
            return await work
        except SwimdeskError as error:
            self.failed.append(refused(name, error))
            return None


def refused(step: str, error: SwimdeskError) -> dict[str, Any]:
    told = {"code": error.code, "exit": int(error.exit_code), "detail": error.detail}
    return {"step": step, **told}


async def trade(home: Path, orders: Mapping[str, str]) -> dict[str, Any]:
    """Send an order that fills and one that rests, replace and cancel that, halt and resume."""
    steps = _Steps()
    configure_logs(HomePaths(home).logs)
    try:
        async with open_desk(home) as desk:
            if orders["mark"] == "known":
                await steps.step("learn", desk.recorder.learn(TAG, MARK))
            await _broadcasts(desk, orders, steps)
            await steps.step("alarm", desk.recorder.alarm("a drill"))
            await steps.step("halt", desk.halt("a drill"))
            await steps.step("resume", desk.resume())
            told = await shown(desk)
    except SwimdeskError as error:
        steps.failed.append(refused("open", error))
        told = {}
    finally:
        close_logs()
    return {**told, "failed": steps.failed}


async def _broadcasts(desk: Desk, orders: Mapping[str, str], steps: _Steps) -> None:
    fills = await steps.step(
        "fills", _send(desk, orders["fills"], "fills", orders["waves"], save=False)
    )
    if fills is not None and orders["cancels"] == "early":
        await steps.step("fills.answers", desk.follow(fills, 0))
        await steps.step("cancel early", desk.cancel(fills))
    rests = await steps.step("rests", _send(desk, orders["rests"], "rests", "all", save=True))
    if rests is None:
        return
    await steps.step("rests.answers", desk.follow(rests, 0))
    await _until(desk, rests, lambda line: line.state is not LineState.ACCEPTED)
    await steps.step("replace", desk.replace(rests, Decimal(orders["price"])))
    await _until(desk, rests, lambda line: not line.is_being_replaced)
    if orders["closes"] == "undo":
        await steps.step("undo rests", _undo(desk, rests))
    else:
        await steps.step("cancel", desk.cancel(rests))
    if orders["closes"] and fills is not None:
        await _until(desk, fills, lambda line: line.filled > 0 or line.state in TERMINAL)
        await steps.step("undo fills", _undo(desk, fills))
    if orders["closes"] == "flatten":
        await steps.step("flatten", _flatten(desk))


async def _undo(desk: Desk, broadcast: str) -> None:
    planned = await desk.undo_plan(broadcast, _CLOSED_AT)
    if planned.accounts:
        await desk.undo(UndoRequest(planned.plan, wait_s=LOOK_S))


async def _flatten(desk: Desk) -> None:
    account = next(iter(sorted(desk.book.snapshot.accounts)))
    planned = await desk.flatten_plan(Scope(accounts=(account,)), _CLOSED_AT)
    if planned.accounts:
        await desk.flatten(FlattenRequest(planned.plan, planned.accounts, wait_s=LOOK_S))


async def _send(desk: Desk, order: str, key: str, waves: str, *, save: bool) -> str:
    plan = await desk.preview(PlanRequest(order, EVERYONE, save=save))
    denied = [f"{one.code}: {one.detail}" for line in plan.lines for one in line.denials]
    if denied:
        raise OrderDenied("; ".join(denied))
    view = await desk.submit(SubmitRequest(plan.plan, Ulids().mint(), key, waves))
    return view.broadcast


async def _until(desk: Desk, broadcast: str, is_so: Callable[[Any], bool]) -> None:
    await desk.recorder.until(broadcast, lambda now: all(map(is_so, now.lines)), LOOK_S)


async def shown(desk: Desk) -> dict[str, Any]:
    """Return what the desk shows: its broadcasts, its guard, its alarms, how much is open."""
    before = await desk.status()
    rows = await desk.broadcasts(100)
    views = [to_json(await desk.broadcast(row.broadcast)) for row in rows]
    # Last, and at one moment with what the recorder knows: reads go on meanwhile.
    status = await desk.status()
    return {
        "views": views,
        # Where reads went on meanwhile, the counts are not of one moment.
        "counts": _counts(status) if _counts(status) == _counts(before) else None,
        "guard": status.guard.state,
        "alarms": list(status.alarms),
        "store_failed": desk.recorder.store_failed,
    }


def _counts(status: StatusView) -> dict[str, int]:
    return {"open": status.open_lines, "in_doubt": status.in_doubt_lines}
