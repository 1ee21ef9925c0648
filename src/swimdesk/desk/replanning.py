"""Check orders that are to take the place of others, as if those were gone."""

from __future__ import annotations

from collections.abc import Sequence

from swimdesk.desk.book import Book
from swimdesk.desk.drafting import Drafted, Market, cost_in, draft_of, freed, unread_line
from swimdesk.desk.exposure import unpriced_symbols
from swimdesk.desk.planner import Planner
from swimdesk.desk.ports import Holdings
from swimdesk.desk.previewing import Overridden
from swimdesk.desk.reading import HoldingsReader
from swimdesk.desk.together import both
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.margin import Cost
from swimdesk.domain.plan import PlannedLine
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
        tickets = [line.ticket for line in lines]
        (known, looked), _ = await both(
            both(self._reader.holdings(accounts), self._planner.look(tickets, unpriced)),
            self._planner.renew(accounts),
        )
        ours = book.snapshot.by_account()
        markets = {line.account: market for line, market in zip(lines, looked, strict=True)}
        planned: list[PlannedLine] = []
        costs: dict[str, Cost] = {}
        for account, line in zip(accounts, lines, strict=True):
            alias, error = account.alias, known.failed.get(account.alias)
            if error is not None:
                planned.append(unread_line(account, line.ticket, error))
                continue
            draft = _redraft(line, known.found[alias], ours[alias], markets[alias])
            costs[alias] = cost_in(draft, markets[alias])
            order = self._planner.rendered([draft])[alias]
            planned.append(self._planner.checked(draft, order, markets[alias], costs[alias]))
        planned = overridden.lift(planned)
        return tuple(self._planner.cap(tickets[0], planned, costs, markets, overridden))


def _redraft(
    line: Line, holdings: Holdings, ours: Sequence[tuple[Broadcast, Line]], market: Market
) -> Drafted:
    """Draft a line anew as if its order were gone; balances show what that one holds as free."""
    draft = draft_of(line.ticket, holdings, tuple(one for one in ours if one[1].ref != line.ref))
    own = next((one for one in ours if one[1].ref == line.ref), None)
    return draft if own is None else freed(draft, *own, market)
