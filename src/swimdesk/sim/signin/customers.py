"""The brokerage's logins as the pages know them, each with its plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from swimdesk.sim.accounts import SimLogin
from swimdesk.sim.settings import SimSettings
from swimdesk.sim.signin.plans import EVERY, SignInPlan, default_plan
from swimdesk.sim.signin.visits import Customer


class Customers:
    """Every login with its plan, its counts and its locks."""

    def __init__(self, settings: SimSettings, logins: Iterable[SimLogin]) -> None:
        self._defaults = {
            login.name: default_plan(settings.profile, settings.seed, login.name)
            for login in logins
        }
        self.by_name = {
            login.name: Customer(login, self._defaults[login.name], set(_numbers(login)))
            for login in logins
        }
        self.by_user = {c.login.user.casefold(): c for c in self.by_name.values()}
        self.plan(settings.sign_in_plans)

    def plan(self, plans: Mapping[str, SignInPlan]) -> None:
        """Put plans in force by login; ValueError, and nothing changes, for one nobody has.

        A login that no plan is for signs in as the profile says.
        """
        places = {f"#{place}": name for place, name in enumerate(self.by_name)}
        # A plan for a place nobody has is for a larger brokerage, and for nobody here.
        strangers = [k for k in plans if k not in self.by_name and k[:1] != "#" and k != EVERY]
        if strangers:
            raise ValueError(f"{', '.join(strangers)}: no login of this brokerage")
        for place, name in places.items():
            meant = (plans[key] for key in (name, place, EVERY) if key in plans)
            self.by_name[name].plan = next(meant, self._defaults[name])

    def as_json(self) -> dict[str, Any]:
        """Return how every login stands, by name; the code that was sent last is shown."""
        return {
            name: {
                "plan": customer.plan.as_json(),
                "passwords": customer.passwords,
                "wrong_passwords": customer.wrong_passwords,
                "locked": customer.is_locked,
                "sign_ins": customer.sign_ins,
                "sent_code": customer.sent_code,
                "trusted_devices": len(customer.devices),
            }
            for name, customer in self.by_name.items()
        }


def _numbers(login: SimLogin) -> Iterable[str]:
    return (account.number for account in login.accounts)
