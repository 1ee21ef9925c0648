"""The table of structures: what is written for each and which legs that makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from swimdesk.domain.instruments import Right
from swimdesk.domain.orders import OrderType, StructureKind

_CALL, _PUT = Right.CALL, Right.PUT
_ONE_RIGHT = ((_CALL,), (_PUT,))
_CALL_AND_PUT = ((_CALL, _PUT),)
_SPREAD_TYPES = frozenset({OrderType.LIMIT, OrderType.MARKET})
_OPTION_TYPES = _SPREAD_TYPES | {OrderType.STOP, OrderType.STOP_LIMIT}
_RISING_OR_FALLING = "rising or falling"
MOST_RATIO = 100


@dataclass(frozen=True, slots=True)
class LegPattern:
    """One leg of a structure bought: signed ratio, and which of the written values it takes."""

    ratio: int
    strike: int = 0
    right: int = 0
    expiry: int = 0


@dataclass(frozen=True, slots=True)
class RatioRule:
    """How ratios are written in front of a structure, one per leg.

    ``named`` are the ratios that another word stands for; ``signed`` ones turn their leg around.
    """

    example: str
    named: tuple[int, ...] = ()
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """A row of the grammar: what is written for a structure and which legs that makes.

    ``word`` is None where nothing is written; ``rights`` lists the patterns that may be written;
    without expiries the root is an equity. ``one_direction`` demands that every pair of strikes
    points to the same side, ``puts_below_calls`` that no put strike reaches a call strike.
    """

    word: str | None
    expiries: int
    strikes: int
    rights: tuple[tuple[Right, ...], ...]
    legs: tuple[LegPattern, ...]
    order_types: frozenset[OrderType]
    most_units: int
    one_direction: bool = False
    puts_below_calls: bool = False
    rising: tuple[tuple[int, ...], ...] = ()
    """Orders of the strikes by index, one of which must rise; empty: any order."""
    order_words: str = ""
    """The same for a person."""
    ratios: RatioRule | None = None
    far_first: bool = False
    """Whether the expiry named first must be the later one."""
    fewest_legs: int = 0
    """Where the number of legs is free: at least so many, each with all values of its own."""
    long_form: tuple[int, ...] = ()
    """Strikes by index where they may also be written with a repetition."""
    shares: int = 0
    """Shares of the root that one unit bought has beside its options."""
    rolls: bool = False
    """Whether one half of the legs may close what the other half opens again."""
    short: str = ""
    """The word for fingers, in front of an expiry such as ``18DEC26``."""

    def for_legs(self, count: int) -> Structure:
        """Return the row for so many legs; itself where their number is fixed or not possible."""
        if not self.fewest_legs <= count <= len(self.legs) or not self.fewest_legs:
            return self
        rights = tuple(dict.fromkeys(written[:count] for written in self.rights))
        legs = self.legs[:count]
        return replace(self, expiries=count, strikes=count, rights=rights, legs=legs)


_K = StructureKind

STRUCTURES: dict[StructureKind, Structure] = {
    _K.EQUITY: Structure(
        word=None,
        expiries=0,
        strikes=0,
        rights=(),
        legs=(LegPattern(+1),),
        order_types=frozenset(OrderType),
        most_units=1_000_000,
    ),
    _K.OPTION: Structure(
        word=None,
        expiries=1,
        strikes=1,
        rights=_ONE_RIGHT,
        legs=(LegPattern(+1),),
        order_types=_OPTION_TYPES,
        most_units=10_000,
    ),
    _K.VERTICAL: Structure(
        word="VERTICAL",
        expiries=1,
        strikes=2,
        rights=_ONE_RIGHT,
        legs=(LegPattern(+1, strike=0), LegPattern(-1, strike=1)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        one_direction=True,
        short="VERT",
    ),
    _K.BACKRATIO: Structure(
        word="BACKRATIO",
        expiries=1,
        strikes=2,
        rights=_ONE_RIGHT,
        legs=(LegPattern(+1, strike=0), LegPattern(-1, strike=1)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        ratios=RatioRule("1/2", named=(1, 1)),
    ),
    _K.STRADDLE: Structure(
        word="STRADDLE",
        expiries=1,
        strikes=1,
        rights=_CALL_AND_PUT,
        legs=(LegPattern(+1), LegPattern(+1, right=1)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        short="STRAD",
    ),
    _K.STRANGLE: Structure(
        word="STRANGLE",
        expiries=1,
        strikes=2,
        rights=_CALL_AND_PUT,
        legs=(LegPattern(+1, strike=0), LegPattern(+1, strike=1, right=1)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        puts_below_calls=True,
        short="STRANG",
    ),
    _K.CALENDAR: Structure(
        word="CALENDAR",
        expiries=2,
        strikes=1,
        rights=_ONE_RIGHT,
        legs=(LegPattern(+1), LegPattern(-1, expiry=1)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        far_first=True,
        rolls=True,
        short="CAL",
    ),
    _K.DIAGONAL: Structure(
        word="DIAGONAL",
        expiries=2,
        strikes=2,
        rights=_ONE_RIGHT,
        legs=(LegPattern(+1, strike=0), LegPattern(-1, strike=1, expiry=1)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        rising=((0, 1), (1, 0)),
        far_first=True,
        rolls=True,
        short="DIAG",
    ),
    _K.BUTTERFLY: Structure(
        word="BUTTERFLY",
        expiries=1,
        strikes=3,
        rights=_ONE_RIGHT,
        legs=(LegPattern(+1), LegPattern(-2, strike=1), LegPattern(+1, strike=2)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        rising=((0, 1, 2), (2, 1, 0)),
        order_words=_RISING_OR_FALLING,
        short="BFLY",
    ),
    _K.UNBALANCED_BUTTERFLY: Structure(
        word="~BUTTERFLY",
        expiries=1,
        strikes=3,
        rights=_ONE_RIGHT,
        legs=(LegPattern(+1), LegPattern(-1, strike=1), LegPattern(+1, strike=2)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        rising=((0, 1, 2), (2, 1, 0)),
        order_words=_RISING_OR_FALLING,
        ratios=RatioRule("1/3/2", named=(1, 2, 1)),
    ),
    _K.CONDOR: Structure(
        word="CONDOR",
        expiries=1,
        strikes=4,
        rights=_ONE_RIGHT,
        legs=(
            LegPattern(+1, strike=0),
            LegPattern(-1, strike=1),
            LegPattern(-1, strike=2),
            LegPattern(+1, strike=3),
        ),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        rising=((0, 1, 2, 3), (3, 2, 1, 0)),
        order_words=_RISING_OR_FALLING,
        short="CON",
    ),
    _K.UNBALANCED_CONDOR: Structure(
        word="~CONDOR",
        expiries=1,
        strikes=4,
        rights=_ONE_RIGHT,
        legs=(
            LegPattern(+1, strike=0),
            LegPattern(-1, strike=1),
            LegPattern(-1, strike=2),
            LegPattern(+1, strike=3),
        ),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        rising=((0, 1, 2, 3), (3, 2, 1, 0)),
        order_words=_RISING_OR_FALLING,
        ratios=RatioRule("2/2/1/1", named=(1, 1, 1, 1)),
    ),
    _K.IRON_CONDOR: Structure(
        word="IRON CONDOR",
        expiries=1,
        strikes=4,
        rights=_CALL_AND_PUT,
        legs=(
            LegPattern(+1, strike=0),
            LegPattern(-1, strike=1),
            LegPattern(+1, strike=2, right=1),
            LegPattern(-1, strike=3, right=1),
        ),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        one_direction=True,
        puts_below_calls=True,
        short="IC",
    ),
    _K.UNBALANCED_IRON_CONDOR: Structure(
        word="~IRON CONDOR",
        expiries=1,
        strikes=4,
        rights=_CALL_AND_PUT,
        legs=(
            LegPattern(+1, strike=0),
            LegPattern(-1, strike=1),
            LegPattern(+1, strike=2, right=1),
            LegPattern(-1, strike=3, right=1),
        ),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        one_direction=True,
        puts_below_calls=True,
        ratios=RatioRule("2/2/1/1", named=(1, 1, 1, 1)),
    ),
    _K.IRON_BUTTERFLY: Structure(
        word="IRON BUTTERFLY",
        expiries=1,
        strikes=3,
        rights=_CALL_AND_PUT,
        legs=(
            LegPattern(+1, strike=0),
            LegPattern(-1, strike=1),
            LegPattern(+1, strike=0, right=1),
            LegPattern(-1, strike=2, right=1),
        ),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        rising=((2, 0, 1),),
        order_words="with the call K2 above and the put K3 below the middle K1",
        long_form=(0, 1, 0, 2),
        short="IBFLY",
    ),
    _K.DOUBLE_DIAGONAL: Structure(
        word="DBL DIAG",
        expiries=2,
        strikes=4,
        rights=((_PUT, _CALL, _PUT, _CALL),),
        legs=(
            LegPattern(+1, strike=0, right=0),
            LegPattern(+1, strike=1, right=1),
            LegPattern(-1, strike=2, right=2, expiry=1),
            LegPattern(-1, strike=3, right=3, expiry=1),
        ),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        puts_below_calls=True,
        far_first=True,
        rolls=True,
    ),
    _K.VERTICAL_ROLL: Structure(
        word="VERT ROLL",
        expiries=2,
        strikes=4,
        rights=_ONE_RIGHT,
        legs=(
            LegPattern(+1, strike=0),
            LegPattern(-1, strike=1),
            LegPattern(-1, strike=2, expiry=1),
            LegPattern(+1, strike=3, expiry=1),
        ),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        one_direction=True,
        rolls=True,
        short="VROLL",
    ),
    _K.COVERED: Structure(
        word="COVERED",
        expiries=1,
        strikes=1,
        rights=((_CALL,),),
        legs=(LegPattern(-1),),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        shares=100,
        short="COV",
    ),
    _K.COLLAR: Structure(
        word="COLLAR",
        expiries=1,
        strikes=2,
        rights=((_PUT, _CALL),),
        legs=(LegPattern(+1, strike=0, right=0), LegPattern(-1, strike=1, right=1)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        puts_below_calls=True,
        shares=100,
        short="COLLAR",
    ),
    _K.CUSTOM: Structure(
        word="CUSTOM",
        expiries=4,
        strikes=4,
        rights=tuple(product((_CALL, _PUT), repeat=4)),
        legs=tuple(LegPattern(+1, strike=at, right=at, expiry=at) for at in range(4)),
        order_types=_SPREAD_TYPES,
        most_units=10_000,
        ratios=RatioRule("1/-1/1/-1", signed=True),
        fewest_legs=2,
    ),
}
"""The grammar of the order language; another structure is another row."""
