"""Configured accounts that are told by their whole number, beside those told by last4."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.schwab.site import (
    ACCOUNTS_PATH,
    NUMBERS_PATH,
    ORDERS_PATH,
    Site,
    accounts_of,
    an_account,
    an_order,
    document,
)
from tests.unit.schwab.support import NOW

from swimdesk.domain.accounts import Account
from swimdesk.errors import ConfigError
from swimdesk.telemetry.logs import LOG_FILE, close_logs, configure_logs
from swimdesk.telemetry.redaction import Secret

TWINS = ("11110001", "99990001")
A, B = Account("A", "smith", "0001"), Account("B", "smith", "0001")


def twins() -> Site:
    """Return a site whose login smith sees two accounts that end alike, each with an order."""
    site = Site()
    rows = [{"accountNumber": number, "hashValue": f"AB{number}"} for number in TWINS]
    site.on(NUMBERS_PATH, document(rows), login="smith")
    site.on(ACCOUNTS_PATH, document([an_account(number) for number in TWINS]), login="smith")
    orders = [an_order(number, int(number)) for number in TWINS]
    site.on(ORDERS_PATH, document(orders), login="smith")
    return site


async def names(site: Site, accounts: list[Account], **numbers: str) -> dict[str, str]:
    """Return what the accounts of smith are called, by the number that their orders bear."""
    secrets = {alias: Secret(number) for alias, number in numbers.items()}
    broker = site.broker(accounts, secrets)
    known = [account.alias for account in await accounts_of(broker) if account.login == "smith"]
    read = await broker.orders(known, NOW)
    return {order.order_id: order.account for order in read.orders}


async def test_number_tells_accounts_that_last4_cannot() -> None:
    assert await names(twins(), [B], B="99990001") == {"11110001": "smith-1", "99990001": "B"}
    both = await names(twins(), [A, B], A="99990001", B="11110001")
    assert both == {"11110001": "B", "99990001": "A"}


async def test_number_is_of_its_own_login_only() -> None:
    elsewhere = Account("A", "jones", "0001")
    assert await names(twins(), [elsewhere], A="99990001") == {
        "11110001": "smith-1",
        "99990001": "smith-2",
    }


async def test_number_beside_another_account_told_by_last4() -> None:
    other = Account("C", "jones", "0001")
    assert (await names(twins(), [A, other], A="11110001"))["11110001"] == "A"


def test_one_ending_is_not_told_once_by_number_and_once_by_last4() -> None:
    with pytest.raises(ConfigError, match="login smith and last4 0001"):
        twins().broker([A, B], {"A": Secret("11110001")})


def test_two_names_for_one_number_are_refused_without_showing_it() -> None:
    numbers = {"A": Secret("11110001"), "B": Secret("11110001")}
    with pytest.raises(ConfigError, match="A and B have the same number") as refused:
        twins().broker([A, B], numbers)
    assert "1111" not in refused.value.detail


def test_account_that_nothing_tells_is_refused() -> None:
    with pytest.raises(ConfigError, match="A has neither last4 nor a number"):
        twins().broker([Account("A", "smith", "")])


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    configure_logs(tmp_path)
    yield tmp_path / LOG_FILE
    close_logs()


def missing(log_file: Path) -> list[str]:
    """Return the accounts that the log calls not shown."""
    said = [json.loads(line) for line in log_file.read_text("utf-8").splitlines()]
    return [one["account"] for one in said if one["event"] == "broker.account_not_shown"]


async def test_configured_account_that_its_login_does_not_show_is_said_once(log_file: Path) -> None:
    wrong, closed = Account("A", "smith", "7777"), Account("B", "smith", "8888")
    broker = Site().broker([wrong, closed], {"A": Secret("55557777")})
    await broker.discover()
    await broker.discover()
    assert missing(log_file) == ["A", "B"]


async def test_account_of_a_login_that_was_not_read_is_not_missing(log_file: Path) -> None:
    site = Site()
    site.tokens.dead = {"smith"}
    await site.broker([A]).discover()
    assert missing(log_file) == []
