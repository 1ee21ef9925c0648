"""What ``doctor`` looks at: each check names what is wrong in a home and what to do about it.

Beside ``bootstrap`` the only module that knows the adapters, for it asks each of them how it is.
"""

from __future__ import annotations

import asyncio
import http.client
import shutil
import sqlite3
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from swimdesk.bootstrap import HomePaths, SystemClock, trust_of
from swimdesk.bootstrap.elsewhere import elsewhere
from swimdesk.bootstrap.offline_logins import stored_login
from swimdesk.bootstrap.vaulting import expected_items
from swimdesk.bootstrap.vaults import (
    check_grants_can_be_read,
    grant_store,
    secret_at,
    vault_of,
)
from swimdesk.config import CONFIG_FILE, load_settings
from swimdesk.control.client import attach
from swimdesk.control.exchange import OwnerGone
from swimdesk.control.ownership import HomeLock, last_owner
from swimdesk.errors import BrokerUnreachable, ConfigError, ExitCode, SwimdeskError, VaultError
from swimdesk.schwab.lane.descriptors import accounts_allowed, needed_for
from swimdesk.store.inspection import inspect
from swimdesk.views.horizon import NEEDS_A_PERSON

if TYPE_CHECKING:
    from swimdesk.config import Settings

NETWORK_S: Final = 5.0
OLDEST_SQLITE: Final = (3, 37, 0)
"""The first one with STRICT tables."""
CLOCK_WARN_S: Final = 2.0
CLOCK_FAIL_S: Final = 30.0
DISK_WARN_BYTES: Final = 1 << 30
DISK_FAIL_BYTES: Final = 100 << 20


class CheckState(StrEnum):
    """How a check ended; a warning does not keep the desk from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check of a home: what was found and, unless all is well, what to do."""

    name: str
    state: CheckState
    detail: str
    advice: str
    exit_code: int


def _ok(detail: str) -> CheckView:
    return CheckView("", CheckState.OK, detail, "", ExitCode.DONE)


def _warn(detail: str, advice: str) -> CheckView:
    return CheckView("", CheckState.WARN, detail, advice, ExitCode.DONE)


def _fail(detail: str, advice: str, exit_code: ExitCode) -> CheckView:
    return CheckView("", CheckState.FAIL, detail, advice, exit_code)


@dataclass(frozen=True, slots=True)
class Subject:
    """The home under examination; without settings only what needs none can be checked."""

    home: Path
    config: Path | None
    settings: Settings | None


def run_checks(home: Path, config: Path | None) -> tuple[CheckView, ...]:
    """Run every check in turn; what a check finds wrong never keeps the next from running."""
    settings, configuration = _configuration(home, config)
    subject = Subject(home, config, settings)
    views = [_named("config", configuration)]
    for name, check in CHECKS.items():
        views.append(_named(name, _outcome(subject, check)))
    return tuple(views)


def exit_code_of(views: tuple[CheckView, ...]) -> int:
    """Return the exit code of the first check that failed."""
    return next((v.exit_code for v in views if v.state is CheckState.FAIL), int(ExitCode.DONE))


def _named(name: str, view: CheckView) -> CheckView:
    return CheckView(name, view.state, view.detail, view.advice, int(view.exit_code))


def _outcome(subject: Subject, check: Check) -> CheckView:
    try:
        return check.look(subject)
    except VaultError as error:
        is_its_own = check is CHECKS["vault"]
        return _fail(error.detail, check.advice if is_its_own else "see vault", error.exit_code)
    except SwimdeskError as error:
        return _fail(error.detail, check.advice, error.exit_code)


def _configuration(home: Path, config: Path | None) -> tuple[Settings | None, CheckView]:
    try:
        settings = load_settings(home, config)
    except SwimdeskError as error:
        return None, _fail(error.detail, "mend the configuration first", error.exit_code)
    accounts, logins = len(settings.account), len(settings.login)
    return settings, _ok(f"mode {settings.broker.mode}, {logins} logins, {accounts} accounts named")


_NO_SETTINGS: Final = _warn("not checked: the configuration cannot be read", "see config")


def _permissions(subject: Subject) -> CheckView:
    """Look for files of the home that others of this machine could read."""
    home = subject.home
    if not home.exists():
        return _warn(f"there is no folder {home} yet", "it is made with the first run")
    kept = (*sorted(home.glob("desk.db*")), *sorted(home.glob("vault.*")))
    places = (home, home / CONFIG_FILE, *kept)
    folders = [home / name for name in ("logs", "run", "secrets", "tokens")]
    places += tuple(p for f in folders if f.is_dir() for p in (f, *sorted(f.rglob("*"))))
    open_to_others = [p for p in places if p.exists() and _is_open(p)]
    if not open_to_others:
        return _ok("only you can read what is in the home")
    first = open_to_others[0]
    return _fail(
        f"{len(open_to_others)} places in the home are open to other users, such as {first}",
        f"chmod -R go-rwx {home}",
        ExitCode.USAGE,
    )


