"""Take pictures of positions and fills, and tell where one is not the sum of the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from swimdesk.desk.book import Book
from swimdesk.desk.foreign import WHOLE, morning_of
from swimdesk.desk.holding_check import (
    Finding,
    HoldingCheck,
    Judgement,
    Mismatch,
    Picture,
    fills_of,
)
from swimdesk.desk.hours import market_day
from swimdesk.desk.origins import OriginsReader
from swimdesk.desk.ports import Broker, BrokerOrder, Clock, Journal, OrderKey, OrdersRead
from swimdesk.desk.reading import SETTLE, HoldingsReader
from swimdesk.desk.recorder import Recorder
from swimdesk.desk.tracker import TAG
from swimdesk.domain.accounts import Account
from swimdesk.domain.decisions import Origin
from swimdesk.domain.orders import UNRESOLVED, LineState
from swimdesk.domain.positions import held
from swimdesk.errors import BrokerError, StoreError, why_not_read
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

LOOKS: Final = 3
"""So often a comparison looks, ``SETTLE`` apart, before it takes a difference for one."""

_NOT_JUDGED: Final = {
    Finding.UNTOLD: "the fills of an order are not listed whole yet",
    Finding.MOVING: "fills came while the positions were read",
    Finding.IN_DOUBT: "an order of ours may be there unknown",
    Finding.SUSPECT: "it differs, and was not looked at again",
}

_UNREAD: Final = "its orders could not be read completely"


@dataclass(frozen=True, slots=True)
class HoldingsCompared:
    """What differs by account, and why the positions of others were not judged."""

    mismatches: Mapping[str, tuple[Mismatch, ...]] = field(default_factory=dict)
    unjudged: Mapping[str, str] = field(default_factory=dict)


class HoldingWatch:
    """Compare positions with fills in every round of the account monitor, and when asked to."""

    def __init__(
        self,
        broker: Broker,
        journal: Journal,
        book: Book,
        recorder: Recorder,
        reader: HoldingsReader,
        origins: OriginsReader,
        clock: Clock,
    ) -> None:
        self._broker = broker
        self._journal = journal
        self._book = book
        self._recorder = recorder
        self._reader = reader
        self._origins = origins
        self._clock = clock
        self._check: HoldingCheck | None = None
        self._explained: set[OrderKey] = set()
        """Orders of which it is known whose they are, or which were told."""
        self._turn = asyncio.Lock()

    async def check(self, accounts: Sequence[Account], max_age: timedelta) -> None:
        """Read fills, then positions no older than that, and judge what was read after the fills.

        BrokerError if no positions could be read.
        """
        async with self._turn:
            check = await self._loaded()
            before = await self._lists(accounts, check)
            begun = self._clock.now()
            await self._reader.holdings(accounts, max_age)
            await self._tell_unexplained(before)
            balances = self._book.snapshot.balances
            fresh = [
                account
                for account in accounts
                if account.alias in before
                and account.alias in balances
                and balances[account.alias].as_of >= begun
            ]
            await self._judge(fresh, before, check)

    async def compare(
        self, accounts: Sequence[Account], before: Mapping[str, Sequence[BrokerOrder]]
    ) -> HoldingsCompared:
        """Judge positions now against whole lists just read; a difference is looked at again."""
        async with self._turn:
            check = await self._loaded()
            failed = await self._positions(accounts)
            unjudged = dict(failed)
            mismatches: dict[str, tuple[Mismatch, ...]] = {}
            open_ = [a for a in accounts if a.alias in before and a.alias not in failed]
            for look in range(LOOKS):
                if look:
                    await asyncio.sleep(SETTLE.total_seconds())
                    before = await self._lists(open_)
                    failed = await self._positions(open_)
                read = [account for account in open_ if account.alias not in failed]
                judged = await self._judge(read, before, check, at_once=look == LOOKS - 1)
                mismatches |= {
                    alias: found.mismatches
                    for alias, found in judged.items()
                    if found.finding is Finding.DIFFERENT
                }
                # Nothing is known of what could not be read again either.
                why = {a.alias: failed.get(a.alias, _UNREAD) for a in open_}
                why |= {
                    alias: _NOT_JUDGED.get(found.finding, "") for alias, found in judged.items()
                }
                open_ = [account for account in open_ if why[account.alias]]
                if not open_:
                    break
            unjudged |= {account.alias: why[account.alias] for account in open_}
        return HoldingsCompared(mismatches, unjudged)

    # --- inside ------------------------------------------------------------------------------

    async def _positions(self, accounts: Sequence[Account]) -> dict[str, str]:
        """Read positions now; return of which accounts they were not read, and why."""
        try:
            answer = await self._reader.holdings(accounts, timedelta(0))
        except BrokerError as error:
            return dict.fromkeys([account.alias for account in accounts], error.detail)
        return {alias: error.detail for alias, error in answer.failed.items()}

    async def _loaded(self) -> HoldingCheck:
        if self._check is None:
            self._check = HoldingCheck(await self._journal.baselines())
        return self._check

    async def _lists(
        self, accounts: Sequence[Account], check: HoldingCheck | None = None
    ) -> dict[str, list[BrokerOrder]]:
        """Read order lists by login, whole ones or (``check``) today's where those are enough.

        Accounts whose list did not come whole are left out.
        """
        now = self._clock.now()
        logins: dict[str, list[str]] = {}
        for account in accounts:
            logins.setdefault(account.login, []).append(account.alias)
        reads = await asyncio.gather(
            *(self._list(aliases, self._since(aliases, check, now)) for aliases in logins.values())
        )
        return by_account(read for read in reads if read is not None)

    def _since(self, aliases: Sequence[str], check: HoldingCheck | None, now: datetime) -> datetime:
        day = market_day(now)
        is_known = check is not None and all(check.has_whole(alias, day) for alias in aliases)
        return morning_of(now) if is_known else now - WHOLE

    async def _list(self, aliases: Sequence[str], since: datetime) -> OrdersRead | None:
        try:
            return await self._broker.orders(aliases, since)
        except Exception as e:  # noqa: BLE001 - per login: a bug must not blind the others
            log.warning("positions.orders_not_read", error=why_not_read(e).detail)
            return None

    async def _judge(
        self,
        accounts: Sequence[Account],
        before: Mapping[str, Sequence[BrokerOrder]],
        check: HoldingCheck,
        *,
        at_once: bool = False,
    ) -> dict[str, Judgement]:
        """Judge pictures; where one is not as expected, the fills are read again, whole."""
        doubtful = self._doubtful()
        pictures = {}
        for account in accounts:
            if account.alias in before:
                is_in_doubt = account.alias in doubtful
                pictures[account.alias] = self._picture(account, before, is_in_doubt=is_in_doubt)
                await asyncio.sleep(0)  # long lists: others get their turn in between
        known = [account for account in accounts if account.alias in pictures]
        odd = [account for account in known if not check.is_equal(pictures[account.alias])]
        for alias, orders in (await self._lists(odd) if odd else {}).items():
            if alias in pictures:
                after = fills_of(orders, morning_of(self._clock.now()))
                pictures[alias] = replace(pictures[alias], after=after)
        judged = {
            alias: check.judge(picture, at_once=at_once) for alias, picture in pictures.items()
        }
        await self._keep(judged)
        return judged

    def _doubtful(self) -> frozenset[str]:
        """Return the accounts in which an order of ours may be that is not known."""
        return frozenset(
            line.account
            for broadcast in self._book.snapshot.broadcasts.values()
            for line in broadcast.lines
            if line.state in UNRESOLVED
            or (line.state is LineState.ACCEPTED and line.order_id is None)
        )

    def _picture(
        self,
        account: Account,
        lists: Mapping[str, Sequence[BrokerOrder]],
        *,
        is_in_doubt: bool,
    ) -> Picture:
        now = self._clock.now()
        return Picture(
            account=account.alias,
            login=account.login,
            last4=account.last4,
            day=market_day(now),
            at=now,
            held=held(self._book.snapshot.positions.get(account.alias, ())),
            before=fills_of(lists[account.alias], morning_of(now)),
            is_in_doubt=is_in_doubt,
        )

    async def _keep(self, judged: Mapping[str, Judgement]) -> None:
        """Write new baselines down and raise one alarm for each difference."""
        baselines = [found.baseline for found in judged.values() if found.baseline is not None]
        if baselines:
            try:
                await self._journal.keep_baselines(baselines)
            except StoreError as e:
                log.warning("positions.baseline_not_kept", error=e.detail)
        for alias, found in judged.items():
            if found.finding is Finding.DIFFERENT:
                for one in found.mismatches:
                    await self._recorder.alarm(told(alias, one))

    async def _tell_unexplained(self, lists: Mapping[str, Sequence[BrokerOrder]]) -> None:
        """Raise an alarm, once for each, for orders with our mark that nothing here sent."""
        morning, tag = morning_of(self._clock.now()), await self._journal.fact(TAG)
        orders = [
            order
            for found in lists.values()
            for order in found
            if order.entered >= morning
            # Of others it need not be asked, in each round, whose they are.
            and order.tag is not None
            and order.tag == tag
            and (order.account, order.order_id) not in self._explained
        ]
        if not orders:
            return
        origins = await self._origins.of_orders(orders)
        for order in orders:
            is_unexplained = origins.is_unexplained(order)
            if is_unexplained or origins.of(order) is not Origin.FOREIGN:
                self._explained.add((order.account, order.order_id))
            if is_unexplained:
                await self._recorder.alarm(
                    f"{order.account}: order {order.order_id} ({order.description or 'no text'})"
                    " carries the mark of this program, yet nothing here sent it: somebody else"
                    " uses the application key; see `swimdesk foreign`"
                )


def by_account(reads: Iterable[OrdersRead]) -> dict[str, list[BrokerOrder]]:
    """Return the orders of every account whose list is whole."""
    lists: dict[str, list[BrokerOrder]] = {}
    for read in reads:
        for alias in read.accounts:
            lists.setdefault(alias, [])
        for order in read.orders:
            if order.account in read.accounts:
                lists[order.account].append(order)
    return lists


def told(alias: str, one: Mismatch) -> str:
    """Say of a holding that it is not what the fills come to."""
    return (
        f"{alias}: {one.found:f} {one.symbol.strip()} held, {one.expected:f} expected from what was"
        " traded today; an expiry, an assignment, a transfer, or an order that no list shows"
    )
