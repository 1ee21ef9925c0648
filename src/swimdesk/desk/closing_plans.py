"""Plans of orders that close holdings: one per shape, through the checks of any other plan."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from swimdesk.desk.book import Book
from swimdesk.desk.exposure import unpriced_symbols
from swimdesk.desk.intending import common_market, drafted
from swimdesk.desk.parts import Fate, Part
from swimdesk.desk.planner import Planner, PlanResult, Proposal
from swimdesk.desk.previewing import Overridden
from swimdesk.desk.reading import HoldingsAnswer
from swimdesk.domain.broadcast import Denial
from swimdesk.domain.intents import Intent, closing_ticket
from swimdesk.domain.orders import Ticket
from swimdesk.domain.plan import PlannedLine, Verdict
from swimdesk.domain.risk import parse_overrides
from swimdesk.domain.sizing import parse_sizing
from swimdesk.errors import BrokerError, InputError


@dataclass(frozen=True, slots=True)
class Terms:
    """How closing orders are priced and how long they live, as written and as read."""

    written: str
    intent: Intent


@dataclass(frozen=True, slots=True)
class ShapePlan:
    """The parts of one shape as they were decided, and the plan of those that would be sent."""

    parts: tuple[Part, ...]
    result: PlanResult | None = None


class ClosingPlanner:
    """Plan the orders that close parts; sends nothing."""

    def __init__(self, planner: Planner, book: Book) -> None:
        self._planner = planner
        self._book = book

    async def plan(
        self,
        parts: Iterable[Part],
        terms: Terms,
        known: HoldingsAnswer,
        overrides: Sequence[str],
        gone: Collection[str] = (),
    ) -> list[ShapePlan]:
        """Plan all parts that are to be closed, one broadcast for each shape; others stay out.

        Orders of ours whose refs are ``gone`` are taken for canceled.
        """
        shapes: dict[object, list[Part]] = {}
        for part in parts:
            if part.is_to_be_closed and part.what is not None:
                what = part.what
                shapes.setdefault((what.kind, what.side, what.legs), []).append(part)
        plans = (self._shape(group, terms, known, overrides, gone) for group in shapes.values())
        return list(await asyncio.gather(*plans))

    async def _shape(
        self,
        parts: Sequence[Part],
        terms: Terms,
        known: HoldingsAnswer,
        overrides: Sequence[str],
        gone: Collection[str],
    ) -> ShapePlan:
        found = {
            part.account.alias: closing_ticket(terms.intent, part.what, part.units)
            for part in parts
            if part.what is not None
        }
        denied = [
            replace(part, fate=Fate.DENIED, denials=(why,))
            for part in parts
            if isinstance(why := found[part.account.alias], Denial)
        ]
        tickets = {alias: one for alias, one in found.items() if isinstance(one, Ticket)}
        if not tickets:
            return ShapePlan(tuple(denied))
        rest = [part for part in parts if part.account.alias in tickets]
        try:
            result = await self._checked(rest, tickets, terms, known, overrides, gone)
        except (InputError, BrokerError) as e:
            kept = (replace(p, fate=Fate.KEPT_BACK, reason=e.detail) for p in rest)
            return ShapePlan((*denied, *kept))
        lines = {line.account: line for line in result.plan.lines}
        decided = (_decided(part, lines[part.account.alias], result) for part in rest)
        return ShapePlan((*denied, *decided), result)

    async def _checked(
        self,
        parts: Sequence[Part],
        tickets: Mapping[str, Ticket],
        terms: Terms,
        known: HoldingsAnswer,
        overrides: Sequence[str],
        gone: Collection[str],
    ) -> PlanResult:
        accounts = [part.account for part in parts]
        unpriced = unpriced_symbols(self._book.snapshot.by_account(), accounts)
        looked = await self._planner.look(list(tickets.values()), unpriced)
        # From here on nothing waits: orders that left meanwhile are seen.
        snapshot = self._book.snapshot
        ours = {
            alias: [(b, line) for b, line in lines if line.ref not in gone]
            for alias, lines in snapshot.by_account().items()
        }
        markets = dict(zip(tickets, looked, strict=True))
        there = HoldingsAnswer({alias: known.found[alias] for alias in tickets}, {})
        formula = terms.intent.formula
        lines, drafts = drafted(formula, accounts, there, tickets, markets, ours)
        proposal = Proposal(
            order=f"CLOSE {parts[0].name} {terms.written}",
            ticket=drafts[0].ticket,
            sizing=parse_sizing("text"),
            known=there,
            seen=snapshot,
            lines=lines,
            drafts=drafts,
            markets=markets,
            net=common_market(drafts, markets),
            price_from=str(formula) if formula else None,
        )
        overridden = Overridden(parse_overrides(overrides))
        return await self._planner.finished(accounts, proposal, overridden)


def _decided(part: Part, line: PlannedLine, result: PlanResult) -> Part:
    """Return a part with its order, what the checks say of it and what it costs."""
    natural = result.markets[line.account].facts.net_natural
    cost = None if natural is None else -natural * line.ticket.multiplier * part.units
    fate = Fate.CLOSE if line.verdict is Verdict.SEND else Fate.DENIED
    return replace(part, ticket=line.ticket, fate=fate, denials=line.denials, cost=cost)
