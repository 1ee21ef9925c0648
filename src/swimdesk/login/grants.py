"""Where grants and access tokens are kept, as the keeper of tokens sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from swimdesk.login.token_files import Grant
from swimdesk.telemetry.redaction import Secret


class GrantStore(Protocol):
    """Keep one grant per login. Calls block: make them outside the event loop."""

    def load(self, login: str) -> Grant | None:
        """Return the grant of a login, None where there is none; StoreError if it is unusable."""
        ...

    def save(self, login: str, grant: Grant) -> None:
        """Keep a grant durably; StoreError or StoreFull, and the old one kept, if that fails."""
        ...


class AccessCache(Protocol):
    """Keep access tokens for other processes and later starts. A failure of it is a miss."""

    async def get(self, login: str) -> tuple[Secret, datetime] | None:
        """Return a token and its end (UTC) if one is at hand; never raises."""
        ...

    async def put(self, login: str, token: Secret, expires: datetime) -> None:
        """Keep a token until its end (UTC); never raises."""
        ...
