"""Settings of a home: ``config.toml`` and the environment; unknown keys are refused.

Importing this package is cheap; the validating model is loaded with the first ``load_settings``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from swimdesk.config.home import CONFIG_FILE, home_path

if TYPE_CHECKING:
    from swimdesk.config.model import (
        AccountSettings,
        BrokerSettings,
        CacheSettings,
        LoginSettings,
        RiskSettings,
        Settings,
        VaultSettings,
    )

__all__ = [
    "CONFIG_FILE",
    "AccountSettings",
    "BrokerSettings",
    "CacheSettings",
    "LoginSettings",
    "RiskSettings",
    "Settings",
    "VaultSettings",
    "home_path",
    "load_settings",
]


def load_settings(home: Path, file: Path | None = None) -> Settings:
    """Read the settings of a home, from another file where one is given; ConfigError if unusable.

    Variables such as ``SWIMDESK_RISK__QUOTE_MAX_AGE_S`` override single keys of a section.
    """
    # Deferred: the model's libraries take longer to import than a status command may run.
    from swimdesk.config.loading import read_settings

    return read_settings(home, file)


def __getattr__(name: str) -> object:
    """Hand out the settings classes without importing them before they are asked for."""
    if name in __all__:
        from swimdesk.config import model

        return getattr(model, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
