"""Access tokens in a cache that others can read, write and replay."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from tests.fakes.market import HandClock

from swimdesk.desk.ports import TokenCacheUse
from swimdesk.login.cache import SealedTokens, cache_key_of
from swimdesk.login.grants import AccessCache
from swimdesk.login.vault_credentials import CredentialsVault
from swimdesk.login.vault_files import FilesVault
from swimdesk.telemetry.redaction import Secret

KEY = Secret(base64.b64encode(b"k" * 32).decode())
OTHER_KEY = Secret(base64.b64encode(b"o" * 32).decode())
BROKERAGE = "paper https://127.0.0.1:8443"
TOKEN = Secret("I0.planted-access-token@")
LIFE = timedelta(minutes=30)


class Bytes:
    """A cache that anybody may read and write."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.ttls_s: list[float] = []

    async def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        self.kept[key] = value
        self.ttls_s.append(ttl_s)


class World:
    """A cache, a clock, and desks that use them."""

    def __init__(self) -> None:
        self.cache = Bytes()
        self.clock = HandClock()
        self.desk = self.another()

    def another(self, key: Secret = KEY, brokerage: str = BROKERAGE) -> SealedTokens:
        return SealedTokens(self.cache, key, brokerage, self.clock.now)

    async def put(self, login: str = "smith", life: timedelta = LIFE) -> None:
        await self.desk.put(login, TOKEN, self.clock.now() + life)


@pytest.fixture
def world() -> World:
    return World()


async def test_token_comes_back_with_its_end_in_a_later_process(world: World) -> None:
    await world.put()
    later: AccessCache = world.another()
    assert await later.get("smith") == (TOKEN, world.clock.now() + LIFE)


async def test_neither_token_nor_login_can_be_read(world: World) -> None:
    await world.put()
    ((name, value),) = world.cache.kept.items()
    assert b"planted" not in value
    assert "smith" not in name
    assert len(bytes.fromhex(name)) == 32


async def test_same_token_is_never_sealed_alike(world: World) -> None:
    await world.put()
    (first,) = world.cache.kept.values()
    await world.put()
    (second,) = world.cache.kept.values()
    assert first != second


async def test_token_is_forgotten_a_minute_before_its_end(world: World) -> None:
    await world.put()
    assert world.cache.ttls_s == [1740]


@pytest.mark.parametrize("life_s", [-5, 0, 60, 60.9])
async def test_token_in_its_last_minute_is_not_kept(world: World, life_s: float) -> None:
    await world.put(life=timedelta(seconds=life_s))
    assert world.cache.kept == {}


async def test_nothing_there_is_a_miss(world: World) -> None:
    assert await world.desk.get("smith") is None
    assert world.desk.use() == TokenCacheUse(absent=1)


async def test_token_that_has_ended_is_a_miss(world: World) -> None:
    await world.put()
    world.clock.pass_(1800)
    assert await world.desk.get("smith") is None
    assert world.desk.use() == TokenCacheUse(ended=1)


async def test_every_changed_byte_is_a_miss(world: World) -> None:
    await world.put()
    ((name, value),) = world.cache.kept.items()
    for place in range(len(value)):
        world.cache.kept[name] = value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        assert await world.desk.get("smith") is None, place
    assert world.desk.use() == TokenCacheUse(refused=len(value))
    world.cache.kept[name] = value
    assert await world.desk.get("smith") is not None


@pytest.mark.parametrize(
    "planted", [b"", b"x", b"x" * 19, b"x" * 20, b"x" * 400, b"I0.somebody-else@", b"\x80\x04."]
)
async def test_whatever_a_stranger_puts_there_is_a_miss(world: World, planted: bytes) -> None:
    await world.put()
    (name,) = world.cache.kept
    world.cache.kept[name] = planted
    assert await world.desk.get("smith") is None
    assert world.desk.use() == TokenCacheUse(refused=1)


async def test_token_replayed_for_another_login_is_a_miss(world: World) -> None:
    await world.put("smith")
    (smith,) = world.cache.kept
    await world.put("jones")
    (jones,) = set(world.cache.kept) - {smith}
    world.cache.kept[jones] = world.cache.kept[smith]
    assert await world.desk.get("jones") is None
    assert world.desk.use() == TokenCacheUse(refused=1)


async def test_homes_with_keys_of_their_own_neither_read_nor_overwrite_each_other(
    world: World,
) -> None:
    await world.put()
    other = world.another(OTHER_KEY)
    assert await other.get("smith") is None
    await other.put("smith", Secret("theirs"), world.clock.now() + LIFE)
    assert await world.desk.get("smith") == (TOKEN, world.clock.now() + LIFE)
    assert other.use() == TokenCacheUse(absent=1)


async def test_token_of_one_key_under_the_name_of_another_is_a_miss(world: World) -> None:
    await world.put()
    (value,) = world.cache.kept.values()
    other = world.another(OTHER_KEY)
    await other.put("smith", Secret("theirs"), world.clock.now() + LIFE)
    world.cache.kept = dict.fromkeys(world.cache.kept, value)
    assert await other.get("smith") is None
    assert other.use() == TokenCacheUse(refused=1)


async def test_paper_and_live_share_nothing_even_with_one_key(world: World) -> None:
    await world.put()
    (value,) = world.cache.kept.values()
    live = world.another(brokerage="live https://api.schwabapi.com")
    assert await live.get("smith") is None
    await live.put("smith", Secret("theirs"), world.clock.now() + LIFE)
    world.cache.kept = dict.fromkeys(world.cache.kept, value)
    assert await live.get("smith") is None
    assert live.use() == TokenCacheUse(absent=1, refused=1)


def test_key_is_made_once_and_kept_in_the_vault(tmp_path: Path) -> None:
    first = cache_key_of(FilesVault(tmp_path))
    assert first is not None
    assert len(base64.b64decode(first.reveal())) == 32
    assert cache_key_of(FilesVault(tmp_path)) == first


@pytest.mark.parametrize("damaged", ["short", "%%%", "aGVsbG8="])
def test_key_that_is_none_is_made_anew(tmp_path: Path, damaged: str) -> None:
    vault = FilesVault(tmp_path)
    vault.put("cache/key", Secret(damaged))
    made = cache_key_of(vault)
    assert made is not None
    assert made != Secret(damaged)
    assert vault.get("cache/key") == made


def test_vault_that_cannot_keep_a_key_leaves_the_cache_out(tmp_path: Path) -> None:
    read_only = CredentialsVault({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert cache_key_of(read_only) is None
