"""The kill switch: written down, survives restarts, and works by a bare file as well."""

from __future__ import annotations

from swimdesk.desk.ports import Clock, GuardRecord, GuardState, HaltSentinel, Journal
from swimdesk.errors import TradingHalted

HOW_TO_RESUME = "`swimdesk resume` allows sending again"


class Guard:
    """Say whether an order may leave; two sources must both agree: the journal and the file."""

    def __init__(self, journal: Journal, sentinel: HaltSentinel, clock: Clock) -> None:
        self._journal = journal
        self._sentinel = sentinel
        self._clock = clock
        self._record = GuardRecord(GuardState.ACTIVE, "", clock.now())

    async def load(self) -> GuardRecord:
        """Read the switch as it was left."""
        self._record = await self._journal.guard()
        return self.record

    @property
    def record(self) -> GuardRecord:
        """The switch now, the file included."""
        reason = self._sentinel.reason()
        if reason is not None and self._record.state is GuardState.ACTIVE:
            since = self._sentinel.since() or self._clock.now()
            return GuardRecord(GuardState.HALTED, reason, since)
        return self._record

    def check(self) -> None:
        """Raise TradingHalted if no order may leave."""
        record = self.record
        if record.state is GuardState.HALTED:
            raise TradingHalted(
                f"Halted since {record.since:%Y-%m-%d %H:%M:%S} UTC: {record.reason}."
                f" Nothing was sent; {HOW_TO_RESUME}."
            )

    async def halt(self, reason: str) -> GuardRecord:
        """Throw the switch here, in the file and in the journal; one failing stops no other.

        StoreError if file or journal could not be written: then a restart may not know of it.
        """
        self._record = GuardRecord(GuardState.HALTED, reason, self._clock.now())
        try:
            self._sentinel.raise_(reason)
        finally:
            await self._journal.set_guard(self._record)
        return self._record

    async def resume(self) -> GuardRecord:
        """Allow sending again."""
        record = GuardRecord(GuardState.ACTIVE, "", self._clock.now())
        await self._journal.set_guard(record)
        self._sentinel.clear()
        self._record = record
        return record
