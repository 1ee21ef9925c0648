"""Actions of the ticket: quantity, price, lock, sizing, accounts."""

from __future__ import annotations

from typing import Final

from swimdesk.console.actions.model import Action, Context, Grade

_T = Context.TICKET
_STAGE = Grade.STAGE

TICKET_ACTIONS: Final = (
    Action(
        "ticket.more",
        "more",
        "One unit more for each account.",
        ("plus", "equals_sign"),
        _T,
        _STAGE,
    ),
    Action("ticket.less", "less", "One unit less for each account.", ("minus",), _T, _STAGE),
    Action(
        "ticket.worse",
        "worse",
        "One price step towards the market: easier to fill, worse for us.",
        ("comma",),
        _T,
        _STAGE,
        footer=75,
    ),
    Action(
        "ticket.better",
        "better",
        "One price step away from the market: better for us, harder to fill.",
        ("full_stop",),
        _T,
        _STAGE,
        footer=76,
    ),
    Action(
        "ticket.mid",
        "mid",
        "Lock the price at the middle of the market.",
        ("m",),
        _T,
        _STAGE,
        footer=73,
    ),
    Action(
        "ticket.natural",
        "natural",
        "Lock the price at what trades at once.",
        ("n",),
        _T,
        _STAGE,
        footer=74,
    ),
    Action(
        "ticket.lock",
        "lock",
        "Let the price follow the middle of the market until planned, or lock it where it is.",
        ("l",),
        _T,
        _STAGE,
        footer=77,
    ),
    Action(
        "ticket.sizing",
        "sizing",
        "Choose how the units of each account are found.",
        ("z",),
        _T,
        _STAGE,
        footer=72,
    ),
    Action(
        "ticket.exclude",
        "leave out",
        "Leave the account, or the marked ones, out of this order, or take them in again.",
        ("x",),
        _T,
        _STAGE,
        footer=71,
    ),
    Action(
        "ticket.lift",
        "override",
        "Type the figure that lifts what denies the account under the cursor.",
        ("o",),
        _T,
        _STAGE,
        footer=78,
    ),
    Action(
        "global.override",
        "override",
        "Lift a denial of the staged order by CODE=FIGURE or CODE; NONE takes all back.",
        (),
        Context.GLOBAL,
        _STAGE,
        typed="OVERRIDE",
    ),
    Action(
        "global.size",
        "sizing rule",
        "Size the staged order: text, mult, equal:N, netliq:N or N%, bp:N or N%, risk:N, pct:N.",
        (),
        Context.GLOBAL,
        _STAGE,
        typed="SIZE",
    ),
)
