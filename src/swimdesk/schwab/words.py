"""The broker's enumerations (schwab-api 5.1); a text that is not listed reads as UNRECOGNISED."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A text that the broker chose; subclasses name a member UNRECOGNISED."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        return cls["UNRECOGNISED"]


class WireSession(Word):
    """In which session an order works."""

    NORMAL = "NORMAL"
    AM = "AM"
    PM = "PM"
    SEAMLESS = "SEAMLESS"
    UNRECOGNISED = "UNRECOGNISED"


class WireDuration(Word):
    """How long an order lives."""

    DAY = "DAY"
    GOOD_TILL_CANCEL = "GOOD_TILL_CANCEL"
    FILL_OR_KILL = "FILL_OR_KILL"
    IMMEDIATE_OR_CANCEL = "IMMEDIATE_OR_CANCEL"
    END_OF_WEEK = "END_OF_WEEK"
    END_OF_MONTH = "END_OF_MONTH"
    NEXT_END_OF_MONTH = "NEXT_END_OF_MONTH"
    UNRECOGNISED = "UNRECOGNISED"


class WireOrderType(Word):
    """How an order's price binds; the net types are for orders of several legs."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"
    TRAILING_STOP = "TRAILING_STOP"
    TRAILING_STOP_LIMIT = "TRAILING_STOP_LIMIT"
    MARKET_ON_CLOSE = "MARKET_ON_CLOSE"
    LIMIT_ON_CLOSE = "LIMIT_ON_CLOSE"
    CABINET = "CABINET"
    NON_MARKETABLE = "NON_MARKETABLE"
    EXERCISE = "EXERCISE"
    NET_DEBIT = "NET_DEBIT"
    NET_CREDIT = "NET_CREDIT"
    NET_ZERO = "NET_ZERO"
    UNRECOGNISED = "UNRECOGNISED"


class ComplexStrategy(Word):
    """What the legs of an order form together."""

    NONE = "NONE"
    COVERED = "COVERED"
    VERTICAL = "VERTICAL"
    BACK_RATIO = "BACK_RATIO"
    CALENDAR = "CALENDAR"
    DIAGONAL = "DIAGONAL"
    STRADDLE = "STRADDLE"
    STRANGLE = "STRANGLE"
    COLLAR_SYNTHETIC = "COLLAR_SYNTHETIC"
    BUTTERFLY = "BUTTERFLY"
    CONDOR = "CONDOR"
    IRON_CONDOR = "IRON_CONDOR"
    VERTICAL_ROLL = "VERTICAL_ROLL"
    COLLAR_WITH_STOCK = "COLLAR_WITH_STOCK"
    DOUBLE_DIAGONAL = "DOUBLE_DIAGONAL"
    UNBALANCED_BUTTERFLY = "UNBALANCED_BUTTERFLY"
    UNBALANCED_CONDOR = "UNBALANCED_CONDOR"
    UNBALANCED_IRON_CONDOR = "UNBALANCED_IRON_CONDOR"
    UNBALANCED_VERTICAL_ROLL = "UNBALANCED_VERTICAL_ROLL"
    MUTUAL_FUND_SWAP = "MUTUAL_FUND_SWAP"
    CUSTOM = "CUSTOM"
    UNRECOGNISED = "UNRECOGNISED"


class StrategyType(Word):
    """Whether an order stands alone or is part of a tree."""

    SINGLE = "SINGLE"
    TRIGGER = "TRIGGER"
    OCO = "OCO"
    UNRECOGNISED = "UNRECOGNISED"


class Instruction(Word):
    """What a leg does; the first five are for equities, the next four for options."""

    BUY = "BUY"
    SELL = "SELL"
    BUY_TO_COVER = "BUY_TO_COVER"
    SELL_SHORT = "SELL_SHORT"
    SELL_SHORT_EXEMPT = "SELL_SHORT_EXEMPT"
    BUY_TO_OPEN = "BUY_TO_OPEN"
    BUY_TO_CLOSE = "BUY_TO_CLOSE"
    SELL_TO_OPEN = "SELL_TO_OPEN"
    SELL_TO_CLOSE = "SELL_TO_CLOSE"
    EXCHANGE = "EXCHANGE"
    UNRECOGNISED = "UNRECOGNISED"


class AssetType(Word):
    """What kind of instrument a leg or a position is in."""

    EQUITY = "EQUITY"
    OPTION = "OPTION"
    COLLECTIVE_INVESTMENT = "COLLECTIVE_INVESTMENT"
    MUTUAL_FUND = "MUTUAL_FUND"
    CASH_EQUIVALENT = "CASH_EQUIVALENT"
    FIXED_INCOME = "FIXED_INCOME"
    CURRENCY = "CURRENCY"
    INDEX = "INDEX"
    UNRECOGNISED = "UNRECOGNISED"


class ActivityType(Word):
    """What an entry of an order's history is about."""

    EXECUTION = "EXECUTION"
    ORDER_ACTION = "ORDER_ACTION"
    UNRECOGNISED = "UNRECOGNISED"


class ExecutionType(Word):
    """Whether an execution entry is a fill; cancels and replaces come as CANCELED, price 0."""

    FILL = "FILL"
    CANCELED = "CANCELED"
    UNRECOGNISED = "UNRECOGNISED"
