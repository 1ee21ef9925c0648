"""What to do about the page in front of us: a pure decision from what is seen and remembered.

Three rules keep a login from being put at risk. A password is never typed while the page complains,
never again after a complaint, and a second time only where the flow came back to its first page
without one. What is not known stops the sign-in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from swimdesk.login.signin.sights import Sight

SETTLED_S: Final = 0.2
"""A page that has not changed for so long is taken for what it looks like."""
BOUNCED_S: Final = 1.5
"""So long a complaint may take to appear on a first page that came back."""
STRAIGHT_BACK_S: Final = 6.0
"""The same where nothing but the first page was seen since: the password may be the reason."""
LISTED_S: Final = 1.5
"""So long the accounts may take to be all there where none is known to wait for."""
STRANGE_S: Final = 6.0
"""So long an address that is not known may be on its way, and an expected account to its box."""
PAGE_S: Final = 30.0
"""So long a page may take to show what it needs, or to go on."""
APPROVAL_S: Final = 180.0
"""So long the person may take to approve on the phone."""
PERSON_S: Final = 180.0
"""So long a person at the window may take over a page that is not known here."""

MAX_PASSWORDS: Final = 2
MAX_CODES: Final = 2
MAX_CLICKS: Final = 5


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again in a moment."""


@dataclass(frozen=True, slots=True)
class Fill:
    """Type into the fields, as part and what is typed, then click ``submit``."""

    fields: tuple[tuple[str, str], ...]
    submit: str = "submit"


@dataclass(frozen=True, slots=True)
class Click:
    """Click a part."""

    part: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Tick the accounts with these numbers on the page."""

    boxes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """Take one of several second factors; the person says which where there is a choice.

    The one that was taken is what is remembered.
    """

    factors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something to the person that matters beyond this page; once for what it is about."""

    text: str
    about: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stop:
    """Give up and say why."""

    reason: str
    is_wrong_password: bool = False
    is_unreachable: bool = False


Move: TypeAlias = Wait | Fill | Click | Tick | Choose | Tell | Stop


@dataclass(frozen=True, slots=True)
class Memory:
    """What was done so far.

    ``acted`` is what was seen when something was clicked last: until that changes, nothing else is
    clicked; ``clicked`` is which part that was. ``submitted`` is the visit in which the password
    was sent off, ``chosen`` the second factor. ``is_watched`` where a person sits at the window.
    ``is_taken`` once something was seen that the broker shows only after it took the password.
    ``listed`` are the accounts that had been offered for long enough when boxes were ticked.
    """

    accounts: frozenset[str] = frozenset()
    factors: tuple[str, ...] = ()
    is_watched: bool = False
    passwords: int = 0
    submitted: int = -1
    is_taken: bool = False
    codes: int = 0
    clicks: int = 0
    ticks: int = 0
    listed: tuple[str, ...] = ()
    acted: Sight | None = None
    clicked: str = ""
    chosen: str = ""
    told: frozenset[str] = frozenset()

    def seeing(self, sight: Sight) -> Memory:
        """Return what is remembered once that was seen, whether or not something is done to it."""
        is_beyond = sight.page is not None and sight.page.wants in BEYOND
        return replace(self, is_taken=True) if is_beyond and self.passwords else self

    @property
    def may_be_wrong(self) -> bool:
        """Whether what the broker says against the sign-in may be about the password."""
        return bool(self.passwords) and not self.is_taken

    def after(self, move: Move, sight: Sight) -> Memory:
        """Return what is remembered once a move was made on that sight."""
        match move:
            case Fill(fields):
                kinds = {kind for _, kind in fields}
                return replace(
                    self._after_click(sight, "submit"),
                    passwords=self.passwords + ("password" in kinds),
                    submitted=sight.visit if "password" in kinds else self.submitted,
                    is_taken=self.is_taken and "password" not in kinds,
                    codes=self.codes + ("code" in kinds),
                )
            case Click(part):
                return self._after_click(sight, part)
            case Choose(factors):
                return replace(self._after_click(sight, factors[0]), chosen=factors[0])
            case Tick():
                return replace(self, ticks=self.ticks + 1, listed=_offered(sight))
            case Tell(about=about):
                return replace(self, told=self.told | about)
        return self

    def _after_click(self, sight: Sight, part: str) -> Memory:
        same = self.acted is not None and self.acted.visit == sight.visit
        return replace(self, acted=sight, clicked=part, clicks=self.clicks + 1 if same else 1)


