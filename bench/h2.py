"""As much of HTTP/2 as a burst of orders needs: frames, and headers without a table or Huffman."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, WINDOW_UPDATE = 0x0, 0x1, 0x4, 0x8
ACK = END_STREAM = 0x1
END_HEADERS: Final = 0x4
TAKEN_STATUS: Final = b"\x08\x03201"
"""A literal of the name at place 8 of the static table, which is ``:status``."""

_FRAME_HEAD: Final = 9
_PLENTY: Final = 1 << 30
_MAX_STREAMS, _INITIAL_WINDOW = 0x3, 0x4
_LONGEST_TEXT: Final = 126
_PATH: Final = re.compile(rb"/trader/v1/accounts/([0-9A-Za-z_-]+)/orders")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return the bytes of a frame."""
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
    return head + payload


def frames(buffer: bytearray) -> Iterator[Frame]:
    """Take every whole frame out of the buffer."""
    while len(buffer) >= _FRAME_HEAD:
        end = _FRAME_HEAD + int.from_bytes(buffer[:3], "big")
        if len(buffer) < end:
            return
        stream = int.from_bytes(buffer[5:9], "big")
        whole = Frame(buffer[3], buffer[4], stream, bytes(buffer[_FRAME_HEAD:end]))
        del buffer[:end]
        yield whole


def hello() -> bytes:
    """Return the settings of either side: room for as many streams and bytes as a run needs."""
    settings = b"".join(
        name.to_bytes(2, "big") + value.to_bytes(4, "big")
        for name, value in ((_MAX_STREAMS, _PLENTY), (_INITIAL_WINDOW, _PLENTY))
    )
    window = frame(WINDOW_UPDATE, 0, 0, _PLENTY.to_bytes(4, "big"))
    return frame(SETTINGS, 0, 0, settings) + window


def literals(headers: Mapping[str, str]) -> bytes:
    """Return headers as literals that no table takes up."""
    return b"".join(b"\x00" + _text(name) + _text(value) for name, value in headers.items())


def order(stream: int, headers: bytes, body: bytes) -> bytes:
    """Return the two frames of an order."""
    return frame(HEADERS, END_HEADERS, stream, headers) + frame(DATA, END_STREAM, stream, body)


def account_of(headers: bytes) -> bytes | None:
    """Return the account that a request's path names; None where it is no order."""
    found = _PATH.search(headers)
    return found[1] if found else None


def taken(stream: int, account: bytes, order_id: int) -> bytes:
    """Return the answer to an order that was taken under that id."""
    place = f"https://127.0.0.1/trader/v1/accounts/{account.decode()}/orders/{order_id}"
    headers = TAKEN_STATUS + literals({"location": place, "schwab-client-correlid": f"{order_id}"})
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, headers)


def _text(text: str) -> bytes:
    raw = text.encode()
    if len(raw) <= _LONGEST_TEXT:
        return bytes((len(raw),)) + raw
    rest = len(raw) - _LONGEST_TEXT - 1
    digits = bytearray((_LONGEST_TEXT + 1,))
    while rest >= 0x80:
        digits.append(0x80 | rest & 0x7F)
        rest >>= 7
    digits.append(rest)
    return bytes(digits) + raw
