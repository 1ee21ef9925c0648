"""The sign-ins of live logins, each as one item of the vault."""

from __future__ import annotations

from swimdesk.errors import StoreError, VaultError
from swimdesk.login.token_files import Grant, parse_token_file, token_text
from swimdesk.login.vault import Vault, item_of
from swimdesk.telemetry.redaction import Secret


class VaultGrants:
    """Keeps each login's grant as ``login/NAME/grant``; calls block as those of the vault do."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def load(self, login: str) -> Grant | None:
        """Return the grant of a login; None where there is none, StoreError if it is unusable."""
        try:
            kept = self._vault.get(item_of(login, "grant"))
        except VaultError as error:
            raise StoreError(f"the tokens of {login} cannot be read: {error.detail}") from None
        if kept is None:
            return None
        try:
            return parse_token_file(kept.reveal())
        except ValueError as error:
            raise StoreError(
                f"the tokens of {login} in the vault are damaged ({error}): sign in again with"
                f" `swimdesk login {login}`"
            ) from None

    def save(self, login: str, grant: Grant) -> None:
        """Keep a grant durably; StoreError or StoreFull, and the old one kept, if that fails."""
        try:
            self._vault.put(item_of(login, "grant"), Secret(token_text(grant)))
        except VaultError as error:
            raise StoreError(f"the tokens of {login} cannot be saved: {error.detail}") from None
