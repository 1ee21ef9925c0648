"""How bytes are kept from others on a connection: TLS over memory, or not at all.

TLS is spoken into memory rather than over a socket, so that the record of an order can be made
before it may leave; what is left for the burst is one plain write (performance 1).
"""

from __future__ import annotations

import contextlib
import ssl
from typing import Final, Protocol

MOST_BYTES: Final = 4096
"""What is read at once; an answer to an order is smaller."""


class SecrecyBroken(Exception):
    """What came is not what the other side of this connection would have sent."""


class Secrecy(Protocol):
    """The two directions of one connection."""

    has_ended: bool
    """Whether the other side said in so many words that it will send no more."""

    @property
    def is_end_proven(self) -> bool:
        """Whether an end of the connection that comes now is the other side's own doing."""
        ...

    def greet(self, data: bytes) -> tuple[bytes, bool]:
        """Take bytes of the greeting; return what to answer and whether it is over; SSLError."""
        ...

    def seal(self, plain: bytes) -> bytes:
        """Return the bytes to write; they must be the next that are written. SecrecyBroken."""
        ...

    def open(self, data: bytes) -> bytes:
        """Return what arrived bytes say, perhaps nothing yet; SecrecyBroken."""
        ...

    def farewell(self) -> bytes:
        """Return what is to be written before the connection is ended in order."""
        ...


class Tls:
    """TLS of one connection; the certificate is checked against ``server_name``."""

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self.has_ended = False

    @property
    def is_end_proven(self) -> bool:
        """Whether close_notify came: anybody on the way can end a connection without it."""
        return self.has_ended

    def greet(self, data: bytes) -> tuple[bytes, bool]:
        """Take bytes of the handshake; SSLError where there can be no trust."""
        if data:
            self._incoming.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return self._outgoing.read(), False
        return self._outgoing.read(), True

    def seal(self, plain: bytes) -> bytes:
        """Return the record; records count, so it must be the next that is written."""
        try:
            self._tls.write(plain)
        except ssl.SSLError as error:
            raise SecrecyBroken("TLS takes nothing at this moment") from error
        return self._outgoing.read()

    def open(self, data: bytes) -> bytes:
        """Return what whole records say; tickets and other matters of TLS say nothing."""
        self._incoming.write(data)
        plain = last = self._read()
        while last and (self._incoming.pending or len(last) == MOST_BYTES):
            last = self._read()
            plain += last
        return plain

    def _read(self) -> bytes:
        try:
            plain = self._tls.read(MOST_BYTES)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLError as error:
            raise SecrecyBroken("what came is not TLS") from error
        # Nothing at all, and no error: close_notify.
        self.has_ended = not plain
        return plain

    def farewell(self) -> bytes:
        """Return close_notify; whether the other side says it too is not waited for."""
        # It wants the other side's as well, or cannot be said any more.
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        return self._outgoing.read()


class Clear:
    """No secrecy: for servers of tests that care about single bytes."""

    has_ended = False
    is_end_proven = True

    def greet(self, data: bytes) -> tuple[bytes, bool]:
        """Need no greeting."""
        return b"", True

    def seal(self, plain: bytes) -> bytes:
        """Return the bytes as they are."""
        return plain

    def open(self, data: bytes) -> bytes:
        """Return the bytes as they are."""
        return data

    def farewell(self) -> bytes:
        """Say nothing."""
        return b""
