"""Commissions and fees of one executed leg (schwab-api 13.5)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from swimdesk.domain.instruments import INDEX_ROOTS
from swimdesk.sim.orders import SimLeg

ZERO = Decimal(0)
COMMISSION = Decimal("0.65")
_CENT = Decimal("0.01")
_INDEX_FEE_LOW = Decimal("0.47")
_INDEX_FEE_HIGH = Decimal("0.56")


@dataclass(frozen=True, slots=True)
class LegFees:
    """Fees of one contract (or of a whole share trade), dollars."""

    commission: Decimal
    regulatory: Decimal
    sale: Decimal
    index: Decimal

    @property
    def total(self) -> Decimal:
        """Everything together."""
        return self.commission + self.regulatory + self.sale + self.index


def fees_per_contract(leg: SimLeg, price: Decimal) -> LegFees:
    """Return the fees of one contract at that premium; shares cost nothing."""
    if leg.contract is None:
        return LegFees(ZERO, ZERO, ZERO, ZERO)
    sale = ZERO if leg.is_buy else _CENT
    index = ZERO
    root = INDEX_ROOTS.get(leg.contract.root)
    if root is not None and root.index == "SPX":
        index = _INDEX_FEE_LOW if price < 1 else _INDEX_FEE_HIGH
    return LegFees(COMMISSION, _CENT, sale, index)


def fees(leg: SimLeg, quantity: int, price: Decimal) -> Decimal:
    """Return the fees of an executed leg, dollars."""
    return fees_per_contract(leg, price).total * quantity
