"""Orders as the responder reads them, and the answers that it gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]{1,9})\r\n", re.IGNORECASE)
_ORDER: Final = re.compile(rb"(?:POST|PUT) /trader/v1/accounts/([0-9A-Za-z_-]+)/orders[/ ]")

NOTHING: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
"""What is said to a request that is no order: whatever keeps a connection warm."""

_TAKEN: Final = (
    b"HTTP/1.1 201 Created\r\n"
    b"Location: https://127.0.0.1/trader/v1/accounts/%b/orders/%d\r\n"
    b"Content-Length: 0\r\n"
    b"Schwab-Client-CorrelId: 123e4567-e89b-12d3-a456-%012d\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A whole request; ``account`` is what an order's path names, None for anything else."""

    account: bytes | None


def asked(buffer: bytearray) -> Iterator[Asked]:
    """Take every whole request out of the buffer, in order; what is cut off stays in it."""
    while (head := buffer.find(_HEAD_END)) >= 0:
        found = _LENGTH.search(buffer, 0, head + 2)
        end = head + len(_HEAD_END) + (int(found[1]) if found else 0)
        if len(buffer) < end:
            return
        order = _ORDER.match(buffer)
        account = bytes(order[1]) if order else None
        del buffer[:end]
        yield Asked(account)


def taken(account: bytes, order_id: int) -> bytes:
    """Return the answer to an order that was taken under that id."""
    return _TAKEN % (account, order_id, order_id)
