"""HTTP over TLS as uvicorn speaks it, with the connection itself in the application's hands."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from http import HTTPStatus
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from swimdesk.sim.messages import SimResponse
from swimdesk.sim.traffic import Traffic

CONNECTION: Final = "swimdesk.connection"
_LINGER_NOT_AT_ALL: Final = struct.pack("ii", 1, 0)


class SimProtocol(HttpToolsProtocol):
    """Count connections and hand each request's transport to the application."""

    traffic: ClassVar[Traffic]
    number = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection."""
        super().connection_made(transport)
        self.number = self.traffic.connection_opened()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self.traffic.connection_closed(self.number)

    def on_message_begin(self) -> None:
        """Put the transport and the connection's number into the scope of the next request."""
        super().on_message_begin()
        self.scope["extensions"] = {
            CONNECTION: {"transport": self.transport, "number": self.number}
        }


def protocol_counting(traffic: Traffic) -> type[SimProtocol]:
    """Return the protocol class of one server: uvicorn makes its instances, one a connection."""

    class CountedProtocol(SimProtocol):
        pass

    CountedProtocol.traffic = traffic
    return CountedProtocol


def header_lines(response: SimResponse) -> list[tuple[bytes, bytes]]:
    """Return a response's headers as sent; length always, type where there is a body."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.body:
        headers.setdefault("content-type", "application/json")
    headers["content-length"] = str(len(response.body))
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]


def first_half(response: SimResponse) -> bytes:
    """Return what a connection that breaks midway has carried of a response."""
    phrase = HTTPStatus(response.status).phrase.encode("ascii")
    lines = [b"HTTP/1.1 %d %s" % (response.status, phrase)]
    lines += [b"%s: %s" % header for header in header_lines(response)]
    whole = b"\r\n".join(lines) + b"\r\n\r\n" + response.body
    return whole[: len(whole) // 2]


def reset(transport: asyncio.Transport) -> None:
    """Close a connection by a TCP reset: the peer sees it break, not end."""
    sock = transport.get_extra_info("socket")
    # A duplicate is the one way to set the option on uvloop's and asyncio's transports alike.
    with socket.socket(fileno=os.dup(sock.fileno())) as duplicate:
        duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
    transport.abort()
