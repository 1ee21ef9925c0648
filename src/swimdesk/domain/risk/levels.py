"""Which option approval an order needs."""

from __future__ import annotations

from swimdesk.domain.orders import Side, Ticket
from swimdesk.domain.payoff import cover


def level_needed(ticket: Ticket, *, covered: bool) -> int:
    """Return the option approval level that a ticket needs.

    0 covered calls and cash-secured puts, 1 long options, 2 spreads, 3 naked options also as part
    of a spread. ``covered`` is asked of single legs only.
    """
    if ticket.is_equity:
        return 0
    if all(leg.side is Side.BUY for leg in ticket.legs):
        return 1
    if ticket.is_multi_leg:
        return 3 if cover(ticket.legs).naked else 2
    return 0 if covered else 3
