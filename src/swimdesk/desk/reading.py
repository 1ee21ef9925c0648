"""Read balances and positions, per login, so that one broken login does not blind the rest."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from swimdesk.desk.book import Book
from swimdesk.desk.ports import Broker, Clock, Discovered, Holdings
from swimdesk.desk.recorder import Recorder
from swimdesk.domain.accounts import Account
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.events import AccountsDiscovered, HoldingsRead
from swimdesk.errors import BrokerError, LoginRequired, SwimdeskError, why_not_read
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

MAX_AGE = timedelta(seconds=15)
"""Balances older than this are read again before a plan is made from them."""

SETTLE = timedelta(seconds=5)
"""So long after a fill or an order the broker's balances and positions may not show it yet."""

SURVEY_AGAIN_NS = 15_000_000_000
"""A login whose accounts could not be read is not tried more often by reads that go on by it."""

_ALL = ""
"""Stands among aliases for the list of accounts itself."""


@dataclass(frozen=True, slots=True)
class HoldingsAnswer:
    """What was read, and for the other accounts why it was not."""

    found: Mapping[str, Holdings]
    failed: Mapping[str, BrokerError]


@dataclass(frozen=True, slots=True)
class ReadingState:
    """How the reads of accounts go: since when some fail, and what was said at the last one."""

    failing_since: datetime | None = None
    detail: str = ""


def together(states: Iterable[ReadingState]) -> ReadingState:
    """Tell several kinds of reads as one: since the first trouble, with all that was said."""
    failing = [(s.failing_since, s.detail) for s in states if s.failing_since is not None]
    if not failing:
        return ReadingState()
    return ReadingState(min(since for since, _ in failing), "; ".join(d for _, d in failing))


