"""What a browser asks for at the authorize address, and what comes of it (schwab-api 2.1, 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from swimdesk.sim.settings import SimSettings

ACCESS_DENIED: Final = b"""<html><head><title>Access Denied</title></head>
<body><h1>Access Denied</h1><p>You don't have permission to access this server.</p></body></html>
"""
_SCOPES: Final = ("api", "readonly")


class Asked(Enum):
    """How an authorization begins."""

    LOGIN = auto()
    """At the login form."""
    LOOPS = auto()
    """At the login form, to which it comes back for ever: the callback differs by case only."""
    DENIED = auto()
    """Not at all: the callback is another."""
    UNKNOWN = auto()
    """With the notice that the request cannot be completed: no such application."""


def asked(query: Mapping[str, str], settings: SimSettings) -> Asked:
    """Return what comes of an authorization's parameters; the callback counts to the letter."""
    callback = query.get("redirect_uri", settings.callback_url)
    known = query.get("client_id") == settings.client_id
    if not known or query.get("response_type", "code") != "code":
        return Asked.UNKNOWN
    if query.get("scope", "api") not in _SCOPES:
        return Asked.UNKNOWN
    if callback == settings.callback_url:
        return Asked.LOGIN
    same_but_case = callback.casefold() == settings.callback_url.casefold()
    return Asked.LOOPS if same_but_case else Asked.DENIED
