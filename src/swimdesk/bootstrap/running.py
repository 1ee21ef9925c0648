"""Open the desk of a home: settings, store, logins, broker, market, in that order."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from swimdesk.bootstrap.caches import open_caches
from swimdesk.bootstrap.home import HomePaths, SystemClock, Ulids, digest_key_of
from swimdesk.bootstrap.vaults import grant_store, open_vault_of, secret_at
from swimdesk.config import load_settings
from swimdesk.errors import ConfigError, StoreFull
from swimdesk.store.sentinel import FileSentinel
from swimdesk.telemetry.logs import get_log

if TYPE_CHECKING:
    from swimdesk.config import Settings
    from swimdesk.desk.assembly import DeskSettings
    from swimdesk.desk.desk import Desk
    from swimdesk.desk.ports import Journal
    from swimdesk.desk.signing import SignInTerms
    from swimdesk.domain.accounts import Account
    from swimdesk.domain.risk import RiskLimits
    from swimdesk.login.cache import SealedTokens
    from swimdesk.login.carrying import BrokerLogins
    from swimdesk.login.tokens import TokenKeeper
    from swimdesk.schwab.timeouts import Timeouts
    from swimdesk.telemetry.redaction import Secret
    from swimdesk.views.signing import LoginView

log = get_log(__name__)

_ACCOUNT_NUMBER = re.compile(r"[0-9]{5,20}")


@asynccontextmanager
async def open_desk(
    home: Path, config: Path | None = None, *, stays: bool = False
) -> AsyncIterator[Desk]:
    """Start the desk of a home; the caller holds the home's lock. Closes everything at the end.

    A desk that ``stays`` keeps tokens, balances and positions fresh on its own.
    """
    # Deferred: a status command must not pay for what only a running desk needs.
    from swimdesk.desk.assembly import Outside
    from swimdesk.desk.desk import Desk
    from swimdesk.market.cached_data import CachedMarketData
    from swimdesk.schwab.client import SchwabBroker

    settings = load_settings(home, config)
    paths = HomePaths(home)
    paths.make()
    clock = SystemClock()
    sentinel = FileSentinel(paths.halt_file)
    # Before anything else runs, for it may ask a person for a passphrase.
    await open_vault_of(settings, home)
    async with AsyncExitStack() as stack:
        caches = await open_caches(stack, home, settings, clock)
        journal = await open_journal(stack, paths, settings.broker.mode, clock, sentinel)
        trust = trust_of(settings)
        numbers = await _account_numbers(home, settings)
        tokens, logins = await _open_tokens(stack, home, settings, trust, clock, caches.tokens)
        broker = SchwabBroker(
            api_url=settings.broker.api_url,
            ssl_context=trust,
            tokens=tokens,
            logins=tuple(login.name for login in settings.login),
            accounts=_configured(settings, numbers),
            numbers=numbers,
            clock=clock,
            digest_key=await asyncio.to_thread(digest_key_of, paths),
            timeouts=timeouts_of(settings),
        )
        stack.push_async_callback(broker.aclose)
        market = CachedMarketData(broker, caches.market)
        outside = Outside(
            broker, market, journal, tokens, sentinel, clock, Ulids(), logins, caches.token_use
        )
        desk = Desk(outside, _desk_settings(settings, home, numbers))
        stack.push_async_callback(desk.close)
        await desk.start()
        if stays:
            _stay(desk, home, config, clock)
        yield desk


async def open_journal(
    stack: AsyncExitStack,
    paths: HomePaths,
    mode: str,
    clock: SystemClock,
    sentinel: FileSentinel,
) -> Journal:
    """Open the desk's memory on its own thread until the stack ends; StoreError, ModeMismatch."""
    from swimdesk.store.database import Database
    from swimdesk.store.sqlite_journal import SqliteJournal
    from swimdesk.store.writer import WriterThread

    def halt(full: StoreFull) -> None:
        log.error("store.full", detail=full.detail)
        sentinel.raise_("the disk was full while results were written")

    writer = WriterThread()
    stack.push_async_callback(writer.close)

    def open_here() -> Database:
        return Database.open(paths.database, mode, clock.now())

    database = await writer.run(open_here, lambda: None)

    async def close() -> None:
        await writer.run(database.close, lambda: None)

    stack.push_async_callback(close)
    return SqliteJournal(database, clock, writer, halt)


def trust_of(settings: Settings) -> ssl.SSLContext:
    """Build the one TLS context: verification is always on, a paper home may add its own root."""
    trust = ssl.create_default_context()
    trust.minimum_version = ssl.TLSVersion.TLSv1_2
    file = settings.broker.ca_file
    if file is not None:
        try:
            trust.load_verify_locations(file)
        except (OSError, ssl.SSLError) as e:
            raise ConfigError(
                f"[broker] ca_file {file} cannot be used as a trust root ({e.strerror or e});"
                " expected a PEM certificate, such as the ca_file that `swimdesk sim` names"
            ) from None
    return trust


