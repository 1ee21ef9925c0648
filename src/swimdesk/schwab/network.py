"""Why a connection did not come about or broke, in words that tell the operator what to do."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator


class NoConnection(Exception):
    """There is no connection; the text says why, in words for the operator."""


def why_no_connection(error: BaseException, host: str) -> str:
    """Say why there is no connection to a host, from the error that a library raised."""
    causes = [cause for cause in _chain(error) if not isinstance(cause, _WAITING)]
    for cause in causes:
        if isinstance(cause, NoConnection):
            return str(cause)
    for kind, words in _CAUSES:
        if any(isinstance(cause, kind) for cause in causes):
            return words.format(host=host)
    texts = " ".join(str(cause) for cause in causes)
    for sign, words in _SIGNS:
        if sign in texts:
            return words.format(host=host)
    return f"no connection to {host} ({type(error).__name__})"


def is_untrusted_certificate(error: BaseException) -> bool:
    """Tell whether the other side showed a certificate that we do not trust."""
    return any(
        isinstance(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(cause)
        for cause in _chain(error)
    )


_WAITING = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""Raised inside a handshake that waits for the other side; never why it failed."""

_NOT_TRUSTED = (
    "the certificate of {host} is not trusted; check [broker] ca_file (a simulated brokerage "
    "makes its own authority at start) and the clock of this machine"
)
_REFUSED = "{host} refuses the connection; nothing listens there, or not yet"
_NO_NAME = "the name {host} is not found; check the network connection and the name server"
_NO_ROUTE = "there is no route to {host}; check the network connection"
_NO_TLS = "{host} and this program do not agree on TLS"
_SLOW = "{host} did not answer in time"
_NO_DESCRIPTORS = (
    "this process may open no more connections; raise its limit of open files (`ulimit -n`)"
)
_BROKEN = "{host} broke the connection"

_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, _NOT_TRUSTED),
    (ssl.SSLError, _NO_TLS),
    (socket.gaierror, _NO_NAME),
    (ConnectionRefusedError, _REFUSED),
    (ConnectionError, _BROKEN),
    (TimeoutError, _SLOW),
)
# httpx leaves some causes only in the text of the error.
_SIGNS: tuple[tuple[str, str], ...] = (
    ("CERTIFICATE_VERIFY_FAILED", _NOT_TRUSTED),
    ("SSL", _NO_TLS),
    ("Name or service not known", _NO_NAME),
    ("name resolution", _NO_NAME),
    ("nodename nor servname", _NO_NAME),
    ("refused", _REFUSED),
    ("unreachable", _NO_ROUTE),
    ("No route", _NO_ROUTE),
    ("All connection attempts failed", _REFUSED),
    ("Too many open files", _NO_DESCRIPTORS),
    ("timed out", _SLOW),
    ("disconnected", _BROKEN),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what it was raised from, groups opened."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            pending.extend(current.exceptions)
        pending += [current.__cause__, current.__context__]
