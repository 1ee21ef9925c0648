"""The same scenario on a desk here and on one over the socket."""

from __future__ import annotations

import pytest
from tests.contract.facades import Play, Reach, Scenario, in_process, over_the_socket
from tests.fakes.desk import a_desk
from tests.fakes.virtual import run_virtual


@pytest.fixture(params=[in_process, over_the_socket], ids=lambda reach: reach.__name__)
def play(request: pytest.FixtureRequest) -> Play:
    """Play a scenario on a desk over four accounts, in virtual time."""
    reach: Reach = request.param

    def run(scenario: Scenario) -> None:
        async def main() -> None:
            async with a_desk(4) as bench, reach(bench) as desk:
                await scenario(desk, bench)

        run_virtual(main())

    return run
