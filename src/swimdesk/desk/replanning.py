"""Check orders that are to take the place of others, as if those were gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from swimdesk.desk.book import Book
from swimdesk.desk.drafting import Drafted, Market, cost_of, cost_of_draft, draft_of, is_newer
from swimdesk.desk.exposure import unpriced_symbols
from swimdesk.desk.planner import Planner, bare_line, denial_of
from swimdesk.desk.ports import Holdings
from swimdesk.desk.previewing import Overridden
from swimdesk.desk.reading import HoldingsReader
from swimdesk.desk.together import both
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.margin import Cost
from swimdesk.domain.plan import PlannedLine, Verdict
from swimdesk.domain.risk import parse_overrides


class Replanner:
    """Run the planner's checks over lines whose orders are to be replaced; sends nothing."""

    def __init__(self, planner: Planner, reader: HoldingsReader) -> None:
        self._planner = planner
        self._reader = reader

    async def replan(
        self, lines: Sequence[Line], book: Book, overrides: Sequence[str]
    ) -> tuple[PlannedLine, ...]:
        """Check lines, of one broadcast, with the tickets that their new orders will have.

        What an order of these holds is free for its replacement. ``overrides`` lift denials as in
        a plan; UnknownSymbol, BrokerError.
        """
        overridden = Overridden(parse_overrides(overrides))
        accounts = [book.snapshot.accounts[line.account] for line in lines]
        unpriced = unpriced_symbols(book.snapshot.by_account(), accounts)
        known, market = await both(
            self._reader.holdings(accounts), self._planner.look(lines[0].ticket, unpriced)
        )
        ours = book.snapshot.by_account()
        planned: list[PlannedLine] = []
        costs: dict[str, Cost] = {}
        for account, line in zip(accounts, lines, strict=True):
            error = known.failed.get(account.alias)
            if error is not None:
                denials = (denial_of(error),)
                planned.append(bare_line(account, line.ticket, Verdict.DENIED, None, denials))
                continue
            draft = _redraft(line, known.found[account.alias], ours[account.alias], market)
            costs[account.alias] = cost_of_draft(draft, market)
            order = self._planner.rendered([draft])[account.alias]
            planned.append(self._planner.checked(draft, order, market, costs[account.alias]))
        planned = overridden.lift(planned)
        return tuple(self._planner.cap(lines[0].ticket, planned, costs, market, overridden))


def _redraft(
    line: Line, holdings: Holdings, ours: Sequence[tuple[Broadcast, Line]], market: Market
) -> Drafted:
    """Draft a line anew as if its order were gone; balances show what that one holds as free."""
    others = tuple(pair for pair in ours if pair[1].ref != line.ref)
    draft = draft_of(line.ticket, holdings, others)
    for broadcast, old in ours:
        if old.ref == line.ref and not is_newer(broadcast, old, draft):
            left = old.ticket.sized(line.ticket.quantity)
            freed = cost_of(left, draft.account, draft.cover, market.quotes).requirement
            freed = max(freed, Decimal(0))
            balances = holdings.balances
            balances = replace(
                balances,
                option_buying_power=balances.option_buying_power + freed,
                stock_buying_power=balances.stock_buying_power + freed,
            )
            draft = replace(draft, holdings=replace(holdings, balances=balances))
    return draft
