"""A home with one login and its token endpoint, for every test of the keeper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.fakes.tokens import FakeTokenEndpoint, TokenWorld


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[TokenWorld]:
    endpoint = FakeTokenEndpoint()
    async with httpx.AsyncClient(transport=httpx.MockTransport(endpoint.answer)) as http:
        yield TokenWorld(tmp_path, http, endpoint)
