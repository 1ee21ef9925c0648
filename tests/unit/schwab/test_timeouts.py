"""What is asked of the broker says how long its answer is waited for."""

from __future__ import annotations

from tests.unit.schwab.site import Site

from swimdesk.schwab.timeouts import Timeouts


async def test_reads_and_requests_to_cancel_wait_as_long_as_they_are_told() -> None:
    site = Site()
    broker = site.broker(timeouts=Timeouts(cancel_s=3, read_s=7))
    await broker.discover()
    await broker.cancel("smith-1", "77")
    await broker.aclose()
    waits = {one.method: one.extensions["timeout"]["read"] for one in site.requests}
    assert waits == {"GET": 7, "DELETE": 3}
