"""What the control endpoint may move in the brokerage, and how bad input is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from swimdesk.errors import InputError, UnknownReference, UnknownSymbol
from swimdesk.sim.core import SimBroker
from swimdesk.sim.faults import FaultPlan
from swimdesk.sim.plans import NAMED_PLANS
from swimdesk.sim.signin.named import plans_from_json
from swimdesk.sim.signin.visits import Customer


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
        self._customer(login)
        self._broker.grants.revoke(login)

    def sign_ins_json(self) -> dict[str, Any]:
        """Return how every login signs in and has signed in, by name."""
        return self._broker.sign_in.customers.as_json()

    def set_sign_ins(self, plans: Mapping[str, Any]) -> None:
        """Put ``plans`` by login in force, or those of a known ``name``; the rest by profile."""
        try:
            self._broker.sign_in.customers.plan(plans_from_json(plans))
        except ValueError as error:
            raise InputError(f"the sign-in plans are not understood: {error}") from error

    def answer_push(self, login: str, *, approve: bool) -> int:
        """Answer on the customer's phone; return how many requests waited there."""
        self._customer(login)
        return self._broker.sign_in.answer_push(login, approve=approve)

    def unlock(self, login: str) -> None:
        """Let a login in again after wrong passwords."""
        customer = self._customer(login)
        customer.is_locked = False
        customer.wrong_passwords = 0

    def _customer(self, login: str) -> Customer:
        found = self._broker.sign_in.customers.by_name.get(login)
        if found is None:
            raise UnknownReference(f"{login!r} is no login of this brokerage")
        return found


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
