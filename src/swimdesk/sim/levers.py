"""What the control endpoint may move in the brokerage, and how bad input is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from swimdesk.errors import InputError, UnknownReference, UnknownSymbol
from swimdesk.sim.core import SimBroker
from swimdesk.sim.faults import FaultPlan
from swimdesk.sim.plans import NAMED_PLANS


class Levers:
    """The brokerage in the words of the control endpoint."""

    def __init__(self, broker: SimBroker) -> None:
        self._broker = broker

    async def prepare_ledger(self) -> None:
        """Do the long part of :meth:`ledger_json` without keeping others waiting."""
        for _ in self._broker.ledger.preparing():
            await asyncio.sleep(0)

    def ledger_json(self) -> bytes:
        """Return every arrival and order, by account, as of now."""
        self._broker.advance()
        return self._broker.ledger.as_json()

    def faults_json(self) -> dict[str, Any]:
        """Return the fault plan in force and how often each rule fired."""
        return self._broker.faults.report()

    def set_faults(self, plan: Mapping[str, Any]) -> None:
        """Put a plan in force: ``name`` and ``rules``, or the name of a known plan alone."""
        self._broker.faults.replace(_read_plan(plan))

    def shock(self, symbol: str, factor: float) -> None:
        """Multiply an underlying's price at once."""
        try:
            self._broker.market.shock(symbol, factor)
        except KeyError as error:
            raise UnknownSymbol(f"{symbol!r} is no underlying of this market") from error

    def revoke(self, login: str) -> None:
        """End a login's grant: its refresh token and its access tokens."""
        if login not in {known.name for known in self._broker.logins}:
            raise UnknownReference(f"{login!r} is no login of this brokerage")
        self._broker.grants.revoke(login)


def _read_plan(plan: Mapping[str, Any]) -> FaultPlan:
    if "rules" not in plan:
        named = NAMED_PLANS.get(str(plan.get("name")))
        if named is None:
            known = ", ".join(NAMED_PLANS)
            raise InputError(f"a fault plan has 'rules', or the 'name' of a known one: {known}")
        return named
    try:
        return FaultPlan.from_json(plan)
    except (ValueError, TypeError) as error:
        raise InputError(f"the fault plan is not understood: {error}") from error
