"""From what was planned or carried out to what flatten and undo show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from swimdesk.desk.book import Book
from swimdesk.desk.closer import Target
from swimdesk.desk.parts import Part
from swimdesk.domain.broadcast import Line
from swimdesk.domain.commands import Command
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orders import UNRESOLVED
from swimdesk.views.closing import PartView, TakenBackView
from swimdesk.views.present import denial_views, dollars, reason_of


def taken_back(
    targets: Iterable[Target], book: Book, commands: Sequence[Command] = ()
) -> tuple[TakenBackView, ...]:
    """Show orders that are to be canceled, as they are now and with what came of the request."""
    latest = {command.ref: command for command in commands}
    known = book.snapshot.broadcasts
    views = []
    for broadcast, line in targets:
        now, command = known.get(broadcast.id, broadcast).line(line.ref), latest.get(line.ref)
        outcome = command.outcome.value if command and command.outcome else None
        views.append(
            TakenBackView(
                account=line.account,
                last4=line.last4,
                broadcast=broadcast.id,
                order=print_ticket(now.ticket),
                state=now.state.value,
                filled=now.filled,
                outcome=outcome,
                reason=(command.reason if command else None) or now.reason,
            )
        )
    return tuple(views)


def part_views(parts: Iterable[Part], book: Book) -> tuple[PartView, ...]:
    """Show parts, those that were sent as their lines are now."""
    return tuple(_part_view(part, _line_of(part, book)) for part in parts)


def _line_of(part: Part, book: Book) -> Line | None:
    broadcast = book.snapshot.broadcasts.get(part.broadcast or "")
    lines = broadcast.lines if broadcast else ()
    return next((line for line in lines if line.account == part.account.alias), None)


def _part_view(part: Part, line: Line | None) -> PartView:
    reason = line.reason if line else part.reason
    return PartView(
        account=part.account.alias,
        last4=part.account.last4,
        holding=part.name,
        quantity=part.units,
        order=print_ticket(part.ticket) if part.ticket else None,
        state=line.state.value if line else part.fate.value,
        reason=reason_of(reason or part.reason, part.denials),
        denials=denial_views(part.denials),
        cost=dollars(part.cost),
        broadcast=part.broadcast,
        filled=line.filled if line else 0,
        in_doubt=line.state in UNRESOLVED if line else part.is_in_doubt,
    )


def orders_in(parts: Iterable[Part]) -> int:
    """Count the closing orders: those that would be sent, or that were."""
    return sum(part.is_to_be_closed or part.broadcast is not None for part in parts)
