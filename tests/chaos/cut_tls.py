"""The server's side of one connection's secrecy: TLS over memory, or none."""

from __future__ import annotations

import contextlib
import ssl
from typing import Protocol

MOST_BYTES = 1 << 16


class Veil(Protocol):
    """Turns bytes of the wire into what they say, and back."""

    def greet(self, data: bytes) -> tuple[bytes, bool]:
        """Take bytes of the greeting; return what to answer and whether it is over."""
        ...

    def seal(self, plain: bytes) -> bytes:
        """Return the bytes of one record."""
        ...

    def open(self, data: bytes) -> bytes:
        """Return what these bytes and those before say."""
        ...

    def farewell(self) -> bytes:
        """Return close_notify."""
        ...


class TlsVeil:
    """TLS of one connection."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def greet(self, data: bytes) -> tuple[bytes, bool]:
        """Take bytes of the handshake."""
        self._incoming.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return self._outgoing.read(), False
        return self._outgoing.read(), True

    def seal(self, plain: bytes) -> bytes:
        """Return the record."""
        self._tls.write(plain)
        return self._outgoing.read()

    def open(self, data: bytes) -> bytes:
        """Return what whole records say."""
        self._incoming.write(data)
        plain = b""
        with contextlib.suppress(ssl.SSLError):
            while more := self._tls.read(MOST_BYTES):
                plain += more
        return plain

    def farewell(self) -> bytes:
        """Say that nothing more comes."""
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        return self._outgoing.read()


class NoVeil:
    """No secrecy."""

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
