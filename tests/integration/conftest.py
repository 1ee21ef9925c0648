from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest
from tests.integration.lanes import Tls

from swimdesk.sim.tls import issue, make_authority


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    folder, now = tmp_path_factory.mktemp("authority"), datetime.now(UTC)
    authority = make_authority(folder, now)
    server = issue(authority, folder, now).ssl_context()
    return Tls(server, ssl.create_default_context(cafile=str(authority.ca_file)))
