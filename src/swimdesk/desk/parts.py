"""What of an account's holdings is to be closed, and what is kept back and why; decides only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from swimdesk.desk.drafting import closes
from swimdesk.desk.exposure import Ours, after_orders
from swimdesk.desk.ports import Holdings
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Denial, Line
from swimdesk.domain.holdings import Held
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orders import UNRESOLVED, LineState, Side, Ticket
from swimdesk.domain.positions import held

UNSURE: Final = UNRESOLVED | {LineState.PLANNED}
"""Nothing is closed where an order of ours is that nobody knows of, or that leaves in a moment."""


class Fate(StrEnum):
    """What is decided about a holding before any order is sent."""

    CLOSE = "close"
    DENIED = "denied"
    KEPT_BACK = "kept_back"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A holding that is to be closed; one without a structure is only named, with the reason."""

    name: str
    what: Held | None = None
    reason: str | None = None
    is_in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One holding of an account: what is decided, and once it was sent in which broadcast."""

    account: Account
    name: str
    what: Held | None = None
    units: int = 0
    fate: Fate = Fate.CLOSE
    reason: str | None = None
    denials: tuple[Denial, ...] = ()
    ticket: Ticket | None = None
    cost: Decimal | None = None
    """Dollars at the natural price; negative is received."""
    broadcast: str | None = None
    is_in_doubt: bool = False

    @property
    def is_to_be_closed(self) -> bool:
        """Whether an order is to be made of it."""
        return self.fate is Fate.CLOSE and self.what is not None and self.broadcast is None


def parts_of(
    account: Account,
    holdings: Holdings,
    wanted: Iterable[Wanted],
    ours: Ours,
    gone: Collection[str] = (),
) -> list[Part]:
    """Decide about the wanted holdings of an account and name its orders that nobody knows of.

    Orders of ours whose refs are ``gone`` are taken for canceled.
    """
    left = tuple((broadcast, line) for broadcast, line in ours if line.ref not in gone)
    quantities = held(holdings.positions)
    free = after_orders(quantities, left, closes)
    unsure = [(b, line) for b, line in left if line.state in UNSURE]
    parts = [
        Part(account, f"order of broadcast {b.id}", fate=Fate.KEPT_BACK, reason=_untouched(line),
             is_in_doubt=line.state in UNRESOLVED)
        for b, line in unsure
    ]  # fmt: skip
    for one in wanted:
        if one.what is None:
            parts.append(
                Part(account, one.name, fate=Fate.KEPT_BACK, reason=one.reason,
                     is_in_doubt=one.is_in_doubt)
            )  # fmt: skip
            continue
        parts.append(
            _on_unsure(account, one, one.what, unsure)
            or _closable(account, one, one.what, free, quantities)
        )
    return parts


def _untouched(line: Line) -> str:
    if line.state is LineState.PLANNED:
        return f"has not left yet: {print_ticket(line.ticket)}; `swimdesk halt` keeps it back"
    reason = f" ({line.reason})" if line.reason else ""
    return f"in doubt, not touched: {print_ticket(line.ticket)}{reason}"


def _on_unsure(
    account: Account, one: Wanted, what: Held, unsure: Sequence[tuple[Broadcast, Line]]
) -> Part | None:
    symbols = {leg.instrument.symbol for leg in what.legs}
    for broadcast, line in unsure:
        if symbols.isdisjoint(leg.instrument.symbol for leg in line.ticket.legs):
            continue
        is_in_doubt = line.state in UNRESOLVED
        known = "is in doubt" if is_in_doubt else "has not left yet"
        reason = f"an order of ours on it {known}, in broadcast {broadcast.id}"
        return Part(
            account, one.name, what, what.units, Fate.KEPT_BACK, reason, is_in_doubt=is_in_doubt
        )
    return None


def _closable(
    account: Account,
    one: Wanted,
    what: Held,
    free: dict[str, Decimal],
    quantities: dict[str, Decimal],
) -> Part:
    units, there = what.free_units(free), what.free_units(quantities)
    if units:
        # Another structure may have the same leg: what this one takes is not free for that.
        for leg in what.legs:
            free[leg.instrument.symbol] -= leg.side.sign * leg.ratio * units
        short = "" if units == what.units else f"{units} of {what.units} are free to close"
        return Part(account, one.name, what, units, reason=short or one.reason)
    reason = "working orders of ours close it already" if there else "not held any more"
    return Part(account, one.name, what, what.units, Fate.KEPT_BACK, reason)


def waits_for_shorts(parts: Iterable[Part]) -> tuple[list[Part], list[Part]]:
    """Divide parts into those that may go at once, and longs that uncovered shorts may need.

    Closing a long leg before the short one beside it would leave that one bare.
    """
    parts = list(parts)
    shorts = {
        (part.account.alias, part.what.legs[0].instrument.underlying)
        for part in parts
        if part.what is not None and part.what.is_naked
    }
    first: list[Part] = []
    later: list[Part] = []
    for part in parts:
        what = part.what
        is_beside = (
            what is not None and (part.account.alias, what.legs[0].instrument.underlying) in shorts
        )
        is_long = what is not None and all(leg.side is Side.BUY for leg in what.legs)
        (later if part.is_to_be_closed and is_beside and is_long else first).append(part)
    return first, later
