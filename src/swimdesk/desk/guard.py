"""The kill switch: written down, survives restarts, and works by a bare file as well."""

from __future__ import annotations

from collections.abc import Iterable

from swimdesk.desk.ports import Clock, GuardRecord, GuardState, HaltSentinel, Journal
from swimdesk.domain.orders import Ticket
from swimdesk.domain.risk import DenialCode, only_closes
from swimdesk.errors import OrderDenied, TradingHalted

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
        reason = self.file_reason
        if reason is not None:
            since = self._sentinel.since() or self._clock.now()
            return GuardRecord(GuardState.HALTED, reason, since)
        return self._record

    @property
    def file_reason(self) -> str | None:
        """Why the file alone halts; None where it is not there, or the switch is thrown anyway."""
        return None if self._record.state is GuardState.HALTED else self._sentinel.reason()

    @property
    def is_reducing(self) -> bool:
        """Whether only orders may leave that close what is held; a halt file stops those too."""
        return self._record.state is GuardState.REDUCING

    def check(self) -> None:
        """Raise TradingHalted if no order may leave."""
        _check_not_halted(self.record)

    def check_leaving(self, tickets: Iterable[Ticket], overrides: Iterable[str] = ()) -> None:
        """Raise TradingHalted, or OrderDenied if one of these orders may not leave now.

        What was overridden to sell more than is held does not only close.
        """
        record = self.record
        _check_not_halted(record)
        if record.state is GuardState.REDUCING and not only_closes(tickets, overrides):
            raise OrderDenied(
                f"{DenialCode.REDUCING}: since {record.since:%Y-%m-%d %H:%M:%S} UTC only orders"
                f" may leave that close what is held ({record.reason}); {HOW_TO_RESUME}."
            )

    async def reduce(self, reason: str) -> GuardRecord:
        """Let only closing orders leave, also after a halt; it was asked for by name.

        StoreError if it could not be written: then all is as it was. TradingHalted if a halt came
        meanwhile.
        """
        return await self._allow(GuardRecord(GuardState.REDUCING, reason, self._clock.now()))

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
        """Allow sending again; TradingHalted if a halt came meanwhile."""
        return await self._allow(GuardRecord(GuardState.ACTIVE, "", self._clock.now()))

    async def _allow(self, record: GuardRecord) -> GuardRecord:
        """Write the switch, then take the file away; a halt that comes while this waits stands."""
        before, file_since = self._record, self._sentinel.since()
        await self._journal.set_guard(record)
        if self._record is not before:
            self.check()
        if self._sentinel.since() == file_since:
            self._sentinel.clear()
        self._record = record
        self.check()
        return record


def _check_not_halted(record: GuardRecord) -> None:
    if record.state is GuardState.HALTED:
        raise TradingHalted(
            f"Halted since {record.since:%Y-%m-%d %H:%M:%S} UTC: {record.reason}."
            f" Nothing was sent; {HOW_TO_RESUME}."
        )
