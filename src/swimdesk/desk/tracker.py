"""Follow every order to its end by complete reads; the stream may wake it, reads decide."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from swimdesk.desk.binding import UNVERIFIED
from swimdesk.desk.book import Book
from swimdesk.desk.calm import Calm
from swimdesk.desk.evidence import SET_BACK, Evidence, Horizons
from swimdesk.desk.hours import market_day
from swimdesk.desk.named import NamedOrders
from swimdesk.desk.needed import counts_since, is_unpriced, needed_by, unverified
from swimdesk.desk.ports import Broker, Clock, Discovered, OrdersRead, ReadScope
from swimdesk.desk.reading import ReadingState
from swimdesk.desk.readlog import ReadLog
from swimdesk.desk.reconciler import (
    accounts_to_search,
    could_show,
    could_show_replacement,
    reconcile,
)
from swimdesk.desk.recorder import Change, Recorder
from swimdesk.desk.searching import LookAlikes, Search
from swimdesk.desk.unlisted import UnlistedOrders
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.decisions import Origin
from swimdesk.domain.orders import OPEN, LineState
from swimdesk.errors import ReadBroken, SwimdeskError, why_not_read
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

SCHEDULE_S = (0.1, 0.2, 0.3, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 5.0)
"""Pauses between reads after something was sent; the last one repeats while orders rest."""

FRESH = timedelta(minutes=2)
"""So long after sending, a broadcast is read by the schedule above."""

SLOW_EVERY_S = 15.0
"""Older broadcasts with resting orders are read this often: their lists are long."""

LOOK_BACK = SET_BACK + timedelta(minutes=1)
"""How far before our own send time a list is read, for clocks that differ or are set back."""

VERIFY_REFUSALS = timedelta(seconds=10)
"""For so long after sending, accounts whose line was refused are read as well."""

LOOK_S = 2.0
"""A plan waits no longer than this for the lists of what is at the broker before it."""

TAG = "broker_tag"
"""The name under which the journal keeps how the broker marks this program's orders."""

SLICE = 200
"""So many reads are counted before the loop gets its turn."""

_MOVED = "its alias means another account than the one the order was sent to"

PRICE_READS = 20
"""So many more reads are made for the fills of an order that was reported filled without them."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A read, what it covered, and the number under which it is written down."""

    read: OrdersRead
    scope: ReadScope
    number: int | None


@dataclass(slots=True)
class _Memory:
    """What is remembered between reads and not written down."""

    tag: str | None = None
    seen_tag: str | None = None
    """A tag that counts from the next read on, once it is written down."""
    recalled: bool = False
    alarmed: set[str] = field(default_factory=set)
    reads: dict[str, Counter[str]] = field(default_factory=dict)
    """Reads by broadcast and line ref that would have listed the line's order."""

    def count(self, broadcast: Broadcast, scope: ReadScope) -> Counter[str]:
        """Count a read for every line whose order it would list, and return the counts."""
        counts = self.reads.setdefault(broadcast.id, Counter())
        for line in broadcast.lines:
            is_looked_for = line.ref in scope.asked or is_unpriced(line)
            if is_looked_for and could_show(broadcast, line, scope):
                counts[line.ref] += 1
            asked = line.replacement
            if asked is not None and asked.ref in scope.asked:
                counts[asked.ref] += could_show_replacement(line, scope)
        return counts

    def reads_of(self, broadcast: Broadcast, ref: str) -> int:
        """Return how many reads were counted for a line, or for a replacement."""
        counts = self.reads.get(broadcast.id)
        return counts[ref] if counts else 0

    def forget_all_but(self, broadcasts: Container[str]) -> None:
        """Drop the counts of broadcasts that have left the book."""
        self.reads = {id_: counts for id_, counts in self.reads.items() if id_ in broadcasts}


