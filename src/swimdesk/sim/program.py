"""The simulated brokerage as a process: one line of JSON on stdout, then service until a signal."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import json
import math
import os
import resource
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from swimdesk.errors import InputError, InvariantBroken
from swimdesk.sim.accounts import SimLogin
from swimdesk.sim.client_home import (
    ClientHome,
    home_accounts,
    refuse_foreign_home,
    ways_of,
    write_client_home,
)
from swimdesk.sim.clock import SimClock, SystemClock
from swimdesk.sim.control import Control
from swimdesk.sim.core import SimBroker
from swimdesk.sim.description import LoginDescription, SimDescription
from swimdesk.sim.files import private_folder
from swimdesk.sim.kept import load_books, save_books
from swimdesk.sim.latency import Latency
from swimdesk.sim.levers import Levers
from swimdesk.sim.listening import listen
from swimdesk.sim.messages import SimRequest
from swimdesk.sim.plans import plan_from
from swimdesk.sim.server import CONTROL_PATH, SimServer
from swimdesk.sim.settings import SimSettings
from swimdesk.sim.signin.named import plans_from
from swimdesk.sim.tls import issue, make_authority
from swimdesk.sim.traffic import Traffic

MOST_CONNECTIONS: Final = 65_536
_FULL_COLLECTION_AFTER: Final = 10_000
"""Collections of the middle generation: some ten million new objects."""


@dataclass(frozen=True, slots=True)
class SimOptions:
    """What ``swimdesk sim`` takes: ``faults`` and ``sign_ins`` a plan's name or file.

    ``market`` is a mode or a date.
    """

    port: int = 0
    accounts: int = 48
    logins: int = 12
    seed: int = 1
    latency_ms: tuple[float, float] = (40.0, 120.0)
    profile: str = "mixed"
    faults: str = "none"
    sign_ins: str = "profile"
    market: str = "open"
    speed: float = 1.0
    state: Path | None = None
    client_home: Path | None = None
    signed_out: int = 0
    """So many logins, the first ones, get no tokens in the home: they have yet to sign in."""
    exit_with_parent: bool = False
    """Stop at the end of stdin, which a parent holds open for as long as it lives."""


async def run(options: SimOptions) -> None:
    """Serve a simulated brokerage until it is told to stop; its first line on stdout describes it.

    Raises InputError or ConfigError, before anything is printed, for options that cannot be met.
    """
    if options.client_home is not None:
        refuse_foreign_home(options.client_home)
    _allow_many_connections()
    stopping = _stop_signal()
    if options.exit_with_parent:
        _stop_at_end_of_stdin(stopping)
    with _work_folder(options.state) as folder, listen(options.port) as listener:
        clock = SystemClock()
        broker = broker_of(options, clock)
        load_books(broker, folder, clock.now())
        authority = make_authority(folder, clock.now())
        certificate = issue(authority, folder, clock.now())
        latency, traffic = Latency(options.latency_ms, options.seed), Traffic()
        control_token = secrets.token_urlsafe(24)
        control = Control(Levers(broker), token=control_token, traffic=traffic, latency=latency)
        server = SimServer(
            broker,
            certificate.ssl_context(),
            latency=latency,
            traffic=traffic,
            control=control,
            listener=listener,
        )
        description = describe(broker, authority.ca_file, listener.getsockname()[1], control_token)
        if options.client_home is not None:
            description = _write_home(
                options.client_home, options, broker, description, clock.now()
            )
        await server.start()
        _collect_seldom()
        try:
            _announce(description)
            await _first_of(stopping.wait(), server.watch())
        finally:
            await server.stop()
            save_books(broker, folder)


def broker_of(options: SimOptions, clock: SimClock) -> SimBroker:
    """Return the brokerage that the options ask for; InputError where they cannot be met."""
    if not (options.speed > 0 and math.isfinite(options.speed)):
        raise InputError(f"speed {options.speed:g} is not a finite number above 0")
    try:
        settings = SimSettings(
            accounts=options.accounts,
            logins=options.logins,
            seed=options.seed,
            profile=options.profile,
            market=options.market,
            speed=options.speed,
            faults=plan_from(options.faults),
            sign_in_plans=plans_from(options.sign_ins),
        )
        return SimBroker(settings, clock)
    except (ValueError, OSError) as error:
        raise InputError(str(error)) from error


def describe(broker: SimBroker, ca_file: Path, port: int, control_token: str) -> SimDescription:
    """Return what clients have to know of a brokerage served on a loopback port."""
    base_url = f"https://127.0.0.1:{port}"
    settings = broker.settings
    return SimDescription(
        base_url=base_url,
        stream_url=None,
        ca_file=ca_file,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        callback_url=settings.callback_url,
        control_url=f"{base_url}{CONTROL_PATH.rstrip('/')}",
        control_token=control_token,
        logins=tuple(_describe_login(broker, login) for login in broker.logins),
    )


def _describe_login(broker: SimBroker, login: SimLogin) -> LoginDescription:
    return LoginDescription(
        name=login.name,
        user=login.user,
        password=login.password,
        totp_secret=login.totp_secret,
        refresh_token=broker.grants.refresh_token(login.name) or "",
        accounts=tuple(account.number for account in login.accounts),
    )


def token_reply(broker: SimBroker, login: str) -> dict[str, Any]:
    """Return the token endpoint's answer to a refresh, asked past faults and counts."""
    settings = broker.settings
    app = base64.b64encode(f"{settings.client_id}:{settings.client_secret}".encode()).decode()
    form = {
        "grant_type": "refresh_token",
        "refresh_token": broker.grants.refresh_token(login) or "",
    }
    headers = {"authorization": f"Basic {app}"}
    request = SimRequest("POST", "/v1/oauth/token", {}, headers, urlencode(form).encode())
    response = broker.grants.answer(request)
    if response.status != HTTPStatus.OK:
        raise InvariantBroken(f"login {login} was granted no token: status {response.status}")
    reply: dict[str, Any] = json.loads(response.body)
    return reply


