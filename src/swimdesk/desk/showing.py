"""From what was read to the views of single rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from swimdesk.desk.ports import (
    BroadcastSummary,
    BrokerOrder,
    ChainContract,
    GuardRecord,
    GuardState,
    Quote,
    TokenCacheUse,
)
from swimdesk.domain.accounts import Account, Balances
from swimdesk.domain.decisions import Origin
from swimdesk.domain.instruments import OptionContract
from swimdesk.domain.positions import Position
from swimdesk.domain.risk import Learned
from swimdesk.views.models import (
    AccountView,
    BalanceView,
    BroadcastRow,
    ChainRow,
    ChainView,
    GuardView,
    LearnedView,
    OrderView,
    PositionView,
)
from swimdesk.views.signing import TokenCacheView


def account_view(account: Account, learned: Learned | None = None) -> AccountView:
    """Show an account, what it may trade, and what the broker's rejects have taught about it."""
    able = account.capabilities
    return AccountView(
        account=account.alias,
        last4=account.last4,
        login=account.login,
        type=able.type.value,
        groups=tuple(sorted(account.groups)),
        multiplier=account.multiplier,
        option_level=able.option_level,
        closing_only=able.closing_only,
        ira=able.ira,
        learned=None
        if learned is None
        else LearnedView(
            lack=learned.lack.value,
            text=learned.text,
            at=learned.at,
            order=learned.order,
            order_id=learned.order_id,
            broadcast=learned.broadcast,
        ),
    )


def balance_view(account: Account, balances: Balances) -> BalanceView:
    """Show what an account can spend."""
    return BalanceView(
        account=account.alias,
        last4=account.last4,
        liquidation_value=balances.liquidation_value,
        cash=balances.cash,
        option_buying_power=balances.option_buying_power,
        stock_buying_power=balances.stock_buying_power,
        as_of=balances.as_of,
    )


def position_view(account: Account, position: Position) -> PositionView:
    """Show a holding."""
    return PositionView(
        account=account.alias,
        last4=account.last4,
        symbol=position.symbol,
        description=position.description,
        quantity=position.quantity,
        average_price=position.average_price,
        market_value=position.market_value,
    )


def order_view(
    account: Account, order: BrokerOrder, broadcast: str | None, origin: Origin
) -> OrderView:
    """Show an order of the broker's list."""
    return OrderView(
        account=account.alias,
        last4=account.last4,
        order_id=order.order_id,
        status=order.raw_status,
        entered=order.entered,
        description=order.description,
        quantity=order.quantity,
        filled=order.filled,
        reason=order.reason,
        broadcast=broadcast,
        origin=origin.value,
    )


def chain_view(
    symbol: str,
    day: str,
    days: Sequence[str],
    quote: Quote | None,
    contracts: Sequence[ChainContract],
) -> ChainView:
    """Show one expiration of a chain, by strike, calls first."""
    rows = [_chain_row(c) for c in contracts if isinstance(c.instrument, OptionContract)]
    rows.sort(key=lambda row: (row.strike, row.right))
    last: Decimal | None = quote.last if quote else None
    return ChainView(symbol, day, tuple(days), last, tuple(rows))


def _chain_row(contract: ChainContract) -> ChainRow:
    option = contract.instrument
    if not isinstance(option, OptionContract):
        raise TypeError("a chain holds options")
    return ChainRow(
        symbol=option.symbol,
        right=option.right.value,
        strike=option.strike,
        bid=contract.bid,
        ask=contract.ask,
        mark=contract.mark,
        delta=contract.delta,
        volatility=contract.volatility,
        open_interest=contract.open_interest,
        volume=contract.volume,
    )


def broadcast_row(summary: BroadcastSummary) -> BroadcastRow:
    """Show a broadcast of the history."""
    return BroadcastRow(
        broadcast=summary.id,
        key=summary.key,
        order=summary.order,
        mode=summary.mode,
        state=summary.state,
        created=summary.created,
        counts=dict(summary.counts),
    )


def guard_view(record: GuardRecord) -> GuardView:
    """Show the kill switch."""
    is_active = record.state is GuardState.ACTIVE
    return GuardView(record.state.value, record.reason, None if is_active else record.since)


def token_cache_view(use: Callable[[], TokenCacheUse] | None) -> TokenCacheView | None:
    """Show how the cache of access tokens was used; None where there is none."""
    if use is None:
        return None
    found = use()
    return TokenCacheView(found.hits, found.absent, found.refused, found.ended)
