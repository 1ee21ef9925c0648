"""How the logins of a home stand that nobody owns, from its configuration and what is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swimdesk.bootstrap.vaults import check_grants_can_be_read, grant_store
from swimdesk.config import load_settings
from swimdesk.desk.ports import LoginState
from swimdesk.errors import SwimdeskError
from swimdesk.views.signing import LoginView

if TYPE_CHECKING:
    from swimdesk.login.grants import GrantStore

EXPIRING: Final = timedelta(days=1)


def offline_logins(home: Path, config: Path | None) -> tuple[LoginView, ...]:
    """Tell how the configured logins stand; nothing is asked of the broker.

    ConfigError; VaultError where it cannot be known, for the vault does not open.
    """
    settings = load_settings(home, config)
    store = grant_store(home, settings)
    check_grants_can_be_read(settings, home)
    views = []
    for login in settings.login:
        accounts = tuple(one.alias for one in settings.account if one.login == login.name)
        kept = stored_login(store, login.name)
        views.append(replace(kept, way=login.browser, accounts=accounts))
    return tuple(views)


def logins_with_files(home: Path) -> tuple[LoginView, ...]:
    """Tell from the token files alone how the logins stand; one that cannot be read says so."""
    from swimdesk.login.token_files import TokenFiles

    store = TokenFiles(home, "paper")
    return tuple(
        stored_login(store, path.stem) for path in sorted((home / "tokens").glob("*.json"))
    )


def stored_login(store: GrantStore, login: str) -> LoginView:
    """Tell how a login stands by the grant that is kept of it; what cannot be read says so."""
    now = datetime.now(UTC)
    advice = f"sign in: `swimdesk login {login}`"
    try:
        grant = store.load(login)
    except SwimdeskError as e:
        return LoginView(login, LoginState.NO_TOKEN.value, None, None, e.detail)
    if grant is None:
        return LoginView(login, LoginState.NO_TOKEN.value, None, None, f"not signed in; {advice}")
    state, detail = LoginState.OK, ""
    if grant.refresh_expires <= now:
        state, detail = LoginState.SIGN_IN_NEEDED, f"its sign-in has ended; {advice}"
    elif grant.refresh_expires - now <= EXPIRING:
        state, detail = LoginState.EXPIRING, f"{advice} before it ends"
    return LoginView(login, state.value, grant.access_expires, grant.refresh_expires, detail)