def _write_home(
    home: Path, options: SimOptions, broker: SimBroker, description: SimDescription, now: datetime
) -> SimDescription:
    names = [login.name for login in broker.logins]
    replies = {name: token_reply(broker, name) for name in names[options.signed_out :]}
    accounts = home_accounts(broker.logins)
    write_client_home(home, ClientHome(description, accounts, replies, ways_of(names)), now)
    # Taking tokens rotates the refresh tokens; those in the line on stdout have to be the last.
    logins = tuple(_describe_login(broker, login) for login in broker.logins)
    return replace(description, logins=logins)


def _announce(description: SimDescription) -> None:
    sys.stdout.write(json.dumps(description.as_json()) + "\n")
    sys.stdout.flush()


def _collect_seldom() -> None:
    """Let the garbage collector leave alone what lives long: books grow and hold no garbage.

    A full collection of the books of some thousand orders stops everything for 0.2 s.
    """
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _FULL_COLLECTION_AFTER)


def _allow_many_connections() -> None:
    """Raise the process's own limit of open files: a client may hold a connection an account."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, MOST_CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _stop_signal() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


def _stop_at_end_of_stdin(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def watch() -> None:
        # Not through sys.stdin, whose lock the end of the interpreter would wait for.
        while os.read(0, 1024):
            pass
        # A loop that is closed has stopped already.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stopping.set)

    # A thread, because stdin may be anything, and not all of it can be waited for by a loop.
    threading.Thread(target=watch, name="parent", daemon=True).start()


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait until one of the waits ends, end the others, raise what the first one raised."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    for task in done:
        task.result()


@contextmanager
def _work_folder(state: Path | None) -> Iterator[Path]:
    """Give a private folder: the one kept, or one that is gone afterwards."""
    if state is not None:
        yield private_folder(state.resolve())
        return
    with tempfile.TemporaryDirectory(prefix="swimdesk-sim-") as name:
        yield Path(name)