async def _open_tokens(
    stack: AsyncExitStack,
    home: Path,
    settings: Settings,
    trust: ssl.SSLContext,
    clock: SystemClock,
    cache: SealedTokens | None,
) -> tuple[TokenKeeper, BrokerLogins]:
    import httpx

    from swimdesk.login.carrying import BrokerLogins
    from swimdesk.login.tokens import TokenKeeper

    http = await stack.enter_async_context(httpx.AsyncClient(verify=trust, trust_env=False))
    key, secret = await asyncio.gather(
        asyncio.to_thread(secret_at, settings.broker.app_key, settings, home),
        asyncio.to_thread(secret_at, settings.broker.app_secret, settings, home),
    )
    keeper = await asyncio.to_thread(
        TokenKeeper,
        [login.name for login in settings.login],
        grant_store(home, settings),
        http,
        api_url=settings.broker.api_url,
        app_key=key,
        app_secret=secret,
        callback_url=settings.broker.callback_url,
        locks=HomePaths(home).run,
        now=clock.now,
        cache=cache,
    )
    stack.push_async_callback(keeper.aclose)
    logins = BrokerLogins(
        keeper,
        api_url=settings.broker.api_url,
        app_key=key,
        callback_url=settings.broker.callback_url,
    )
    return keeper, logins


def _stay(desk: Desk, home: Path, config: Path | None, clock: SystemClock) -> None:
    """Let the desk keep everything fresh, and sign automatic logins in before their grants end."""
    from swimdesk.bootstrap.renewing import Nobody, Renewals
    from swimdesk.bootstrap.signing import sign_in

    async def signed_in(login: str) -> LoginView:
        return await sign_in(desk, home, config, login, "automatic", Nobody())

    desk.stay()
    desk.supervisor.loop("sign-ins", Renewals(desk.logins, signed_in, clock.now).run)


async def _account_numbers(home: Path, settings: Settings) -> dict[str, Secret]:
    """Fetch the whole numbers of the accounts that are told by them, by alias; ConfigError."""
    kept = [(one.alias, one.number) for one in settings.account if one.number is not None]
    numbers = await asyncio.gather(
        *(asyncio.to_thread(secret_at, reference, settings, home) for _, reference in kept)
    )
    for (alias, reference), number in zip(kept, numbers, strict=True):
        if not _ACCOUNT_NUMBER.fullmatch(number.reveal()):
            raise ConfigError(
                f"the secret {reference} is not the number of account {alias}:"
                " expected its digits and nothing else"
            )
    return {alias: number for (alias, _), number in zip(kept, numbers, strict=True)}


def _configured(settings: Settings, numbers: Mapping[str, Secret]) -> tuple[Account, ...]:
    """Turn the configured accounts into the domain's; balances and type come from the broker."""
    from swimdesk.domain.accounts import Account, Capabilities

    return tuple(
        Account(
            alias=account.alias,
            login=account.login,
            last4=account.last4 or numbers[account.alias].reveal()[-4:],
            groups=frozenset(account.groups),
            multiplier=account.multiplier,
            capabilities=Capabilities(
                option_level=account.option_level,
                closing_only=account.closing_only,
                ira=account.ira,
            ),
        )
        for account in settings.account
    )


def timeouts_of(settings: Settings) -> Timeouts:
    """Return how long the broker may stay silent: every one of them is a key of [broker]."""
    from swimdesk.schwab.timeouts import Timeouts

    broker = settings.broker
    return Timeouts(broker.order_timeout_s, broker.cancel_timeout_s, broker.read_timeout_s)


def _sign_in_terms(settings: Settings, numbers: Mapping[str, Secret]) -> SignInTerms:
    from swimdesk.desk.signing import SignInTerms

    accounts: dict[str, tuple[str, ...]] = {}
    for one in _configured(settings, numbers):
        accounts[one.login] = (*accounts.get(one.login, ()), one.last4)
    return SignInTerms({login.name: login.browser for login in settings.login}, accounts)


def _desk_settings(settings: Settings, home: Path, numbers: Mapping[str, Secret]) -> DeskSettings:
    from swimdesk.desk.assembly import DeskSettings
    from swimdesk.desk.evidence import Horizons

    limits = limits_of(settings)
    risk = settings.risk
    horizons = Horizons(
        timedelta(seconds=risk.bind_horizon_s), timedelta(seconds=risk.absent_horizon_s)
    )
    return DeskSettings(
        settings.broker.mode,
        home,
        limits,
        risk.plan_life_s,
        horizons,
        _sign_in_terms(settings, numbers),
    )


def limits_of(settings: Settings) -> RiskLimits:
    """Return the limits of our own checks: every one of them is a key of [risk]."""
    from swimdesk.domain.risk import RiskLimits

    names = (field.name for field in dataclasses.fields(RiskLimits))
    return RiskLimits(**{name: getattr(settings.risk, name) for name in names})
