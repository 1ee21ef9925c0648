"""The callback of a sign-in by hand: an HTTPS listener on this machine that takes it by itself."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from swimdesk.login.signin.chromium import is_loopback
from swimdesk.telemetry.redaction import Secret

LIFE: Final = timedelta(hours=1)
_REQUEST_S: Final = 10.0
_LEAVE_S: Final = 1.0
_LINE_BYTES: Final = 16_384
_MAX_HEADERS: Final = 100

_PAGE: Final = """<!doctype html><html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family: sans-serif; margin: 4em"><h1>{title}</h1><p>{text}</p></body></html>
"""
_TAKEN: Final = ("Signed in at the broker", "swimdesk has the rest. You can close this page.")
_OTHER: Final = ("Nothing here", "This is where the broker sends the browser after a sign-in.")

Wanted = Callable[[Secret], bool]


@asynccontextmanager
async def listening(
    callback_url: str, wanted: Wanted, now: datetime
) -> AsyncIterator[asyncio.Future[Secret] | None]:
    """Listen for the callback while inside; yields where it arrives, or None where nobody can.

    Only a callback on this machine with a port of its own is listened for. ``wanted`` tells which
    address counts; everything else that calls is answered and forgotten.
    """
    if not is_ours(callback_url):
        yield None
        return
    parts = urlsplit(callback_url)
    host = parts.hostname or ""
    arrived: asyncio.Future[Secret] = asyncio.get_running_loop().create_future()
    visitor = _Visitor(callback_url, wanted, arrived)
    context = await asyncio.to_thread(_context, host, now)
    try:
        server = await asyncio.start_server(
            visitor.take,
            host,
            parts.port,
            ssl=context,
            limit=_LINE_BYTES,
            ssl_handshake_timeout=_REQUEST_S,
        )
    except OSError:
        # The port is somebody else's, or not ours to have: the address can still be pasted.
        yield None
        return
    try:
        yield arrived
    finally:
        # Not awaited: a browser keeps connections open ahead of need, and the code dies meanwhile.
        server.close()
        await visitor.leave()


def is_ours(callback_url: str) -> bool:
    """Tell whether a callback is on this machine, with a port of its own."""
    parts = urlsplit(callback_url)
    return parts.port is not None and is_loopback(parts.hostname or "")


class _Visitor:
    """Take requests until the right one comes."""

    def __init__(self, callback_url: str, wanted: Wanted, arrived: asyncio.Future[Secret]) -> None:
        self._origin = callback_url[: len(callback_url) - len(urlsplit(callback_url).path)]
        self._wanted = wanted
        self._arrived = arrived
        self._callers: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._taken: asyncio.Task[None] | None = None

    async def leave(self) -> None:
        """Hang up on whoever is still there; on the one whose call was taken a little later."""
        for spared in (self._taken, None):
            for task, writer in self._callers.items():
                if task is not spared:
                    writer.transport.abort()
            if self._callers:
                await asyncio.wait(self._callers, timeout=_LEAVE_S)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - it runs as one
        self._callers[task] = writer
        try:
            await self._answer(reader, writer)
        finally:
            del self._callers[task]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_REQUEST_S):
                target = await _target(reader)
                url = Secret(f"{self._origin}{target}")
                is_it = not self._arrived.done() and self._wanted(url)
                writer.write(
                    _answer(*(("200 OK", *_TAKEN) if is_it else ("404 Not Found", *_OTHER)))
                )
                await writer.drain()
                if is_it and not self._arrived.done():
                    self._taken = asyncio.current_task()
                    self._arrived.set_result(url)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _target(reader: asyncio.StreamReader) -> str:
    """Return what a GET asks for, once its headers are over; ValueError."""
    method, target, _ = (await reader.readline()).decode("ascii").split(" ", 2)
    for _ in range(_MAX_HEADERS):
        if not (await reader.readline()).strip():
            break
    if method != "GET" or not target.startswith("/") or not target.isprintable():
        raise ValueError("not a request of a browser that was sent here")
    return target


def _answer(status: str, title: str, text: str) -> bytes:
    body = _PAGE.format(title=title, text=text).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none';"
        " style-src 'unsafe-inline'\r\n\r\n"
    )
    return head.encode() + body


def _context(host: str, now: datetime) -> ssl.SSLContext:
    """Make a certificate for the next hour; the browser will ask the person whether to go on."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name((x509.NameAttribute(NameOID.COMMON_NAME, "swimdesk sign-in"),))
    alternative: x509.GeneralName = x509.DNSName(host)
    with contextlib.suppress(ValueError):
        alternative = x509.IPAddress(ip_address(host))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LIFE)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName((alternative,)), critical=False)
        .sign(key, hashes.SHA256())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # The library takes files only; this one is ours alone and gone before anybody calls.
    with tempfile.TemporaryDirectory(prefix="swimdesk-") as folder:
        file = Path(folder) / "callback.pem"
        file.touch(0o600)
        file.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
        context.load_cert_chain(file)
    return context
