"""The controls as rows: code, class, limit, ceiling, and what is typed to go on regardless."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from swimdesk.domain.broadcast import Denial, Grade


class DenialCode(StrEnum):
    """Why our own checks say no; the words are stable, tests and operators read the same."""

    REDUCING = "REDUCING"
    SIZE_SHARES = "SIZE_SHARES"
    SIZE_CONTRACTS = "SIZE_CONTRACTS"
    NOTIONAL_ORDER = "NOTIONAL_ORDER"
    NOTIONAL_BROADCAST = "NOTIONAL_BROADCAST"
    UNUSUAL_SIZE = "UNUSUAL_SIZE"
    PRICE_COLLAR = "PRICE_COLLAR"
    PRICE_FAR = "PRICE_FAR"
    EXTENDED_COLLAR = "EXTENDED_COLLAR"
    EXTENDED_SPREAD = "EXTENDED_SPREAD"
    MARKET_SPREAD = "MARKET_SPREAD"
    MARKET_NOTIONAL = "MARKET_NOTIONAL"
    QUOTE_STALE = "QUOTE_STALE"
    SECURITY_HALTED = "SECURITY_HALTED"
    SESSION_CLOSED = "SESSION_CLOSED"
    SESSION_MISMATCH = "SESSION_MISMATCH"
    EXPIRED = "EXPIRED"
    PRICE_TICK = "PRICE_TICK"
    PRICE_SIGN = "PRICE_SIGN"
    DUPLICATE_IN_FLIGHT = "DUPLICATE_IN_FLIGHT"
    DUPLICATE_RECENT = "DUPLICATE_RECENT"
    DUPLICATE_BROADCAST = "DUPLICATE_BROADCAST"
    WORKING_ALIKE = "WORKING_ALIKE"
    BROADCAST_RATE = "BROADCAST_RATE"
    BUYING_POWER = "BUYING_POWER"
    SELL_MORE_THAN_HELD = "SELL_MORE_THAN_HELD"
    POSITION_SHARE = "POSITION_SHARE"
    VOLUME_SHARE = "VOLUME_SHARE"
    CASH_ACCOUNT = "CASH_ACCOUNT"
    OPTION_LEVEL = "OPTION_LEVEL"
    CLOSING_ONLY = "CLOSING_ONLY"
    LEARNED_REJECT = "LEARNED_REJECT"
    BROKER_PREVIEW = "BROKER_PREVIEW"
    GTC_ORDER = "GTC_ORDER"
    EFFECT_AMBIGUOUS = "EFFECT_AMBIGUOUS"
    INTENT_UNCLEAR = "INTENT_UNCLEAR"
    TOKEN_SHORT = "TOKEN_SHORT"  # noqa: S105 - a code
    LOGIN_NOT_READY = "LOGIN_NOT_READY"
    NOT_READ = "NOT_READ"
    SAME_PRICE = "SAME_PRICE"
    NO_PRICE = "NO_PRICE"


@dataclass(frozen=True, slots=True)
class Control:
    """One check as people read it; ``rule`` is its row in the risk paper, if it has one.

    ``grade`` is what a denial has below the ceiling; above it, or under what ``ceiling`` says,
    the denial is hard. What is typed is the figure rounded up to ``step``, or ``word``.
    """

    code: DenialCode
    rule: str
    grade: Grade
    denies: str
    ceiling: str = ""
    step: Decimal = Decimal(1)
    word: str | None = None


_C, _HARD, _TYPED, _SOFT = DenialCode, Grade.HARD, Grade.TYPED, Grade.SOFT
_CENTS = Decimal("0.01")
_TENTHS = Decimal("0.1")

_ROWS = (
    Control(
        _C.REDUCING, "R1", _HARD,
        "while the desk is reducing, all but an order whose every leg closes, and no more than is"
        " held and not about to be closed",
    ),
    Control(_C.SIZE_SHARES, "R3", _TYPED, "more shares than `max_shares_per_order`", "5 times"),
    Control(
        _C.SIZE_CONTRACTS, "R3", _TYPED, "more contracts in a leg than `max_contracts_per_order`",
        "5 times",
    ),
    Control(
        _C.NOTIONAL_ORDER, "R4", _TYPED,
        "dollars above `max_notional_per_order` or above `max_notional_share` of the account;"
        " for closing orders only the first",
        "`ceiling_notional_share` of the account; none for closing orders",
    ),
    Control(
        _C.NOTIONAL_BROADCAST, "R5", _TYPED,
        "dollars over all accounts above `max_notional_per_broadcast`", "2 times",
    ),
    Control(
        _C.UNUSUAL_SIZE, "R6", _TYPED,
        "dollars over all accounts above `unusual_multiple` times the median of the last 20"
        " broadcasts that cost anything, once there are 5; never where all lines close",
    ),
    Control(
        _C.PRICE_COLLAR, "R7", _TYPED,
        "a limit that pays more or receives less than mid, in dollars a unit, by more than"
        " `collar_equity` or `collar_option`, at least by `collar_equity_floor` or"
        " `collar_option_floor`",
        "2 times", _CENTS,
    ),
    Control(
        _C.PRICE_FAR, "R7", _SOFT,
        "an opening limit more than twice the collar away on the side that never fills",
    ),
    Control(
        _C.EXTENDED_COLLAR, "R8", _TYPED,
        "outside the regular session a limit beyond `collar_equity` of the last regular close, in"
        " dollars a unit",
        "2 times", _CENTS,
    ),
    Control(
        _C.EXTENDED_SPREAD, "R8", _TYPED,
        "outside the regular session a spread in percent above `max_extended_spread`",
        step=_TENTHS,
    ),
    Control(
        _C.MARKET_SPREAD, "R9", _TYPED,
        "a market order where the spread in percent is above `max_market_spread`", step=_TENTHS,
    ),
    Control(
        _C.MARKET_NOTIONAL, "R9", _TYPED, "a market order of more dollars than half of R4",
        "`ceiling_notional_share` of the account; none for closing orders",
    ),
    Control(
        _C.QUOTE_STALE, "R10", _SOFT,
        "a quote older than `quote_max_age_s` (`quote_max_age_extended_s` outside the regular"
        " session), one that is delayed or not normal, or none with bid and ask",
        "hard for market orders",
    ),
    Control(_C.SECURITY_HALTED, "R11", _HARD, "trading in a leg or its underlying is halted"),
    Control(_C.SESSION_CLOSED, "R12", _HARD, "the market for the order is closed"),
    Control(_C.SESSION_MISMATCH, "R12", _HARD, "the session takes no such order"),
    Control(_C.EXPIRED, "R12", _HARD, "a contract that trades no more"),
    Control(_C.PRICE_TICK, "R13", _HARD, "a price between two ticks"),
    Control(_C.PRICE_SIGN, "R13", _HARD, "a credit where the market quotes a debit, or back"),
    Control(_C.DUPLICATE_IN_FLIGHT, "R14", _HARD, "the same order in the account is not resolved"),
    Control(
        _C.DUPLICATE_RECENT, "R15", _SOFT,
        "the same order was sent to the account within `duplicate_warn_s` and traded",
        "hard within `duplicate_window_s`; a closing order canceled unfilled never counts",
    ),
    Control(
        _C.DUPLICATE_BROADCAST, "R16", _HARD,
        "the same orders to the same accounts within `broadcast_repeat_window_s`",
    ),
    Control(_C.WORKING_ALIKE, "R17", _SOFT, "the same order is working in the account"),
    Control(
        _C.BROADCAST_RATE, "R20", _HARD,
        "more broadcasts than `broadcasts_per_minute` or `broadcasts_per_day` (24 hours); one that"
        " only closes is counted and not denied",
    ),
    Control(
        _C.BUYING_POWER, "R25", _SOFT, "the account cannot pay for it, our live orders counted in",
        "hard where balances are older than `balances_max_age_s`",
    ),
    Control(
        _C.SELL_MORE_THAN_HELD, "R26", _TYPED,
        "units closed beyond what is held and not about to be closed",
    ),
    Control(
        _C.POSITION_SHARE, "R27", _TYPED,
        "dollars in one underlying, this and our working orders included, above"
        " `max_position_share` of the account",
    ),
    Control(
        _C.VOLUME_SHARE, "R27", _TYPED,
        "shares over all accounts above `max_volume_share` of the average volume of 10 days",
    ),
    Control(_C.CASH_ACCOUNT, "R28", _HARD, "a cash account cannot hold what the order makes"),
    Control(_C.OPTION_LEVEL, "R28", _HARD, "the configured option level is too low"),
    Control(_C.CLOSING_ONLY, "R28", _HARD, "the account may only close, and the order opens"),
    Control(
        _C.LEARNED_REJECT, "R28", _SOFT, "the broker said that the account may not trade this"
    ),
    Control(_C.BROKER_PREVIEW, "R33", _SOFT, "the broker's own preview rejects the order"),
    Control(_C.GTC_ORDER, "R35", _TYPED, "an order that outlives the day (GTC)", word="GTC"),
    Control(_C.EFFECT_AMBIGUOUS, "", _HARD, "legs that do not all open or all close"),
    Control(
        _C.INTENT_UNCLEAR, "", _HARD,
        "holdings of which CLOSE, ROLL or FLAT may mean several, or that one order cannot roll",
    ),
    Control(
        _C.TOKEN_SHORT, "", _SOFT,
        "less than five minutes of usable token after the plan's end, where a person has to sign"
        " in to get more; never an order that only closes",
    ),
    Control(_C.LOGIN_NOT_READY, "", _HARD, "the login of the account needs a sign-in"),
    Control(_C.NOT_READ, "", _HARD, "balances and positions of the account could not be read"),
    Control(_C.SAME_PRICE, "", _HARD, "a replacement at the price that the order has already"),
    Control(_C.NO_PRICE, "", _HARD, "a replacement of an order that has no limit price"),
)  # fmt: skip

CONTROLS = {row.code: row for row in _ROWS}
"""Every control by its code, in the order of the risk paper."""

assert set(CONTROLS) == set(DenialCode)  # noqa: S101 - a code without a row is a bug


def denial(
    code: DenialCode,
    detail: str,
    figure: Decimal | int | None = None,
    ceiling: Decimal | int | None = None,
    *,
    is_hard: bool = False,
) -> Denial:
    """Build a denial; above ``ceiling``, or where ``is_hard``, nothing lifts it."""
    control = CONTROLS[code]
    exact = None if figure is None else Decimal(figure)
    is_above = exact is not None and ceiling is not None and exact > ceiling
    grade = Grade.HARD if is_hard or is_above else control.grade
    if is_above:
        detail = f"{detail}; above the hard ceiling {_short(Decimal(ceiling or 0), control)}"
    return Denial(code.value, detail, grade, _override(control, grade, exact), exact)


def _override(control: Control, grade: Grade, figure: Decimal | None) -> str | None:
    if grade is Grade.HARD:
        return None
    if grade is Grade.SOFT:
        return control.code.value
    typed = control.word if figure is None else typed_figure(control.code, figure)
    return f"{control.code}={typed}"


def typed_figure(code: DenialCode, figure: Decimal) -> str:
    """Return a figure as it is to be typed: rounded up, so that it covers the exact one."""
    return f"{figure.quantize(CONTROLS[code].step, ROUND_CEILING):f}"


def _short(figure: Decimal, control: Control) -> str:
    return f"{figure.quantize(control.step):,f}"
