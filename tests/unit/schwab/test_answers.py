from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swimdesk.schwab.answers import (
    BODY_LIMIT,
    HEAD_LIMIT,
    AnswerReader,
    MalformedAnswer,
    Response,
    whole_answer,
)

PLAIN = b"HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nhel\r\n2;note=1\r\nlo\r\n0\r\n\r\n"
)


def read(data: bytes) -> Response | None:
    return AnswerReader().feed(data)


@given(st.sampled_from([PLAIN, CHUNKED]), st.lists(st.integers(1, 120), max_size=20))
def test_answer_is_the_same_however_its_bytes_arrive(data: bytes, cuts: list[int]) -> None:
    reader = AnswerReader()
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    answers = [reader.feed(data[a:b]) for a, b in itertools.pairwise(edges)]
    assert answers[:-1] == [None] * (len(answers) - 1)
    last = answers[-1]
    assert last is not None
    assert last.body == b"hello"
    assert last.keep_alive
    assert not reader.has_leftover


@pytest.mark.parametrize("whole", [PLAIN, CHUNKED], ids=["plain", "chunked"])
def test_no_part_of_an_answer_is_an_answer(whole: bytes) -> None:
    for length in range(len(whole)):
        reader = AnswerReader()
        assert reader.feed(whole[:length]) is None
        with pytest.raises(MalformedAnswer):
            reader.end()


def test_answer_without_a_length_ends_with_the_connection() -> None:
    reader = AnswerReader()
    assert reader.feed(b"HTTP/1.1 403 Forbidden\r\n\r\nno") is None
    answer = reader.end()
    assert (answer.status, answer.body, answer.keep_alive) == (403, b"no", False)


@pytest.mark.parametrize("read_it", [read, whole_answer])
def test_answer_shows_nothing_that_stands_for_an_account(
    read_it: Callable[[bytes], Response | None],
) -> None:
    data = PLAIN.replace(b"/x", b"/trader/v1/accounts/ABCDEF0123/orders/1")
    answer = read_it(data)
    assert answer is not None
    assert "ABCDEF0123" in (answer.location or "")
    assert "ABCDEF0123" not in repr(answer)


def test_header_names_are_lower_case_and_repeated_ones_are_joined() -> None:
    answer = read(b"HTTP/1.1 204 X\r\nA-b:  one \r\na-B: two\r\n\r\n")
    assert answer is not None
    assert answer.headers == {"a-b": "one, two"}


@pytest.mark.parametrize(
    ("head", "keep_alive"),
    [
        (b"HTTP/1.1 204 X\r\n\r\n", True),
        (b"HTTP/1.1 204\r\n\r\n", True),
        (b"HTTP/1.1 204 X\r\nConnection: close\r\n\r\n", False),
        (b"HTTP/1.1 204 X\r\nConnection: upgrade, Close\r\n\r\n", False),
        (b"HTTP/1.0 204 X\r\n\r\n", False),
        (b"HTTP/1.0 204 X\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_connection_is_kept_only_where_the_answer_says_so(head: bytes, keep_alive: bool) -> None:
    answer = read(head)
    assert answer is not None
    assert answer.keep_alive is keep_alive


def test_bytes_after_the_answer_are_left_over() -> None:
    reader = AnswerReader()
    assert reader.feed(PLAIN + b"H") is not None
    assert reader.has_leftover


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HTTP/2 201\r\n\r\n", id="another version"),
        pytest.param(b"SSH-2.0-x\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 2x1 X\r\n\r\n", id="status"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="100"),
        pytest.param(b"HTTP/1.1 101 Switching\r\n\r\n", id="101"),
        pytest.param(b"HTTP/1.1 201 X\r\nNo colon\r\n\r\n", id="header without colon"),
        pytest.param(b"HTTP/1.1 201 X\r\nA: b\r\n folded\r\n\r\n", id="folded header"),
        pytest.param(b"HTTP/1.1 201 X\r\nA : b\r\n\r\n", id="blank before the colon"),
        pytest.param(b"HTTP/1.1 201 X\r\nA: b\x00\r\n\r\n", id="control character"),
        pytest.param(b"HTTP/1.1 201 X\r\nContent-Length: -1\r\n\r\n", id="negative length"),
        pytest.param(b"HTTP/1.1 201 X\r\nContent-Length: 1, 1\r\n\r\n", id="length twice"),
        pytest.param(
            b"HTTP/1.1 201 X\r\nContent-Length: %d\r\n\r\n" % (BODY_LIMIT + 1), id="too long"
        ),
        pytest.param(
            b"HTTP/1.1 201 X\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            id="both lengths",
        ),
        pytest.param(b"HTTP/1.1 201 X\r\nTransfer-Encoding: gzip\r\n\r\n", id="coding"),
        pytest.param(b"HTTP/1.0 201 X\r\nTransfer-Encoding: chunked\r\n\r\n", id="chunked 1.0"),
        pytest.param(CHUNKED.replace(b"3\r\n", b"xyz\r\n"), id="chunk length"),
        pytest.param(CHUNKED.replace(b"3\r\n", b"2\r\n"), id="chunk too long"),
        pytest.param(CHUNKED.replace(b"0\r\n", b"0\r\nA: b\r\n"), id="trailer"),
        pytest.param(CHUNKED[:57] + b"1" * 300, id="endless chunk line"),
        pytest.param(b"HTTP/1.1 201 X\r\nA: " + b"b" * HEAD_LIMIT, id="endless head"),
        pytest.param(
            b"HTTP/1.1 201 X\r\n\r\n" + b"b" * (BODY_LIMIT + 1), id="endless body without length"
        ),
    ],
)
def test_what_is_not_plainly_one_final_answer_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        read(data)


@given(st.binary(max_size=400))
def test_any_bytes_are_an_answer_or_refused_or_awaited(data: bytes) -> None:
    reader = AnswerReader()
    try:
        answer = reader.feed(b"HTTP/1.1 " + data)
    except MalformedAnswer:
        return
    assert answer is None or 200 <= answer.status <= 999
