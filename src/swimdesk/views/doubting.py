"""A doubt in sentences: what is known, what is done about it, what may be decided; pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from swimdesk.views.models import DoubtView

Clock = Callable[[datetime], str]
"""How a front end writes a time of day, with its zone."""

_WORDS: Final = {
    "sending": "no answer",
    "unknown": "unknown",
    "probable": "probable",
    "conflict": "CONFLICT",
    "absent_candidate": "absent?",
}

_WAITING: Final = "waiting for the broker's answer; without one its order is looked for in the list"
_NOBODY: Final = (
    "nothing reads its list while no desk runs; `swimdesk` starts one and sends nothing"
)
_FOR_REPLACEMENTS: Final = "the order that is seen to work is taken"
_FOR_UNKNOWN: Final = "a single look-alike is taken"
_FOR_PROBABLE: Final = "the look-alike is taken if it stays alone"
_MAY: Final = {
    "answer": "nothing yet: wait for the answer",
    "reads": "wait, or decide once you have it from the broker",
    "person": "reads cannot decide: see the broker's list, then decide",
    "nobody": "start a desk; it reads the list and sends nothing",
}


def word(doubt: DoubtView) -> str:
    """Return the doubt in a word or two."""
    return _WORDS.get(doubt.doubt, doubt.doubt)


def known(doubt: DoubtView) -> str:
    """Return what is known of the order, with every id that may be it."""
    said = [doubt.reason or _unsaid(doubt)]
    if doubt.order_id and doubt.order_id not in said[0]:
        what = "order that was to be replaced" if doubt.is_replacement else "order"
        said.append(f"{what} {doubt.order_id}")
    unnamed = [one for one in doubt.candidates if one not in said[0]]
    if unnamed:
        what = "may have taken its place" if doubt.is_replacement else "looks like it"
        said.append(f"order {' and '.join(unnamed)} {what}")
    return "; ".join(said)


def _unsaid(doubt: DoubtView) -> str:
    return "sent, not answered" if doubt.doubt == "sending" else "nobody knows what became of it"


def doing(doubt: DoubtView, clock: Clock) -> str:
    """Return what is being done about it, and when it may come to something."""
    if doubt.waits_for == "nobody":
        return _NOBODY
    if doubt.trouble:
        return f"the list of {doubt.account} is NOT read: {doubt.trouble}; nothing is decided"
    if doubt.waits_for == "answer":
        return _WAITING
    reads = f"{doubt.reads} complete read{'s' * (doubt.reads != 1)} so far"
    return "; ".join(
        (f"reading the list of {doubt.account}{_pace(doubt)}", reads, *_ends(doubt, clock))
    )


def _pace(doubt: DoubtView) -> str:
    return f" every {doubt.every_s:g} s" if doubt.every_s is not None else ""


def _ends(doubt: DoubtView, clock: Clock) -> list[str]:
    if doubt.waits_for == "person" or doubt.decides is None:
        return []
    what = _FOR_PROBABLE if doubt.doubt == "probable" else _FOR_UNKNOWN
    if doubt.order_id is not None:
        what = f"order {doubt.order_id} is asked for by its id"
    what = _FOR_REPLACEMENTS if doubt.is_replacement else what
    ends = [f"from {clock(doubt.decides)} on {what}"]
    if doubt.absent_from is not None:
        ends.append(f"probably absent from {clock(doubt.absent_from)} on")
    return ends


def may(doubt: DoubtView) -> str:
    """Return what the operator may do; the commands for it are the doubt's own."""
    return _MAY.get(doubt.waits_for, _MAY["reads"])


def hands_off(doubt: DoubtView) -> str:
    """Return what must not be done meanwhile."""
    return f"do not re-enter this order in {doubt.account}"
