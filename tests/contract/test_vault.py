"""What every vault promises, whichever backend keeps it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.vaults import SecretService, sealed_vault

from swimdesk.errors import InputError
from swimdesk.login.vault import Vault, probe
from swimdesk.login.vault_files import FilesVault
from swimdesk.login.vault_keyring import SecretServiceVault
from swimdesk.login.vaults import SeedsApart
from swimdesk.telemetry.redaction import Secret

ITEM = "login/smith/password"

MAKERS: dict[str, Callable[[Path], Vault]] = {
    "files": FilesVault,
    "encrypted-file": sealed_vault,
    "secret-service": lambda _: SecretServiceVault("swimdesk", backend=SecretService()),
    "seeds-apart": lambda home: SeedsApart(sealed_vault(home), FilesVault(home)),
}


@pytest.fixture(params=MAKERS)
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    return MAKERS[request.param](tmp_path)


def test_new_vault_has_nothing(vault: Vault) -> None:
    assert vault.items() == ()
    assert vault.get(ITEM) is None
    assert not vault.drop(ITEM)


@pytest.mark.parametrize("item", [ITEM, "login/a.b-c_d/totp", "cache/key", "app_key", "fam-08"])
def test_secret_comes_back_as_it_was_put(vault: Vault, item: str) -> None:
    vault.put(item, Secret('pässwörd with  blanks, "quotes" and = signs'))
    assert vault.get(item) == Secret('pässwörd with  blanks, "quotes" and = signs')
    assert vault.items() == (item,)


def test_later_secret_takes_the_place_of_the_earlier(vault: Vault) -> None:
    vault.put(ITEM, Secret("first"))
    vault.put(ITEM, Secret("second"))
    assert vault.get(ITEM) == Secret("second")
    assert vault.items() == (ITEM,)


def test_dropped_item_is_gone_and_others_stay(vault: Vault) -> None:
    vault.put(ITEM, Secret("one"))
    vault.put("login/jones/password", Secret("two"))
    assert vault.drop(ITEM)
    assert vault.get(ITEM) is None
    assert vault.items() == ("login/jones/password",)


def test_items_are_listed_in_order(vault: Vault) -> None:
    for item in ("login/smith/user", "app_key", "cache/key"):
        vault.put(item, Secret("kept"))
    assert vault.items() == ("app_key", "cache/key", "login/smith/user")


@pytest.mark.parametrize(
    "item",
    ["", "..", "../outside", "login/smith", "login/../grant", "login/smith/pin", "a/b", "/etc/x"],
)
def test_what_is_no_item_is_refused(vault: Vault, item: str) -> None:
    for use in (vault.get, vault.drop, lambda name: vault.put(name, Secret("kept"))):
        with pytest.raises(InputError, match="is not the name of an item"):
            use(item)


def test_probe_leaves_nothing_behind(vault: Vault) -> None:
    assert "read back alike" in probe(vault)
    assert vault.items() == ()