def _is_open(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _secrets(subject: Subject) -> CheckView:
    if subject.settings is None:
        return _NO_SETTINGS
    broker = subject.settings.broker
    for reference in (broker.app_key, broker.app_secret):
        try:
            secret_at(reference, subject.settings, subject.home)
        except ConfigError:
            moved = _moved(subject.settings, subject.home)
            if reference.startswith("keyring:") and moved is not None:
                return _fail(f"{reference} is not in the configured vault", moved, ExitCode.USAGE)
            raise
    kinds = {reference.partition(":")[0] for reference in (broker.app_key, broker.app_secret)}
    own_choice = "keyring" in kinds and not subject.settings.vault.backend
    backend = f", backend {_keyring_backend()}" if own_choice else ""
    return _ok(f"app_key and app_secret are there ({', '.join(sorted(kinds))}{backend})")


def _vault(subject: Subject) -> CheckView:
    """Name the vault, and see that it keeps what it is given."""
    if subject.settings is None:
        return _NO_SETTINGS
    # Deferred: what each of the backends needs.
    from swimdesk.login.vaults import SeedsApart, try_out

    vault = vault_of(subject.settings, subject.home)
    found = f"{vault.name}: {try_out(vault)}"
    stray = vault.stray_seeds() if isinstance(vault, SeedsApart) else ()
    moved = _moved(subject.settings, subject.home)
    if moved is not None:
        return _warn(f"{found}; what it lacks may be in another one", moved)
    if not stray:
        return _ok(found)
    advice = "; ".join(f"swimdesk vault drop {item}" for item in stray)
    return _warn(f"{found}; beside its password is still {', '.join(stray)}", advice)


def _moved(settings: Settings, home: Path) -> str | None:
    """Return what to do where another vault of the home has what the configured one has not."""
    if not settings.vault.backend and settings.broker.mode == "live":
        return None
    found = elsewhere(settings, home, frozenset(expected_items(settings)))
    if found is None:
        return None
    backend, name = found
    return (
        f'{name} has it, or may: if it was moved there, set backend = "{backend}" under [vault] in'
        " config.toml"
    )


def _keyring_backend() -> str:
    import keyring

    kind = type(keyring.get_keyring())
    return f"{kind.__module__}.{kind.__qualname__}"


def _store(subject: Subject) -> CheckView:
    path = HomePaths(subject.home).database
    if not path.exists():
        return _ok("no database yet; the first run makes it")
    found = inspect(path, whole_chain=True)
    mode = None if found is None else found.mode
    wanted = None if subject.settings is None else subject.settings.broker.mode
    if mode is not None and wanted is not None and mode != wanted:
        return _fail(
            f"the database is of mode {mode}, the configuration says {wanted}",
            "use a home of its own for each mode",
            ExitCode.STORE,
        )
    links = 0 if found is None or found.chain is None else found.chain.links
    size_mb = path.stat().st_size / 1e6
    return _ok(f"the database is sound ({size_mb:.1f} MB), its chain of {links} links whole")


def _sqlite(_: Subject) -> CheckView:
    if sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return _ok(f"SQLite {sqlite3.sqlite_version}")
    oldest = ".".join(map(str, OLDEST_SQLITE))
    return _fail(
        f"SQLite {sqlite3.sqlite_version} is older than {oldest}",
        "use a Python that brings a newer SQLite",
        ExitCode.STORE,
    )


def _owner(subject: Subject) -> CheckView:
    owner = last_owner(subject.home)
    if owner is None:
        return _ok("nobody runs this home; commands run the desk themselves")
    try:
        asyncio.run(_greet(subject.home))
    except OwnerGone as gone:
        with HomeLock(subject.home) as lock:
            if lock.try_acquire():
                return _ok(f"nobody runs this home; process {owner.pid} ended without leaving")
        advice = f"wait if it just started, else `kill {owner.pid}`"
        return _fail(f"process {owner.pid} holds the home: {gone.detail}", advice, ExitCode.HELD)
    return _ok(f"process {owner.pid} runs the desk and answers")


async def _greet(home: Path) -> None:
    async with attach(home):
        return


def _tokens(subject: Subject) -> CheckView:
    """Look at the configured logins; a grant in its last day is a warning."""
    if subject.settings is None:
        return _NO_SETTINGS
    store = grant_store(subject.home, subject.settings)
    check_grants_can_be_read(subject.settings, subject.home)
    now = SystemClock().now()
    ends: list[tuple[datetime, str]] = []
    for login in subject.settings.login:
        view = stored_login(store, login.name)
        if view.refresh_expires is None or view.state in NEEDS_A_PERSON:
            advice = f"swimdesk login {login.name}"
            return _fail(f"login {login.name}: {view.detail}", advice, ExitCode.LOGIN)
        ends.append((view.refresh_expires, login.name))
    if not ends:
        return _warn("no [[login]] is configured", "add one to config.toml")
    end, name = min(ends)
    text = f"{len(ends)} logins; the first to sign in again is {name}, by {end:%Y-%m-%d %H:%M} UTC"
    if (end - now).days < 1:
        return _warn(text, f"sign in {name} today")
    return _ok(text)


def _broker(subject: Subject) -> CheckView:
    if subject.settings is None:
        return _NO_SETTINGS
    status, _ = _ask_broker(subject.settings)
    return _ok(f"{subject.settings.broker.api_url} answers over verified TLS (status {status})")


def _clock(subject: Subject) -> CheckView:
    """Compare with the broker's clock: expiring tokens and sessions are judged by ours."""
    if subject.settings is None:
        return _NO_SETTINGS
    _, said = _ask_broker(subject.settings)
    now = SystemClock().now()
    if said is None:
        return _warn("the broker's answer does not say what time it is", "nothing to do")
    # The header tells whole seconds, cut off.
    offset_s = abs((now - said).total_seconds() - 0.5)
    text = f"this clock and the broker's are {offset_s:.1f} s apart"
    if offset_s > CLOCK_FAIL_S:
        return _fail(text, "set the clock (NTP)", ExitCode.UNREACHABLE)
    return _warn(text, "let NTP keep the clock") if offset_s > CLOCK_WARN_S else _ok(text)


def _ask_broker(settings: Settings) -> tuple[int, datetime | None]:
    """Ask the broker's host for anything; return the status and the time that it says it is."""
    parts = urlsplit(settings.broker.api_url)
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=NETWORK_S, context=trust_of(settings)
    )
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status, _moment(answer.getheader("Date"))
    except ssl.SSLCertVerificationError as error:
        raise BrokerUnreachable(
            f"the certificate of {parts.netloc} is not trusted: {error.verify_message}"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise BrokerUnreachable(f"{parts.netloc} does not answer: {reason}") from None
    finally:
        connection.close()


def _moment(header: str | None) -> datetime | None:
    try:
        return None if header is None else parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return None


def _cache(subject: Subject) -> CheckView:
    if subject.settings is None:
        return _NO_SETTINGS
    address = subject.settings.cache.memcached
    if not address:
        return _ok("none configured; this process keeps what is short-lived")
    # Deferred: only who configures one needs its library.
    from pymemcache.client.base import Client  # type: ignore[import-untyped]
    from pymemcache.exceptions import MemcacheError  # type: ignore[import-untyped]

    try:
        client = Client(address, connect_timeout=NETWORK_S, timeout=NETWORK_S)
        version = client.version()
        client.close()
    except (OSError, MemcacheError, ValueError) as error:
        return _warn(
            f"memcached at {address} does not answer: {error}", "start it, or leave it out"
        )
    return _ok(f"memcached {version.decode(errors='replace')} at {address}")


def _disk(subject: Subject) -> CheckView:
    place = next(p for p in (subject.home, *subject.home.parents) if p.exists())
    free = shutil.disk_usage(place).free
    text = f"{free / 1e9:.1f} GB free below {place}"
    if free < DISK_FAIL_BYTES:
        return _fail(text, "free disk space before trading", ExitCode.STORE)
    return _warn(text, "free disk space soon") if free < DISK_WARN_BYTES else _ok(text)


def _files(subject: Subject) -> CheckView:
    allowed = accounts_allowed()
    if allowed is None:
        return _ok("open files without a limit")
    configured = len(subject.settings.account) if subject.settings else 0
    text = f"open files allow connections for {allowed:,} accounts"
    if configured <= allowed:
        return _ok(text)
    return _fail(
        f"{text}, {configured:,} are configured",
        f"set `ulimit -n {needed_for(configured)}`, or LimitNOFILE in the systemd unit",
        ExitCode.USAGE,
    )


@dataclass(frozen=True, slots=True)
class Check:
    """A check, and what to do where it ends in one of our errors."""

    look: Callable[[Subject], CheckView]
    advice: str


CHECKS: Final[dict[str, Check]] = {
    "permissions": Check(_permissions, "make the home readable for yourself only"),
    "secrets": Check(_secrets, "put the secret where config.toml says that it is"),
    "vault": Check(_vault, "mend the vault, or name another one under [vault]"),
    "store": Check(_store, "restore a backup of the database, or name another home"),
    "sqlite": Check(_sqlite, ""),
    "owner": Check(_owner, "stop the process that holds the home"),
    "tokens": Check(_tokens, "mend what keeps the sign-ins, or `swimdesk login NAME`"),
    "broker": Check(_broker, "look at network, name, firewall and, in paper mode, ca_file"),
    "clock": Check(_clock, "first mend the way to the broker"),
    "cache": Check(_cache, ""),
    "disk": Check(_disk, ""),
    "files": Check(_files, ""),
}
"""Every check by name, after the configuration's, in the order in which they are run."""
