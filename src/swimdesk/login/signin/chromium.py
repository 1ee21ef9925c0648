"""Which Chromium is used, and what its command line lets it reach: the broker, nothing else."""

from __future__ import annotations

import ipaddress
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

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
