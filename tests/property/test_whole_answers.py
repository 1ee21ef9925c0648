"""The quick way to read an answer gives what the strict reader gives, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from swimdesk.schwab.answers import AnswerReader, MalformedAnswer, Response, whole_answer

EXAMPLES = 1500
SPACE = st.sampled_from([b"", b" ", b"\t", b"  \t "])
VALUE = st.one_of(
    st.sampled_from([b"", b"a", b"a b", b"a,b", b"\xe4\xff", b'"x"', b"a:b", b"\x7f", b"\x00"]),
    st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=6).map(
        lambda text: text.encode("latin-1")
    ),
)
LENGTH = st.sampled_from(
    [b"0", b"5", b"05", b"+5", b"-5", b"5 ", b" 5", b"5,5", b"5, 5", b"0x5", b"5.", b"\xb2", b"",
     b"6", b"4", b"262144", b"262145", b"9999999999"]
)  # fmt: skip
CONNECTION = st.sampled_from(
    [b"keep-alive", b"Keep-Alive", b"KEEP-ALIVE", b"keep-alive, x", b"x, close", b"close", b"Close",
     b"CLOSE", b"close,keep-alive", b"keep-alive ,close", b"upgrade", b"", b"keep alive"]
)  # fmt: skip
NAMED = st.one_of(
    st.tuples(st.sampled_from([b"Content-Length", b"content-length"]), LENGTH),
    st.tuples(st.sampled_from([b"Connection", b"CONNECTION"]), CONNECTION),
    st.tuples(
        st.sampled_from([b"Transfer-Encoding", b"transfer-encoding"]),
        st.sampled_from([b"chunked", b"identity", b"gzip, chunked", b""]),
    ),
    st.tuples(st.sampled_from([b"A", b"a", b"B-c", b"X ", b"", b"\xe4", b"!~"]), VALUE),
)
STATUS_LINE = st.one_of(
    st.just(b"HTTP/1.1 201 Created"),
    st.tuples(
        st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2", b"http/1.1", b"HTTP/1.10"]),
        st.sampled_from([b" ", b"  ", b"\t"]),
        st.sampled_from([b"201", b"204", b"304", b"100", b"099", b"20", b"2011", b"999", b"400"]),
        st.sampled_from([b"", b" ", b" OK", b" \xe4\tx", b"OK", b" a\x00"]),
    ).map(b"".join),
)
LEGAL = st.one_of(
    st.tuples(st.just(b"Connection"), st.sampled_from([b"keep-alive", b"Keep-Alive"])),
    st.tuples(st.just(b"connection"), CONNECTION),
    st.tuples(
        st.sampled_from([b"A", b"a", b"Location", b"!~", b"Content-Encoding", b"Date", b"X-b"]),
        st.sampled_from([b"", b"a", b"a b", b"\xe4\xff", b"a:b", b"\t", b"a,"]),
    ),
)
BODY = st.sampled_from([b"", b"hello", b"\r\n\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"])


def header(named: tuple[bytes, bytes], before: bytes, after: bytes) -> bytes:
    return named[0] + b":" + before + named[1] + after


@st.composite
def proper_answers(draw: st.DrawFn) -> bytes:
    """Make an answer that says its length, in one of the spellings that are allowed."""
    body = draw(BODY)
    lines = draw(st.lists(st.builds(header, LEGAL, SPACE, SPACE), max_size=2))
    length = draw(st.sampled_from([b"Content-Length: %d", b"CONTENT-length:%03d\t"])) % len(body)
    lines.insert(draw(st.integers(0, len(lines))), length)
    status = draw(
        st.sampled_from([b"201 Created", b"400", b"503 \xe4\t", b"999 ", b"429 X", b"204 X"])
    )
    return b"\r\n".join([b"HTTP/1.1 " + status, *lines, b"", body])


@st.composite
def odd_answers(draw: st.DrawFn) -> bytes:
    """Make an answer out of parts that are right, odd or wrong."""
    lines = [draw(STATUS_LINE), *draw(st.lists(st.builds(header, NAMED, SPACE, SPACE), max_size=4))]
    end = draw(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"]))
    return end.join(lines) + end + end + draw(BODY)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Change, lose, double or cut bytes of an answer."""
    data = bytearray(draw(proper_answers()))
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, len(data)))
        change = draw(st.sampled_from(["put", "lose", "set", "cut", "double"]))
        byte = draw(st.sampled_from(b"\r\n\t :0159\x00\xff,aH/."))
        if change == "put":
            data.insert(place, byte)
        elif change == "cut":
            del data[place:]
        elif change == "double":
            data[place:place] = data[max(0, place - 9) : place]
        elif place < len(data):
            data[place : place + 1] = b"" if change == "lose" else bytes([byte])
    return bytes(data)


def read_strictly(data: bytes) -> tuple[Response | None, bool]:
    """Return what the strict reader makes of these bytes, and whether some are left over."""
    reader = AnswerReader()
    try:
        return reader.feed(data), reader.has_leftover
    except MalformedAnswer:
        return None, True


@settings(max_examples=EXAMPLES)
@given(st.one_of(proper_answers(), damaged(), odd_answers()))
@example(b"HTTP/1.1 201 X\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n")
@example(b"HTTP/1.1 201 X\r\nContent-Length: \xb2\r\n\r\nhe")
@example(b"HTTP/1.1 204 X\r\nContent-Length: 0\r\n\r\n")
@example(b"HTTP/1.1 201 X\r\nContent-Length: 0\r\nConnection: \r\n\r\n")
def test_whole_answer_is_what_the_strict_reader_reads(data: bytes) -> None:
    quick = whole_answer(data)
    if quick is not None:
        assert read_strictly(data) == (quick, False)
        assert quick.keep_alive


@settings(max_examples=EXAMPLES // 3)
@given(proper_answers(), st.integers(0, 120))
def test_answer_cut_anywhere_is_never_a_whole_one(data: bytes, cut: int) -> None:
    if whole_answer(data) is not None:
        part = data[: min(cut, len(data) - 1)]
        assert whole_answer(part) is None
        assert read_strictly(part)[0] is None


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 400\r\ncontent-length:\t5 \r\nconnection: Keep-Alive\r\n\r\nhello",
        b"HTTP/1.1 503 \xe4\r\nX:\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_plain_answer_is_read_the_quick_way(data: bytes) -> None:
    assert whole_answer(data) is not None


@pytest.mark.parametrize("status", [201, 400, 401, 403, 429, 500])
@pytest.mark.parametrize("size", [0, 1, 32_700, 262_144, 262_145])
def test_size_of_a_body_makes_no_difference_between_the_two(status: int, size: int) -> None:
    data = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, size) + b"x" * size
    quick = whole_answer(data)
    assert quick == read_strictly(data)[0]
    assert (quick is None) == (size == 262_145)


@pytest.mark.parametrize("size", range(32_700, 32_800, 3))
def test_head_that_is_too_long_for_one_is_too_long_for_both(size: int) -> None:
    data = b"HTTP/1.1 201 X\r\nContent-Length: 0\r\nA: " + b"a" * size + b"\r\n\r\n"
    quick = whole_answer(data)
    assert quick is None or read_strictly(data) == (quick, False)
