"""When the simulated exchanges trade: always, by the exchange calendar, or replaying one day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from swimdesk.domain.instruments import Settlement
from swimdesk.sim.clock import SimClock
from swimdesk.sim.holidays import EARLY_CLOSES, is_trading_day

EASTERN = ZoneInfo("America/New_York")
MARKETS = ("equity", "option", "bond", "future", "forex")


class SessionMode(StrEnum):
    """How the brokerage decides whether a market is open."""

    OPEN = "open"
    REAL = "real"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class _Hours:
    """One trading session of a day in Eastern time; ``early_end`` on days of early close."""

    start: time
    end: time
    early_end: time


@dataclass(frozen=True, slots=True)
class _Product:
    """One product of the hours endpoint with its sessions by their name there."""

    market: str
    code: str
    name: str
    sessions: dict[str, _Hours]


_REGULAR = "regularMarket"
_PRODUCTS = {
    "equity": _Product(
        "equity",
        "EQ",
        "equity",
        {
            "preMarket": _Hours(time(7), time(9, 30), time(9, 30)),
            _REGULAR: _Hours(time(9, 30), time(16), time(13)),
            "postMarket": _Hours(time(16), time(20), time(17)),
        },
    ),
    "option": _Product(
        "option",
        "EQO",
        "equity option",
        {_REGULAR: _Hours(time(9, 30), time(16), time(13))},
    ),
    "index_option": _Product(
        "option",
        "IND",
        "index option",
        {_REGULAR: _Hours(time(9, 30), time(16, 15), time(13, 15))},
    ),
}
_SESSION_NAMES: dict[str, tuple[str, ...]] = {
    "NORMAL": (_REGULAR,),
    "AM": ("preMarket",),
    "PM": ("postMarket",),
    "SEAMLESS": ("preMarket", _REGULAR, "postMarket"),
}


@dataclass(frozen=True, slots=True)
class _Replay:
    """When a replay began by the clock, what time it was there, and how fast time passes there."""

    began: datetime
    starts: datetime
    speed: float


class Sessions:
    """Tells which markets are open at a time of the brokerage's clock.

    ``at`` is always what that clock says. In replay the sessions run on another day: the clock's
    time when this was made is 9:30 Eastern of the replayed date, and from there the day passes
    ``speed`` times as fast.
    """

    def __init__(self, mode: SessionMode, replay: _Replay | None = None) -> None:
        self.mode = mode
        self._replay = replay

    @classmethod
    def parse(cls, text: str, clock: SimClock, speed: float = 1.0) -> Sessions:
        """Read ``open``, ``real`` or a date (ISO); ValueError for anything else or a day off."""
        if text in (SessionMode.OPEN, SessionMode.REAL):
            return cls(SessionMode(text))
        day = date.fromisoformat(text)
        if not is_trading_day(day):
            raise ValueError(f"the exchanges are closed on {day}")
        return cls(SessionMode.REPLAY, _Replay(clock.now(), _eastern(day, time(9, 30)), speed))

    def session_time(self, at: datetime) -> datetime:
        """Return the exchanges' own time (UTC-aware): ``at`` itself, except in replay."""
        replay = self._replay
        return at if replay is None else replay.starts + (at - replay.began) * replay.speed

    def clock_time(self, instant: datetime) -> datetime:
        """Return when the clock shows what is ``instant`` at the exchanges."""
        replay = self._replay
        return (
            instant if replay is None else replay.began + (instant - replay.starts) / replay.speed
        )

    def market_date(self, at: datetime) -> date:
        """Return the exchanges' calendar day (Eastern)."""
        return self.session_time(at).astimezone(EASTERN).date()

    def is_open(self, asset: str, at: datetime, session: str = "NORMAL") -> bool:
        """Tell whether "equity", "option" or "index_option" trades in an order session.

        ``session`` is NORMAL, AM, PM or SEAMLESS, as on an order.
        """
        if self.mode is SessionMode.OPEN:
            return True
        instant = self.session_time(at)
        day = self.market_date(at)
        spans = (self._span(asset, name, day) for name in _SESSION_NAMES[session])
        return any(span is not None and span[0] <= instant < span[1] for span in spans)

    def next_open(self, asset: str, at: datetime, session: str = "NORMAL") -> datetime:
        """Return when the session is next open by the clock: ``at`` itself when it is open now.

        ValueError for a session the asset does not have (options trade in NORMAL only).
        """
        if self.is_open(asset, at, session):
            return at
        if not any(name in _PRODUCTS[asset].sessions for name in _SESSION_NAMES[session]):
            raise ValueError(f"{asset} has no {session} session")
        instant = self.session_time(at)
        day = self.market_date(at)
        while True:
            for name in _SESSION_NAMES[session]:
                span = self._span(asset, name, day)
                if span is not None and span[0] > instant:
                    return self.clock_time(span[0])
            day += timedelta(days=1)

    def close_of_day(self, asset: str, at: datetime, session: str = "NORMAL") -> datetime:
        """Return when a DAY order entered at ``at`` expires by the clock.

        That is the end of the session it is entered in, or of the next one when none is open; an
        always open market ends its day at midnight Eastern.
        """
        opening = self.next_open(asset, at, session)
        day = self.market_date(opening)
        if self.mode is SessionMode.OPEN:
            return self.clock_time(_eastern(day + timedelta(days=1), time(0)))
        spans = (self._span(asset, name, day) for name in _SESSION_NAMES[session])
        return self.clock_time(max(span[1] for span in spans if span is not None))

    def last_open(self, at: datetime) -> datetime:
        """Return the latest time up to ``at`` at which stocks traded (prices stand still after)."""
        if self.is_open("equity", at):
            return at
        instant = self.session_time(at)
        day = self.market_date(at)
        while True:
            span = self._span("equity", _REGULAR, day)
            if span is not None and span[1] <= instant:
                return self.clock_time(span[1])
            day -= timedelta(days=1)

    def expiry_instant(self, expiry: date, settlement: Settlement) -> datetime:
        """Return the exchanges' time (UTC-aware) at which an option's value is settled.

        An always open market settles at the end of the day (PM) or at its beginning (AM).
        """
        if self.mode is SessionMode.OPEN:
            days = 1 if settlement is Settlement.PM else 0
            return _eastern(expiry + timedelta(days=days), time(0))
        hours = _PRODUCTS["option"].sessions[_REGULAR]
        if settlement is Settlement.AM:
            return _eastern(expiry, hours.start)
        return _eastern(expiry, hours.early_end if expiry in EARLY_CLOSES else hours.end)

    def hours_json(self, markets: Iterable[str], day: date) -> dict[str, dict[str, object]]:
        """Return the body of the hours endpoint for known markets (schwab-api 8.6).

        ``day`` is a day of the clock; in replay it lists what of the replayed sessions falls on
        it, in the clock's time, for that is what a client can judge by.
        """
        return {market: self._market_json(market, day) for market in markets}

    def _market_json(self, market: str, day: date) -> dict[str, object]:
        products = [product for product in _PRODUCTS.values() if product.market == market]
        if not products or not self._trades_on(day):
            # A closed day repeats the market's name as its product, and the hours vanish.
            closed = {"date": str(day), "marketType": market.upper(), "product": market}
            return {market: {**closed, "isOpen": False}}
        return {product.code: self._product_json(product, day) for product in products}

    def _product_json(self, product: _Product, day: date) -> dict[str, object]:
        names = (_REGULAR,) if self.mode is SessionMode.OPEN else tuple(product.sessions)
        return {
            "date": str(day),
            "marketType": product.market.upper(),
            "product": product.code,
            "productName": product.name,
            "isOpen": True,
            "sessionHours": {
                name: [_span_json(*span) for span in self._spans_on(product, name, day)]
                for name in names
            },
        }

    def _trades_on(self, day: date) -> bool:
        if self._replay is None:
            return self.mode is SessionMode.OPEN or is_trading_day(day)
        return any(self._spans_on(product, _REGULAR, day) for product in _PRODUCTS.values())

    def _spans_on(self, product: _Product, name: str, day: date) -> list[tuple[datetime, datetime]]:
        """Return the spans of a session on a day of the clock, in the clock's time."""
        if self._replay is None:
            return [_day_span(self.mode, product, name, day)]
        begin, end = _eastern(day, time(0)), _eastern(day + timedelta(days=1), time(0))
        there, last = self.market_date(begin), self.market_date(end)
        found = []
        while there <= last:
            if is_trading_day(there):
                first, until = map(self.clock_time, _day_span(self.mode, product, name, there))
                if first < end and until > begin:
                    found.append((first, until))
            there += timedelta(days=1)
        return found

    def _span(self, asset: str, name: str, day: date) -> tuple[datetime, datetime] | None:
        product = _PRODUCTS[asset]
        if name not in product.sessions or not is_trading_day(day):
            return None
        return _day_span(self.mode, product, name, day)


def _day_span(
    mode: SessionMode, product: _Product, name: str, day: date
) -> tuple[datetime, datetime]:
    if mode is SessionMode.OPEN:
        return _eastern(day, time(0)), _eastern(day + timedelta(days=1), time(0))
    hours = product.sessions[name]
    early = day in EARLY_CLOSES
    # The post-market of a short day begins when its regular session ends.
    regular = product.sessions[_REGULAR]
    start = regular.early_end if early and name == "postMarket" else hours.start
    return _eastern(day, start), _eastern(day, hours.early_end if early else hours.end)


def _span_json(start: datetime, end: datetime) -> dict[str, str]:
    return {
        "start": start.astimezone(EASTERN).isoformat(),
        "end": end.astimezone(EASTERN).isoformat(),
    }


def _eastern(day: date, at: time) -> datetime:
    return datetime.combine(day, at, EASTERN).astimezone(UTC)
