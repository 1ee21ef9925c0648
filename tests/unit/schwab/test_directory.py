"""The directory when logins show other accounts than before, or cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import stamina
from tests.unit.schwab.site import (
    ACCOUNTS_PATH,
    NUMBERS_PATH,
    Site,
    accounts_of,
    broken,
    document,
    text,
)
from tests.unit.schwab.support import NOW

from swimdesk.domain.accounts import Account
from swimdesk.errors import BrokerUnreachable, LoginRequired, ProtocolDrift, ReadBroken, StoreFull
from swimdesk.schwab.client import SchwabBroker
from swimdesk.telemetry.logs import LOG_FILE, close_logs, configure_logs

READS_OF_A_LOGIN = [ACCOUNTS_PATH, NUMBERS_PATH]


@pytest.fixture(autouse=True)
def _repeat_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    configure_logs(tmp_path)
    yield tmp_path / LOG_FILE
    close_logs()


def events(log_file: Path, event: str) -> list[dict[str, object]]:
    said = [json.loads(line) for line in log_file.read_text("utf-8").splitlines()]
    return [one for one in said if one["event"] == event]


async def discovered(broker: SchwabBroker) -> list[str]:
    return [account.alias for account in await accounts_of(broker)]


async def funds(broker: SchwabBroker, aliases: Sequence[str]) -> list[int]:
    """Return what tells the site's accounts apart: their buying power, 1000 per number's end."""
    holdings = await broker.holdings(aliases)
    return [int(one.balances.option_buying_power) for one in holdings]


# --- names -------------------------------------------------------------------------------------


async def test_linking_a_lower_number_moves_no_name() -> None:
    site = Site()
    broker = site.broker()
    assert await discovered(broker) == ["smith-1", "smith-2", "jones-1"]
    site.numbers["smith"] = ("11110000", "11110001", "11110002")
    assert await discovered(broker) == ["smith-1", "smith-2", "smith-3", "jones-1"]
    assert await funds(broker, ["smith-1", "smith-2", "smith-3"]) == [1000, 2000, 0]


async def test_reading_again_for_an_unknown_account_moves_no_name() -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()
    site.numbers["smith"] = ("11110000", "11110001", "11110002")
    assert await funds(broker, ["smith-3", "smith-1"]) == [0, 1000]


async def test_name_of_an_account_that_was_unlinked_waits_for_it() -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()
    site.numbers["smith"] = ("11110002", "11110007")
    assert await discovered(broker) == ["smith-2", "smith-3", "jones-1"]
    site.numbers["smith"] = ("11110001", "11110002", "11110007")
    assert await discovered(broker) == ["smith-1", "smith-2", "smith-3", "jones-1"]


async def test_account_that_its_login_lost_is_reached_by_the_other_that_sees_it() -> None:
    site = Site()
    site.numbers = {"smith": ("11110001", "11110002"), "jones": ("11110001",)}
    broker = site.broker()
    assert await discovered(broker) == ["smith-1", "smith-2"]
    site.numbers["smith"] = ("11110002",)
    accounts = await accounts_of(broker)
    assert {a.alias: a.login for a in accounts} == {"smith-2": "smith", "smith-1": "jones"}
    site.requests.clear()
    assert await funds(broker, ["smith-1"]) == [1000]
    assert site.requests[0].headers["authorization"] == "Bearer first.jones"


# --- discovering again -------------------------------------------------------------------------


async def test_discovering_again_costs_two_reads_a_login_and_keeps_the_order() -> None:
    site = Site()
    site.tokens.dead = {"smith"}
    configured = [Account("FAM-09", "smith", "0002"), Account("FAM-07", "smith", "0001")]
    broker = site.broker(configured)
    everybody = ["FAM-09", "FAM-07", "jones-1"]
    assert await discovered(broker) == everybody
    site.tokens.dead = set()
    site.requests.clear()
    assert await discovered(broker) == everybody
    assert sorted(site.paths()) == sorted(READS_OF_A_LOGIN * 2)
    site.tokens.dead = {"smith"}
    assert await discovered(broker) == everybody


async def test_login_that_fails_later_keeps_its_accounts_and_is_said_once(log_file: Path) -> None:
    site = Site()
    broker = site.broker()
    everybody = await discovered(broker)
    site.on(NUMBERS_PATH, text(503), login="jones")
    site.numbers["smith"] = ("11110001", "11110002", "11110003")
    assert await discovered(broker) == [*everybody[:2], "smith-3", *everybody[2:]]
    await broker.discover()
    assert [one["login"] for one in events(log_file, "login.accounts_not_read")] == ["jones"]


async def test_login_whose_new_tokens_cannot_be_saved_leaves_the_others() -> None:
    site = Site()
    site.tokens.unsaved = {"smith"}
    broker = site.broker()
    assert await discovered(broker) == ["jones-1"]
    assert await funds(broker, ["jones-1"]) == [1000]
    site.tokens.unsaved = {"smith", "jones"}
    with pytest.raises(StoreFull):
        await accounts_of(site.broker())


async def test_accounts_that_cannot_be_named_leave_the_other_logins() -> None:
    site = Site()
    site.numbers["smith"] = ("11110001", "99990001")
    broker = site.broker([Account("A", "smith", "0001")])
    assert await funds(broker, ["jones-1"]) == [1000]


async def test_login_whose_list_is_garbage_is_told_and_hides_no_other() -> None:
    site = Site()
    site.on(ACCOUNTS_PATH, document({"what": "is this"}), login="jones")
    broker = site.broker([Account("J", "jones", "0001")])
    found = await broker.discover()
    assert [account.alias for account in found.accounts] == ["smith-1", "smith-2", "J"]
    assert {login: type(error) for login, error in found.unread.items()} == {"jones": ProtocolDrift}
    with pytest.raises(ProtocolDrift):
        await accounts_of(broker)
    site.routes.clear()
    assert (await broker.discover()).unread == {}


async def test_bug_in_one_logins_read_is_told_without_what_was_read(log_file: Path) -> None:
    site = Site()
    site.on(ACCOUNTS_PATH, broken(RuntimeError("about 22220001")), login="jones")
    found = await site.broker().discover()
    assert [account.alias for account in found.accounts] == ["smith-1", "smith-2"]
    assert isinstance(found.unread["jones"], ReadBroken)
    assert "RuntimeError at site.py:" in found.unread["jones"].detail
    (said,) = events(log_file, "login.accounts_not_read")
    assert (said["login"], said["reason"]) == ("jones", found.unread["jones"].detail)
    assert "0001" not in str(said)


# --- asking for what is missing ----------------------------------------------------------------


async def test_login_that_cannot_be_read_hides_no_account_of_another() -> None:
    site = Site()
    site.on(NUMBERS_PATH, text(503), login="jones")
    broker = site.broker([Account("J", "jones", "0001")])
    assert await funds(broker, ["smith-1"]) == [1000]
    with pytest.raises(BrokerUnreachable):
        await broker.holdings(["J"])
    # Whether jones sees an account of that name, nobody knows.
    with pytest.raises(BrokerUnreachable):
        await broker.holdings(["jones-1"])
    site.tokens.dead = {"jones"}
    with pytest.raises(LoginRequired):
        await broker.holdings(["J"])


async def test_account_that_no_login_shows_any_more_is_looked_for_once_a_minute(
    log_file: Path,
) -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()
    site.numbers["smith"] = ("11110002",)
    await broker.discover()
    site.requests.clear()
    for _ in range(30):
        read = await broker.orders(["smith-1", "smith-2"], NOW)
        assert read.accounts == {"smith-2"}
        site.clock.advance(4)
    assert site.paths().count(NUMBERS_PATH) == 2 * len(site.numbers)
    (said,) = events(log_file, "broker.accounts_not_known")
    assert said["accounts"] == "smith-1"


async def test_account_that_is_linked_again_is_there_at_once_after_discovering() -> None:
    site = Site()
    broker = site.broker()
    await broker.discover()
    site.numbers["smith"] = ("11110002",)
    await broker.discover()
    assert not (await broker.orders(["smith-1"], NOW)).complete
    site.numbers["smith"] = ("11110001", "11110002")
    await broker.discover()
    assert (await broker.orders(["smith-1"], NOW)).complete


async def test_unknown_account_is_looked_for_again_after_a_sign_in() -> None:
    site = Site()
    site.tokens.dead = {"jones"}
    broker = site.broker()
    assert not (await broker.orders(["jones-1"], NOW)).complete
    site.tokens.dead = set()
    assert (await broker.orders(["jones-1"], NOW)).complete
