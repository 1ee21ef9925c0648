"""``[[account]] number``: from the reference in the configuration to an order at that account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from tests.fakes.served_home import ServedHome, served_home

from swimdesk.bootstrap import open_desk
from swimdesk.errors import ConfigError
from swimdesk.sim.accounts import SimAccount
from swimdesk.telemetry.logs import close_logs, configure_logs
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[ServedHome]:
    async with served_home(tmp_path, accounts=4, logins=2) as one:
        yield one


def account_of(served: ServedHome, alias: str) -> SimAccount:
    """Return the brokerage's account that the home's configuration calls so."""
    accounts = sorted(
        (account for login in served.broker.logins for account in login.accounts),
        key=lambda account: account.index,
    )
    return accounts[int(alias.removeprefix("FAM-")) - 1]


def tell_by_number(served: ServedHome, alias: str, reference: str) -> None:
    """Let the configuration tell the account by its number in place of its last4."""
    file = served.home / "config.toml"
    last4 = f'last4 = "{account_of(served, alias).last4}"'
    config = file.read_text()
    assert config.count(last4) == 1
    file.write_text(config.replace(last4, f'number = "{reference}"'))


def keep(served: ServedHome, name: str, text: str) -> str:
    """Keep a secret in a private file of the home and return its reference."""
    file = served.home / "secrets" / name
    file.write_text(text)
    file.chmod(0o600)
    return f"file:secrets/{name}"


async def test_order_reaches_the_account_whose_number_is_kept_in_a_file(served: ServedHome) -> None:
    configure_logs(served.home / "logs")
    try:
        await order_one_share(served, "FAM-03")
    finally:
        close_logs()
    placed = {
        account.number: len(account.orders)
        for login in served.broker.logins
        for account in login.accounts
    }
    number = account_of(served, "FAM-03").number
    assert placed.pop(number) == 1
    assert set(placed.values()) == {0}
    written = [file for file in served.home.rglob("*") if file.is_file()]
    with_number = {file.name for file in written if number.encode() in file.read_bytes()}
    assert with_number == {"fam-03"}


async def order_one_share(served: ServedHome, alias: str) -> None:
    account = account_of(served, alias)
    tell_by_number(served, alias, keep(served, "fam-03", f"{account.number}\n"))
    async with open_desk(served.home) as desk:
        (shown,) = await desk.accounts(Scope(accounts=(alias,)))
        assert (shown.account, shown.last4, shown.login) == (alias, account.last4, account.login)
        plan = await desk.preview(PlanRequest("BUY +1 AAPL @MKT", Scope(accounts=(alias,))))
        sent = await desk.submit(SubmitRequest(plan.plan, "01JTESTBROADCAST0000000000"))
        followed = await desk.follow(sent.broadcast, 10)
        assert [line.account for line in followed.lines] == [alias]


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets everything with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._kept[service, username] = password


async def test_number_is_kept_in_the_keyring(served: ServedHome) -> None:
    account = account_of(served, "FAM-02")
    tell_by_number(served, "FAM-02", "keyring:swimdesk/fam-02")
    before, backend = keyring.get_keyring(), MemoryKeyring()
    backend.set_password("swimdesk", "fam-02", account.number)
    keyring.set_keyring(backend)
    try:
        async with open_desk(served.home) as desk:
            shown = await desk.accounts(Scope(everyone=True))
    finally:
        keyring.set_keyring(before)
    assert sorted(one.account for one in shown) == ["FAM-01", "FAM-02", "FAM-03", "FAM-04"]
    assert {one.account: one.last4 for one in shown}["FAM-02"] == account.last4


@pytest.mark.parametrize(
    "text", ["12345678 and more", "1234-5678", "…4821", "4821", "１２３４５６７８"]
)
async def test_secret_that_is_no_number_is_refused_without_showing_it(
    served: ServedHome, text: str
) -> None:
    tell_by_number(served, "FAM-01", keep(served, "fam-01", text))
    with pytest.raises(ConfigError) as refused:
        async with open_desk(served.home):
            pass
    assert "file:secrets/fam-01 is not the number of account FAM-01" in refused.value.detail
    assert text not in refused.value.detail
    assert not served.requests


async def test_number_that_is_not_there_is_refused(served: ServedHome) -> None:
    tell_by_number(served, "FAM-01", "file:secrets/nothing")
    with pytest.raises(ConfigError, match="file:secrets/nothing cannot be read"):
        async with open_desk(served.home):
            pass


async def test_number_of_an_account_that_another_name_tells_by_last4_is_refused(
    served: ServedHome,
) -> None:
    tell_by_number(served, "FAM-01", keep(served, "fam-01", account_of(served, "FAM-02").number))
    with pytest.raises(ConfigError, match="two configured accounts have login"):
        async with open_desk(served.home):
            pass
