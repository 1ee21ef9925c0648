"""What a brokerage with a state folder remembers from one run to the next: its grants."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from swimdesk.errors import ConfigError
from swimdesk.sim.core import SimBroker
from swimdesk.sim.files import write_private

FILE: Final = "grants.json"


def load_grants(broker: SimBroker, folder: Path, now: datetime) -> None:
    """Put the grants of the last run in force again, so that its clients stay signed in.

    Left out are grants of other logins or of another app, and those whose seven days are over.
    """
    file = folder / FILE
    try:
        kept: dict[str, Any] = json.loads(file.read_bytes())
        grants: list[dict[str, str]] = kept["grants"]
        if kept["client_id"] != broker.settings.client_id:
            return
        begins = now - timedelta(seconds=broker.settings.refresh_life_s)
        names = {login.name for login in broker.logins}
        known = [
            grant
            for grant in grants
            if grant["login"] in names and datetime.fromisoformat(grant["authorized_at"]) > begins
        ]
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{file} cannot be read ({error!r}); remove it to have every login granted anew"
        ) from error
    kept_names = {grant["login"] for grant in known}
    fresh = [grant for grant in broker.grants.dump() if grant["login"] not in kept_names]
    broker.grants.load([*known, *fresh])


def save_grants(broker: SimBroker, folder: Path) -> None:
    """Write down the grants in force for the next run; the file is private."""
    document = {"client_id": broker.settings.client_id, "grants": broker.grants.dump()}
    write_private(folder / FILE, json.dumps(document).encode())
