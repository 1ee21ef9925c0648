"""The one table of what may happen to a fired order -> what is then known (reliability 2.1).

Three rules: what provably never left is NOT_SENT; what the broker or its edge answered with a
plain no is REFUSED; everything else, and everything not listed, is UNKNOWN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from swimdesk.desk.ports import Outcome, OutcomeKind
from swimdesk.schwab.answers import Response
from swimdesk.schwab.problems import error_text, tells_of_internal_error
from swimdesk.schwab.values import clean
from swimdesk.telemetry.redaction import redact


class Fault(StrEnum):
    """Why a fired order has no complete answer."""

    NO_TOKEN = "no_token"  # noqa: S105 - a state, not a secret
    NO_ACCOUNT = "no_account"
    NO_ORDER = "no_order"
    NO_CONNECTION = "no_connection"
    CONNECTION_ENDED = "connection_ended"
    WRITE_FAILED = "write_failed"
    RESET = "reset"
    END_OF_STREAM = "end_of_stream"
    MALFORMED = "malformed"
    DEADLINE = "deadline"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fault or a status means, and the sentence that says so."""

    kind: OutcomeKind
    reason: str


_SENT_OFF = "the order may or may not be at the broker"

FAULTS: Final[dict[Fault, Verdict]] = {
    Fault.NO_TOKEN: Verdict(OutcomeKind.NOT_SENT, "no live access token; nothing was written"),
    Fault.NO_ACCOUNT: Verdict(
        OutcomeKind.NOT_SENT, "the broker's name for this account is not known; nothing was written"
    ),
    Fault.NO_ORDER: Verdict(
        OutcomeKind.NOT_SENT, "what is to be replaced is no order id; nothing was written"
    ),
    Fault.NO_CONNECTION: Verdict(OutcomeKind.NOT_SENT, "no connection; nothing was written"),
    Fault.CONNECTION_ENDED: Verdict(
        OutcomeKind.NOT_SENT, "the connection had ended before the order; nothing was written"
    ),
    Fault.WRITE_FAILED: Verdict(OutcomeKind.UNKNOWN, f"the order was cut off; {_SENT_OFF}"),
    Fault.RESET: Verdict(
        OutcomeKind.UNKNOWN, f"the connection broke before the answer; {_SENT_OFF}"
    ),
    Fault.END_OF_STREAM: Verdict(
        OutcomeKind.UNKNOWN, f"the connection ended before the answer; {_SENT_OFF}"
    ),
    Fault.MALFORMED: Verdict(OutcomeKind.UNKNOWN, f"the answer is not understood; {_SENT_OFF}"),
    Fault.DEADLINE: Verdict(OutcomeKind.UNKNOWN, f"no answer in time; {_SENT_OFF}"),
    Fault.ABANDONED: Verdict(
        OutcomeKind.UNKNOWN, f"the program stopped waiting for the answer; {_SENT_OFF}"
    ),
}

_REFUSED = Verdict(OutcomeKind.REFUSED, "the broker refused the order")
_NOT_OURS = Verdict(OutcomeKind.REFUSED, "the broker refused our access")

STATUSES: Final[dict[int, Verdict]] = {
    201: Verdict(OutcomeKind.ACCEPTED, "accepted"),
    400: _REFUSED,
    401: _NOT_OURS,
    403: _NOT_OURS,
    429: Verdict(OutcomeKind.REFUSED, "the broker asked us to slow down"),
}
"""Statuses that tell; every other one (1xx, other 2xx, 3xx, 408, 409, 425, 5xx …) is unknown.

A 200, 202 or 404 is not what the broker documents for placing an order: it may come from a
gateway that lost its way, before or behind the broker.
"""

UNLISTED: Final = Verdict(OutcomeKind.UNKNOWN, f"an answer that proves nothing; {_SENT_OFF}")
INTERNAL_ERROR: Final = Verdict(
    OutcomeKind.UNKNOWN, f"the answer tells of a failure inside the broker; {_SENT_OFF}"
)

_LOCATION = re.compile(
    r"(?:https?://[^/?#\s]+)?/trader/v1/accounts/(?P<hash>[0-9A-Za-z]{1,128})"
    r"/orders/(?P<id>[1-9][0-9]{0,19})/?"
)


# Not frozen: thousands come at once, and a frozen one takes twice as long to make.
@dataclass(slots=True)
class Answer:
    """What came back for one fired order: a complete response or a fault; stamps monotonic ns."""

    ref: str
    account: str
    response: Response | None = None
    fault: Fault | None = None
    detail: str = ""
    status: int | None = None
    sent_ns: int | None = None
    first_byte_ns: int | None = None
    acked_ns: int | None = None


def outcome_of(answer: Answer, account_hash: str | None) -> Outcome:
    """Return what is known about an order after its answer; nothing in it names the account."""
    response = answer.response
    if response is None:
        verdict = FAULTS[answer.fault or Fault.MALFORMED]
        reason = "; ".join(part for part in (verdict.reason, answer.detail) if part)
        return _outcome(answer, verdict.kind, reason)
    verdict = STATUSES.get(response.status, UNLISTED)
    if verdict.kind is OutcomeKind.ACCEPTED:
        return _accepted(answer, response, verdict, account_hash)
    headers = response.headers
    said = error_text(response.status, headers, response.body)
    if verdict.kind is OutcomeKind.REFUSED and tells_of_internal_error(headers, response.body):
        verdict = INTERNAL_ERROR
    return _outcome(answer, verdict.kind, f"{verdict.reason} (status {response.status}): {said}")


def _accepted(
    answer: Answer, response: Response, verdict: Verdict, account_hash: str | None
) -> Outcome:
    location = response.location
    if location is None:
        return _outcome(answer, verdict.kind, "accepted without a Location; its id is not known")
    found = _LOCATION.fullmatch(location)
    if found is None:
        return _outcome(
            answer, verdict.kind, "accepted with a Location that is not understood; id not known"
        )
    of_account, order_id = found.groups()
    if account_hash is None or of_account.lower() != account_hash.lower():
        return _outcome(
            answer, verdict.kind, "accepted with another account's Location; its id is not known"
        )
    return _outcome(answer, verdict.kind, None, order_id)


def _outcome(
    answer: Answer, kind: OutcomeKind, reason: str | None, order_id: str | None = None
) -> Outcome:
    response = answer.response
    correlation_id = response.correlation_id if response else None
    return Outcome(
        answer.ref,
        kind,
        order_id,
        response.status if response else answer.status,
        None if reason is None else clean(redact(reason)),
        None if correlation_id is None else clean(correlation_id, 80),
        answer.sent_ns,
        answer.first_byte_ns,
        answer.acked_ns,
    )
