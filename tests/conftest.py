"""What holds for every test: loopback only, no settings from outside, a fixed seed."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("swimdesk", deadline=None, derandomize=True)
settings.load_profile("swimdesk")


def is_loopback(host: str) -> bool:
    """Tell whether the host of a socket call is this machine; no name but localhost is."""
    if host in {"", "localhost"}:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_other_hosts(event: str, arguments: tuple[Any, ...]) -> None:
    """Stop a test that would leave this machine, before the first packet."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host or ""
    if not is_loopback(name):
        raise PermissionError(f"a test tried to reach {name}; only loopback is allowed")


# An audit hook sees the sockets of asyncio too, and leaves the libraries unpatched.
sys.addaudithook(refuse_other_hosts)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the home and the settings of the person who runs the tests out of them."""
    for name in os.environ:
        if name.startswith("SWIMDESK_"):
            monkeypatch.delenv(name)
