"""Plans to flatten or to undo between being shown and being carried out: each is good for once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from swimdesk.desk.closer import Closer, Errand, Target
from swimdesk.desk.closing_plans import Terms
from swimdesk.desk.parts import Fate, Part
from swimdesk.desk.submitter import Parts, check_may_send
from swimdesk.domain.commands import Command
from swimdesk.domain.orderlang import parse_intent, print_ticket
from swimdesk.domain.risk import DenialCode, parse_overrides
from swimdesk.errors import InputError, OrderTextError, PlanExpired

KEPT: Final = 16
"""So many plans that nobody carried out are remembered."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An errand as it was shown."""

    id: str
    created: datetime
    expires: datetime
    errand: Errand
    targets: tuple[Target, ...]
    parts: tuple[Part, ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts in which something is to be done, or was denied and may be overridden."""
        touched = {line.account for _, line in self.targets}
        touched |= {p.account.alias for p in self.parts if p.fate is not Fate.KEPT_BACK}
        return tuple(account.alias for account in self.errand.accounts if account.alias in touched)


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What became of a plan: the orders that were canceled, the requests, and all parts."""

    planned: Planned
    targets: tuple[Target, ...]
    commands: tuple[Command, ...]
    parts: tuple[Part, ...]


class Errands:
    """Show plans, keep them while they live, carry each out once and write that down first."""

    def __init__(self, parts: Parts, closer: Closer, kind: str, life_s: int) -> None:
        self._parts = parts
        self._closer = closer
        self._kind = kind
        self._life = timedelta(seconds=life_s)
        self._kept: OrderedDict[str, Planned] = OrderedDict()

    async def plan(self, errand: Errand) -> Planned:
        """Decide what would be done and remember it; BrokerError where nothing could be read."""
        parts = [*await self._closer.preview(errand), *errand.left_out]
        now, id_ = self._parts.clock.now(), self._parts.ids.mint()
        targets = tuple(errand.targets(errand.accounts))
        planned = Planned(id_, now, now + self._life, errand, targets, tuple(parts))
        self._kept[id_] = planned
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return planned

    def find(self, plan: str) -> Planned:
        """Return a plan that may still be carried out; PlanExpired."""
        planned = self._kept.get(plan)
        if planned is None:
            raise PlanExpired(
                f"There is no plan {plan} to carry out: it was used, or never was. Plan again;"
                " what is closed by now will not be closed twice."
            )
        if self._parts.clock.now() >= planned.expires:
            raise PlanExpired(f"The plan expired at {planned.expires:%H:%M:%S} UTC; plan again.")
        return planned

    async def carry_out(
        self, planned: Planned, overrides: tuple[str, ...], wait_s: float
    ) -> CarriedOut:
        """Cancel, then close; TradingHalted, InputError, StoreError: nothing was done."""
        check_overrides(overrides)
        check_may_send(self._parts.guard, self._parts.recorder)
        self._kept.pop(planned.id, None)
        await self._parts.journal.note(self._parts.clock.now(), self._kind, _told(planned))
        touched = frozenset(planned.accounts)
        accounts = tuple(a for a in planned.errand.accounts if a.alias in touched)
        errand = replace(planned.errand, accounts=accounts, overrides=overrides)
        targets = tuple(errand.targets(accounts))
        commands = await self._closer.cancel(targets)
        closed = await self._closer.close(errand, wait_s)
        # What was kept back elsewhere is still part of the answer.
        elsewhere = [part for part in planned.parts if part.account.alias not in touched]
        order = {one.alias: place for place, one in enumerate(planned.errand.accounts)}
        last = len(order)
        parts = sorted((*closed, *elsewhere), key=lambda part: order.get(part.account.alias, last))
        return CarriedOut(planned, targets, commands, tuple(parts))


def terms_of(price: str) -> Terms:
    """Read the price of closing orders; InputError."""
    written = " ".join(price.split())
    if not written:
        raise InputError("Say at which price: @nat, @mid, @mid-0.02 or @MKT.")
    try:
        intent = parse_intent(f"FLAT X {written}")
    except OrderTextError as e:
        raise InputError(f"{price!r} is not a price for closing orders: {e.detail}") from e
    return Terms(written, intent)


def check_overrides(overrides: Sequence[str]) -> None:
    """Refuse overrides that would let more be closed than is held; InputError."""
    parse_overrides(overrides)
    codes = {text.partition("=")[0].strip().upper() for text in overrides}
    if DenialCode.SELL_MORE_THAN_HELD in codes:
        raise InputError(f"{DenialCode.SELL_MORE_THAN_HELD} cannot be overridden here.")


def cost_of(parts: Iterable[Part]) -> Decimal | None:
    """Add up what the closing orders cost at the natural price; None where one has none."""
    costs = [part.cost for part in parts if part.is_to_be_closed or part.broadcast]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


def _told(planned: Planned) -> str:
    """Tell in one line what is begun."""
    cancels = [
        f"cancel {line.account} {print_ticket(line.ticket)} of {b.id}"
        for b, line in planned.targets
    ]
    parts = [
        f"{part.fate.value.replace('_', ' ')} {part.account.alias} {part.units} {part.name}"
        for part in planned.parts
    ]
    what = "; ".join(cancels + parts) or "nothing"
    where = len(planned.accounts)
    return f"plan {planned.id} at {planned.errand.terms.written} in {where} accounts: {what}"
