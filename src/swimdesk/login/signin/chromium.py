"""Which Chromium is used, and what its command line lets it reach: the broker, nothing else."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import os
import shutil
import socket
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from swimdesk.errors import BrokerUnreachable, ConfigError

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_USUAL_PORT: Final = 443
_CONNECT_S: Final = 10.0


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
    on which nobody must be able to listen. ``pin`` is the one key that is trusted beside the
    system's roots.
    """
    rules = [f"EXCLUDE {host}" if host.startswith("*.") else f"MAP {host} {host}" for host in hosts]
    given = [
        f"--host-resolver-rules={', '.join([*rules, 'MAP * ~NOTFOUND'])}",
        # A proxy would resolve the names itself.
        "--no-proxy-server",
        "--disable-sync",
        "--disable-breakpad",
    ]
    return [*given, f"--ignore-certificate-errors-spki-list={pin}"] if pin else given


def pin_of(api_url: str, trust: ssl.SSLContext) -> str:
    """Return the digest of the key of a server on this machine, once its certificate is verified.

    Chromium takes a pinned key for known wherever a chain shows it, without following signatures:
    so it is the server's own key that is pinned, which it has to own, and not the root's. Blocks;
    BrokerUnreachable, ConfigError where the server is elsewhere.
    """
    parts = urlsplit(api_url)
    host = parts.hostname or ""
    if not is_loopback(host):
        raise ConfigError("[broker] ca_file: a root of its own is for a broker on this machine")
    try:
        with (
            socket.create_connection((host, parts.port or _USUAL_PORT), _CONNECT_S) as plain,
            trust.wrap_socket(plain, server_hostname=host) as connection,
        ):
            shown = connection.getpeercert(binary_form=True) or b""
    except OSError as error:
        # The certificate's own trouble has no number.
        why = getattr(error, "verify_message", "") or error.strerror or type(error).__name__
        raise BrokerUnreachable(f"the sign-in at {parts.netloc} cannot be reached: {why}") from None
    key = x509.load_der_x509_certificate(shown).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()


def hosts_of(api_url: str, mode: str, broker_hosts: Sequence[str]) -> tuple[str, ...]:
    """Return what the browser may reach: the interface's own address; live, the broker's hosts."""
    parts = urlsplit(api_url)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    own = f"{name}:{parts.port or _USUAL_PORT}"
    return (own,) if mode == "paper" else (own, *broker_hosts)


def private_environment(folder: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the browser's environment: screen, language, and a home that goes with it."""
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


def is_loopback(host: str) -> bool:
    """Tell whether the host can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
