"""A sign-in from its begin to its new grant: the one path of commands, console and daemon."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swimdesk.bootstrap.home import HomePaths, SystemClock
from swimdesk.bootstrap.marks import mark_of
from swimdesk.bootstrap.running import trust_of
from swimdesk.bootstrap.vaults import open_vault_of, vault_of
from swimdesk.config import load_settings
from swimdesk.errors import (
    InputError,
    PasswordRefused,
    SignInFailed,
    SwimdeskError,
    UnknownReference,
    VaultError,
)
from swimdesk.login.signin.person import Person, Question, Step
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.signing import BeginSignIn, FailSignIn, FinishSignIn, LoginView, SignInStart

if TYPE_CHECKING:
    from swimdesk.config import Settings
    from swimdesk.desk.facade import DeskFacade
    from swimdesk.login.signin.child import Browser
    from swimdesk.login.signin.job import BrowserJob
    from swimdesk.login.vault import Vault

__all__ = ["Person", "Question", "Signed", "Step", "sign_in", "sign_in_all", "unlock"]

AT_ONCE: Final = 2
"""So many logins sign in at the same time."""
AHEAD: Final = 2
"""So many browsers more are started meanwhile, for the logins that come next."""
BY_HAND_S: Final = 590.0
"""So long a person may take by hand; the attempt dies after ten minutes."""
_STOPPED: Final = "it was stopped"
_FAIL_S: Final = 5.0
_BEGIN_S: Final = 15.0
"""So long it is awaited that a sign-in begins which nobody wants any more."""


@dataclass(frozen=True, slots=True)
class Signed:
    """How the sign-in of one login of several ended."""

    login: str
    view: LoginView | None
    error: SwimdeskError | None = None


@dataclass(frozen=True, slots=True)
class _Scene:
    """Everything that one sign-in is made of."""

    desk: DeskFacade
    home: Path
    settings: Settings
    login: str
    way: str
    person: Person
    headed: bool


@dataclass(frozen=True, slots=True)
class _Typed:
    """What will be typed on the first page; a sign-in by hand types nothing."""

    user: Secret | None = None
    password: Secret | None = None
    seed: Secret | None = None


async def sign_in(
    desk: DeskFacade,
    home: Path,
    config: Path | None,
    login: str,
    way: str,
    person: Person,
    headed: bool = False,
) -> LoginView:
    """Sign a login in and return how it stands then.

    ``way`` is assisted, automatic or manual; empty: as configured. SignInRefused where it is not
    the moment, SignInFailed, PasswordRefused, BrokerUnreachable or StoreError where nothing came
    of it: the grant from before stands. A cancellation ends the browser and the attempt.
    """
    settings = await asyncio.to_thread(load_settings, home, config)
    way = way or _configured_way(settings, login)
    scene = _Scene(desk, home, settings, login, way, person, headed)
    typed = await _gathered(scene)
    async with _opened(scene) as browser:
        return await _signed(scene, typed, browser)


async def sign_in_all(
    desk: DeskFacade, home: Path, config: Path | None, person: Person, headed: bool = False
) -> tuple[Signed, ...]:
    """Sign every automatic login in, two at a time; one that fails does not keep the others."""
    settings = await asyncio.to_thread(load_settings, home, config)
    logins = [login.name for login in settings.login if login.browser == "automatic"]
    if not logins:
        raise InputError('No [[login]] of config.toml has browser = "automatic".')
    turns, browsers = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE + AHEAD)

    async def signed(login: str) -> Signed:
        scene = _Scene(desk, home, settings, login, "automatic", person, headed)
        try:
            typed = await _gathered(scene)
            async with browsers, _opened(scene) as browser, turns:
                view = await _signed(scene, typed, browser)
        except SwimdeskError as error:
            person.told(Step(login, f"{error.title}: {error.detail}"))
            return Signed(login, None, error)
        person.told(Step(login, "signed in"))
        return Signed(login, view)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(signed(login)) for login in logins]
    return tuple(task.result() for task in tasks)


async def unlock(home: Path, config: Path | None) -> None:
    """Open the home's vault, asking for its passphrase where it has one.

    For a command, while nothing else runs that needs the terminal. A vault that is not to be had
    is told by the sign-in that needs it.
    """
    settings = await asyncio.to_thread(load_settings, home, config)
    with contextlib.suppress(VaultError):
        await open_vault_of(settings, home)


async def _signed(scene: _Scene, typed: _Typed, browser: Browser | None) -> LoginView:
    """Begin at the desk, get the callback, and finish at the desk."""
    desk, login = scene.desk, scene.login
    mark = await asyncio.to_thread(_mark, scene, typed.password)
    start = await _begun(desk, BeginSignIn(login, scene.way, mark))
    async with _attempt(desk, start):
        if browser is None:
            callback = await _by_hand(scene, start)
        else:
            callback = await browser.drive(_job(scene, typed, start), _answering(scene, typed))
        scene.person.told(Step(login, "trading the code for tokens"))
        return await desk.finish_sign_in(FinishSignIn(start.attempt, callback.reveal()))


async def _begun(desk: DeskFacade, request: BeginSignIn) -> SignInStart:
    """Begin at the desk; what begins though nobody waits for it any more is ended there.

    An attempt that nobody knows of would keep the login from signing in until it is over.
    """
    beginning = asyncio.ensure_future(desk.begin_sign_in(request))
    try:
        return await asyncio.shield(beginning)
    except asyncio.CancelledError:
        with contextlib.suppress(SwimdeskError, TimeoutError):
            async with asyncio.timeout(_BEGIN_S):
                start = await beginning
                await desk.fail_sign_in(FailSignIn(start.attempt, _STOPPED))
        raise


@asynccontextmanager
async def _attempt(desk: DeskFacade, start: SignInStart) -> AsyncIterator[None]:
    """End the attempt at the desk, whatever ends it here."""
    try:
        yield
    except BaseException as error:
        reason = error.detail if isinstance(error, SwimdeskError) else _STOPPED
        failed = FailSignIn(start.attempt, reason, isinstance(error, PasswordRefused))
        # One that the desk has ended already is not known there any more.
        with contextlib.suppress(SwimdeskError, TimeoutError):
            async with asyncio.timeout(_FAIL_S):
                await desk.fail_sign_in(failed)
        raise


async def _by_hand(scene: _Scene, start: SignInStart) -> Secret:
    from swimdesk.login.signin.by_hand import by_hand

    now = SystemClock().now()
    try:
        async with asyncio.timeout(BY_HAND_S):
            return await by_hand(
                scene.login,
                start.authorize_url,
                start.callback_url,
                start.state,
                scene.person,
                now,
                now + timedelta(seconds=BY_HAND_S),
            )
    except TimeoutError:
        raise SignInFailed(f"login {scene.login}: nobody came back in time") from None


@asynccontextmanager
async def _opened(scene: _Scene) -> AsyncIterator[Browser | None]:
    """Start the browser of a sign-in; None for one by hand."""
    if scene.way == "manual":
        yield None
        return
    # It takes seconds, in which a person wants to know that something happens.
    scene.person.told(Step(scene.login, "starting the browser"))
    from swimdesk.login.signin.child import browser
    from swimdesk.login.signin.chromium import hosts_of
    from swimdesk.login.signin.job import Launch
    from swimdesk.login.signin.pages import known_pages
    from swimdesk.login.signin.pins import pin_of

    broker, executable = scene.settings.broker, scene.settings.browser.executable
    pin = ""
    if broker.ca_file is not None:
        pin = await asyncio.to_thread(pin_of, broker.api_url, trust_of(scene.settings))
    hosts = hosts_of(broker.api_url, broker.mode, known_pages().hosts)
    async with browser(Launch(hosts, str(executable or ""), pin, scene.headed)) as started:
        yield started


def _answering(scene: _Scene, typed: _Typed) -> Person:
    """Return who answers: the person, or the seed in the person's place."""
    if typed.seed is None:
        return scene.person
    from swimdesk.login.signin.automatic import Automatic
    from swimdesk.login.signin.totp import Codes

    used = HomePaths(scene.home).run / f"totp-{scene.login}"
    # A clock of this moment: codes follow the world's time, not the desk's.
    codes = Codes(scene.login, typed.seed, used, SystemClock().now)
    return Automatic(scene.person, codes)


