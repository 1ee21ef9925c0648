"""The reads behind the chain: what is due, one at a time, late answers, errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal

import pytest

from swimdesk.console.chain.feed import ChainFeed, Subject, read_subject
from swimdesk.errors import InputError
from swimdesk.views.models import ChainView
from tests.fakes.broker import FakeBroker
from tests.fakes.builders import some_accounts
from tests.fakes.clock import SteadyClock
from tests.fakes.desk import a_desk

MONTHLY = date(2026, 12, 18)


class Reader:
    """A feed over a desk, the clock in hand, and how often it told of news."""

    def __init__(self, feed_desk: object, broker: FakeBroker, clock: SteadyClock) -> None:
        self.broker = broker
        self.clock = clock
        self.told = 0
        self.wanted: tuple[str, ...] = ()
        self.feed = ChainFeed(feed_desk, clock.now, lambda _: self.wanted, self._tell)  # type: ignore[arg-type]

    def _tell(self) -> None:
        self.told += 1

    def has_error(self) -> bool:
        return self.feed.error is not None

    @property
    def view(self) -> ChainView:
        assert self.feed.view is not None
        return self.feed.view


@asynccontextmanager
async def a_reader() -> AsyncIterator[Reader]:
    clock = SteadyClock()
    accounts = some_accounts(1)
    broker = FakeBroker(clock, accounts, latency_s=0.0)
    async with a_desk(accounts, broker=broker, clock=clock) as bench:
        yield Reader(bench.desk, broker, clock)


@pytest.mark.parametrize(
    ("text", "subject", "root"),
    [
        ("spy", Subject("SPY"), None),
        ("SPX", Subject("$SPX"), None),
        ("$SPX 18DEC26", Subject("$SPX", MONTHLY), None),
        ("SPXW 18 DEC 26", Subject("$SPX", MONTHLY), "SPXW"),
        ("brk/b 2026-12-18", Subject("BRK/B", MONTHLY), None),
    ],
)
def test_a_chain_is_named_by_symbol_and_day(text: str, subject: Subject, root: str | None) -> None:
    assert read_subject(text) == (subject, root)


@pytest.mark.parametrize("text", ["", "12", "SPY 31FEB26", "SPY soon", "S;PY", "SPY 18DEC26 x"])
def test_what_names_no_chain_is_told(text: str) -> None:
    with pytest.raises(InputError, match=r"such as|is written"):
        read_subject(text)


async def test_nothing_is_due_before_a_chain_is_wanted() -> None:
    async with a_reader() as reader:
        assert not reader.feed.is_due()
        await reader.feed.read()
        assert reader.broker.chain_reads == []


async def test_the_chain_is_due_again_two_seconds_after_it_was_asked_for() -> None:
    async with a_reader() as reader:
        reader.feed.ask(Subject("SPY"))
        assert reader.feed.is_due()
        await reader.feed.read()
        assert reader.view.symbol == "SPY"
        assert reader.told == 1
        reader.clock.advance(1)
        assert not reader.feed.is_due()
        reader.clock.advance(1)
        assert reader.feed.is_due()


async def test_while_one_read_is_under_way_there_is_no_other() -> None:
    async with a_reader() as reader:
        reader.feed.ask(Subject("SPY"))
        first = asyncio.ensure_future(reader.feed.read())
        await asyncio.sleep(0)
        reader.clock.advance(60)
        assert not reader.feed.is_due()
        await reader.feed.read()
        await first
        assert len(reader.broker.chain_reads) == 1


async def test_an_answer_that_comes_after_another_wish_is_dropped() -> None:
    async with a_reader() as reader:
        reader.feed.ask(Subject("SPY"))
        first = asyncio.ensure_future(reader.feed.read())
        await asyncio.sleep(0)
        reader.feed.ask(Subject("AAPL", MONTHLY))
        await first
        assert [symbol for symbol, _, _ in reader.broker.chain_reads][-1] == "AAPL"
        assert (reader.view.symbol, reader.view.expiry) == ("AAPL", "2026-12-18")
        assert reader.feed.is_current
        assert reader.told == 1


async def test_a_chain_that_cannot_be_read_is_asked_for_less_and_less() -> None:
    async with a_reader() as reader:
        reader.feed.ask(Subject("SPY"))
        await reader.feed.read()
        reader.broker.chains_fail = True
        reader.clock.advance(2)
        await reader.feed.read()
        assert reader.has_error()
        assert reader.view.symbol == "SPY"
        reader.clock.advance(2)
        assert not reader.feed.is_due()
        reader.clock.advance(2)
        assert reader.feed.is_due()
        reader.broker.chains_fail = False
        await reader.feed.read()
        assert not reader.has_error()
        reader.clock.advance(2)
        assert reader.feed.is_due()


async def test_an_unknown_symbol_is_not_asked_for_again_by_itself() -> None:
    async with a_reader() as reader:
        reader.broker.unknown_symbols.add("NOPE")
        reader.feed.ask(Subject("NOPE"))
        await reader.feed.read()
        assert reader.feed.error is not None
        assert "NOPE" in reader.feed.error.detail
        reader.clock.advance(3600)
        assert not reader.feed.is_due()
        reader.feed.hurry()
        assert reader.feed.is_due()


async def test_another_symbol_takes_the_old_chain_away_and_another_day_does_not() -> None:
    async with a_reader() as reader:
        reader.feed.ask(Subject("SPY"))
        await reader.feed.read()
        reader.feed.ask(Subject("SPY", MONTHLY))
        assert reader.view.expiry == "2026-11-27"
        assert not reader.feed.is_current
        reader.feed.ask(Subject("AAPL"))
        assert reader.feed.view is None


async def test_legs_of_other_days_are_quoted_beside_the_chain() -> None:
    async with a_reader() as reader:
        reader.broker.listed.spots["SPY"] = Decimal(612)
        reader.wanted = ("SPY   270115C00620000",)
        reader.feed.ask(Subject("SPY"))
        await reader.feed.read()
        (quote,) = reader.feed.others.values()
        assert quote.ask is not None
        assert quote.ask > 0
        reader.broker.unknown_symbols.update(reader.wanted)
        await reader.feed.read()
        assert reader.feed.others == {}
        assert reader.feed.error is None
