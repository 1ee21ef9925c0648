"""What the brokerage's option approval levels allow.

0 covered calls and cash-secured puts, 1 long options as well, 2 spreads as well (margin and limited
margin only), 3 naked options as well (margin only). An account without any level may not trade
options.
"""

from __future__ import annotations

from decimal import Decimal

from swimdesk.domain.instruments import OPTION_MULTIPLIER, Right
from swimdesk.sim.accounts import AccountKind, SimAccount
from swimdesk.sim.margin import Coverage
from swimdesk.sim.orders import OrderTerms

COVERED = 0
LONG = 1
SPREADS = 2
NAKED = 3
_NEVER = 4


def level_needed(account: SimAccount, terms: OrderTerms, before: Coverage, after: Coverage) -> int:
    """Return the level that a change of cover by an order asks of this account."""
    if after.naked_calls > before.naked_calls:
        return _naked_level(account)
    opening = [leg for leg in terms.legs if leg.contract and leg.is_opening]
    if not opening:
        return COVERED
    if after.covered_by_options > before.covered_by_options:
        return _NEVER if account.kind is AccountKind.CASH else SPREADS
    if after.naked_puts > before.naked_puts and not _cash_covers(account, after):
        return _naked_level(account)
    return LONG if any(leg.is_buy for leg in opening) else COVERED


def secures_puts(account: SimAccount) -> bool:
    """Tell whether the account's short puts are held against their whole strike."""
    level = COVERED if account.option_level is None else account.option_level
    return account.kind is not AccountKind.MARGIN or level < NAKED


def _naked_level(account: SimAccount) -> int:
    return NAKED if account.kind is AccountKind.MARGIN else _NEVER


def _cash_covers(account: SimAccount, after: Coverage) -> bool:
    """Tell whether the cash suffices for all uncovered puts; without margin the funds decide."""
    if account.kind is not AccountKind.MARGIN:
        return True
    puts = (c.strike * n for c, n in after.naked if c.right is Right.PUT)
    return account.cash >= sum(puts, Decimal(0)) * OPTION_MULTIPLIER
