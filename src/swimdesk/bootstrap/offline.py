"""What works on the files of a home alone, without a running desk or a broker."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from swimdesk import __version__
from swimdesk.bootstrap.home import HomePaths, SystemClock
from swimdesk.bootstrap.offline_logins import logins_with_files
from swimdesk.bootstrap.running import open_journal
from swimdesk.bootstrap.vaults import grant_store, vault_of
from swimdesk.config import load_settings
from swimdesk.desk.doubts import told_alone
from swimdesk.desk.ports import GuardRecord, GuardState
from swimdesk.desk.showing import broadcast_row, guard_view
from swimdesk.domain.fairness import fairness
from swimdesk.errors import ConfigError, InputError, UnknownReference
from swimdesk.store.glance import peek
from swimdesk.store.sentinel import FileSentinel
from swimdesk.views.models import (
    BroadcastRow,
    BroadcastView,
    FairnessView,
    GuardView,
    StatusView,
)
from swimdesk.views.present import broadcast_view, fairness_view
from swimdesk.views.signing import LoginView
from swimdesk.views.trail import TrailView

if TYPE_CHECKING:
    from swimdesk.domain.commands import Command
    from swimdesk.login.token_files import Grant

IMPORT_WAIT_S = 30.0
"""A renewal under way is over by then."""


def import_tokens(home: Path, config: Path | None, login: str, file: Path) -> LoginView:
    """Take a login's tokens from a token file of schwab-py.

    ConfigError, UnknownReference; StoreError also where another process does not let go of them.
    """
    from swimdesk.login.locks import LoginLock
    from swimdesk.login.token_files import import_token_file

    settings = load_settings(home, config)
    known = [one.name for one in settings.login]
    if login not in known:
        raise UnknownReference(
            f"There is no [[login]] named {login} in the configuration;"
            f" there are {', '.join(known) or 'none'}."
        )
    store, now = grant_store(home, settings), SystemClock().now
    if settings.broker.mode == "live":
        # A person who is asked for a passphrase must not keep an owner from renewing.
        vault_of(settings, home).unlock()

    async def taken_in() -> Grant:
        # An owner that is renewing the grant before must not write its tokens over these.
        async with LoginLock(HomePaths(home).run, login).held(IMPORT_WAIT_S):
            return import_token_file(file, store, login, now=now)

    grant = asyncio.run(taken_in())
    ended = "; its access token counts as ended and is renewed with the first use"
    detail = (
        f"tokens imported{ended if grant.access_expires <= now() else ''};"
        f" delete {file}, which still holds them"
    )
    return LoginView(login, "ok", grant.access_expires, grant.refresh_expires, detail)


def raise_halt(home: Path, reason: str) -> GuardView:
    """Throw the kill switch by its file alone: no owner, no broker; StoreError.

    ConfigError where there is no home at all: a halt that halts nothing must not look like one.
    """
    check_home(home, "halted")
    paths = HomePaths(home)
    paths.make()
    FileSentinel(paths.halt_file).raise_(reason)
    return GuardView(GuardState.HALTED.value, reason, SystemClock().now())


def check_home(home: Path, done: str) -> None:
    """Raise ConfigError where there is no home in which anything could be ``done``.

    That a home is no folder is told by whoever writes there.
    """
    if home.exists() and not home.is_dir():
        return
    if not any(sign.exists() for sign in HomePaths(home).signs):
        flaw = f"{home} is not a home of swimdesk" if home.exists() else f"There is no home {home}"
        raise ConfigError(
            f"{flaw}, so nothing was {done}; name the home with --home or SWIMDESK_HOME."
        )


async def resume_offline(home: Path) -> GuardView:
    """Take the kill switch back in a home that nobody owns; the caller holds its lock."""
    await _set_guard(home, GuardState.ACTIVE, "")
    return GuardView(GuardState.ACTIVE.value, "", None)


async def reduce_offline(home: Path, reason: str) -> GuardView:
    """Let only closing orders leave a home that nobody owns; the caller holds its lock."""
    since = await _set_guard(home, GuardState.REDUCING, reason)
    if since is None:
        raise ConfigError(f"{home} has no database yet, so there is nothing to reduce.")
    return GuardView(GuardState.REDUCING.value, reason, since)


async def _set_guard(home: Path, state: GuardState, reason: str) -> datetime | None:
    """Write the switch, then take the halt file away; None where there is no database yet."""
    paths = HomePaths(home)
    sentinel = FileSentinel(paths.halt_file)
    glance = peek(paths.database)
    if glance is None and state is GuardState.REDUCING:
        return None
    clock = SystemClock()
    since = clock.now()
    if glance is not None:
        async with AsyncExitStack() as stack:
            journal = await open_journal(stack, paths, glance.mode, clock, sentinel)
            await journal.set_guard(GuardRecord(state, reason, since))
    sentinel.clear()
    return since


def offline_status(home: Path) -> StatusView:
    """Tell the health of a home that nobody owns, from its files alone; StoreError."""
    paths = HomePaths(home)
    glance = peek(paths.database)
    sentinel = FileSentinel(paths.halt_file)
    reason = sentinel.reason()
    guard = glance.guard if glance else GuardRecord(GuardState.ACTIVE, "", datetime.now(UTC))
    if reason is not None and guard.state is not GuardState.HALTED:
        guard = GuardRecord(GuardState.HALTED, reason, sentinel.since() or guard.since)
    return StatusView(
        version=__version__,
        mode=glance.mode if glance else "unknown",
        home=str(home),
        owner=None,
        guard=guard_view(guard),
        accounts=None,
        open_lines=glance.open if glance else 0,
        in_doubt_lines=glance.in_doubt if glance else 0,
        doubts=tuple(told_alone(*one) for one in glance.unresolved) if glance else (),
        reading=None,
        newest_broadcast=glance.newest.id if glance and glance.newest else None,
        logins=logins_with_files(home),
        token_cache=None,
        tasks=(),
        alarms=(),
        limits=None,
    )


async def offline_broadcasts(home: Path, limit: int) -> tuple[BroadcastRow, ...]:
    """Show the newest broadcasts of a home that nobody owns, as they were last written down."""
    from swimdesk.store.history import open_history

    database = HomePaths(home).database
    if peek(database) is None:
        return ()
    async with open_history(database) as history:
        return tuple(map(broadcast_row, await history.newest(limit)))


async def offline_fairness(home: Path, limit: int) -> tuple[FairnessView, ...]:
    """Tell by account how early it was served in a home that nobody owns."""
    from swimdesk.store.history import open_history

    database = HomePaths(home).database
    if peek(database) is None:
        return ()
    async with open_history(database) as history:
        return tuple(map(fairness_view, fairness(await history.write_times(limit))))


async def offline_broadcast(home: Path, broadcast: str) -> BroadcastView:
    """Show one broadcast of a home that nobody owns; UnknownReference if there is none."""
    from swimdesk.store.history import open_history

    database = HomePaths(home).database
    found = None
    commands: tuple[Command, ...] = ()
    if peek(database) is not None:
        async with open_history(database) as history:
            found = await history.broadcast(broadcast)
            commands = await history.commands(found.id) if found else ()
    if found is None:
        raise UnknownReference(
            f"There is no broadcast {broadcast}; `swimdesk broadcasts` lists them."
        )
    return broadcast_view(found, commands)


def offline_trail(home: Path, reference: str) -> TrailView:
    """Show how the line ``B/ALIAS`` of a home that nobody owns came to be what it is."""
    from swimdesk.desk.canceler import line_in
    from swimdesk.desk.trails import trail_view
    from swimdesk.store import evidence, journal, queries
    from swimdesk.store.connection import reading

    database = HomePaths(home).database
    glance = peek(database)
    id_, _, account = reference.partition("/")
    if glance is not None and glance.schema < queries.NEWEST_SCHEMA:
        raise InputError(
            f"{database} was made by an older program; start the desk once, then ask again."
        )
    if glance is not None:
        with reading(database) as connection:
            found = journal.broadcast(connection, id_)
            if found is not None:
                line = line_in(found, account)
                return trail_view(found, line, evidence.steps_of(connection, line))
    raise UnknownReference(f"There is no broadcast {id_}; `swimdesk broadcasts` lists them.")
