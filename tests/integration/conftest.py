from __future__ import annotations

import pytest
from tests.integration.lanes import Tls, authority_in


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return authority_in(tmp_path_factory.mktemp("authority"))
