"""What front ends ask the desk for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """Which accounts: all of them, or the union of groups and aliases.

    ``where`` keeps of these (of all, where none are named) those that meet a condition.
    """

    groups: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    everyone: bool = False
    where: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was chosen at all."""
        return not (self.groups or self.accounts or self.everyone or self.where is not None)


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """A ticket to be planned; ``save`` keeps the plan for another process of this home.

    ``overrides`` are ``CODE=FIGURE`` for denials that want a figure typed, ``CODE`` for those that
    want to be acknowledged. ``broker_preview`` asks the broker about every order to be sent.
    """

    order: str
    scope: Scope
    sizing: str = "text"
    save: bool = False
    remainder: str | None = None
    overrides: tuple[str, ...] = ()
    broker_preview: bool = False


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """A plan to be sent.

    ``broadcast`` is minted by the front end, so that it can ask for the result again after its
    connection to the desk was lost. ``waves`` is ``all``, ``canary`` or a number of accounts.
    ``on_refuse`` is what a line that came to nothing does to later waves: ``stop`` or ``skip``;
    None is ``stop`` for a canary.
    """

    plan: str
    broadcast: str
    key: str | None = None
    waves: str = "all"
    on_deny: str = "skip"
    on_refuse: str | None = None
    agent: str = "local"


@dataclass(frozen=True, slots=True)
class ResolveRequest:
    """What the operator says of a line in doubt (``B/ALIAS``), and why.

    ``verdict`` is ``placed:ORDER_ID`` or ``absent``.
    """

    reference: str
    verdict: str
    reason: str
    agent: str = "local"


@dataclass(frozen=True, slots=True)
class FlattenRequest:
    """A plan to flatten, to be carried out once.

    ``accounts`` is the number of accounts as the operator typed it, ``wait_s`` how long the closing
    orders are followed at the end.
    """

    plan: str
    accounts: int
    overrides: tuple[str, ...] = ()
    wait_s: float = 10.0


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """A plan to undo a broadcast, to be carried out once; ``wait_s`` as for flatten."""

    plan: str
    overrides: tuple[str, ...] = ()
    wait_s: float = 10.0
