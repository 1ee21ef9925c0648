"""Whose turn it is to get what rounding leaves over; kept, so that broadcasts take turns."""

from __future__ import annotations

from swimdesk.desk.ports import Journal

_NAME = "remainder_turn"


async def current_turn(journal: Journal) -> int:
    """Return how many broadcasts with a rotating remainder there were."""
    known = await journal.fact(_NAME) or ""
    return int(known) if known.isascii() and known.isdigit() else 0


async def pass_turn(journal: Journal) -> None:
    """Let the next broadcast begin with the next account."""
    await journal.keep_fact(_NAME, str(await current_turn(journal) + 1))
