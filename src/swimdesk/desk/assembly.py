"""How the parts of a desk are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from swimdesk.desk.abilities import Abilities
from swimdesk.desk.book import KEPT_FOR, Book
from swimdesk.desk.broadcaster import Broadcaster
from swimdesk.desk.bus import Bus
from swimdesk.desk.calm import Calm
from swimdesk.desk.canceler import Canceler
from swimdesk.desk.closer import Closer
from swimdesk.desk.comparing import CompareParts, Comparer
from swimdesk.desk.doubts import Doubts
from swimdesk.desk.evidence import Horizons
from swimdesk.desk.flattening import Flattener
from swimdesk.desk.foreign import Foreigners, ForeignParts
from swimdesk.desk.guard import Guard
from swimdesk.desk.handover import Handover
from swimdesk.desk.holding_watch import HoldingWatch
from swimdesk.desk.inquiries import Inquiries
from swimdesk.desk.lifetimes import Lifetimes
from swimdesk.desk.origins import OriginsReader
from swimdesk.desk.pace import Pace
from swimdesk.desk.planner import Planner
from swimdesk.desk.ports import (
    Broker,
    Clock,
    HaltSentinel,
    Ids,
    Journal,
    Logins,
    MarketData,
    TokenCacheUse,
    TokenSource,
)
from swimdesk.desk.reading import HoldingsReader
from swimdesk.desk.readlog import ReadLog
from swimdesk.desk.recorder import After, Recorder
from swimdesk.desk.replacer import Replacer
from swimdesk.desk.replanning import Replanner
from swimdesk.desk.resolving import ResolveParts, Resolver
from swimdesk.desk.settling import Moments
from swimdesk.desk.signing import SignInParts, SignIns, SignInTerms
from swimdesk.desk.submitter import Parts, Submitter
from swimdesk.desk.supervisor import Supervisor
from swimdesk.desk.tracker import Tracker
from swimdesk.desk.underway import Underway
from swimdesk.desk.undoing import Undoer
from swimdesk.domain.broadcast import Broadcast, Line
from swimdesk.domain.risk import RiskLimits


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything the desk stands on, chosen by the composition root."""

    broker: Broker
    market: MarketData
    journal: Journal
    tokens: TokenSource
    sentinel: HaltSentinel
    clock: Clock
    ids: Ids
    logins: Logins | None = None
    """What carries sign-ins; None where nobody can sign in."""
    token_cache: Callable[[], TokenCacheUse] | None = None
    """Tells of the cache of access tokens; None where none is configured."""


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """What the configuration decides about the desk itself."""

    mode: str
    home: Path
    limits: RiskLimits = field(default_factory=RiskLimits)
    plan_life_s: int = 60
    horizons: Horizons = field(default_factory=Horizons)
    sign_in: SignInTerms = field(default_factory=SignInTerms)


