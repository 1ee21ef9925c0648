"""How a login signs in, as data: its second factor and what stands in the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from random import Random
from typing import Any, Final, Self

from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.signin.notices import NOTICES

EVERY: Final = "*"
MOST_BOUNCES: Final = 20
LONGEST_SLOW_MS: Final = 600_000.0


class SecondFactor(StrEnum):
    """What is asked for after the password."""

    NONE = "none"
    PUSH = "push"
    SMS = "sms"
    TOTP = "totp"
    CHOICE = "choice"
    """The customer picks one of the others."""


@dataclass(frozen=True, slots=True)
class SignInPlan:
    """One login's way through the pages.

    Accounts are named by last four digits, by ``#`` and their place in the login from 0, or ``*``.
    """

    second_factor: SecondFactor = SecondFactor.TOTP
    bounces: int = 0
    """How often the login form comes back after the second factor."""
    notice: str = ""
    """The id of a notice shown before the consent; see :mod:`swimdesk.sim.signin.notices`."""
    unknown_page: bool = False
    """A page that no description of the flow knows stands before the consent and does not end."""
    slow_ms: float = 0.0
    """What every answer to this login takes longer."""
    unticked: tuple[str, ...] = ()
    """Accounts whose box is not ticked beforehand."""
    unlisted: tuple[str, ...] = ()
    """Accounts that have no box at all."""
    decline: bool = False
    """The callback gets an error in place of a code."""
    code_once: bool = False
    """An authenticator code that was used is refused, as RFC 6238 asks."""

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read a plan; ValueError names what is not understood."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(raw) - known)
        if unknown:
            raise ValueError(
                f"unknown keys {', '.join(unknown)}; known: {', '.join(sorted(known))}"
            )
        return cls(**{name: _READERS[name](name, value) for name, value in raw.items()})

    def as_json(self) -> dict[str, Any]:
        """Return the plan as :meth:`from_json` reads it."""
        return {**asdict(self), "unticked": [*self.unticked], "unlisted": [*self.unlisted]}


def names(patterns: Iterable[str], account: SimAccount, place: int) -> bool:
    """Tell whether one of the patterns means the account at that place of its login."""
    return not {EVERY, account.last4, f"#{place}"}.isdisjoint(patterns)


def default_plan(profile: str, seed: int, login: str) -> SignInPlan:
    """Return the plan of a login nobody planned for; whoever has its TOTP secret gets through."""
    if profile == "uniform":
        return SignInPlan()
    random = Random(f"{seed}:sign-in:{login}")
    factors = (SecondFactor.TOTP, SecondFactor.CHOICE, SecondFactor.NONE)
    return SignInPlan(
        second_factor=random.choices(factors, weights=(4, 3, 1))[0],
        bounces=int(random.random() < 0.25),
        slow_ms=random.choice((0.0, 0.0, 300.0)),
        unticked=random.choice(((), (), ("#0",))),
    )


def _factor(name: str, value: object) -> SecondFactor:
    try:
        return SecondFactor(value)  # type: ignore[arg-type] # whatever it is, it is looked up
    except ValueError as error:
        known = ", ".join(SecondFactor)
        raise ValueError(f"{name} is {value!r}; expected one of {known}") from error


def _bounces(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_BOUNCES:
        raise ValueError(f"{name} is {value!r}; expected a whole number from 0 to {MOST_BOUNCES}")
    return value


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}; expected true or false")  # noqa: TRY004 - bad text
    return value


def _slow(name: str, value: object) -> float:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not 0 <= number <= LONGEST_SLOW_MS:
        raise ValueError(f"{name} is {value!r}; expected 0 to {LONGEST_SLOW_MS:g} milliseconds")
    return float(number)


def _notice(name: str, value: object) -> str:
    if not isinstance(value, str) or (value and value not in NOTICES):
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(NOTICES)}")
    return value


def _accounts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} is {value!r}; expected a list of texts")
    return tuple(value)


_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "second_factor": _factor,
    "bounces": _bounces,
    "notice": _notice,
    "unknown_page": _flag,
    "slow_ms": _slow,
    "unticked": _accounts,
    "unlisted": _accounts,
    "decline": _flag,
    "code_once": _flag,
}
