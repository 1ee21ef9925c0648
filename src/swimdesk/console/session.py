"""What one sitting at the console knows: arming, the staged order, marks, the way back; pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from swimdesk.views.models import PlanView
from swimdesk.views.requests import PlanRequest, Scope

ARMED_MIN: Final = 15
"""Minutes for which F8 allows sending."""

LONGEST_ARMED_MIN: Final = 60

COUNT_ABOVE: Final = Decimal(100_000)
"""Dollars of worst loss above which the confirmation wants the number of accounts typed."""


@dataclass(frozen=True, slots=True)
class Stage:
    """An order that is being made ready; a plan fits it until anything of it changes."""

    order: str
    scope: Scope
    sizing: str = "text"
    remainder: str | None = None
    waves: str = "all"
    candidates: tuple[str, ...] = ()
    """The accounts of the scope, once a plan told them."""
    excluded: frozenset[str] = frozenset()
    overrides: tuple[str, ...] = ()
    """What was typed against denials: ``CODE=FIGURE``, or ``CODE`` to acknowledge one."""
    plan: PlanView | None = None
    before: PlanView | None = None
    """The plan that died with the latest change; only shown, never sent."""
    planned_at: datetime | None = None
    is_planning: bool = False
    error: str | None = None

    def request(self, *, broker_preview: bool = False) -> PlanRequest:
        """Return what the desk is asked to plan; excluded accounts are left out of the scope."""
        return PlanRequest(
            self.order,
            Scope(accounts=self.kept) if self.excluded else self.scope,
            self.sizing,
            remainder=self.remainder,
            overrides=self.overrides,
            broker_preview=broker_preview,
        )

    def overridden(self, word: str) -> Stage:
        """Return the stage with one more override; a later figure for the same code counts."""
        code = word.partition("=")[0]
        kept = (one for one in self.overrides if one.partition("=")[0] != code)
        return self.changed(overrides=(*kept, word))

    @property
    def kept(self) -> tuple[str, ...]:
        """The accounts of the scope that were not left out by hand."""
        return tuple(alias for alias in self.candidates if alias not in self.excluded)

    def changed(self, **changes: object) -> Stage:
        """Return the stage with something else in it, and without a plan."""
        fresh = replace(self, plan=None, planned_at=None, is_planning=False, error=None)
        return replace(fresh, before=self.plan or self.before, **changes)  # type: ignore[arg-type]

    def planned(self, plan: PlanView, at: datetime) -> Stage:
        """Return the stage with its plan."""
        every = self.candidates if self.excluded else tuple(line.account for line in plan.lines)
        return replace(
            self, plan=plan, planned_at=at, candidates=every, is_planning=False, error=None
        )

    @property
    def sends(self) -> int:
        """So many accounts would be sent to."""
        return self.plan.counts["send"] if self.plan else 0


@dataclass(slots=True)
class Session:
    """The state of one sitting."""

    armed_until: datetime | None = None
    stage: Stage | None = None
    marks: frozenset[str] = frozenset()
    """Accounts marked in lists; ``marked`` in an order means these."""
    pointed: str | None = None
    """The account the operator was on last; screens of accounts open there."""
    scope: Scope = field(default_factory=Scope)
    """Where an order goes that names no accounts of its own."""
    is_sending: bool = False
    is_lost: str | None = None
    """Why the desk does not answer; None while it does."""

    def is_armed(self, now: datetime) -> bool:
        """Whether orders may be sent now."""
        return self.armed_until is not None and now < self.armed_until

    def arm(self, now: datetime, minutes: int = ARMED_MIN) -> None:
        """Allow sending for so many minutes."""
        self.armed_until = now + timedelta(minutes=minutes)

    def disarm(self) -> None:
        """Take the permission back."""
        self.armed_until = None


def needs_count(plan: PlanView) -> bool:
    """Tell whether a plan is so large that its confirmation wants the accounts counted."""
    return plan.max_loss is None or plan.max_loss > COUNT_ABOVE