class HoldingsReader:
    """Give holdings that are fresh enough, reading only what is not."""

    def __init__(self, broker: Broker, book: Book, recorder: Recorder, clock: Clock) -> None:
        self._broker = broker
        self._book = book
        self._recorder = recorder
        self._clock = clock
        self._fills: dict[str, tuple[int, datetime]] = {}
        """Units of ours filled per account, and when that figure was new to us."""
        self._noted: Mapping[str, Broadcast] = {}
        """The broadcasts whose fills were counted last, all at once."""
        self._read_for: dict[str, datetime] = {}
        """By account: the fill after which it was read because of it."""
        self._unread: dict[str, tuple[datetime, str]] = {}
        """Accounts whose last read failed: since when, and what was said."""
        self._found = Discovered(())
        self._was_whole = False
        """Whether all accounts were known once; those that are missing since are known to be."""
        self._surveyed_ns = clock.monotonic_ns()

    @property
    def state(self) -> ReadingState:
        """How the reads go over all accounts."""
        if not self._unread:
            return ReadingState()
        since, detail = min(self._unread.values())
        unread = sorted(self._unread)
        which = f"{len(unread)} accounts" if len(unread) > 1 else unread[0] or "accounts"
        return ReadingState(since, f"{which} not read: {detail}")

    async def discover(self, *, again: bool = False) -> tuple[Account, ...]:
        """Read which accounts there are, once unless asked again; else give what is known.

        Raises why where a login is missing of which nobody knows that it is.
        """
        found = self._known() if not again else None
        if found is None or (found.objection is not None and not self._was_whole):
            found = await self._survey()
        if found.objection is not None and (again or not self._was_whole):
            raise found.objection.with_traceback(None)
        return found.accounts

    async def survey(self, *, again: bool = False) -> Discovered:
        """Read which accounts there are, going by logins that cannot be read; those are tried anew.

        Not enough to send orders by: accounts may be missing.
        """
        found = self._known() if not again else None
        return await self._survey() if found is None or found.unread else found

    async def at_hand(self) -> Discovered:
        """Give the accounts that are known; logins that could not be read are tried in a while."""
        found = self._known()
        if found is None or found.is_blind:
            return await self._survey()
        is_late = self._clock.monotonic_ns() - self._surveyed_ns >= SURVEY_AGAIN_NS
        return await self._survey() if found.broken and is_late else found

    def _known(self) -> Discovered | None:
        known = self._book.snapshot.accounts
        return replace(self._found, accounts=tuple(known.values())) if known else None

    async def _survey(self) -> Discovered:
        try:
            found = await self._broker.discover()
        except BrokerError as e:
            self._note(_ALL, e)
            raise
        self._found = replace(found, accounts=in_order(found.accounts))
        self._surveyed_ns = self._clock.monotonic_ns()
        if found.objection is None:
            self._was_whole = True
            self._unread.pop(_ALL, None)
        else:
            self._note(_ALL, found.objection)
        self._recorder.publish(AccountsDiscovered(self._found.accounts))
        return self._found

    async def holdings(
        self, accounts: Sequence[Account], max_age: timedelta = MAX_AGE
    ) -> HoldingsAnswer:
        """Return holdings no older than that; raises only if every login failed."""
        lines = self._book.snapshot.by_account()
        for account in accounts:
            self._note_fills(account.alias, lines.get(account.alias, ()))
        stale = [account for account in accounts if not self._is_fresh(account.alias, max_age)]
        failed = await self._read(stale)
        if failed and len(failed) == len(accounts):
            raise _worst(failed)
        snapshot = self._book.snapshot
        found = {
            a.alias: Holdings(
                snapshot.accounts[a.alias],
                snapshot.balances[a.alias],
                snapshot.positions.get(a.alias, ()),
            )
            for a in accounts
            if a.alias not in failed
        }
        return HoldingsAnswer(found, failed)

    def settled_at(self, accounts: Sequence[Account]) -> datetime:
        """Return from when on a read shows every fill of ours in these accounts known by now."""
        lines = self._book.snapshot.by_account()
        for account in accounts:
            self._note_fills(account.alias, lines.get(account.alias, ()))
        seen = [self._fills[a.alias][1] + SETTLE for a in accounts if a.alias in self._fills]
        return max(seen, default=self._clock.now())

    async def read_settled(self) -> None:
        """Read the accounts whose last fill of ours is past ``SETTLE``, once for each such fill."""
        self._note_new_fills()
        now = self._clock.now()
        due = [
            account
            for alias, account in self._book.snapshot.accounts.items()
            if alias in self._fills
            and self._fills[alias][1] + SETTLE <= now
            and self._read_for.get(alias) != self._fills[alias][1]
        ]
        # Also where the read fails: the rounds of the monitor try that again, not every look.
        self._read_for |= {account.alias: self._fills[account.alias][1] for account in due}
        await self._read([a for a in due if not self._is_fresh(a.alias, timedelta.max)])

    def _note_new_fills(self) -> None:
        snapshot = self._book.snapshot
        if snapshot.broadcasts is not self._noted:
            self._noted = snapshot.broadcasts
            for alias, lines in snapshot.by_account().items():
                self._note_fills(alias, lines)

    def _note_fills(self, alias: str, lines: Iterable[tuple[Broadcast, Line]]) -> None:
        units = sum(line.filled for _, line in lines)
        known, _ = self._fills.get(alias, (0, None))
        if units != known:
            self._fills[alias] = (units, self._clock.now())

    def _is_fresh(self, alias: str, max_age: timedelta) -> bool:
        """Fresh means read lately, and well after the last fill of ours in that account."""
        balances = self._book.snapshot.balances.get(alias)
        if balances is None or self._clock.now() - balances.as_of > max_age:
            return False
        return alias not in self._fills or balances.as_of >= self._fills[alias][1] + SETTLE

    async def _read(self, accounts: Sequence[Account]) -> dict[str, BrokerError]:
        logins: dict[str, list[str]] = {}
        for account in accounts:
            logins.setdefault(account.login, []).append(account.alias)
        results = await asyncio.gather(
            *(self._broker.holdings(aliases) for aliases in logins.values()),
            return_exceptions=True,
        )
        failed: dict[str, BrokerError] = {}
        read: list[Holdings] = []
        for login, result in zip(logins, results, strict=True):
            if isinstance(result, BaseException):
                failure = why_not_read(result)
                log.warning("accounts.login_not_read", login=login, error=failure.detail)
                if not isinstance(failure, BrokerError):
                    failure = BrokerError(failure.detail)
                failed |= dict.fromkeys(logins[login], failure)
            else:
                read += result
        for one in read:
            self._unread.pop(one.account.alias, None)
        for alias, error in failed.items():
            self._note(alias, error)
        self._publish(read)
        return failed

    def _note(self, alias: str, error: SwimdeskError) -> None:
        since, _ = self._unread.get(alias, (self._clock.now(), ""))
        self._unread[alias] = (since, error.detail)

    def _publish(self, read: Sequence[Holdings]) -> None:
        if not read:
            return
        fresh = {one.account.alias: one.account for one in read}
        known = self._book.snapshot.accounts
        self._recorder.publish(AccountsDiscovered(in_order({**known, **fresh}.values())))
        self._recorder.publish(
            HoldingsRead(
                {one.account.alias: one.balances for one in read},
                {one.account.alias: one.positions for one in read},
            )
        )


def in_order(accounts: Iterable[Account]) -> tuple[Account, ...]:
    """Sort accounts by alias as people count: A-2 before A-10."""
    return tuple(sorted(accounts, key=lambda account: _by_numbers(account.alias)))


def _by_numbers(alias: str) -> list[tuple[int, str]]:
    parts = re.findall(r"[0-9]+|[^0-9]+", alias.casefold())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _worst(failed: Mapping[str, BrokerError]) -> BrokerError:
    """Choose the error that tells a person most: a missing sign-in before a missing network."""
    errors = list(failed.values())
    return next((e for e in errors if isinstance(e, LoginRequired)), errors[0])