def decide(sight: Sight, memory: Memory, quiet_s: float) -> Move:
    """Return what to do now; ``quiet_s`` is for how long the sight has not changed."""
    page = sight.page
    if sight.is_dead:
        return Stop(f"the browser cannot reach the broker ({sight.text})", is_unreachable=True)
    if page is None:
        return _strange(sight, memory, quiet_s)
    if page.wants == "notice" and memory.is_watched and quiet_s >= SETTLED_S:
        return _handed_over(sight, memory, quiet_s) or _notice(sight, memory)
    if page.wants in ENDS:
        return ENDS[page.wants](sight, memory) if quiet_s >= SETTLED_S else Wait()
    if sight == memory.acted or not page.needs <= sight.parts:
        return _late(sight, memory, quiet_s)
    if quiet_s < SETTLED_S:
        return Wait()
    if memory.clicks >= MAX_CLICKS and memory.acted and memory.acted.visit == sight.visit:
        return Stop(f"the page {page.name} does not go on, whatever is clicked")
    return DECISIONS[page.wants](sight, memory, quiet_s)


def _strange(sight: Sight, memory: Memory, quiet_s: float) -> Move:
    if sight.status >= 500:
        return Stop(f"the broker's sign-in answered {sight.status}", is_unreachable=True)
    if sight.status >= 400:
        return Stop(
            f"the broker's sign-in answered {sight.status}: compare app_key and callback_url in"
            " config.toml with what is registered at the broker"
        )
    if quiet_s < (STRANGE_S if sight.fragment else PAGE_S):
        return Wait()
    if _is_on_the_phone(memory):
        return _unapproved(quiet_s)
    handed = _handed_over(sight, memory, quiet_s) if memory.is_watched else None
    return handed or Stop("the sign-in shows a page that is not known here")


def _handed_over(sight: Sight, memory: Memory, quiet_s: float) -> Move | None:
    """Leave a page to the person at the window for a while; None once that is over."""
    page = f"#{sight.fragment}"
    if page not in memory.told:
        said = _quoted(sight.text)
        return Tell(
            f"this page is left to you{said}: go on by hand in the browser's window, within"
            f" {PERSON_S:.0f} s; what follows is done for you again",
            frozenset({page}),
        )
    return Wait() if quiet_s < PERSON_S else None


def _late(sight: Sight, memory: Memory, quiet_s: float) -> Move:
    """Wait for a page that has not shown all its parts, or has not gone on."""
    page = sight.page
    if page is None:
        return Wait()
    if memory.clicked == "trust" and "submit" in sight.parts and quiet_s >= BOUNCED_S:
        # Where the answer about the device cannot be seen to be given, it was given all the same.
        return Click("submit")
    if page.wants == "choice" and _is_on_the_phone(memory):
        return _unapproved(quiet_s)
    if quiet_s < (APPROVAL_S if page.wants == "approval" else PAGE_S):
        return Wait()
    is_sent = _is_same_visit(sight, memory) or bool(sight.filled)
    if is_sent and page.needs <= sight.parts:
        return Stop(f"the page {page.name} did not go on within {PAGE_S:.0f} s")
    return Stop(f"the page {page.name} did not show what it needs within {PAGE_S:.0f} s")


def _credentials(sight: Sight, memory: Memory, quiet_s: float) -> Move:
    if sight.error and memory.is_taken:
        return Stop(
            f"the broker ended the sign-in after it had taken the password{_quoted(sight.error)};"
            " nothing was tried again"
        )
    if sight.error and memory.passwords:
        return Stop(
            f"the broker does not accept the login id and password{_quoted(sight.error)};"
            " nothing was tried again",
            is_wrong_password=True,
        )
    if sight.error:
        return Stop(f"the first page complains before anything was typed{_quoted(sight.error)}")
    if memory.passwords and (sight.visit == memory.submitted or "password" in sight.filled):
        # Emptied fields are no answer: a complaint may still be on its way. And fields that kept
        # what was typed are no page that came back, whatever the address says.
        return _late(sight, memory, quiet_s)
    if memory.passwords and quiet_s < _back_s(sight, memory):
        return Wait()
    if memory.passwords >= MAX_PASSWORDS:
        return Stop(
            "the sign-in came back to its first page twice, and the password is not typed again:"
            " compare callback_url in config.toml with what is registered at the broker, to the"
            " letter"
        )
    return Fill((("user", "user"), ("password", "password")))


def _back_s(sight: Sight, memory: Memory) -> float:
    """Return how long a complaint is waited for: longer if the password may not have been taken."""
    is_straight = memory.acted is None or memory.acted.page == sight.page
    return STRAIGHT_BACK_S if is_straight else BOUNCED_S


def _choice(sight: Sight, memory: Memory, quiet_s: float) -> Move:
    if sight.error:
        return Stop(f"the choice of the second factor failed{_quoted(sight.error)}")
    offered = tuple(part for part in sight.page.parts if part in sight.parts) if sight.page else ()
    allowed = tuple(part for part in offered if not memory.factors or part in memory.factors)
    if allowed:
        return Choose(allowed)
    if not offered and _is_on_the_phone(memory):
        return _unapproved(quiet_s)
    if quiet_s < PAGE_S and not offered:
        return Wait()
    return Stop(
        f"none of the second factors that are offered ({', '.join(offered) or 'none'}) can be used"
        f" this way (it needs {' or '.join(memory.factors)})"
    )


