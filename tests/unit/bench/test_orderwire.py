"""Requests out of a buffer: whole ones only, in order, however they were cut."""

from __future__ import annotations

from swimdesk.bench.orderwire import Asked, asked

BODY = b'{"orderType":"MARKET"}'


def order(account: str, method: str = "POST", place: str = "") -> bytes:
    head = (
        f"{method} /trader/v1/accounts/{account}/orders{place} HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    return head.encode() + BODY


def test_several_requests_of_one_read_come_out_in_order() -> None:
    buffer = bytearray(order("A") + order("B") + order("C", "PUT", "/17"))
    assert [one.account for one in asked(buffer)] == [b"A", b"B", b"C"]
    assert buffer == b""


def test_a_request_comes_out_once_wherever_it_is_cut() -> None:
    whole = order("A")
    for cut in range(len(whole)):
        buffer = bytearray(whole[:cut])
        assert list(asked(buffer)) == []
        buffer += whole[cut:] + whole[:5]
        assert list(asked(buffer)) == [Asked(b"A")]
        assert buffer == whole[:5]


def test_what_is_no_order_has_no_account() -> None:
    buffer = bytearray(b"GET /trader/v1/accounts/accountNumbers HTTP/1.1\r\nHost: x\r\n\r\n")
    assert list(asked(buffer)) == [Asked(None)]


def test_an_account_without_orders_in_its_path_is_no_order() -> None:
    buffer = bytearray(b"POST /trader/v1/accounts/A/previewOrder HTTP/1.1\r\n\r\n")
    assert list(asked(buffer)) == [Asked(None)]
