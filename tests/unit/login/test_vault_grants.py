"""Sign-ins kept in a vault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.fakes.vaults import sealed_vault

from swimdesk.errors import InputError, StoreError, StoreFull, VaultError
from swimdesk.login.grants import GrantStore
from swimdesk.login.token_files import Grant
from swimdesk.login.vault_files import FilesVault
from swimdesk.login.vault_grants import VaultGrants
from swimdesk.telemetry.redaction import Secret

NOW = datetime(2026, 12, 1, 14, 30, tzinfo=UTC)
GRANT = Grant(Secret("I0.access@"), Secret("refresh@"), NOW + timedelta(minutes=30), NOW)


def test_grant_comes_back_from_a_vault_that_was_opened_anew(tmp_path: Path) -> None:
    store: GrantStore = VaultGrants(sealed_vault(tmp_path))
    assert store.load("smith") is None
    store.save("smith", GRANT)
    assert VaultGrants(sealed_vault(tmp_path)).load("smith") == GRANT
    assert store.load("jones") is None


def test_damaged_grant_says_to_sign_in_and_shows_nothing(tmp_path: Path) -> None:
    vault = FilesVault(tmp_path)
    vault.put("login/smith/grant", Secret('{"token": {"access_token": "I0.seen@"}}'))
    with pytest.raises(StoreError, match="sign in again with `swimdesk login smith`") as caught:
        VaultGrants(vault).load("smith")
    assert "I0.seen" not in caught.value.detail


class Stuck(FilesVault):
    """A vault that raises what it is told."""

    def __init__(self, error: Exception) -> None:
        super().__init__(Path("/nowhere"))
        self._error = error

    def get(self, item: str) -> Secret | None:
        raise self._error

    def put(self, item: str, secret: Secret) -> None:
        raise self._error


def test_vault_that_fails_is_a_store_that_fails() -> None:
    store = VaultGrants(Stuck(VaultError("the keyring did not answer")))
    with pytest.raises(StoreError, match="cannot be read: the keyring did not answer"):
        store.load("smith")
    with pytest.raises(StoreError, match="cannot be saved: the keyring did not answer"):
        store.save("smith", GRANT)


def test_full_disk_stays_a_full_disk() -> None:
    with pytest.raises(StoreFull):
        VaultGrants(Stuck(StoreFull("no space"))).save("smith", GRANT)


def test_name_that_is_no_login_reaches_no_item(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        VaultGrants(FilesVault(tmp_path)).load("../smith")
