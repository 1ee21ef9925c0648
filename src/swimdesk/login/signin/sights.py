"""What can be seen of the sign-in at one moment: values that the decision is made from."""

from __future__ import annotations

from dataclasses import dataclass, field

from swimdesk.login.signin.pages import Page


@dataclass(frozen=True, slots=True)
class Box:
    """One account on the consent page: the last three digits of its label, and its state."""

    index: int
    ending: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """The page in front of us.

    ``visit`` grows with every navigation, also with those within the document; ``parts`` are the
    visible ones, ``filled`` those of them with a value, ``ticked`` those with a tick. ``status``
    is the last answer's to a navigation, 0 before there is one. ``is_dead`` after a navigation
    that failed, with the browser's name of the failure as ``text``.
    """

    page: Page | None
    visit: int
    fragment: str = ""
    parts: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    ticked: frozenset[str] = frozenset()
    boxes: tuple[Box, ...] = ()
    error: str = ""
    text: str = field(default="", compare=False)
    status: int = 0
    is_dead: bool = False
