"""A strict reader of HTTP/1.1 answers for the order lane: whole answers or nothing.

An order's fate hangs on its answer, so whatever is not plainly one final, complete answer is
refused with MalformedAnswer; the caller then knows that it knows nothing (reliability 2.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

HEAD_LIMIT: Final = 32_768
BODY_LIMIT: Final = 262_144
_CHUNK_LINE_LIMIT: Final = 256

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [\x20-\x7e\x80-\xff\t]*)?")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x20-\x7e\x80-\xff\t]*?)[ \t]*")
_NAME, _VALUE = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", rb"[\x20-\x7e\x80-\xff\t]*"
# The head of an answer as brokers write it, its usual headers caught on the way and each at most
# once. What bears on where the answer ends and is written in any other way does not match.
_WHOLE_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-9]\d\d)(?: " + _VALUE + rb")?\r\n"
    rb"((?:(?:"
    rb"(?(3)(?!)|[Ll]ocation:[ \t]*(" + _VALUE + rb"))"
    rb"|(?(4)(?!)|[Cc]ontent-[Ll]ength:[ \t]*(0|[1-9]\d{0,6})[ \t]*)"
    rb"|(?(5)(?!)|[Ss]chwab-[Cc]lient-[Cc]orrel[Ii]d:[ \t]*(" + _VALUE + rb"))"
    rb"|(?(6)(?!)|[Cc]onnection:[ \t]*([Kk]eep-[Aa]live)[ \t]*)"
    rb"|(?!(?i:location|content-length|schwab-client-correlid|connection|transfer-encoding):)"
    + _NAME + rb":" + _VALUE + rb")\r\n)+)\r\n"
)  # fmt: skip
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\x20-\x7e\t]*)?")
_LENGTH = re.compile(r"\d{1,9}")
_WITHOUT_BODY: Final = frozenset({204, 304})
_WITHOUT_BODY_TEXTS: Final = frozenset(b"%d" % status for status in _WITHOUT_BODY)


class MalformedAnswer(Exception):
    """Bytes that are not one complete final answer; the text says what was wrong."""


# Not frozen: thousands come at once, and a frozen one takes twice as long to make.
@dataclass(slots=True)
class Response:
    """A complete answer; header names are lower-case, a repeated header is joined by a comma.

    What an accepted order is told by is at hand; all headers are read when they are asked for.
    """

    status: int
    body: bytes = field(repr=False)
    keep_alive: bool
    lines: bytes = field(repr=False, compare=False)
    """The lines of the headers, each with its end."""
    location: str | None = field(default=None, repr=False)
    correlation_id: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """All headers by their names."""
        found: dict[str, str] = {}
        for line in self.lines.split(b"\r\n")[:-1]:
            _add_header(found, line)
        return found


def whole_answer(data: bytes) -> Response | None:
    """Read an answer that came in one piece, as nearly all do; None leaves it to AnswerReader.

    It takes nothing that AnswerReader would not, and reads it alike, at a sixth of the cost: the
    answers to a burst come all at once, and the last one waits for those before it.
    """
    head = _WHOLE_HEAD.match(data)
    if head is None:
        return None
    status, lines, location, length, correlation_id, _ = head.groups()
    end = head.end()
    if length is None or end + int(length) != len(data) or status in _WITHOUT_BODY_TEXTS:
        return None
    if end > HEAD_LIMIT or len(data) - end > BODY_LIMIT:
        return None
    return Response(
        int(status),
        data[end:],
        True,
        lines,
        None if location is None else location.decode("latin-1").rstrip(" \t"),
        None if correlation_id is None else correlation_id.decode("latin-1").rstrip(" \t"),
    )


def _add_header(headers: dict[str, str], line: bytes) -> None:
    """Take one header line in; MalformedAnswer if it is none."""
    found = _HEADER.fullmatch(line)
    if not found:
        raise MalformedAnswer("a header of the answer is malformed")
    name, value = found[1].decode().lower(), found[2].decode("latin-1")
    known = headers.get(name)
    headers[name] = value if known is None else f"{known}, {value}"


class AnswerReader:
    """Take the bytes of one answer as they come and give the answer once it is whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._step: Callable[[], bool] = self._read_head
        self._http_10 = False
        self._remaining = 0
        self._body = bytearray()
        self._headers: dict[str, str] = {}
        self._lines = b""
        self._response: Response | None = None
        self.status = 0
        """The status of the answer's first line; 0 before it came."""

    @property
    def has_leftover(self) -> bool:
        """Whether bytes came that do not belong to the answer."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Response | None:
        """Take more bytes; return the answer when it is whole, raise MalformedAnswer."""
        self._buffer += data
        while self._response is None and self._step():
            pass
        return self._response

    def end(self) -> Response:
        """Take the end of the connection: an answer without a length ends here."""
        # Methods of one object compare equal, but are not the same object.
        if self._step == self._read_until_end:
            return self._finish(keep_alive=False)
        raise MalformedAnswer("the connection ended within the answer")

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end > HEAD_LIMIT or (end < 0 and len(self._buffer) > HEAD_LIMIT):
            raise MalformedAnswer("the answer's headers are too long")
        if end < 0:
            self._refuse_early()
            return False
        status_line, _, self._lines = bytes(self._buffer[: end + 2]).partition(b"\r\n")
        del self._buffer[: end + 4]
        self._read_status_line(status_line)
        for line in self._lines.split(b"\r\n")[:-1]:
            _add_header(self._headers, line)
        self._step = self._body_step()
        return True

    def _refuse_early(self) -> None:
        """Refuse what cannot become an answer before its end is awaited in vain."""
        if not b"HTTP/1.".startswith(bytes(self._buffer[:7])):
            raise MalformedAnswer("the answer is not HTTP/1.1")

    def _read_status_line(self, line: bytes) -> None:
        found = _STATUS_LINE.fullmatch(line)
        if not found:
            raise MalformedAnswer("the answer's first line is not HTTP/1.1")
        self._http_10 = found[1] == b"0"
        self.status = int(found[2])
        if self.status < 200:
            raise MalformedAnswer(f"the answer is the interim status {self.status}")

    def _body_step(self) -> Callable[[], bool]:
        """Choose how the body ends (RFC 9112 section 6.3), refusing what is ambiguous."""
        coding = self._headers.get("transfer-encoding")
        length = self._headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None or self._http_10:
                raise MalformedAnswer("the answer's length is ambiguous")
            return self._read_chunk_line
        if self.status in _WITHOUT_BODY:
            return self._read_exactly
        if length is None:
            return self._read_until_end
        if not _LENGTH.fullmatch(length) or int(length) > BODY_LIMIT:
            raise MalformedAnswer("the answer's length is not usable")
        self._remaining = int(length)
        return self._read_exactly

    def _read_exactly(self) -> bool:
        self._take(self._remaining)
        if self._remaining == 0:
            self._finish(keep_alive=self._wants_keep_alive())
        return False

    def _read_until_end(self) -> bool:
        self._take(len(self._buffer))
        return False

    def _read_chunk_line(self) -> bool:
        line = self._line()
        if line is None:
            return False
        found = _CHUNK_LINE.fullmatch(line)
        if not found:
            raise MalformedAnswer("a chunk of the answer is malformed")
        self._remaining = int(found[1], 16)
        self._step = self._read_chunk if self._remaining else self._read_trailer
        return True

    def _read_chunk(self) -> bool:
        self._take(self._remaining)
        if self._remaining or len(self._buffer) < 2:
            return False
        if self._buffer[:2] != b"\r\n":
            raise MalformedAnswer("a chunk of the answer is longer than it says")
        del self._buffer[:2]
        self._step = self._read_chunk_line
        return True

    def _read_trailer(self) -> bool:
        line = self._line()
        if line is None:
            return False
        if line:
            raise MalformedAnswer("the answer has a trailer")
        self._finish(keep_alive=self._wants_keep_alive())
        return False

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", 0, _CHUNK_LINE_LIMIT)
        if end < 0:
            if len(self._buffer) >= _CHUNK_LINE_LIMIT:
                raise MalformedAnswer("a chunk of the answer is malformed")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _take(self, count: int) -> None:
        taken = self._buffer[:count]
        del self._buffer[:count]
        self._body += taken
        self._remaining = max(0, self._remaining - len(taken))
        if len(self._body) > BODY_LIMIT:
            raise MalformedAnswer("the answer's body is too long")

    def _wants_keep_alive(self) -> bool:
        options = {o.strip() for o in self._headers.get("connection", "").lower().split(",")}
        return "close" not in options and (not self._http_10 or "keep-alive" in options)

    def _finish(self, *, keep_alive: bool) -> Response:
        self._response = Response(
            self.status,
            bytes(self._body),
            keep_alive,
            self._lines,
            self._headers.get("location"),
            self._headers.get("schwab-client-correlid"),
        )
        return self._response
