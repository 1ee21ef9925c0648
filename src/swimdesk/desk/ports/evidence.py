"""What decisions rest on, as the desk's memory keeps it: reads, what they showed, bindings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from swimdesk.desk.ports.broker import BrokerOrder, OrdersRead
from swimdesk.domain.orders import Doubt, LineState


class Grounds(StrEnum):
    """Why an order is taken for a line's."""

    ANSWER = "answer"
    """The broker's answer named it, and a look at it found what was sent."""
    ONLY_CANDIDATE = "only_candidate"
    """After the horizon it was the only one that could be it."""
    REPLACEMENT = "replacement"
    """It took the place of the line's order."""
    OPERATOR = "operator"
    """A person said so."""
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True, slots=True)
class Binding:
    """An order that was found to be a line's."""

    ref: str
    account: str
    order_id: str
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class ReadScope:
    """What a read of order lists covered, and what was looked for when it began.

    Only a complete read is evidence, and only for its accounts; ``asked`` are the refs of lines
    and replacements that had left by then and were not seen yet, ``unknown`` the orders (account,
    id) that were asked for by their ids and are none.
    """

    began: datetime
    since: datetime
    until: datetime
    accounts: frozenset[str]
    complete: bool
    asked: frozenset[str] = frozenset()
    steady_ns: int | None = None
    """The monotonic time at which it was begun; None where it was not written down."""
    unknown: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(
        cls,
        read: OrdersRead,
        began: datetime,
        asked: frozenset[str] = frozenset(),
        steady_ns: int | None = None,
    ) -> ReadScope:
        """Return what a read covered that was begun then."""
        return cls(
            began=began,
            since=read.since,
            until=read.until,
            accounts=read.accounts,
            complete=read.complete,
            asked=asked,
            steady_ns=steady_ns,
            unknown=read.unknown,
        )


@dataclass(frozen=True, slots=True)
class ReadToKeep:
    """A read to be written down: its scope, orders known as observed, and those that are new.

    ``same_as`` names an earlier read of the same accounts that showed the same; then neither is
    given.
    """

    scope: ReadScope
    shown: tuple[int, ...] = ()
    fresh: tuple[BrokerOrder, ...] = ()
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class LineStep:
    """A change of a line as it was written down, with the read that led to it, if one did.

    ``shown`` are the orders of the line's account in that read.
    """

    at: datetime
    state: LineState
    doubt: Doubt | None
    order_id: str | None
    filled: int
    reason: str | None
    read: int | None = None
    began: datetime | None = None
    complete: bool | None = None
    shown: tuple[BrokerOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptRead:
    """The number under which a read was written down, and those of what was new in it."""

    number: int
    observations: tuple[int, ...]
