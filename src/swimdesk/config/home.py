"""Where a run keeps what it writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

CONFIG_FILE = "config.toml"
HOME_VARIABLE = "SWIMDESK_HOME"


def home_path(option: str | Path | None, environ: Mapping[str, str]) -> Path:
    """Return the home: the option, else ``SWIMDESK_HOME``, else the platform's data folder."""
    chosen = option or environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("swimdesk", appauthor=False)
