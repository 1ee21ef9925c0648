from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import pytest
from tests.e2e.stage import Stage, stage


class SetStage(Protocol):
    """Set the stage of a test with options of `swimdesk sim`."""

    async def __call__(self, *options: str) -> Stage: ...


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder whose path leaves room for a socket below it, whoever runs the tests."""
    with TemporaryDirectory(prefix="sd-e2e-", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture
async def set_stage(folder: Path) -> AsyncIterator[SetStage]:
    async with AsyncExitStack() as stack:

        async def set_it(*options: str) -> Stage:
            return await stack.enter_async_context(stage(folder, *options))

        yield set_it
