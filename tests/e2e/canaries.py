"""Two hundred secrets, a brokerage that lets them slip at every door, and a search that finds all.

The brokerage runs in the test, so that every secret which goes over the wire is known the moment
it does, whatever the program makes of it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from swimdesk.sim.client_home import ClientHome, home_accounts, ways_of, write_client_home
from swimdesk.sim.clock import SystemClock
from swimdesk.sim.core import TOKEN_PATH, SimBroker
from swimdesk.sim.description import SimDescription
from swimdesk.sim.latency import Latency
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.program import describe, token_reply
from swimdesk.sim.server import SimServer
from swimdesk.sim.settings import SimSettings
from swimdesk.sim.tls import issue, make_authority
from swimdesk.sim.traffic import Traffic

KEEPERS: Final = ("secrets", "tokens")
"""The folders of a home whose purpose is to keep secrets."""
LOOK_EVERY_S: Final = 0.02
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_PAGES: Final = "/ui/host/"


class Planted:
    """Every secret there is by now, by what it is."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.texts: dict[str, str] = {}
        """What each is, by its text."""

    def know(self, what: str, text: str) -> str:
        """Take a secret in and return it."""
        if text:
            self.texts.setdefault(text, what)
        return text

    def slip(self, door: str) -> str:
        """Return a text with one new secret of every kind, as a careless program writes it."""
        made = {
            kind: self.know(f"{kind} through {door}", text) for kind, text in self._made().items()
        }
        return (
            f"account {made['account number']} ({made['account hash']}) denied to"
            f" Bearer {made['access token']}; code={made['code']}&session=1"
            f" refresh_token={made['refresh token']} password: {made['password']}"
            f' {{"totp_secret": "{made["TOTP seed"]}", "client_id": "{made["app key"]}"}}'
        )

    def _made(self) -> dict[str, str]:
        return {
            "account number": str(self._random.randrange(10_000_000, 99_999_999)),
            "account hash": "".join(self._random.choices("0123456789ABCDEF", k=64)),
            "access token": f"I0.{self._run(48)}@",
            "code": f"C0.{self._run(40)}%40",
            "refresh token": f"{self._run(60)}@",
            "password": f"{self._run(10)}!",
            "TOTP seed": "".join(self._random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=32)),
            "app key": self._run(32),
        }

    def _run(self, length: int) -> str:
        return "".join(self._random.choices(_LETTERS, k=length))

    def found_in(self, content: bytes, *, but: Iterable[str] = ()) -> list[str]:
        """Return what the secrets are that a content holds, in any of the forms they travel in."""
        skipped = set(but)
        return [
            what
            for text, what in self.texts.items()
            if text not in skipped and _is_in(text, content)
        ]


def _is_in(text: str, content: bytes) -> bool:
    if text.isdecimal():
        # Part of a longer number, or of an amount, is another number.
        return re.search(rb"(?<![0-9.])%b(?![0-9]|\.[0-9])" % text.encode(), content) is not None
    return any(form in content for form in forms_of(text))


def forms_of(text: str) -> set[bytes]:
    """Return a secret as it may be written: as it is, in a url, in JSON, in base64."""
    if text.isdecimal():
        return {text.encode()}
    bare = text.replace("%40", "@")
    shapes = {text, bare, quote(bare, safe=""), json.dumps(bare)[1:-1]}
    return {shape.encode() for shape in shapes} | {base64.b64encode(bare.encode()).rstrip(b"=")}


