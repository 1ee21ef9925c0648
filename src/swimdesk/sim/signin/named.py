"""The sign-in plans that are known by name, and plans from files and bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from swimdesk.sim.signin.plans import EVERY, SecondFactor, SignInPlan

_EACH: Final = (
    SignInPlan(SecondFactor.PUSH),
    SignInPlan(SecondFactor.SMS),
    SignInPlan(SecondFactor.CHOICE),
    SignInPlan(bounces=2),
    SignInPlan(notice="documents"),
    SignInPlan(slow_ms=1500.0),
    SignInPlan(unticked=(EVERY,)),
    SignInPlan(unlisted=("#0",)),
    SignInPlan(code_once=True),
    SignInPlan(unknown_page=True),
    SignInPlan(notice="maintenance"),
    SignInPlan(decline=True),
)
NAMED: Final[Mapping[str, Mapping[str, SignInPlan]]] = {
    "profile": {},
    "totp": {EVERY: SignInPlan()},
    "each": {f"#{place}": plan for place, plan in enumerate(_EACH)},
}
"""Plans by login, by name: as the profile says, no traps at all, a trap of its own for each."""


def plans_from(name_or_path: str) -> Mapping[str, SignInPlan]:
    """Return plans known by name or read them from a JSON file, else ValueError."""
    named = NAMED.get(name_or_path)
    if named is not None:
        return named
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(NAMED)
        raise ValueError(f"{name_or_path!r} is neither a sign-in plan ({known}) nor a file")
    return plans_from_json(json.loads(path.read_text(encoding="utf-8")))


def plans_from_json(raw: object) -> Mapping[str, SignInPlan]:
    """Read ``{"plans": {LOGIN: plan}}`` or ``{"name": NAME}``; ValueError tells what is wrong.

    A login is its name, ``#`` and its place from 0, or ``*`` for the others.
    """
    if not isinstance(raw, dict) or set(raw) not in ({"plans"}, {"name"}):
        raise ValueError(f"sign-in plans are an object with 'plans', or 'name': {', '.join(NAMED)}")
    if "name" in raw:
        named = NAMED.get(str(raw["name"]))
        if named is None:
            known = ", ".join(NAMED)
            raise ValueError(f"no plans are named {raw['name']!r}; expected one of {known}")
        return named
    plans = raw["plans"]
    if not isinstance(plans, dict):
        raise ValueError("'plans' is an object of plans by login")  # noqa: TRY004 - bad text
    return {login: _plan(login, plan) for login, plan in plans.items()}


def _plan(login: str, raw: Any) -> SignInPlan:  # noqa: ANN401 - whatever JSON can hold
    if not isinstance(raw, dict):
        raise ValueError(f"the plan of {login} is not an object")  # noqa: TRY004 - bad text
    try:
        return SignInPlan.from_json(raw)
    except ValueError as error:
        raise ValueError(f"the plan of {login}: {error}") from error
