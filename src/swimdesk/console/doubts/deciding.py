"""What the operator types to decide: on an order in doubt, on an order of somebody else; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from swimdesk.console.blotter.at_work import Broadcasts, find
from swimdesk.console.doubts.words import order_of
from swimdesk.console.formats import ending
from swimdesk.console.modals.confirm import Question
from swimdesk.errors import InputError
from swimdesk.views import doubting
from swimdesk.views.models import DoubtView

ABSENT: Final = "absent"
PLACED: Final = "placed:"

_VERDICT: Final = re.compile(r"absent|placed:[!-~]+", re.IGNORECASE)
_MEANS_PLACED: Final = "is its order at the broker, and is followed from now on"
_MEANS_ABSENT: Final = "there is no order at the broker; the account may be traded again"
_READ_FIRST: Final = "the broker's list is read first; what it contradicts is refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was typed behind RESOLVE."""

    reference: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class OfAnother:
    """What was typed behind ADOPT or IGNORE: which order of somebody else, and why."""

    account: str
    order_id: str
    reason: str


def read_verdict(broadcasts: Broadcasts, accounts: Iterable[str], text: str) -> Verdict:
    """Read ``BROADCAST/ALIAS placed:ORDER_ID|absent REASON``; InputError says what is expected."""
    words = text.split(maxsplit=2)
    if len(words) < 2 or "/" not in words[0] or not _VERDICT.fullmatch(words[1]):
        raise InputError(
            "RESOLVE takes BROADCAST/ALIAS, then placed:ORDER_ID or absent, then why, such as"
            " RESOLVE 7K2M9Q/FAM-01 absent the broker's desk says so"
        )
    if len(words) < 3:
        raise InputError("Say why behind it: the reason is written down with the verdict.")
    word, colon, order_id = words[1].partition(":")
    verdict = f"{word.lower()}{colon}{order_id}"
    return Verdict(find(broadcasts, accounts, words[0]), verdict, words[2])


def read_of_another(word: str, accounts: Iterable[str], text: str) -> OfAnother:
    """Read ``ALIAS/ORDER_ID REASON``; InputError says what is expected behind the word."""
    where, _, reason = text.strip().partition(" ")
    alias, slash, order_id = where.partition("/")
    if not slash or not alias or not order_id:
        raise InputError(f"{word} takes ALIAS/ORDER_ID and why, such as {word} FAM-01/1005 mine")
    if not reason.strip():
        raise InputError("Say why behind it: the reason is written down with the decision.")
    known = next((one for one in accounts if one.casefold() == alias.casefold()), alias)
    return OfAnother(known, order_id, reason.strip())


def choices(doubt: DoubtView) -> dict[str, tuple[str, str]]:
    """Return what may be said of a doubt by the key that says it: the words, and the verdict.

    A verdict that ends in a colon wants an order id typed behind it.
    """
    known = dict.fromkeys((*filter(None, (doubt.order_id,)), *doubt.candidates))
    found = {
        str(number): (f"order {one}", f"{PLACED}{one}")
        for number, one in enumerate([*known][:9], start=1)
    }
    found["o"] = ("another", PLACED)
    if not doubt.is_replacement:
        found["a"] = (ABSENT, ABSENT)
    return found


def question_of(verdict: Verdict, doubt: DoubtView | None, mode: str) -> Question:
    """Return the question before a verdict is given: what it means and what is known."""
    broadcast, _, account = verdict.reference.partition("/")
    is_absent = verdict.verdict == ABSENT
    order_id = verdict.verdict.removeprefix(PLACED)
    means = _MEANS_ABSENT if is_absent else f"order {order_id} {_MEANS_PLACED}"
    about = [("order", order_of(doubt)), ("known", doubting.known(doubt))] if doubt else []
    last4 = f" {doubt.last4}" if doubt else ""
    return Question(
        f"{account}: {'NO ORDER THERE' if is_absent else 'ITS ORDER IS KNOWN'}",
        (
            ("account", f"{account}{last4} of …{ending(broadcast)}"),
            *about,
            ("you say", means),
            ("because", verdict.reason),
            ("then", _READ_FIRST),
        ),
        "RESOLVE",
        mode=mode,
        warnings=_warnings(doubt, is_absent=is_absent),
    )


def _warnings(doubt: DoubtView | None, *, is_absent: bool) -> tuple[str, ...]:
    if not is_absent or doubt is None:
        return ()
    likely = [f"order {one} looks like it" for one in doubt.candidates]
    return (*likely, "an order that comes after all trades beside what you send meanwhile")