def _job(scene: _Scene, typed: _Typed, start: SignInStart) -> BrowserJob:
    from swimdesk.login.signin.job import BrowserJob

    return BrowserJob(
        login=scene.login,
        authorize_url=Secret(start.authorize_url),
        callback_url=start.callback_url,
        picture=HomePaths(scene.home).logs / f"sign-in-{scene.login}.png",
        accounts=start.accounts,
        user=typed.user,
        password=typed.password,
        factors=("code",) if scene.way == "automatic" else (),
    )


# --- what is typed


async def _gathered(scene: _Scene) -> _Typed:
    """Get what this way types, before anything is begun."""
    if scene.way == "automatic":
        return await asyncio.to_thread(_all_kept, scene)
    if scene.way == "assisted":
        return await _kept_or_asked(scene)
    return _Typed()


def _all_kept(scene: _Scene) -> _Typed:
    from swimdesk.login.vault import item_of

    vault = vault_of(scene.settings, scene.home)
    kinds = ("user", "password", "totp")
    kept = {kind: _filled(vault.get(item_of(scene.login, kind))) for kind in kinds}
    missing = [item_of(scene.login, kind) for kind, secret in kept.items() if secret is None]
    if missing:
        raise SignInFailed(
            f"login {scene.login} cannot sign in by itself: the vault has no {', '.join(missing)};"
            f" put them there with `swimdesk vault set ITEM`, or run `swimdesk login {scene.login}"
            " --manual`"
        )
    return _Typed(
        _typable(scene, "user", kept["user"]),
        _typable(scene, "password", kept["password"]),
        kept["totp"],
    )


