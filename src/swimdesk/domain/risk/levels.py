"""Which option approval an order needs."""

from __future__ import annotations

from swimdesk.domain.orders import Effect, Side, Ticket
from swimdesk.domain.payoff import cover


def level_needed(ticket: Ticket, *, covered: bool) -> int:
    """Return the option approval level that a ticket needs.

    0 covered calls and cash-secured puts, 1 long options, 2 spreads, 3 naked options also as part
    of a spread. Of a roll counts what it opens. ``covered`` is asked of single legs only.
    """
    if ticket.is_equity:
        return 0
    opened = ticket.legs_of(Effect.OPEN) or ticket.legs
    options = [leg for leg in opened if leg is not ticket.shares]
    if len(opened) > 1 and cover(opened).naked:
        return 3
    if all(leg.side is Side.BUY for leg in options):
        return 1
    if len(options) < len(opened):
        return 1 if any(leg.side is Side.BUY for leg in options) else 0
    if len(opened) > 1:
        return 2
    return 0 if covered else 3
