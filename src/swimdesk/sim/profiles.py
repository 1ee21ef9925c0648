"""Who banks here: logins and accounts drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random

from swimdesk.domain.instruments import INDEX_ROOTS, OptionContract, Right
from swimdesk.sim.accounts import AccountKind, SimAccount, SimLogin, SimPosition
from swimdesk.sim.funds import funds_of, market_value
from swimdesk.sim.levels import SPREADS
from swimdesk.sim.market import Market
from swimdesk.sim.settings import SimSettings

UNIFORM_CASH = Decimal(500_000)
_LEAST_FOR_SPREADS = Decimal(15_000)
"""Dollars; less stays free for a spread to come."""
_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_STOCKS = ("SPY", "QQQ", "IWM", "AAPL", "MSFT", "NVDA", "AMZN", "TSLA", "META", "GLD", "TLT")
_OPTIONABLE = ("SPY", "QQQ", "$SPX", "AAPL", "NVDA", "IWM")


@dataclass(frozen=True, slots=True)
class _Template:
    """One kind of customer; cash in thousands of dollars."""

    kind: AccountKind
    nickname: str
    option_level: int | None
    cash_from: float
    cash_to: float
    closing_only: bool = False


_FREE = (
    _Template(AccountKind.MARGIN, "Individual", 3, 50, 400),
    _Template(AccountKind.LIMITED_MARGIN, "Rollover IRA", 2, 20, 600),
    _Template(AccountKind.MARGIN, "Joint Tenant", 2, 30, 250),
    _Template(AccountKind.MARGIN, "Individual", 2, 10, 80),
    _Template(AccountKind.MARGIN, "Living Trust", 3, 500, 1_900),
    _Template(AccountKind.LIMITED_MARGIN, "Roth IRA", 2, 10, 150),
    _Template(AccountKind.MARGIN, "Individual", 2, 15, 120),
)
"""Customers who may trade a spread of limited risk, and can afford one."""
_RESTRICTED = (
    _Template(AccountKind.CASH, "Individual", 1, 10, 80),
    _Template(AccountKind.CASH, "Custodial", None, 5, 25),
    _Template(AccountKind.MARGIN, "Joint Tenant", 2, 40, 90, closing_only=True),
    _Template(AccountKind.MARGIN, "Individual", 2, 0.2, 0.4),
    _Template(AccountKind.MARGIN, "Individual", 1, 15, 120),
    _Template(AccountKind.LIMITED_MARGIN, "Roth IRA", 0, 8, 60),
)
"""Customers who may not, or cannot: every eighth account is one of these, in turn."""
_TURN = len(_FREE) + 1
_UNIFORM = _Template(AccountKind.MARGIN, "Individual", 3, 500, 500)


def make_logins(settings: SimSettings, market: Market) -> list[SimLogin]:
    """Return the logins of a brokerage with their accounts, the same for the same seed."""
    random = Random(f"{settings.seed}:profiles")
    logins = [_login(number, random) for number in range(1, settings.logins + 1)]
    endings = random.sample(range(1000, 10_000), settings.accounts)
    for index, ending in enumerate(endings):
        # Neighbouring accounts belong to one login, the first logins take one more each.
        login = logins[index * settings.logins // settings.accounts]
        number = f"{random.randint(1000, 9999)}{ending}"
        account = _account(settings, index, number, login, random)
        if settings.profile == "mixed":
            _give_positions(account, market, random)
        account.start_cash = account.cash
        account.start_value = funds_of(account, market).liquidation
        login.accounts.append(account)
    return logins


def _login(number: int, random: Random) -> SimLogin:
    return SimLogin(
        name=f"login-{number:02d}",
        user=f"sim{number:02d}{''.join(random.choices(_LETTERS, k=5)).lower()}",
        password="".join(random.choices(_LETTERS, k=14)),
        totp_secret="".join(random.choices(_BASE32, k=32)),
        customer_id="".join(random.choices(_LETTERS, k=44)),
    )


def _account(
    settings: SimSettings, index: int, number: str, login: SimLogin, random: Random
) -> SimAccount:
    owner = f"{settings.client_id}:{login.user}:{number}"
    hash_value = sha256(owner.encode()).hexdigest().upper()
    template, cash = _UNIFORM, UNIFORM_CASH
    if settings.profile == "mixed":
        template = _template(index)
        hundreds = random.randint(round(template.cash_from * 10), round(template.cash_to * 10))
        cash = Decimal(hundreds * 100) + Decimal(random.randint(0, 9999)) / 100
    return SimAccount(
        index,
        number,
        hash_value,
        login.name,
        template.kind,
        template.nickname,
        template.option_level,
        cash,
        template.closing_only,
    )


def _template(index: int) -> _Template:
    turn, place = divmod(index, _TURN)
    return _FREE[place] if place < len(_FREE) else _RESTRICTED[turn % len(_RESTRICTED)]


def _give_positions(account: SimAccount, market: Market, random: Random) -> None:
    """Let two of three accounts hold shares, and those who may, an option structure."""
    if random.random() < 0.66:
        for symbol in random.sample(_STOCKS, k=random.randint(1, 3)):
            _give_shares(account, symbol, market, random)
    may_spread = account.option_level is not None and account.option_level >= SPREADS
    if may_spread and account.cash >= _LEAST_FOR_SPREADS and random.random() < 0.75:
        underlying = random.choice(_OPTIONABLE)
        rights = [Right.PUT] if random.random() < 0.5 else [Right.PUT, Right.CALL]
        _give_spreads(account, underlying, rights, market, random)


def _paid_share(random: Random) -> Decimal:
    """Draw at what part of today's price something was bought or sold."""
    return Decimal(random.randint(85, 115)) / 100


