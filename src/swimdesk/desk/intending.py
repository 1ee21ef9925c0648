"""CLOSE, ROLL and FLAT over many accounts: each its own ticket, by what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from swimdesk.desk.drafting import Drafted, Market, bare_line, closes, draft_of, unread_line
from swimdesk.desk.exposure import Ours, after_orders
from swimdesk.desk.quoted import net_market, priced
from swimdesk.desk.reading import HoldingsAnswer
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Denial, Line
from swimdesk.domain.intents import Found, Intent, Nothing, ticket_for
from swimdesk.domain.net_price import NetMarket, PriceFormula
from swimdesk.domain.orderlang import Parsed
from swimdesk.domain.orders import Ticket
from swimdesk.domain.plan import PlannedLine, Verdict
from swimdesk.domain.positions import held
from swimdesk.domain.sizing import Sizing, SizingRule
from swimdesk.errors import InputError

_Ours: TypeAlias = Mapping[str, Sequence[tuple[Broadcast, Line]]]

_MOST_NAMED = 6
"""So many accounts are told one by one where there is nothing to do in any."""


def share_of(sizing: Sizing) -> Decimal:
    """Return the part of the holdings that is meant, up to 1; InputError for other sizings."""
    if sizing.rule is SizingRule.TEXT:
        return Decimal(1)
    if sizing.rule is SizingRule.PERCENT and sizing.figure is not None:
        return abs(sizing.figure) / 100
    raise InputError(
        f"--size {sizing} finds a quantity to trade; CLOSE, ROLL and FLAT take what is held, or a"
        " part of it: --size pct:50"
    )


def tickets_of(
    intent: Intent, known: HoldingsAnswer, ours: _Ours, share: Decimal
) -> dict[str, Found]:
    """Return for each account that could be read its ticket, or why it has none.

    InputError where not one has a ticket: there is nothing to plan then.
    """
    found = {}
    for alias, one in known.found.items():
        free = after_orders(held(one.positions), tuple(ours.get(alias, ())), closes)
        found[alias] = ticket_for(intent, one.positions, free, share)
    if any(isinstance(one, Ticket) for one in found.values()):
        return found
    reasons = [f"{alias} {_why(one)}" for alias, one in found.items()]
    reasons += [f"{alias} could not be read: {e.detail}" for alias, e in known.failed.items()]
    more = len(reasons) - _MOST_NAMED
    tail = f"; and {more} more" if more > 0 else ""
    raise InputError(
        f"{intent.verb} {intent.what}: nothing to do: {'; '.join(reasons[:_MOST_NAMED])}{tail}."
    )


def _why(found: Found) -> str:
    return found.reason if isinstance(found, Nothing) else getattr(found, "detail", "")


def drafted(
    formula: PriceFormula | None,
    accounts: Sequence[Account],
    known: HoldingsAnswer,
    found: Mapping[str, Found],
    markets: Mapping[str, Market],
    ours: _Ours,
) -> tuple[list[PlannedLine], list[Drafted]]:
    """Price the tickets and tell the accounts without one; their lines show another's order."""
    tickets = {
        alias: priced(Parsed(one, (), formula), markets[alias].quotes)
        for alias, one in found.items()
        if isinstance(one, Ticket)
    }
    sample = next(iter(tickets.values()))
    lines: list[PlannedLine] = []
    drafts: list[Drafted] = []
    for account in accounts:
        alias = account.alias
        if alias in known.failed:
            lines.append(unread_line(account, sample, known.failed[alias]))
        elif alias in tickets:
            orders: Ours = tuple(ours.get(alias, ()))
            drafts.append(draft_of(tickets[alias], known.found[alias], orders))
        else:
            lines.append(_without_ticket(account, sample, found[alias]))
    return lines, drafts


def _without_ticket(account: Account, sample: Ticket, found: Found) -> PlannedLine:
    if isinstance(found, Denial):
        return bare_line(account, sample, Verdict.DENIED, None, (found,))
    return bare_line(account, sample, Verdict.SKIPPED, _why(found), ())


def common_market(drafts: Sequence[Drafted], markets: Mapping[str, Market]) -> NetMarket | None:
    """Return what the tickets are quoted at, where all are of the same legs."""
    if len({(draft.ticket.side, draft.ticket.legs) for draft in drafts}) != 1:
        return None
    return net_market(drafts[0].ticket, markets[drafts[0].account.alias].quotes)
