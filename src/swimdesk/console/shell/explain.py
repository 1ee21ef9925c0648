"""What a line on the command line would do, told before it is entered; pure."""

from __future__ import annotations

from datetime import date
from typing import Final

from swimdesk.console.actions import Action
from swimdesk.console.board import Board
from swimdesk.console.shell.keymap import Keymap
from swimdesk.console.shell.keynames import shown
from swimdesk.console.shell.scopes import said
from swimdesk.domain.instruments import OptionContract
from swimdesk.domain.orderlang import is_intent, parse_intent, parse_order, print_ticket
from swimdesk.domain.orderlang.commandline import OrderLine
from swimdesk.domain.orderlang.roots import written_day
from swimdesk.domain.orders import Leg, Ticket
from swimdesk.views.requests import Scope

Facts = tuple[tuple[str, str], ...]
"""What is told, each with its name."""

_SIZINGS: Final = {
    "text": "as written, in each account",
    "mult": "as written, times the account's multiplier",
    "equal": "units in all, the same for each account",
    "netliq": "units in all, by net liquidation value",
    "netliq%": "of each account's net liquidation value",
    "bp": "units in all, by buying power",
    "bp%": "of each account's buying power",
    "risk": "dollars that each account may lose",
    "pct": "percent of what each account holds of it",
}
_WAVES: Final = {"all": "every account at once", "canary": "one account first, then the others"}


def of_action(one: Action, keymap: Keymap, reason: str | None) -> Facts:
    """Return what a command does, its keys, what it takes, and why it cannot be done now."""
    keys = ", ".join(shown(key) for key in keymap.keys(one.id))
    facts = (
        ("command", " ".join(part for part in (one.typed, one.takes and f"[{one.takes}]") if part)),
        ("does", one.help),
        ("keys", keys or "none: it is typed"),
        ("now", f"not possible: {reason}" if reason else "possible"),
    )
    return tuple((name, text) for name, text in facts if text)


def of_accounts(scope: Scope, board: Board) -> Facts:
    """Return what accounts alone on a line do."""
    meaning = f"orders that name no accounts go to {said(scope, board)}"
    return (("accounts", said(scope, board)), ("does", meaning))


def of_order(line: OrderLine, scope: Scope, board: Board, today: date) -> Facts:
    """Return what an order reads as; OrderTextError where it cannot be read."""
    return (
        *_order(line, today),
        ("accounts", said(scope, board) or "none named: all, grp NAME, acc ALIAS, where …, marked"),
        ("size", _sizing(line)),
        ("sent", _WAVES.get(line.waves, f"in waves of {line.waves} accounts")),
        ("Enter", "stages and plans it in every account; sends nothing"),
    )


def _order(line: OrderLine, today: date) -> Facts:
    if is_intent(line.order):
        parse_intent(line.order, today=today)
        return (("order", f"{line.order}: written out for each account by what it holds"),)
    parsed = parse_order(line.order, today=today)
    ticket = parsed.ticket
    legs = tuple((" leg", _leg(leg, ticket)) for leg in ticket.legs)
    notices = tuple(("notice", text) for text in parsed.notices)
    if parsed.formula is None:
        return (("order", print_ticket(ticket)), *legs, *notices)
    price = f"{parsed.formula}, worked out from quotes when it is planned"
    return (("order", line.order), *legs, ("price", price), *notices)


def _leg(leg: Leg, ticket: Ticket) -> str:
    signed = f"{leg.side} {leg.ratio * ticket.quantity}"
    one = leg.instrument
    if isinstance(one, OptionContract):
        return f"{signed} {one.root} {written_day(one.expiry)} {one.strike:f} {one.right}"
    return f"{signed} {one.symbol}"


def _sizing(line: OrderLine) -> str:
    rule, _, figure = line.sizing.partition(":")
    key = f"{rule}%" if figure.endswith("%") and f"{rule}%" in _SIZINGS else rule
    told = " ".join(part for part in (figure, _SIZINGS.get(key, line.sizing)) if part)
    return f"{told}; what rounding leaves: {line.remainder}" if line.remainder else told
