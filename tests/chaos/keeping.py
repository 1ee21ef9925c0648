"""A world whose desk keeps its own tokens, and whose token endpoint may be away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import parse_qs

import httpx

from swimdesk.desk.ports import TokenSource
from swimdesk.login.token_files import Grant, TokenFiles
from swimdesk.login.tokens import TokenKeeper
from swimdesk.sim.core import TOKEN_PATH
from swimdesk.telemetry.redaction import Secret
from tests.chaos.life import Life
from tests.chaos.trace import Trace
from tests.chaos.wire import ReadTransport, Wire
from tests.chaos.world import API, Size, World
from tests.fakes.virtual import START

P = ParamSpec("P")
T = TypeVar("T")


class InlineExecutor(ThreadPoolExecutor):
    """Does at once what would be done on a thread: virtual time does not wait for threads."""

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return a future that is done."""
        done: Future[T] = Future()
        try:
            done.set_result(work(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - handed on as an executor does
            done.set_exception(error)
        return done


class TokenRoad(ReadTransport):
    """The way to the token endpoint, which tells what was asked and may be closed."""

    def __init__(self, wire: Wire, life: Life) -> None:
        super().__init__(wire, life)
        self.is_down = False
        self.kinds: list[str] = []
        """The kinds of grant that were asked for, those while it was down too."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request there, or answer as the edge does while the endpoint is down."""
        assert request.url.path == TOKEN_PATH
        self.kinds += parse_qs((await request.aread()).decode())["grant_type"]
        if self.is_down:
            return httpx.Response(503, html="<html>Service Unavailable</html>")
        return await super().handle_async_request(request)


class KeptWorld(World):
    """A world with the product's own keeper of tokens over files in its home.

    ``ages`` tells for how long logins have been signed in, where that is not just now.
    """

    def __init__(self, size: Size, home: Path, ages: Mapping[str, timedelta]) -> None:
        super().__init__(1, size, home, Trace(keeps=False))
        self.files = TokenFiles(home, "paper")
        self.road: TokenRoad
        grants = self.broker.grants
        for login in self.broker.logins:
            begun = START - ages.get(login.name, timedelta(0))
            refresh = grants.authorize(login.name)
            self.files.save(login.name, Grant(Secret("ended"), Secret(refresh), begun, begun))
        begins = {name: (START - age).isoformat() for name, age in ages.items()}
        grants.load(
            {**one, "authorized_at": begins.get(one["login"], one["authorized_at"])}
            for one in grants.dump()
        )

    def token_source(self, life: Life) -> TokenSource:
        """Keep tokens as the product does."""
        self.road = TokenRoad(self.wire, life)
        settings = self.broker.settings
        return TokenKeeper(
            [login.name for login in self.broker.logins],
            self.files,
            httpx.AsyncClient(transport=self.road),
            api_url=API,
            app_key=Secret(settings.client_id),
            app_secret=Secret(settings.client_secret),
            callback_url=settings.callback_url,
            locks=self.home / "run",
            now=self.clock.now,
            draw=lambda: 0.5,
        )

    def sleep(self, span: timedelta) -> None:
        """Let the desk's machine sleep: time passes, and nothing of the desk runs."""
        self.clock.ahead += span
        self.broker_clock.slept += span
