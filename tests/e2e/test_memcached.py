"""A memcached beside the desk: it spares refreshes, sees no secret, and may die at any time."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from tests.e2e.conftest import SetStage
from tests.e2e.leaks import secrets_of
from tests.e2e.stage import Stage, view_of
from tests.e2e.waiting import until_told
from tests.fakes.memcached import Memcached, memcached

from swimdesk.bootstrap import open_desk
from swimdesk.desk.desk import Desk
from swimdesk.market import cache
from swimdesk.views.requests import Scope
from swimdesk.views.signing import TokenCacheView

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SMALL = ("--profile", "uniform", "--accounts", "6", "--logins", "2")


def use(stage: Stage, address: str) -> None:
    stage.configure(f'[cache]\nmemcached = "{address}"')


def age_access_tokens(stage: Stage) -> None:
    """Let every access token of the home have ended."""
    for file in sorted((stage.home / "tokens").glob("*.json")):
        document = json.loads(file.read_text())
        document["token"]["expires_at"] = int(datetime.now(UTC).timestamp()) - 60
        file.write_text(json.dumps(document))


def everything_in(server: Memcached) -> bytes:
    with server.stranger() as stranger:
        return b"".join(name.encode() + stranger.get(name) for name in server.names())


def is_used(server: Memcached) -> bool:
    """Tell whether somebody else has connected; whether in time depends on the machine."""
    with server.stranger() as stranger:
        return bool(stranger.stats()[b"total_connections"] > 2)


async def test_memcached_killed_during_a_broadcast_changes_no_line(
    set_stage: SetStage, folder: Path
) -> None:
    stage = await set_stage(*SMALL)
    with memcached(folder) as server:
        use(stage, server.address)
        order, other = await stage.condors(2)
        age_access_tokens(stage)
        async with stage.daemon():
            before = view_of((await stage.send(other)).document())
            assert is_used(server)
            await stage.latency(800, 1200)
            sending = await stage.start_send(order, "burst")
            await until_told(stage.all_posted(6), "every order is at the brokerage")
            server.kill()
            after = view_of((await sending.finished()).document())
            again = view_of(await stage.ask("broadcasts", after.broadcast))

    assert [line.state for line in after.lines] == [line.state for line in before.lines]
    assert {line.state for line in again.lines} == {"filled"}
    assert [line.order_id for line in again.lines] == [line.order_id for line in after.lines]
    assert set((await stage.posts_by_account()).values()) == {2}
    assert (await stage.audit()).is_clean


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let desks of this process wait: a busy machine is not a memcached that hangs."""
    monkeypatch.setattr(cache, "MemcachedCache", partial(cache.MemcachedCache, timeout_s=10.0))


async def cache_use(desk: Desk) -> TokenCacheView | None:
    """Let a desk need its tokens, and return what it did with the cache."""
    await desk.balances(Scope())
    return (await desk.status()).token_cache


@pytest.mark.usefixtures("_patient")
async def test_token_left_by_an_earlier_desk_spares_a_refresh(
    set_stage: SetStage, folder: Path
) -> None:
    stage = await set_stage(*SMALL)
    age_access_tokens(stage)
    shutil.copytree(stage.home / "tokens", folder / "tokens")
    with memcached(folder) as server:
        use(stage, server.address)
        async with open_desk(stage.home) as desk:
            assert await cache_use(desk) == TokenCacheView(0, 2, 0, 0)
        assert (await stage.requests())["token"] == 2
        secrets = secrets_of(stage.sim.description, stage.home)
        kept = everything_in(server)
        assert [name for name, secret in secrets.items() if secret in kept] == []

        # As after a crash, or from a backup: what is in the store is older than the cache.
        shutil.copytree(folder / "tokens", stage.home / "tokens", dirs_exist_ok=True)
        async with open_desk(stage.home) as desk:
            assert await cache_use(desk) == TokenCacheView(2, 0, 0, 0)
    assert (await stage.requests())["token"] == 2
    shutil.rmtree(folder / "tokens")


@pytest.mark.usefixtures("_patient")
async def test_poisoned_and_replayed_tokens_are_refreshed_and_nothing_else(
    set_stage: SetStage, folder: Path
) -> None:
    stage = await set_stage(*SMALL)
    age_access_tokens(stage)
    with memcached(folder) as server:
        use(stage, server.address)
        async with open_desk(stage.home) as desk:
            await desk.balances(Scope())
        one, two = server.names()
        with server.stranger() as stranger:
            stranger.set(one, stranger.get(two))
            stranger.set(two, b"\x80\x04\x95 not a token")
        age_access_tokens(stage)
        async with open_desk(stage.home) as desk:
            assert await cache_use(desk) == TokenCacheView(0, 0, 2, 0)
    assert (await stage.requests())["token"] == 4


class Doorkeeper:
    """Listens where a memcached should be, notes who comes, and sends everybody away."""

    def __init__(self) -> None:
        self.pids: list[int] = []

    async def __call__(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("socket")
        told = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        self.pids.append(struct.unpack("3i", told)[0])
        writer.close()


@asynccontextmanager
async def doorkeeper(path: Path) -> AsyncIterator[Doorkeeper]:
    keeper = Doorkeeper()
    async with await asyncio.start_unix_server(keeper, path):
        yield keeper


async def test_commands_beside_an_owner_never_ask_the_cache(
    set_stage: SetStage, folder: Path
) -> None:
    stage = await set_stage(*SMALL)
    order = await stage.condor()
    age_access_tokens(stage)
    async with doorkeeper(folder / "mc") as keeper:
        use(stage, f"unix:{folder / 'mc'}")
        alone = await stage.start("preview", order, "--all", "--json")
        await alone.finished()
        assert set(keeper.pids) == {alone.pid}

        keeper.pids.clear()
        age_access_tokens(stage)
        async with stage.daemon() as daemon:
            for command in ("balances", "positions", "orders", "accounts", "status"):
                await stage.ask(command)
            await stage.ask("quote", "SPY")
            sent = (await stage.send(order)).document()
            assert set(keeper.pids) == {daemon.pid}
    assert sent["counts"]["filled"] == 6
