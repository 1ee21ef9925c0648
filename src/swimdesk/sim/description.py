"""What a client has to know to use a running simulated brokerage."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LoginDescription:
    """One customer: how he signs in, a refresh token granted already, his account numbers."""

    name: str
    user: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    accounts: tuple[str, ...] = field(repr=False)

    def as_json(self) -> dict[str, object]:
        """Return the login as the first line on stdout carries it."""
        return {
            "name": self.name,
            "user": self.user,
            "password": self.password,
            "totp_secret": self.totp_secret,
            "refresh_token": self.refresh_token,
            "accounts": list(self.accounts),
        }


@dataclass(frozen=True, slots=True)
class SimDescription:
    """A running brokerage; ``stream_url`` is None while nothing serves a stream."""

    base_url: str
    stream_url: str | None
    ca_file: Path
    client_id: str
    client_secret: str = field(repr=False)
    callback_url: str
    control_url: str
    control_token: str = field(repr=False)
    logins: tuple[LoginDescription, ...]

    def as_json(self) -> dict[str, object]:
        """Return the document that is the first line on stdout."""
        return {
            "base_url": self.base_url,
            "stream_url": self.stream_url,
            "ca_file": str(self.ca_file),
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "callback_url": self.callback_url,
            "control_url": self.control_url,
            "control_token": self.control_token,
            "logins": [login.as_json() for login in self.logins],
        }
