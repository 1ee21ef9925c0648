"""The system's Chromium, trusting one server on loopback by its key and nobody else's."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, async_playwright

START_MS = 30_000


def executable() -> str:
    """Return the browser's program; ``make test`` installs it where it is missing."""
    found = shutil.which("chromium")
    assert found is not None, "no program 'chromium': make system installs it"
    return found


def key_pin(certificate_file: Path) -> str:
    """Return a server certificate's key as Chromium's option takes it.

    Of the server's own certificate, never of its authority: with the authority's pin a browser
    takes any server that sends the authority's certificate, which is public, beside its own.
    """
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


@asynccontextmanager
async def chromium(pin: str) -> AsyncIterator[Browser]:
    """Run a browser that takes the pinned key for a known one."""
    options = [f"--ignore-certificate-errors-spki-list={pin}", "--disable-gpu"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable(), args=options, timeout=START_MS
        )
        try:
            yield browser
        finally:
            await browser.close()
