"""What a brokerage with a state folder takes over from one run to the next: its books."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import InvalidOperation
from pathlib import Path
from typing import Final

from swimdesk.errors import ConfigError, InputError
from swimdesk.sim.core import SimBroker
from swimdesk.sim.files import write_private

FILE: Final = "books.json"


def load_books(broker: SimBroker, folder: Path, now: datetime) -> None:
    """Take up accounts, orders and grants of the last run, where there was one.

    A login whose grant has ended since is granted a new one, as if its user had signed in.
    """
    file = folder / FILE
    try:
        broker.load_state(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return
    except InputError as error:
        raise ConfigError(f"{file} cannot be taken up: {error.detail}") from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError, InvalidOperation) as error:
        raise ConfigError(f"{file} is damaged ({error!r}); remove it to begin anew") from error
    begins = now - timedelta(seconds=broker.settings.refresh_life_s)
    live = {
        grant["login"]
        for grant in broker.grants.dump()
        if datetime.fromisoformat(grant["authorized_at"]) > begins
    }
    for login in broker.logins:
        if login.name not in live:
            broker.grants.authorize(login.name)


def save_books(broker: SimBroker, folder: Path) -> None:
    """Write the books down for the next run; the file is private."""
    write_private(folder / FILE, json.dumps(broker.dump_state()).encode())
