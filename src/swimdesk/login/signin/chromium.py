"""Which Chromium is used, and what its command line allows it: the broker's hosts and nothing else."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from swimdesk.errors import ConfigError

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_USUAL_PORT: Final = 443


def program(configured: str, own: str) -> str | None:
    """Return the program to start: the configured one, the library's own, or the system's."""
    if configured:
        return configured
    if Path(own).is_file():
        return own
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def arguments(hosts: Sequence[str], pin: str) -> list[str]:
    """Return the command line: every name and address outside ``hosts`` resolves to nothing.

    The rule holds for redirects, frames and background requests alike, and so for the callback,
    on which nobody must be able to listen. ``pin`` is the one root that is trusted beside the
    system's: its key must be in the chain that the server presents.
    """
    rules = [
        f"EXCLUDE {host}" if host.startswith("*.") else f"MAP {host} {host}" for host in hosts
    ]
    given = [
        f"--host-resolver-rules={', '.join([*rules, 'MAP * ~NOTFOUND'])}",
        # A proxy would resolve the names itself.
        "--no-proxy-server",
        "--disable-sync",
        "--disable-breakpad",
    ]
    return [*given, f"--ignore-certificate-errors-spki-list={pin}"] if pin else given


def pin_of(ca_file: Path | None, api_url: str, mode: str) -> str:
    """Return the digest of the key of a paper home's own root, empty where it has none.

    ConfigError where the file is no certificate, or where the broker is not on this machine.
    """
    if ca_file is None:
        return ""
    if mode != "paper" or not _is_loopback(urlsplit(api_url).hostname or ""):
        raise ConfigError("[broker] ca_file: a root of its own is for a broker on this machine")
    try:
        certificate = x509.load_pem_x509_certificate(ca_file.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"[broker] ca_file {ca_file} cannot be used as a trust root"
            f" ({getattr(error, 'strerror', None) or 'it is no PEM certificate'})"
        ) from None
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def hosts_of(api_url: str, mode: str, broker_hosts: Sequence[str]) -> tuple[str, ...]:
    """Return what the browser may reach: the interface's own address, live the broker's pages too."""
    parts = urlsplit(api_url)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    own = f"{name}:{parts.port or _USUAL_PORT}"
    return (own,) if mode == "paper" else (own, *broker_hosts)


def private_environment(folder: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the browser's environment: the screen and the language, and a home that goes with it."""
    kept = {name: environ[name] for name in _KEPT if name in environ}
    return {**kept, "HOME": str(folder), "TMPDIR": str(folder)}


_KEPT: Final = (
    "PATH",
    "LANG",
    "LC_ALL",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "LD_LIBRARY_PATH",
)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