@dataclass(frozen=True, slots=True)
class Scrutiny:
    """What compares with the broker's books, and settles what those leave to the operator."""

    holding_watch: HoldingWatch
    resolver: Resolver
    foreigners: Foreigners
    comparer: Comparer


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts of one desk, joined; the facade gives them their orders."""

    window: timedelta
    """How far back the checks of a plan look for orders that were alike."""
    book: Book
    bus: Bus
    supervisor: Supervisor
    calm: Calm
    abilities: Abilities
    recorder: Recorder
    pace: Pace
    reader: HoldingsReader
    inquiries: Inquiries
    guard: Guard
    planner: Planner
    broadcaster: Broadcaster
    tracker: Tracker
    doubts: Doubts
    canceler: Canceler
    replacer: Replacer
    submitter: Submitter
    scrutiny: Scrutiny
    flattener: Flattener
    undoer: Undoer
    sign_ins: SignIns


def assemble(outside: Outside, settings: DeskSettings) -> Engine:
    """Make the parts of a desk; nothing runs yet."""
    clock, journal, broker = outside.clock, outside.journal, outside.broker
    window = _looked_back(settings.limits)
    book, bus, calm = Book(max(KEPT_FOR, window)), Bus(), Calm()
    abilities, doubts = Abilities(journal, clock), Doubts(clock, settings.horizons)
    recorder = Recorder(journal, book, bus, clock, after=_noted_by(doubts, abilities))
    reader, reads = HoldingsReader(broker, book, recorder, clock), ReadLog(journal, clock)
    tracker = Tracker(broker, book, recorder, clock, settings.horizons, reader.at_hand, calm, reads)
    pace = Pace(journal, book, clock, settings.limits)
    guard = Guard(journal, outside.sentinel, clock)
    planner = _planner_of(outside, settings, reader, pace, abilities, guard)
    parts = _parts_of(outside, settings, recorder, planner, book, calm, pace, guard)
    handover, underway, origins = parts.handover, Underway(), OriginsReader(journal, book, clock)
    canceler = Canceler(
        broker, journal, book, recorder, clock, outside.ids, underway, handover, tracker.watch
    )
    submitter = Submitter(
        parts, settings.mode, discover=reader.discover, answered=tracker.wake, known=reads.known
    )
    closer, replanner = Closer(parts, submitter, canceler, reader), Replanner(planner, reader)
    scrutiny = _scrutiny_of(outside, settings, recorder, reader, tracker, book, origins)
    return Engine(
        window=window,
        book=book,
        bus=bus,
        supervisor=parts.supervisor,
        calm=calm,
        abilities=abilities,
        recorder=recorder,
        pace=pace,
        reader=reader,
        inquiries=Inquiries(
            broker, outside.market, journal, book, reader, clock, abilities, origins
        ),
        guard=parts.guard,
        planner=planner,
        broadcaster=parts.broadcaster,
        tracker=tracker,
        doubts=doubts,
        canceler=canceler,
        replacer=Replacer(parts, replanner, underway, reader.discover, watch=tracker.watch),
        scrutiny=scrutiny,
        submitter=submitter,
        flattener=Flattener(parts, closer, scrutiny.foreigners, settings.plan_life_s),
        undoer=Undoer(parts, closer, settings.plan_life_s),
        sign_ins=_sign_ins_of(outside, settings, parts, reader, tracker, underway),
    )


def _sign_ins_of(
    outside: Outside,
    settings: DeskSettings,
    parts: Parts,
    reader: HoldingsReader,
    tracker: Tracker,
    underway: Underway,
) -> SignIns:
    moments = Moments(
        outside.tokens,
        outside.journal,
        parts.book,
        parts.handover,
        underway,
        outside.clock,
        settings.horizons.absent,
    )
    return SignIns(
        SignInParts(
            logins=outside.logins,
            tokens=outside.tokens,
            journal=outside.journal,
            book=parts.book,
            recorder=parts.recorder,
            supervisor=parts.supervisor,
            clock=outside.clock,
            ids=outside.ids,
            handover=parts.handover,
            moments=moments,
            terms=settings.sign_in,
            discover=reader.discover,
            wake=tracker.wake,
        )
    )


def _scrutiny_of(
    outside: Outside,
    settings: DeskSettings,
    recorder: Recorder,
    reader: HoldingsReader,
    tracker: Tracker,
    book: Book,
    origins: OriginsReader,
) -> Scrutiny:
    broker, journal, clock = outside.broker, outside.journal, outside.clock
    watch = HoldingWatch(broker, journal, book, recorder, reader, origins, clock)
    resolving = ResolveParts(
        broker, journal, book, recorder, reader, tracker, origins, clock, settings.horizons
    )
    adopting = ForeignParts(
        broker,
        journal,
        book,
        recorder,
        reader,
        origins,
        clock,
        outside.ids,
        settings.mode,
        watch=tracker.watch,
    )
    comparing = CompareParts(broker, book, journal, reader, tracker, origins, watch, clock)
    return Scrutiny(watch, Resolver(resolving), Foreigners(adopting), Comparer(comparing))


def _noted_by(doubts: Doubts, abilities: Abilities) -> After:
    async def note(before: Broadcast, lines: Sequence[Line]) -> None:
        doubts.take(before, lines)
        await abilities.take(before, lines)

    return note


def _planner_of(
    outside: Outside,
    settings: DeskSettings,
    reader: HoldingsReader,
    pace: Pace,
    abilities: Abilities,
    guard: Guard,
) -> Planner:
    return Planner(
        outside.broker,
        outside.market,
        reader,
        outside.clock,
        outside.ids,
        settings.limits,
        settings.plan_life_s,
        pace,
        abilities,
        guard,
        Lifetimes(outside.tokens, outside.clock, settings.plan_life_s),
    )


def _parts_of(
    outside: Outside,
    settings: DeskSettings,
    recorder: Recorder,
    planner: Planner,
    book: Book,
    calm: Calm,
    pace: Pace,
    guard: Guard,
) -> Parts:
    return Parts(
        broker=outside.broker,
        journal=outside.journal,
        book=book,
        recorder=recorder,
        guard=guard,
        planner=planner,
        broadcaster=Broadcaster(outside.broker, recorder, guard, outside.clock),
        supervisor=Supervisor(),
        clock=outside.clock,
        ids=outside.ids,
        calm=calm,
        pace=pace,
        handover=Handover(),
        limits=settings.limits,
    )


def _looked_back(limits: RiskLimits) -> timedelta:
    """Return how far back the checks of a plan look for orders that were alike."""
    return timedelta(
        seconds=max(
            limits.duplicate_window_s, limits.duplicate_warn_s, limits.broadcast_repeat_window_s
        )
    )
