"""What the broker at the port can be told to do with a request to replace."""

from __future__ import annotations

from enum import StrEnum


class ReplaceAct(StrEnum):
    """What the broker does with one account's next request to replace."""

    TAKE = "take"
    FILL_FIRST = "fill_first"
    """The old order fills before the request arrives, which is refused."""
    FILL_BETWEEN = "fill_between"
    """The request is taken, then the old order fills and the new one is rejected."""
    PARTIAL_FIRST = "partial_first"
    """Half of the old order fills before it is replaced by a whole one."""
    REJECT = "reject"
    REFUSE = "refuse"
    LOSE = "lose"
    TAKE_AND_LOSE_ANSWER = "take_and_lose_answer"
    FILL_AND_LOSE_ANSWER = "fill_and_lose_answer"
    LATE = "late"
    """The connection breaks, and the broker carries the request out a while later."""
    TAKE_WITHOUT_ID = "take_without_id"
    NAME_THE_OLD_ORDER = "name_the_old_order"
    HANG = "hang"
    NOT_SENT = "not_sent"
    FORGET = "forget"