class Tracker:
    """Read the lists of all accounts with open or doubtful lines until none is left."""

    def __init__(
        self,
        broker: Broker,
        book: Book,
        recorder: Recorder,
        clock: Clock,
        horizons: Horizons,
        discover: Callable[[], Awaitable[Discovered]],
        calm: Calm,
        reads: ReadLog,
    ) -> None:
        self._log = reads
        self._discover = discover
        self._calm = calm
        self._broker = broker
        self._book = book
        self._recorder = recorder
        self._clock = clock
        self._horizons = horizons
        self._memory = _Memory()
        self._look_alikes = LookAlikes()
        self._unlisted = UnlistedOrders(broker, clock)
        self._named = NamedOrders(broker, horizons)
        self._pause_s = SCHEDULE_S[0]
        self._wake = asyncio.Event()
        self._watched: dict[str, datetime] = {}
        self._unread: dict[str, tuple[datetime, str]] = {}
        """Logins whose order lists could not be read: since when, and what was said."""

    @property
    def state(self) -> ReadingState:
        """How the reads of open orders go; nothing is failing where nothing has to be read."""
        followed = self._logins(self.targets(), frozenset()) if self._unread else {}
        unread = {login: why for login, why in self._unread.items() if login in followed}
        if not unread:
            return ReadingState()
        since, detail = min(unread.values())
        return ReadingState(since, f"orders of {', '.join(sorted(unread))} not read: {detail}")

    def trouble(self, login: str) -> str:
        """Say why the orders of a login could not be read whole; empty where they were."""
        _, detail = self._unread.get(login, (None, ""))
        return detail

    def search(self, broadcast: Broadcast, line: Line) -> Search:
        """Tell how the search for a line's order goes."""
        asked = line.replacement if line.is_being_replaced else None
        return Search(
            reads=self._memory.reads_of(broadcast, asked.ref if asked else line.ref),
            every_s=self._pause_s if self._is_fresh(broadcast) else SLOW_EVERY_S,
            trouble=_MOVED if self._is_moved(line) else self.trouble(line.login),
            candidates=self._look_alikes.of(line.ref),
        )

    async def load(self) -> None:
        """Take up what earlier processes read: their reads count for lines that are still open."""
        since = {b: moment for b in self.targets() if (moment := counts_since(b)) is not None}
        if since:
            scopes = await self._log.scopes_since(min(since.values()))
            for place, scope in enumerate(scopes, 1):
                if place % SLICE == 0:
                    await asyncio.sleep(0)  # whoever attached gets an answer meanwhile
                for broadcast in since:
                    self._memory.count(broadcast, scope)

    async def look(self, accounts: Sequence[str]) -> None:
        """See which orders there are before any of ours leaves.

        A failure or a slow broker is only logged: what is not known then is told apart by time.
        """
        stale = self._log.stale(accounts)
        known = self._book.snapshot.accounts
        logins: dict[str, list[str]] = {}
        for alias in stale:
            logins.setdefault(known[alias].login, []).append(alias)
        began = self._clock.now()
        try:
            async with asyncio.timeout(LOOK_S):
                reads = await self._read(logins, began - LOOK_BACK)
        except TimeoutError:
            log.warning("tracker.not_looked", accounts=len(stale), limit_s=LOOK_S)
            return
        for read in _merged(reads):
            await self._log.keep(read, began)

    def wake(self) -> None:
        """Read soon, and often for a while."""
        self._wake.set()

    def watch(self, broadcast_id: str) -> None:
        """Read this broadcast soon, and often for a while, however old it is."""
        self._watched[broadcast_id] = self._clock.now()
        self._wake.set()

    async def run(self) -> None:
        """Keep reading while there is anything to follow; sleep otherwise."""
        step, next_slow_s = 0, 0.0
        loop = asyncio.get_running_loop()
        while True:
            if not self.targets():
                await self._wake.wait()
            pause_s = self._pause_s = SCHEDULE_S[min(step, len(SCHEDULE_S) - 1)]
            if not self._fresh():
                pause_s = max(next_slow_s - loop.time(), pause_s)
            try:
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()
                step = 0
                self._wake.clear()
            except TimeoutError:
                step += 1
                if loop.time() >= next_slow_s:
                    next_slow_s = loop.time() + SLOW_EVERY_S
                    await self.round()
                else:
                    await self.round(self._fresh())

    def targets(self) -> tuple[Broadcast, ...]:
        """Return the broadcasts with a line that a read could change."""
        broadcasts = self._book.snapshot.broadcasts.values()
        return tuple(b for b in broadcasts if self._accounts(b) or self._absent(b))

    def _fresh(self) -> tuple[Broadcast, ...]:
        earliest = self._clock.now() - FRESH
        self._watched = {id_: at for id_, at in self._watched.items() if at >= earliest}
        return tuple(b for b in self.targets() if self._is_fresh(b) and self._accounts(b))

    def _is_fresh(self, broadcast: Broadcast) -> bool:
        since = max(broadcast.created, self._watched.get(broadcast.id, broadcast.created))
        return since >= self._clock.now() - FRESH

    async def round(self, targets: tuple[Broadcast, ...] | None = None) -> bool:
        """Read once for these (or all) and apply it; False when any list could not be read."""
        is_full = targets is None
        targets = self.targets() if targets is None else targets
        if not targets:
            return True
        await self._calm.wait()
        try:
            found = await self._discover()
        except SwimdeskError as e:
            log.warning("tracker.no_accounts", error=e.detail)
            return False
        wanted = self._logins(targets, await self._moved(targets))
        logins = self._recognised(wanted, found)
        since = min(b.created for b in targets) - LOOK_BACK
        reads = await self._read_and_apply(logins, since, targets)
        if is_full:
            await self._follow_unlisted(logins, reads, targets)
            self._memory.forget_all_but(self._book.snapshot.broadcasts)
        return logins == wanted and all(read.complete for read in reads)

    async def read_now(self, accounts: Iterable[Account], since: datetime) -> list[OrdersRead]:
        """Read these accounts once for somebody, and apply it like any other read.

        What could not be read is not covered; left out is what is another account than orders were
        sent to.
        """
        targets = self.targets()
        moved = await self._moved(targets)
        logins: dict[str, list[str]] = {}
        for account in accounts:
            if account.alias not in moved:
                logins.setdefault(account.login, []).append(account.alias)
        return await self._read_and_apply(logins, since, targets)

    async def _read_and_apply(
        self, logins: Mapping[str, list[str]], since: datetime, targets: Sequence[Broadcast]
    ) -> list[OrdersRead]:
        began, steady_ns = self._clock.now(), self._clock.monotonic_ns()
        asked, needs = unverified(targets), needed_by(targets)
        reads = await self._read(logins, since)
        await self._recall_tag()
        for read in _merged(reads):
            whole = await self._named.completed(read, targets, steady_ns)
            look = _Look(whole, *await self._log.keep(whole, began, asked, needs, steady_ns))
            for broadcast in targets:
                await self._apply(broadcast, look)
        await self._learn_tag()
        return reads

    async def _follow_unlisted(
        self,
        logins: Mapping[str, list[str]],
        reads: Sequence[OrdersRead],
        targets: Iterable[Broadcast],
    ) -> None:
        accounts = {alias for aliases in logins.values() for alias in aliases}
        whole = {alias for read in reads if read.complete for alias in read.accounts}
        listed = {(order.account, order.order_id) for read in reads for order in read.orders}
        for broadcast, read in await self._unlisted.read(targets, accounts, whole, listed):
            needs = needed_by([broadcast])
            kept = await self._log.keep(read, read.until, needs=needs)
            await self._apply(broadcast, _Look(read, *kept))

    async def _recall_tag(self) -> None:
        """Take the tag that an earlier process learnt, so that its doubts can be resolved."""
        if self._memory.tag is None and not self._memory.recalled:
            self._memory.tag = await self._recorder.fact(TAG)
            self._memory.recalled = True

    async def _alarm_once(self, text: str) -> None:
        if text not in self._memory.alarmed:
            self._memory.alarmed.add(text)
            await self._recorder.alarm(text)

    async def _moved(self, targets: Iterable[Broadcast]) -> frozenset[str]:
        """Return aliases that no longer mean the account a line was sent to; their lists lie."""
        lines = (line for broadcast in targets for line in broadcast.lines)
        moved = {line.account for line in lines if self._is_moved(line)}
        for alias in sorted(moved):
            await self._alarm_once(
                f"{alias} is another account than the one that orders were sent to; those orders"
                " are not followed: restore its alias in config.toml"
            )
        return frozenset(moved)

    def _is_moved(self, line: Line) -> bool:
        now = self._book.snapshot.accounts.get(line.account)
        return now is not None and (now.login, now.last4) != (line.login, line.last4)

    def _logins(self, targets: Iterable[Broadcast], moved: frozenset[str]) -> dict[str, list[str]]:
        """Return the accounts to read by login, so that one login's trouble spoils no other."""
        wanted: dict[str, str] = {}
        for broadcast in targets:
            accounts = (self._accounts(broadcast) | self._absent(broadcast)) - moved
            wanted |= {x.account: x.login for x in broadcast.lines if x.account in accounts}
        logins: dict[str, list[str]] = {}
        for account, login in sorted(wanted.items()):
            logins.setdefault(login, []).append(account)
        return logins

    def _recognised(
        self, logins: Mapping[str, list[str]], found: Discovered
    ) -> dict[str, list[str]]:
        """Leave out what may be another account than before: nobody knows while it is not read."""
        known = self._book.snapshot.accounts
        recognised = {}
        for login, aliases in logins.items():
            failure = found.broken.get(login)
            if failure is None:
                recognised[login] = aliases
            elif there := [alias for alias in aliases if alias in known]:
                recognised[login] = there
            if failure is not None and recognised.get(login) != aliases:
                self._note_unread(login, failure)
        return recognised

    async def _read(self, logins: Mapping[str, list[str]], since: datetime) -> list[OrdersRead]:
        """Read the lists of every login; one that fails is an incomplete read of nothing."""
        began = self._clock.now()
        results = await asyncio.gather(
            *(self._broker.orders(accounts, since) for accounts in logins.values()),
            return_exceptions=True,
        )
        reads = []
        for login, result in zip(logins, results, strict=True):
            read = result
            if isinstance(read, BaseException):
                failure = why_not_read(read)
                read = OrdersRead(frozenset(), since, began, (), complete=False, failure=failure)
            if read.complete:
                self._unread.pop(login, None)
            else:
                self._note_unread(login, read.failure)
            if isinstance(read.failure, ReadBroken):
                await self._alarm_once(f"orders of {login} not read: {read.failure.detail}")
            reads.append(read)
        return reads

    def _note_unread(self, login: str, failure: SwimdeskError | None) -> None:
        detail = failure.detail if failure else "the list is not complete"
        since, said = self._unread.get(login, (self._clock.now(), ""))
        if said != detail:
            log.warning("tracker.read_failed", login=login, error=detail)
        self._unread[login] = (since, detail)

    async def _apply(self, target: Broadcast, look: _Look) -> None:
        def decide(broadcast: Broadcast) -> list[Change]:
            evidence = Evidence(
                read=look.read,
                now=look.scope.until,
                ours=self._ours(accounts_to_search(broadcast)),
                tag=self._memory.tag,
                reads=self._memory.count(broadcast, look.scope),
                horizons=self._horizons,
                steady_ns=look.scope.steady_ns,
            )
            changes = reconcile(broadcast, evidence)
            lines = broadcast.with_lines(one.line for one in changes).lines
            self._look_alikes.see(broadcast, lines, evidence)
            self._note_tag(broadcast, changes, look.read)
            return changes

        # A settled broadcast may have left the book while the read was under way.
        if target.id not in self._book.snapshot.broadcasts:
            return
        try:
            await self._recorder.update(target.id, decide, look.number)
        except Exception as e:  # one broadcast must not stop the news of all others
            log.error("tracker.apply_failed", broadcast=target.id, exc_info=e)
            await self._alarm_once(f"{target.id} cannot be followed ({type(e).__name__}: {e})")

    def _accounts(self, broadcast: Broadcast) -> set[str]:
        fresh = self._clock.now() - broadcast.created < VERIFY_REFUSALS
        return {
            line.account
            for line in broadcast.lines
            if line.state in OPEN
            or line.state is LineState.IN_DOUBT
            or (fresh and line.state is LineState.REFUSED)
            or (is_unpriced(line) and self._memory.reads_of(broadcast, line.ref) < PRICE_READS)
        }

    def _absent(self, broadcast: Broadcast) -> set[str]:
        """Return the accounts whose order was taken for absent and may still come today.

        They are read at the slow pace only.
        """
        if market_day(broadcast.created) != market_day(self._clock.now()):
            return set()
        return {line.account for line in broadcast.lines if line.state is LineState.ABSENT}

    def _ours(self, accounts: frozenset[str]) -> dict[str, list[Line]]:
        """Return all our lines in these accounts, those bound during this round included."""
        ours: dict[str, list[Line]] = {account: [] for account in accounts}
        if accounts:
            for broadcast in self._book.snapshot.broadcasts.values():
                for line in broadcast.lines:
                    if line.account in accounts:
                        ours[line.account].append(line)
        return ours

    async def _learn_tag(self) -> None:
        if self._memory.seen_tag not in (None, self._memory.tag):
            self._memory.tag = self._memory.seen_tag
            await self._recorder.learn(TAG, str(self._memory.tag))

    def _note_tag(self, broadcast: Broadcast, changes: Iterable[Change], read: OrdersRead) -> None:
        """Note the tag of an order whose id came in an answer and whose look was verified."""
        if broadcast.origin is Origin.ADOPTED:
            return
        by_id = {(order.account, order.order_id): order for order in read.orders}
        for change in changes:
            line, before = change.line, broadcast.line(change.line.ref)
            came_in_answer = before.state is LineState.ACCEPTED and before.order_id is not None
            if came_in_answer and line.order_id == before.order_id and line.state not in UNVERIFIED:
                order = by_id.get((line.account, line.order_id or ""))
                if order is not None and order.tag:
                    self._memory.seen_tag = order.tag
                    return


def _merged(reads: Sequence[OrdersRead]) -> list[OrdersRead]:
    """Put complete reads together and the others together, to be written down at one go."""
    merged = []
    for complete in (True, False):
        parts = [read for read in reads if read.complete is complete]
        if parts:
            merged.append(
                OrdersRead(
                    accounts=frozenset().union(*(read.accounts for read in parts)),
                    since=max(read.since for read in parts),
                    until=min(read.until for read in parts),
                    orders=tuple(order for read in parts for order in read.orders),
                    complete=complete,
                )
            )
    return merged
