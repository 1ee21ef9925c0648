"""A token endpoint that rotates its tokens, and a home with one login before it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from swimdesk.login.token_files import Grant, TokenFiles
from swimdesk.login.tokens import TokenKeeper
from swimdesk.telemetry.redaction import Secret

CALLBACK = "https://127.0.0.1:8182"
SIGNED_IN = datetime(2026, 11, 23, 15, 0, 0, tzinfo=UTC)

Reply = Callable[[str], httpx.Response]


class TokenClock:
    """A wall clock that moves only when told to."""

    def __init__(self) -> None:
        self.time = SIGNED_IN

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class FakeTokenEndpoint:
    """A token endpoint that rotates; a script of replies goes before its usual behaviour."""

    def __init__(self) -> None:
        self.accepted = {"r0"}
        self.issued = 0
        self.asked: list[str] = []
        self.script: list[Reply] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()
        self.codes: list[str] = []
        self.code_script: list[Reply] = []
        self.code_gate = asyncio.Event()
        self.code_gate.set()
        self.code_reached = asyncio.Event()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        form = parse_qs(request.content.decode())
        if form["grant_type"] == ["authorization_code"]:
            return await self.redeem(form["code"][0])
        refresh = form["refresh_token"][0]
        self.asked.append(refresh)
        self.reached.set()
        await self.gate.wait()
        return self.script.pop(0)(refresh) if self.script else self.exchange(refresh)

    async def redeem(self, code: str) -> httpx.Response:
        self.codes.append(code)
        self.code_reached.set()
        await self.code_gate.wait()
        return self.code_script.pop(0)(code) if self.code_script else self.tokens()

    def exchange(self, refresh: str) -> httpx.Response:
        if refresh not in self.accepted:
            return refusal(refresh)
        return self.tokens()

    def tokens(self) -> httpx.Response:
        self.issued += 1
        self.accepted = {f"r{self.issued}"}
        return httpx.Response(
            200,
            json={
                "access_token": f"a{self.issued}",
                "refresh_token": f"r{self.issued}",
                "expires_in": 1800,
            },
        )

    def exchange_and_lose(self, refresh: str) -> httpx.Response:
        self.exchange(refresh)
        raise httpx.ReadTimeout("too slow")


def refusal(_: str) -> httpx.Response:
    return httpx.Response(400, json={"error": "unsupported_token_type", "error_description": "no"})


def status(code: int) -> Reply:
    return lambda _: httpx.Response(code, json={})


def page(_: str) -> httpx.Response:
    return httpx.Response(403, html="<html>Access Denied</html>")


def failing(error: httpx.HTTPError) -> Reply:
    def fail(_: str) -> httpx.Response:
        raise error

    return fail


def fill_disk(patch: pytest.MonkeyPatch) -> None:
    """Let nothing be written durably until the patch is undone."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    patch.setattr(os, "fsync", full)


def while_disk_fills(patch: pytest.MonkeyPatch, reply: Reply) -> Reply:
    """Return what answers alike, and finds the disk full afterwards."""

    def fill(asked: str) -> httpx.Response:
        fill_disk(patch)
        return reply(asked)

    return fill


class FakeAccessCache:
    """Keeps access tokens, and what was asked of it."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[Secret, datetime]] = {}
        self.asked: list[str] = []

    async def get(self, login: str) -> tuple[Secret, datetime] | None:
        self.asked.append(login)
        return self.kept.get(login)

    async def put(self, login: str, token: Secret, expires: datetime) -> None:
        self.kept[login] = (token, expires)


class OtherProcess:
    """Holds the lock of a login as another process would."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.path = folder / "login-smith.lock"
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class TokenWorld:
    """A home with one login, whose access token lives for a while, and its endpoint."""

    def __init__(self, home: Path, http: httpx.AsyncClient, endpoint: FakeTokenEndpoint) -> None:
        self.home = home
        self.clock = TokenClock()
        self.files = TokenFiles(home, "paper")
        self.http = http
        self.endpoint = endpoint
        self.cache: FakeAccessCache | None = None

    def keeper(self, *logins: str, draw: float = 0.0) -> TokenKeeper:
        return TokenKeeper(
            logins or ("smith",),
            self.files,
            self.http,
            api_url="https://127.0.0.1:1",
            app_key=Secret("key"),
            app_secret=Secret("secret"),
            callback_url=CALLBACK,
            locks=self.home / "run",
            now=self.clock.now,
            cache=self.cache,
            draw=lambda: draw,
        )

    def granted(self, life_s: float, access: str = "a0", refresh: str = "r0") -> TokenKeeper:
        self.write(life_s, access, refresh)
        return self.keeper()

    def write(self, life_s: float, access: str, refresh: str) -> None:
        ends = self.clock.now() + timedelta(seconds=life_s)
        self.files.save("smith", Grant(Secret(access), Secret(refresh), ends, SIGNED_IN))

    def kept(self) -> tuple[str, str]:
        grant = self.files.load("smith")
        assert grant is not None
        return grant.access.reveal(), grant.refresh.reveal()
