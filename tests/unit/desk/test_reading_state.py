"""What the status tells of reads that fail, so that nobody takes old news for new."""

from __future__ import annotations

import asyncio

from tests.fakes.broker import Act
from tests.fakes.desk import a_desk
from tests.fakes.virtual import run_virtual


def test_open_orders_that_cannot_be_read_are_told_until_they_can() -> None:
    async def main() -> None:
        async with a_desk(4) as bench:
            bench.broker.acts = {account.alias: Act.REST for account in bench.broker.accounts}
            sent = await bench.submit(await bench.plan())
            await bench.desk.follow(sent.broadcast, 5.0)
            bench.broker.reads_fail = True
            await asyncio.sleep(60)
            reading = (await bench.desk.status()).reading
            assert reading is not None
            assert reading.failing_since is not None
            assert "orders of login-01 not read" in reading.detail
            bench.broker.reads_fail = False
            await asyncio.sleep(60)
            reading = (await bench.desk.status()).reading
            assert reading is not None
            assert (reading.failing_since, reading.detail) == (None, "")

    run_virtual(main())
