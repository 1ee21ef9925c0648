"""Carry out what flatten and undo have planned: cancel, wait for reads, close what is left.

What is closed is decided by reads made after the cancels, never by the plan that was shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, TypeAlias

from swimdesk.desk.canceler import Canceler
from swimdesk.desk.closing_plans import ClosingPlanner, ShapePlan, Terms
from swimdesk.desk.parts import Fate, Part, Wanted, parts_of, waits_for_shorts
from swimdesk.desk.planner import PlanResult
from swimdesk.desk.ports import Holdings
from swimdesk.desk.reading import SETTLE, HoldingsAnswer, HoldingsReader
from swimdesk.desk.submitter import Parts, Submitter
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.commands import Command
from swimdesk.domain.orders import OPEN, TERMINAL
from swimdesk.errors import SwimdeskError
from swimdesk.views.requests import SubmitRequest

CANCEL_WAIT_S: Final = 10.0
"""So long reads are awaited that show the end of what was canceled."""

SHORTS_WAIT_S: Final = 10.0
"""So long long legs wait until the shorts beside them are closed."""

SETTLE_WAIT_S: Final = 20.0
"""So long fills are awaited that go on while earlier ones settle; then their accounts stay."""

_NOW: Final = timedelta(0)
_MOVED: Final = "an order of ours filled while this was planned; do it again"
_BARE: Final = "a short beside it is not closed yet, which it may have to cover; do it again"

Target: TypeAlias = tuple[Broadcast, Line]
Find: TypeAlias = Callable[[Account, Holdings], Iterable[Wanted]]


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be closed where, on which terms; ``find`` looks at holdings that were just read.

    ``targets`` tells which orders of ours are canceled first. ``key`` makes the broadcasts
    recognisable: it is asked for once for each.
    """

    accounts: tuple[Account, ...]
    terms: Terms
    targets: Callable[[tuple[Account, ...]], list[Target]]
    find: Callable[[], Awaitable[Find]]
    key: Callable[[], Awaitable[str | None]]
    subject: str = ""
    """The broadcast that is undone."""
    left_out: tuple[Part, ...] = ()
    """What cannot be planned at all, with the reason: told, and not touched."""
    overrides: tuple[str, ...] = ()