def _give_shares(account: SimAccount, symbol: str, market: Market, random: Random) -> None:
    quote = market.quote(symbol)
    if quote is None:
        return
    budget = account.cash * Decimal(random.randint(3, 20)) / 100
    quantity = int(budget / quote.mark)
    if quantity:
        account.cash -= quantity * quote.mark
        _give(account, symbol, None, quantity, market, _paid_share(random))


def _give_spreads(
    account: SimAccount, underlying: str, rights: list[Right], market: Market, random: Random
) -> None:
    """Give credit spreads some weeks out: short about 4 % away, long two strikes further."""
    today = market.today
    distant = [e for e in market.expiries(underlying) if e.date > today + timedelta(days=20)]
    root_name = _daily_root(underlying)
    listed = [e for e in distant if e.root == root_name]
    quote = market.quote(underlying)
    if not listed or quote is None:
        return
    expiry = listed[random.randrange(min(4, len(listed)))]
    strikes = market.strikes(expiry.root, expiry.date)
    units = max(1, min(5, int(account.cash / 60_000)))
    # One for all legs: they were opened together, and what was received for them is a credit.
    paid_share = _paid_share(random)
    for right in rights:
        away = Decimal("1.04") if right is Right.CALL else Decimal("0.96")
        beyond = [k for k in strikes if (k > quote.last * away) is (right is Right.CALL)]
        ladder = beyond if right is Right.CALL else beyond[::-1]
        if len(ladder) < 3:
            continue
        for strike, signed in ((ladder[0], -units), (ladder[2], units)):
            contract = OptionContract(expiry.root, expiry.date, right, strike)
            _give(account, contract.symbol, contract, signed, market, paid_share)


def _daily_root(underlying: str) -> str:
    """Return the root under which an underlying's expiries are most frequent."""
    weekly = [
        r.root for r in INDEX_ROOTS.values() if f"${r.index}" == underlying and not r.monthly_only
    ]
    return weekly[0] if weekly else underlying


def _give(
    account: SimAccount,
    symbol: str,
    contract: OptionContract | None,
    quantity: int,
    market: Market,
    paid_share: Decimal,
) -> None:
    quote = market.quote(symbol)
    if quote is None or symbol in account.positions:
        return
    paid = round(quote.mark * paid_share, 2)
    position = SimPosition(symbol, contract, quantity, paid, paid, previous_quantity=quantity)
    position.previous_value = market_value(position, market)
    account.hold(position)
