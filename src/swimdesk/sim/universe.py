"""What the simulated brokerage lists: one row per underlying, nothing computed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import starmap


class AssetType(StrEnum):
    """The broker's word for what is held or traded."""

    EQUITY = "EQUITY"
    COLLECTIVE_INVESTMENT = "COLLECTIVE_INVESTMENT"
    INDEX = "INDEX"
    OPTION = "OPTION"


class ExpiryPlan(StrEnum):
    """Which expiry days an option class lists."""

    DAILY = "daily"
    """Every weekday of two weeks, Fridays of ten weeks, monthlies of a year."""
    WEEKLY = "weekly"
    """Fridays of six weeks and monthlies of a year."""
    WEDNESDAY = "wednesday"
    """The volatility index: Wednesdays of six weeks, monthlies 30 days before a third Friday."""
    NONE = "none"
    """No options."""


@dataclass(frozen=True, slots=True)
class Underlying:
    """One underlying and the character of its market.

    Prices in dollars; ``volatility`` per square root of a year; ``beta`` is the share of the
    common market move in its own (-1 to 1); ``spread`` is the width of its own market in dollars;
    ``option_spread`` the width of an option market as a fraction of the option's value; ``skew``
    how much implied volatility falls per standard deviation upwards; strikes are listed every
    ``strike_step`` within ``strike_width`` (a fraction) of the price and every ``wide_step``
    within twice that.
    """

    symbol: str
    description: str
    asset_type: AssetType
    exchange: str
    cusip: str
    start_price: float
    volatility: float
    beta: float
    spread: float
    option_spread: float
    skew: float
    penny_pilot: bool
    expiries: ExpiryPlan
    strike_step: float
    wide_step: float
    strike_width: float
    dividend_yield: float = 0.0

    @property
    def is_index(self) -> bool:
        """Tell whether this is a calculated index: not tradable itself, no bid and ask."""
        return self.asset_type is AssetType.INDEX


EXCHANGES = {"Q": "NASDAQ", "N": "NYSE", "P": "NYSE Arca", "0": "Index", "O": "OPR"}
"""Exchange names by their one-letter code."""

# symbol, type, exchange, cusip, description
_NAMES = """
$SPX   index 0 -         S&P 500 INDEX
$NDX   index 0 -         NASDAQ 100 INDEX
$RUT   index 0 -         RUSSELL 2000 INDEX
$VIX   index 0 -         CBOE MARKET VOLATILITY INDEX
$DJI   index 0 -         DOW JONES INDUSTRIAL AVERAGE
$COMPX index 0 -         NASDAQ COMPOSITE
SPY    fund  P 78462F103 SPDR S&P 500 ETF TRUST
QQQ    fund  Q 46090E103 INVESCO QQQ TRUST
IWM    fund  P 464287655 ISHARES RUSSELL 2000 ETF
DIA    fund  P 78467X109 SPDR DOW JONES INDUSTRIAL AVERAGE ETF
GLD    fund  P 78463V107 SPDR GOLD SHARES
SLV    fund  P 46428Q109 ISHARES SILVER TRUST
TLT    fund  Q 464287432 ISHARES 20+ YEAR TREASURY BOND ETF
XLF    fund  P 81369Y605 FINANCIAL SELECT SECTOR SPDR FUND
AAPL   stock Q 037833100 APPLE INC
MSFT   stock Q 594918104 MICROSOFT CORP
NVDA   stock Q 67066G104 NVIDIA CORP
AMZN   stock Q 023135106 AMAZON.COM INC
GOOGL  stock Q 02079K305 ALPHABET INC CLASS A
META   stock Q 30303M102 META PLATFORMS INC CLASS A
TSLA   stock Q 88160R101 TESLA INC
AMD    stock Q 007903107 ADVANCED MICRO DEVICES INC
INTC   stock Q 458140100 INTEL CORP
NFLX   stock Q 64110L106 NETFLIX INC
JPM    stock N 46625H100 JPMORGAN CHASE & CO
BRK/B  stock N 084670702 BERKSHIRE HATHAWAY INC CLASS B
KO     stock N 191216100 COCA-COLA CO
DIS    stock N 254687106 WALT DISNEY CO
BA     stock N 097023105 BOEING CO
XOM    stock N 30231G102 EXXON MOBIL CORP
F      stock N 345370860 FORD MOTOR CO
NOK    stock N 654902204 NOKIA CORP ADR
PLUG   stock Q 72919P202 PLUG POWER INC
SNDL   stock Q 83307B101 SUNDIAL PARTNERS LTD
"""

