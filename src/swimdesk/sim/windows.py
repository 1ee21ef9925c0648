"""Reading the query of an order list: time window, number of rows, status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from swimdesk.sim.answers import INVALID_DATA

ACCOUNT_DAYS = 366
ALL_ACCOUNTS_DAYS = 60
MOST_ROWS = 3000
_DAY_S = 86_400
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$")
_STATUSES = frozenset(
    {
        "AWAITING_PARENT_ORDER",
        "AWAITING_CONDITION",
        "AWAITING_STOP_CONDITION",
        "AWAITING_MANUAL_REVIEW",
        "ACCEPTED",
        "AWAITING_UR_OUT",
        "PENDING_ACTIVATION",
        "QUEUED",
        "WORKING",
        "REJECTED",
        "PENDING_CANCEL",
        "CANCELED",
        "PENDING_REPLACE",
        "REPLACED",
        "FILLED",
        "EXPIRED",
        "NEW",
        "AWAITING_RELEASE_TIME",
        "PENDING_ACKNOWLEDGEMENT",
        "PENDING_RECALL",
        "UNKNOWN",
    }
)


class BadQuery(Exception):
    """A query that is answered with 400."""

    def __init__(self, text: str, *errors: str) -> None:
        super().__init__(text)
        self.text = text
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Window:
    """What a list asks for; times are epoch seconds, both ends included."""

    first_s: float
    last_s: float
    max_results: int
    status: str | None


def read_window(query: Mapping[str, str], now_s: int, limit_days: int | None) -> Window:
    """Read the query of an order list; BadQuery for what the API refuses.

    With ``limit_days`` the window must begin within so many days of today (UTC), else it must not
    be longer than a year.
    """
    first_s = _epoch_s(query, "fromEnteredTime")
    last_s = _epoch_s(query, "toEnteredTime")
    if limit_days is not None:
        # By days, not seconds: clients ask for "60 days ago" and arrive a moment later.
        if first_s < (now_s // _DAY_S - limit_days) * _DAY_S:
            raise BadQuery(f"fromEnteredTime must be within {limit_days} days of today")
    elif last_s - first_s > ACCOUNT_DAYS * _DAY_S:
        raise BadQuery("The range between fromEnteredTime and toEnteredTime is over one year")
    status = query.get("status")
    if status is not None and status not in _STATUSES:
        raise BadQuery(f"Invalid value '{status}'")
    rows = query.get("maxResults", str(MOST_ROWS))
    if not rows.isascii() or not rows.isdigit() or int(rows) < 1:
        raise BadQuery(f"'{rows}' is not a valid value for maxResults")
    return Window(first_s, last_s, min(int(rows), MOST_ROWS), status)


def _epoch_s(query: Mapping[str, str], key: str) -> float:
    text = query.get(key)
    if text is None:
        raise BadQuery(INVALID_DATA, f"Field: {key} - must not be null")
    wrong = BadQuery(f"'{text}' is not a valid value for {key}")
    if not _TIME.match(text):
        raise wrong
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise wrong from None
    return at.astimezone(UTC).timestamp()
