"""Between two waves: whether what became of the earlier ones lets the next one leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from swimdesk.domain.broadcast import Line
from swimdesk.domain.orders import LineState

UNKNOWN_LIMIT: Final = 2
REFUSED_LIMIT: Final = 3
REJECTED_SHARE: Final = Fraction(1, 5)
"""More than this share of the accepted orders rejected afterwards stops the rest."""

_BAD: Final = (LineState.REFUSED, LineState.IN_DOUBT, LineState.NOT_SENT, LineState.REJECTED)


def why_stop(lines: Iterable[Line], *, stop_on_refuse: bool) -> str | None:
    """Return why no further wave may leave, None if it may (reliability R23, R24).

    With ``stop_on_refuse`` one line that came to nothing is enough.
    """
    lines = tuple(lines)
    states = Counter(line.state for line in lines)
    bad = [line.account for line in lines if line.state in _BAD]
    if stop_on_refuse and bad:
        return f"{bad[0]} in an earlier wave was not accepted or not kept"
    if states[LineState.IN_DOUBT] >= UNKNOWN_LIMIT:
        return f"{states[LineState.IN_DOUBT]} lines of earlier waves are in doubt"
    if states[LineState.REFUSED] >= REFUSED_LIMIT:
        return f"{states[LineState.REFUSED]} lines of earlier waves were refused"
    accepted, rejected = sum(line.accepted for line in lines), states[LineState.REJECTED]
    if accepted and Fraction(rejected, accepted) > REJECTED_SHARE:
        return f"{rejected} of {accepted} orders of earlier waves were rejected"
    return None
