"""Actions of the comparison with the broker, and the words on orders that nobody here sent."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context, Grade

_D = Context.DRIFT
_G = Context.GLOBAL

DRIFT_ACTIONS: Final = (
    Action(
        "drift.compare",
        "compare again",
        "Read every account completely and compare orders and positions with what is known here.",
        ("c",),
        _D,
        footer=10,
    ),
    Action(
        "drift.adopt",
        "adopt",
        "Take the order under the cursor for ours: followed and canceled as if sent from here.",
        ("a",),
        _D,
        Grade.STAGE,
        footer=11,
        calls=("adopt-row",),
    ),
    Action(
        "drift.ignore",
        "ignore",
        "Tell the order under the cursor as a difference no more.",
        ("i",),
        _D,
        Grade.STAGE,
        footer=12,
        calls=("ignore-row",),
    ),
    Action(
        "global.reconcile",
        "compare with the broker",
        "Compare all orders and positions with the broker's, and show what does not fit.",
        (),
        _G,
        typed="RECONCILE",
        calls=("go", "DRF", "AGAIN"),
    ),
    Action(
        "global.foreign",
        "orders of others",
        "Show orders that nobody here sent, read now; a adopts the one under the cursor.",
        (),
        _G,
        typed="FOREIGN",
        calls=("go", "DRF", "AGAIN"),
    ),
    Action(
        "global.adopt",
        "adopt by name",
        "Take an order that nobody here sent for ours, once confirmed: ADOPT FAM-01/1005 WHY.",
        (),
        _G,
        Grade.STAGE,
        typed="ADOPT",
        takes="ALIAS/ORDER_ID and why",
    ),
    Action(
        "global.ignore",
        "ignore by name",
        "Tell an order that nobody here sent no more: IGNORE FAM-01/1005 WHY.",
        (),
        _G,
        Grade.STAGE,
        typed="IGNORE",
        takes="ALIAS/ORDER_ID and why",
    ),
)