async def _kept_or_asked(scene: _Scene) -> _Typed:
    try:
        vault = vault_of(scene.settings, scene.home)
        user = await _kept(vault, scene.login, "user")
        password = await _kept(vault, scene.login, "password")
    except VaultError as error:
        # A person is here and can type both.
        scene.person.told(Step(scene.login, f"the vault is not used: {error.detail}"))
        user = password = None
    user = user or await _asked(scene, "user", f"Login id of {scene.login} at the broker: ")
    password = password or await _asked(scene, "password", f"Password of {scene.login}: ")
    return _Typed(_typable(scene, "user", user), _typable(scene, "password", password))


async def _kept(vault: Vault, login: str, kind: str) -> Secret | None:
    from swimdesk.login.vault import item_of

    return _filled(await asyncio.to_thread(vault.get, item_of(login, kind)))


def _filled(secret: Secret | None) -> Secret | None:
    """Return a secret that can be typed: an empty one would spend a sign-in for nothing."""
    return secret if secret is not None and secret.reveal().strip() else None


def _typable(scene: _Scene, kind: str, secret: Secret | None) -> Secret | None:
    """Return what is no more than text; SignInFailed before anything of it could be sent off."""
    from swimdesk.login.signin.job import is_typable

    if secret is None or is_typable(secret):
        return secret
    raise SignInFailed(
        f"login {scene.login}: its {kind} holds a line break or another key that is no text, and"
        f" nothing was begun; an item of the vault, login/{scene.login}/{kind}, is one line"
    )


async def _asked(scene: _Scene, kind: str, text: str) -> Secret:
    answer = await scene.person.asked(Question(scene.login, kind, text))
    if not answer.reveal().strip():
        raise SignInFailed(f"login {scene.login}: nothing was typed, and nothing was begun")
    return answer


def _mark(scene: _Scene, password: Secret | None) -> str | None:
    """Return what a password that was refused is known again by."""
    return None if password is None else mark_of(scene.home, scene.login, password)


def _configured_way(settings: Settings, login: str) -> str:
    for one in settings.login:
        if one.name == login:
            return one.browser
    known = ", ".join(one.name for one in settings.login) or "none"
    raise UnknownReference(f"There is no [[login]] named {login}; there are {known}.")
