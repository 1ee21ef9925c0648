from __future__ import annotations

import pytest

from swimdesk.desk.ports import OutcomeKind
from swimdesk.schwab.answers import AnswerReader
from swimdesk.schwab.outcomes import FAULTS, Answer, Fault, outcome_of

HASH = "0A1B2C3D" * 8
OTHER = "FFFFFFFF" * 8
ID = "1005000000001"
ACCEPTED, REFUSED = OutcomeKind.ACCEPTED, OutcomeKind.REFUSED
NOT_SENT, UNKNOWN = OutcomeKind.NOT_SENT, OutcomeKind.UNKNOWN


def answered(status: int, body: bytes = b"", **headers: str) -> Answer:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *lines]
    response = AnswerReader().feed("\r\n".join((*head, "", "")).encode("latin-1") + body)
    return Answer("ref", "FAM-07", response, sent_ns=1, first_byte_ns=2, acked_ns=3)


def location(account_hash: str = HASH, order_id: str = ID) -> str:
    return f"https://api.broker.test/trader/v1/accounts/{account_hash}/orders/{order_id}"


@pytest.mark.parametrize(
    "where", [location(), location(HASH.lower()), location().partition("test")[2], location() + "/"]
)
def test_201_with_our_location_is_accepted_with_its_id(where: str) -> None:
    outcome = outcome_of(answered(201, Location=where), HASH)
    assert (outcome.kind, outcome.order_id, outcome.reason) == (ACCEPTED, ID, None)
    assert (outcome.sent_ns, outcome.first_byte_ns, outcome.acked_ns) == (1, 2, 3)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no Location"),
        pytest.param({"Location": location(OTHER)}, id="another account"),
        pytest.param({"Location": location(order_id="")}, id="no id"),
        pytest.param({"Location": location(order_id="0")}, id="zero id"),
        pytest.param({"Location": location(order_id="12a")}, id="odd id"),
        pytest.param({"Location": location() + "?a=1"}, id="query"),
        pytest.param({"Location": "https://elsewhere.test/"}, id="another path"),
        pytest.param({"Location": f"{location()}, {location(OTHER)}"}, id="two Locations"),
        pytest.param({"Location": ""}, id="empty"),
    ],
)
def test_201_without_a_usable_location_is_accepted_without_id(headers: dict[str, str]) -> None:
    outcome = outcome_of(answered(201, b"", **headers), HASH)
    assert (outcome.kind, outcome.order_id) == (ACCEPTED, None)
    assert outcome.reason is not None
    assert "not known" in outcome.reason


def test_location_is_not_believed_for_an_account_whose_hash_is_not_known() -> None:
    assert outcome_of(answered(201, Location=location()), None).order_id is None


@pytest.mark.parametrize("status", [400, 401, 403, 429])
@pytest.mark.parametrize(
    "body", [b"", b'{"message":"no"}', b"<html>Access Denied</html>", b"plain"]
)
def test_plain_no_is_refused(status: int, body: bytes) -> None:
    outcome = outcome_of(answered(status, body), HASH)
    assert (outcome.kind, outcome.status, outcome.order_id) == (REFUSED, status, None)


@pytest.mark.parametrize(
    "body",
    [
        b'{"errors":[{"status":500,"title":"Internal Server Error"}]}',
        b'{"errors":[{"status":"500"}]}',
        b'{"message":"no',
    ],
)
def test_400_around_a_500_or_damaged_is_unknown(body: bytes) -> None:
    assert outcome_of(answered(400, body), HASH).kind is UNKNOWN


LISTED = {201, 400, 401, 403, 429}


@pytest.mark.parametrize("status", sorted(set(range(200, 600)) - LISTED))
def test_every_unlisted_status_is_unknown(status: int) -> None:
    outcome = outcome_of(answered(status, Location=location()), HASH)
    assert (outcome.kind, outcome.order_id) == (UNKNOWN, None)


EXPECTED = {
    Fault.NO_TOKEN: NOT_SENT,
    Fault.NO_ACCOUNT: NOT_SENT,
    Fault.NO_ORDER: NOT_SENT,
    Fault.NO_CONNECTION: NOT_SENT,
    Fault.CONNECTION_ENDED: NOT_SENT,
    Fault.WRITE_FAILED: UNKNOWN,
    Fault.RESET: UNKNOWN,
    Fault.END_OF_STREAM: UNKNOWN,
    Fault.MALFORMED: UNKNOWN,
    Fault.DEADLINE: UNKNOWN,
    Fault.ABANDONED: UNKNOWN,
}


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_its_row(fault: Fault) -> None:
    assert set(FAULTS) == set(Fault)
    outcome = outcome_of(Answer("ref", "FAM-07", fault=fault, detail="why", status=201), HASH)
    assert outcome.kind is EXPECTED[fault]
    assert outcome.order_id is None
    assert (outcome.reason or "").endswith("why")


def test_reason_names_neither_hash_nor_account_number() -> None:
    body = f'{{"message":"account 12345678 at {HASH} has no access \\u001b[0m"}}'.encode()
    reason = outcome_of(answered(403, body), HASH).reason or ""
    assert HASH not in reason
    assert "12345678" not in reason
    assert reason.isprintable()


def test_correlation_id_is_kept_for_the_brokers_support() -> None:
    outcome = outcome_of(answered(500, Schwab_Client_CorrelID="ab-12"), HASH)
    assert outcome.correlation_id == "ab-12"
