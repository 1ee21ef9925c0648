"""Keep balances and positions fresh, at hand for every plan, and hold them to the fills."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from swimdesk.desk.calm import Calm
from swimdesk.desk.holding_watch import HoldingWatch
from swimdesk.desk.reading import HoldingsReader
from swimdesk.errors import SwimdeskError
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

READ_EVERY_S = 30.0
"""Two reads per login and round: far inside the broker's 120 requests a minute."""

LOOK_EVERY_S = 5.0
"""So often it is looked whether fills are old enough to show in a read: the most that is read is
one request per login then, and nothing where nothing was filled."""

DISCOVER_EVERY = 10
"""Every so many rounds the accounts are looked for again: a sign-in may have brought more."""


class AccountMonitor:
    """Find the accounts, then read and check their holdings twice a minute, and after fills."""

    def __init__(self, reader: HoldingsReader, watch: HoldingWatch, calm: Calm) -> None:
        self._reader = reader
        self._watch = watch
        self._calm = calm
        self._rounds = 0

    async def run(self) -> None:
        """Read for ever; a failed read is tried again in the next round."""
        while True:
            await self.check()
            await self._rest()

    async def _rest(self) -> None:
        """Wait for the next round; what was filled meanwhile shows before it."""
        for _ in range(int(READ_EVERY_S / LOOK_EVERY_S)):
            await asyncio.sleep(LOOK_EVERY_S)
            await self._calm.wait()
            try:
                await self._reader.read_settled()
            except SwimdeskError as e:
                log.warning("accounts.not_read", error=e.detail)

    async def check(self) -> None:
        """Read what was not read since the last round."""
        await self._calm.wait()
        is_due = self._rounds % DISCOVER_EVERY == 0
        self._rounds += 1
        try:
            reader = self._reader
            found = await (reader.survey(again=True) if is_due else reader.at_hand())
            await self._watch.check(found.accounts, timedelta(seconds=READ_EVERY_S / 2))
        except SwimdeskError as e:
            log.warning("accounts.not_read", error=e.detail)