class LeakyBroker:
    """A brokerage that is honest but for its texts: errors, rejections and pages hold secrets."""

    def __init__(self, broker: SimBroker, planted: Planted) -> None:
        self.broker = broker
        self.planted = planted
        self.doors: set[str] = set()
        """Where secrets slipped."""
        for login in broker.logins:
            planted.know(f"password of {login.name}", login.password)
            planted.know(f"TOTP seed of {login.name}", login.totp_secret)
            for account in login.accounts:
                planted.know(f"number of …{account.last4}", account.number)
                planted.know(f"hash of …{account.last4}", account.hash_value)

    def advance(self) -> None:
        """Carry out what is due."""
        self.broker.advance()

    def next_due_s(self) -> float | None:
        """Return in how many seconds something is due."""
        return self.broker.next_due_s()

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer, and let secrets slip where a text is told."""
        self._overhear(request)
        response = self.broker.handle(request)
        self.learn(request.path, response)
        if response.status >= 400:
            return self._careless(request, response)
        if request.path.startswith(_PAGES) and response.body[:1] == b"{":
            return self._careless_page(response)
        if b'"REJECTED"' in response.body:
            return self._careless_rejection(response)
        return response

    def learn(self, path: str, response: SimResponse) -> None:
        """Take in what the brokerage hands out."""
        location = response.headers.get("Location", "")
        for code in parse_qs(urlsplit(location).query).get("code", ()):
            self.planted.know("code that was handed out", code)
        if path == TOKEN_PATH and response.status == 200:
            self.learn_tokens(json.loads(response.body))

    def learn_tokens(self, reply: Mapping[str, Any]) -> None:
        """Take in the tokens of an answer."""
        for name in ("access_token", "refresh_token", "id_token"):
            self.planted.know(name, reply.get(name, ""))

    def _overhear(self, request: SimRequest) -> None:
        kind, _, said = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            self.planted.know("app key and secret", said)

    def _careless(self, request: SimRequest, response: SimResponse) -> SimResponse:
        door = "the token endpoint" if request.path == TOKEN_PATH else "an error's body"
        self.doors.add(door)
        slip = self.planted.slip(door)
        body = {"message": slip, "error": "invalid", "error_description": slip, "errors": [slip]}
        headers = {**response.headers, "Content-Type": "application/json"}
        return replace(response, body=json.dumps(body).encode(), headers=headers)

    def _careless_page(self, response: SimResponse) -> SimResponse:
        view = json.loads(response.body)
        if view["error"]:
            self.doors.add("a page's complaint")
            view["error"] += f" {self.planted.slip('a page')[:250]}"
        if "text" in view["data"]:
            self.doors.add("a notice")
            view["data"]["text"] += f" {self.planted.slip('a notice')[:250]}"
        return replace(response, body=json.dumps(view).encode())

    def _careless_rejection(self, response: SimResponse) -> SimResponse:
        self.doors.add("a rejection")
        document = json.loads(response.body)
        for order in document if isinstance(document, list) else [document]:
            if isinstance(order, dict) and order.get("status") == "REJECTED":
                order["statusDescription"] = self.planted.slip("a rejection")
        return replace(response, body=json.dumps(document).encode())


@dataclass(frozen=True, slots=True)
class Brokerage:
    """The leaky brokerage as it is served, and the home that was written for it."""

    leaky: LeakyBroker
    description: SimDescription
    home: Path
    traffic: Traffic

    @property
    def planted(self) -> Planted:
        """Every secret."""
        return self.leaky.planted

    def callback(self, login: str, state: str) -> str:
        """Sign a login in, as a person's own browser does, and return where that ended."""
        code = self.leaky.broker.grants.mint_code(login)
        self.planted.know("code that was pasted", code)
        return f"{self.description.callback_url}/?code={quote(code)}&session=1&state={state}"


@asynccontextmanager
async def a_leaky_brokerage(folder: Path, settings: SimSettings) -> AsyncIterator[Brokerage]:
    """Serve it on loopback while inside, with a home that is logged in."""
    leaky = LeakyBroker(SimBroker(settings, SystemClock()), Planted(settings.seed))
    broker, now = leaky.broker, datetime.now(UTC)
    authority = make_authority(folder, now)
    tls, traffic = issue(authority, folder, now).ssl_context(), Traffic()
    server = SimServer(leaky, tls, latency=Latency((1.0, 5.0), settings.seed), traffic=traffic)
    ((_, port),) = await server.start()
    try:
        broker.base_url = f"https://127.0.0.1:{port}"
        replies = {login.name: token_reply(broker, login.name) for login in broker.logins}
        for reply in replies.values():
            leaky.learn_tokens(reply)
        description = describe(broker, authority.ca_file, port, "no-control")
        leaky.planted.know("app secret", description.client_secret)
        leaky.planted.know("app key", description.client_id)
        ways = ways_of(login.name for login in broker.logins)
        content = ClientHome(description, home_accounts(broker.logins), replies, ways)
        write_client_home(folder / "home", content, now)
        yield Brokerage(leaky, description, folder / "home", traffic)
    finally:
        await server.stop()


# --- the search ----------------------------------------------------------------------------------


def leaks_in(folder: Path, planted: Planted) -> Iterator[str]:
    """Search every file below as bytes, with its name; keepers of secrets have to be closed."""
    for file in sorted(folder.rglob("*")):
        if not file.is_file():
            continue
        name = file.relative_to(folder)
        if name.parts[0] in KEEPERS:
            if file.stat().st_mode & 0o077:
                yield f"{name} is open to others"
            continue
        for what in planted.found_in(os.fsencode(file.name) + b"\n" + file.read_bytes()):
            yield f"{name} holds {what}"


@dataclass(slots=True)
class Watch:
    """Looks at every process below this one, again and again, for as long as it is entered."""

    planted: Planted
    seen: dict[bytes, str] = field(default_factory=dict)
    """Arguments and environments, once each, with the program they belong to."""
    looks: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look while inside."""
        task = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _look_on(self) -> None:
        while True:
            await asyncio.to_thread(self._look)
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self) -> None:
        self.looks += 1
        for pid in below(os.getpid()):
            with contextlib.suppress(OSError):
                process = Path(f"/proc/{pid}")
                command = process.joinpath("cmdline").read_bytes()
                program = command.replace(b"\0", b" ").decode("utf-8", "replace")[:120]
                for content in (command, process.joinpath("environ").read_bytes()):
                    self.seen.setdefault(content, program)

    def leaks(self) -> Iterator[str]:
        """Return the programs that were given a secret in the open."""
        for content, program in self.seen.items():
            for what in self.planted.found_in(content):
                yield f"{program!r} was given {what}"


def below(pid: int) -> Iterator[int]:
    """Return the processes that descend from one."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children = task.joinpath("children").read_text()
            for child in map(int, re.findall(r"\d+", children)):
                yield child
                yield from below(child)