class Closer:
    """Decide what would be closed, and close it."""

    def __init__(
        self,
        parts: Parts,
        submitter: Submitter,
        canceler: Canceler,
        reader: HoldingsReader,
    ) -> None:
        self._parts = parts
        self._submitter = submitter
        self._canceler = canceler
        self._reader = reader
        self._planner = ClosingPlanner(parts.planner, parts.book)
        self._turn = asyncio.Lock()

    async def preview(self, errand: Errand) -> list[Part]:
        """Decide what would be closed once the targets are canceled; sends nothing.

        BrokerError where not one account can be read.
        """
        gone = frozenset(line.ref for _, line in errand.targets(errand.accounts))
        known, parts = await self._look(errand, errand.accounts, gone)
        plans = await self._planner.plan(parts, errand.terms, known, errand.overrides, gone)
        return _decided(parts, plans)

    async def cancel(self, targets: Sequence[Target]) -> tuple[Command, ...]:
        """Cancel lines and wait until reads show their end, or the time is over."""
        if not targets:
            return ()
        commands = await self._canceler.cancel_lines(targets)
        lines = [(broadcast.id, line.ref) for broadcast, line in targets]
        await self._until_over(lines, CANCEL_WAIT_S)
        return commands

    async def close(self, errand: Errand, wait_s: float) -> list[Part]:
        """Close what is held by now and follow the orders for so long; one errand at a time."""
        try:
            async with self._turn:
                done = await self._close(errand)
        except SwimdeskError as e:
            # Whatever it is: what was canceled before has to be told with it.
            why = f"could not be read: {e.detail}"
            return [Part(a, "", fate=Fate.KEPT_BACK, reason=why) for a in errand.accounts]
        await self._follow(done, wait_s)
        return done

    async def _close(self, errand: Errand) -> list[Part]:
        known, parts = await self._look(errand, errand.accounts)
        first, later = waits_for_shorts(parts)
        done = await self._send(errand, first, known)
        if later:
            await self._follow(done, SHORTS_WAIT_S)
            try:
                done += await self._beside_shorts(errand, later, done)
            except SwimdeskError as e:
                why = f"could not be read again: {e.detail}"
                done += [replace(part, fate=Fate.KEPT_BACK, reason=why) for part in later]
        return done

    async def _beside_shorts(
        self, errand: Errand, later: Sequence[Part], done: Sequence[Part]
    ) -> list[Part]:
        """Close the longs that waited, by a new look; kept back while a short is still there."""
        known, parts = await self._look(errand, [part.account for part in later])
        told = {(part.account.alias, part.name) for part in done}
        first, still = waits_for_shorts(parts)
        fresh = [part for part in first if (part.account.alias, part.name) not in told]
        kept = [replace(part, fate=Fate.KEPT_BACK, reason=_BARE) for part in still]
        return await self._send(errand, fresh, known) + kept

    # --- looking -----------------------------------------------------------------------------

    async def _look(
        self, errand: Errand, accounts: Iterable[Account], gone: Collection[str] = ()
    ) -> tuple[HoldingsAnswer, list[Part]]:
        """Read what is held and decide about it; every fill of ours known by now is in the read."""
        chosen = tuple({account.alias: account for account in accounts}.values())
        unsettled = await self._settle(chosen)
        filled = self._filled()
        find = await errand.find()
        known = await self._reader.holdings(chosen, max_age=_NOW)
        ours = self._parts.book.snapshot.by_account()
        parts: list[Part] = []
        for account in chosen:
            failed = known.failed.get(account.alias)
            if failed is not None:
                why = f"could not be read: {failed.detail}"
                parts.append(Part(account, "", fate=Fate.KEPT_BACK, reason=why))
                continue
            holdings = known.found[account.alias]
            lines = tuple(ours.get(account.alias, ()))
            parts += parts_of(account, holdings, find(account, holdings), lines, gone)
        moved = self._moved_since(filled) | unsettled
        return known, [_kept_if(part, moved) for part in parts]

    async def _settle(self, accounts: Sequence[Account]) -> frozenset[str]:
        """Wait until a read shows the fills of ours; return accounts where they go on too long."""
        late = self._reader.settled_at(accounts) - self._parts.clock.now()
        left, pause = timedelta(seconds=SETTLE_WAIT_S), min(late, SETTLE)
        moved: frozenset[str] = frozenset()
        # By what was waited, not by the clock of the wall, which may be set meanwhile.
        while pause > _NOW:
            filled = self._filled()
            await asyncio.sleep(pause.total_seconds())
            left -= pause
            moved = self._moved_since(filled) & {account.alias for account in accounts}
            pause = min(SETTLE, left) if moved else _NOW
        return moved

    def _filled(self) -> dict[str, int]:
        """Return the units of ours filled in every account."""
        return {
            alias: sum(line.filled for _, line in lines)
            for alias, lines in self._parts.book.snapshot.by_account().items()
        }

    def _moved_since(self, filled: dict[str, int]) -> frozenset[str]:
        """Return the accounts where an order of ours has filled since."""
        return frozenset(a for a, units in self._filled().items() if units != filled.get(a, 0))

    # --- sending -----------------------------------------------------------------------------

    async def _send(
        self, errand: Errand, parts: Sequence[Part], known: HoldingsAnswer
    ) -> list[Part]:
        """Send one broadcast for each shape; fills while it was planned keep an account back."""
        parts, plans = await self._planned(errand, parts, known)
        done = _decided(parts, plans)
        for shape in plans:
            if shape.result is not None and shape.result.plan.sendable:
                done = await self._submit(errand, shape.result, done)
        return done

    async def _planned(
        self, errand: Errand, parts: Sequence[Part], known: HoldingsAnswer
    ) -> tuple[Sequence[Part], list[ShapePlan]]:
        """Plan, and plan again as long as accounts are kept back for what filled meanwhile."""
        while True:
            filled = self._filled()
            plans = await self._planner.plan(parts, errand.terms, known, errand.overrides)
            moved = self._moved_since(filled)
            kept = [_kept_if(part, moved) for part in parts]
            if kept == list(parts):
                return parts, plans
            parts = kept

    async def _submit(self, errand: Errand, result: PlanResult, parts: list[Part]) -> list[Part]:
        """Send one plan; what is not sent is kept back with the reason, and stops no other."""
        plan, broadcast = result.plan, self._parts.ids.mint()
        leaving = {line.account: line.ticket for line in plan.sendable}
        reason: str | None = None
        try:
            self._submitter.keep(result, saved=False)
            request = SubmitRequest(plan.id, broadcast, key=await errand.key())
            sent = await self._submitter.submit(request, self._parts.clock.monotonic_ns())
            broadcast = sent.id
        except SwimdeskError as e:
            reason = e.detail
        return [
            part
            if part.ticket is None or leaving.get(part.account.alias) != part.ticket
            else replace(part, broadcast=broadcast)
            if reason is None
            else replace(part, fate=Fate.KEPT_BACK, reason=reason)
            for part in parts
        ]

    # --- waiting -----------------------------------------------------------------------------

    async def _follow(self, parts: Iterable[Part], limit_s: float) -> None:
        current = self._parts.recorder.current
        lines = [
            (part.broadcast, line.ref)
            for part in parts
            if part.broadcast is not None
            for line in current(part.broadcast).lines
            if line.account == part.account.alias
        ]
        await self._until_over(lines, limit_s)

    async def _until_over(self, lines: Sequence[tuple[str, str]], limit_s: float) -> None:
        """Wait until all these lines, by broadcast and ref, have ended, or the time is over."""
        waiting: dict[str, list[str]] = {}
        for broadcast, ref in lines:
            waiting.setdefault(broadcast, []).append(ref)
        until = self._parts.recorder.until
        await asyncio.gather(*(until(id_, _over(refs), limit_s) for id_, refs in waiting.items()))


def _over(refs: Collection[str]) -> Callable[[Broadcast], bool]:
    return lambda now: all(now.line(ref).state in TERMINAL for ref in refs)


def open_lines(lines: Iterable[Target]) -> list[Target]:
    """Return the lines whose orders can be canceled."""
    return [(broadcast, line) for broadcast, line in lines if line.state in OPEN]


def _kept_if(part: Part, accounts: Collection[str]) -> Part:
    if part.account.alias not in accounts or not part.is_to_be_closed:
        return part
    return replace(part, fate=Fate.KEPT_BACK, reason=_MOVED)


def _decided(parts: Sequence[Part], plans: Iterable[ShapePlan]) -> list[Part]:
    """Put the parts back into their order as their plans decided about them."""
    found = {(p.account.alias, p.name, p.what): p for plan in plans for p in plan.parts}
    return [found.get((part.account.alias, part.name, part.what), part) for part in parts]