def _code(sight: Sight, memory: Memory, quiet_s: float) -> Move:
    if memory.codes >= MAX_CODES:
        if _is_same_visit(sight, memory) and quiet_s < STRANGE_S:
            # The complaint may still be the one about the code before.
            return Wait()
        return Stop(f"the code was not accepted {MAX_CODES} times{_quoted(sight.error)}")
    if memory.codes and not sight.error and _is_same_visit(sight, memory):
        return _late(sight, memory, quiet_s)
    return Fill((("code", "code"),))


def _approval(sight: Sight, memory: Memory, quiet_s: float) -> Move:
    if sight.error:
        return Stop(f"the approval failed{_quoted(sight.error)}")
    if "trust" in sight.parts and "trust" not in sight.ticked:
        return Click("trust")
    if "submit" in sight.parts:
        return Click("submit")
    return _unapproved(quiet_s)


def _unapproved(quiet_s: float) -> Move:
    if quiet_s < APPROVAL_S:
        return Wait()
    return Stop(f"nobody approved the sign-in on the phone within {APPROVAL_S:.0f} s")


def _is_on_the_phone(memory: Memory) -> bool:
    """Tell whether the approval was asked for, and nothing was clicked since.

    Where the broker waits for it is not known for sure: it may be any page, or the choice itself.
    """
    return memory.chosen == memory.clicked == "push"


def _terms(sight: Sight, memory: Memory, quiet_s: float) -> Move:
    if "agree" in sight.parts:
        return Click("agree")
    if "accept" in sight.parts and "accept" not in sight.ticked:
        return Click("accept")
    if "submit" in sight.parts:
        return Click("submit")
    return _late(sight, memory, quiet_s)


def _accounts(sight: Sight, memory: Memory, quiet_s: float) -> Move:
    if not sight.boxes:
        return _late(sight, memory, quiet_s)
    wanted = {number[-3:] for number in memory.accounts} or {box.ending for box in sight.boxes}
    missing = wanted - {box.ending for box in sight.boxes}
    # Boxes may come one after the other, and what is sent without one links one account less.
    listed_s = 0.0 if memory.accounts or _offered(sight) == memory.listed else LISTED_S
    if quiet_s < (STRANGE_S if missing - memory.told else listed_s):
        return Wait()
    if missing == wanted:
        return Stop(
            f"none of the expected accounts ({_endings(missing)}) is offered: is this the sign-in"
            " of another user?"
        )
    if missing - memory.told:
        text = f"not offered by the broker and left out of this sign-in: {_endings(missing)}"
        return Tell(text, frozenset(missing))
    open_boxes = tuple(b.index for b in sight.boxes if b.ending in wanted and not b.is_ticked)
    if not open_boxes:
        return Click("submit")
    if memory.ticks >= MAX_CLICKS:
        return Stop("the boxes of the accounts do not stay ticked")
    return Tick(open_boxes)


def _offered(sight: Sight) -> tuple[str, ...]:
    return tuple(box.ending for box in sight.boxes)


def _end(sight: Sight, memory: Memory, quiet_s: float) -> Move:
    return Click("submit")


def _locked(sight: Sight, memory: Memory) -> Move:
    return Stop(
        f"the broker has locked this login{_quoted(sight.text)}; unlock it with the broker before"
        " anything else is tried",
        is_wrong_password=memory.may_be_wrong,
    )


def _notice(sight: Sight, memory: Memory) -> Move:
    return Stop(f"the broker shows a notice that a person has to read{_quoted(sight.text)}")


def _is_same_visit(sight: Sight, memory: Memory) -> bool:
    return memory.acted is not None and memory.acted.visit == sight.visit


def _endings(endings: frozenset[str] | set[str]) -> str:
    return ", ".join(f"…{ending}" for ending in sorted(endings))


def _quoted(text: str) -> str:
    return f' ("{text}")' if text else ""


BEYOND: Final = frozenset({"choice", "code", "approval", "terms", "accounts", "end"})
"""What pages want that come only after a password that was right."""
DECISIONS: Final[Mapping[str, Callable[[Sight, Memory, float], Move]]] = {
    "credentials": _credentials,
    "choice": _choice,
    "code": _code,
    "approval": _approval,
    "terms": _terms,
    "accounts": _accounts,
    "end": _end,
}
"""What to do about a page, by what it wants."""
ENDS: Final[Mapping[str, Callable[[Sight, Memory], Move]]] = {
    "locked": _locked,
    "notice": _notice,
}
"""Why a page is the end, by what it wants."""