# symbol, start price, volatility, beta, spread, option spread, skew, option ticks, expiries,
# strike step, wide step, strike width
_CHARACTERS = """
$SPX      6000 0.12  1.00      0 0.008  0.11 nickel daily        5   25 0.15
$NDX     21500 0.20  0.94      0 0.015  0.10 nickel daily       25  100 0.15
$RUT      2300 0.22  0.88      0 0.020  0.09 nickel daily        5   25 0.15
$VIX      16.5 0.95 -0.80      0 0.030 -0.10 penny  wednesday  0.5    1 0.50
$DJI     44200 0.11  0.95      0 0.020  0.10 nickel none       100  500 0.15
$COMPX   19400 0.20  0.94      0 0.020  0.10 nickel none       100  500 0.15
SPY        600 0.12  1.00   0.01 0.004  0.11 penny  daily        1    5 0.20
QQQ        525 0.20  0.94   0.01 0.005  0.10 penny  daily        1    5 0.20
IWM        228 0.22  0.88   0.01 0.006  0.09 penny  daily        1    5 0.20
DIA        442 0.11  0.95   0.03 0.015  0.10 penny  weekly       1    5 0.15
GLD        245 0.15  0.05   0.02 0.010  0.02 penny  weekly       1    5 0.20
SLV         28 0.28  0.15   0.01 0.015  0.00 penny  weekly     0.5    1 0.25
TLT         92 0.14 -0.10   0.01 0.008  0.03 penny  weekly     0.5    1 0.15
XLF         50 0.18  0.85   0.01 0.012  0.07 penny  weekly     0.5    1 0.20
AAPL       235 0.26  0.70   0.02 0.008  0.06 penny  weekly     2.5    5 0.30
MSFT       430 0.24  0.70   0.04 0.009  0.06 penny  weekly     2.5    5 0.25
NVDA       140 0.48  0.65   0.01 0.006  0.05 penny  weekly       1    5 0.35
AMZN       205 0.32  0.68   0.02 0.008  0.06 penny  weekly     2.5    5 0.30
GOOGL      175 0.29  0.66   0.02 0.009  0.06 penny  weekly     2.5    5 0.30
META       580 0.34  0.64    0.1 0.010  0.06 penny  weekly       5   10 0.30
TSLA       340 0.60  0.55   0.05 0.008  0.04 penny  weekly     2.5   10 0.40
AMD        138 0.46  0.60   0.02 0.009  0.05 penny  weekly       1    5 0.30
INTC      24.5 0.45  0.55   0.01 0.015  0.04 penny  weekly     0.5    1 0.30
NFLX        90 0.36  0.55   0.02 0.010  0.05 penny  weekly       1    5 0.30
JPM        245 0.24  0.68   0.04 0.012  0.06 penny  weekly     2.5    5 0.25
BRK/B      475 0.17  0.70   0.06 0.015  0.06 penny  none         5   10 0.25
KO          63 0.15  0.45   0.01 0.020  0.05 penny  weekly       1    5 0.25
DIS        115 0.27  0.60   0.02 0.012  0.05 penny  weekly       1    5 0.30
BA         152 0.36  0.55   0.04 0.014  0.05 penny  weekly     2.5    5 0.30
XOM        120 0.22  0.40   0.01 0.012  0.04 penny  weekly       1    5 0.25
F         11.2 0.34  0.55   0.01 0.025  0.04 penny  weekly     0.5    1 0.35
NOK        6.1 0.30  0.40   0.01 0.040  0.03 nickel weekly     0.5    1 0.50
PLUG      2.15 0.95  0.45   0.01 0.040  0.00 penny  weekly     0.5    1 0.60
SNDL      0.62 0.80  0.20 0.0004 0.050  0.00 nickel none       0.5  0.5 0.50
"""

_ASSET_TYPES = {
    "stock": AssetType.EQUITY,
    "fund": AssetType.COLLECTIVE_INVESTMENT,
    "index": AssetType.INDEX,
}


def _read_row(names: str, character: str) -> Underlying:
    symbol, kind, exchange, cusip, description = names.split(maxsplit=4)
    owner, *words = character.split()
    if owner != symbol:
        raise ValueError(f"the tables list {symbol} beside {owner}")
    price, volatility, beta, spread, option_spread, skew = map(float, words[:6])
    strike_step, wide_step, strike_width = map(float, words[8:])
    return Underlying(
        symbol=symbol,
        description=description,
        asset_type=_ASSET_TYPES[kind],
        exchange=exchange,
        cusip=cusip.strip("-"),
        start_price=price,
        volatility=volatility,
        beta=beta,
        spread=spread,
        option_spread=option_spread,
        skew=skew,
        penny_pilot=words[6] == "penny",
        expiries=ExpiryPlan(words[7]),
        strike_step=strike_step,
        wide_step=wide_step,
        strike_width=strike_width,
    )


UNDERLYINGS: dict[str, Underlying] = {
    row.symbol: row
    for row in starmap(
        _read_row,
        zip(_NAMES.strip().splitlines(), _CHARACTERS.strip().splitlines(), strict=True),
    )
}
"""Everything listed, by quote symbol."""
