"""One order read by its id, beside the lists that everything else is known from."""

from __future__ import annotations

import asyncio
from typing import Final

from swimdesk.desk.ports import Broker, BrokerOrder, OrderKey
from swimdesk.errors import why_not_read
from swimdesk.telemetry.logs import get_log

log = get_log(__name__)

ASKED_S: Final = 5.0
"""No answer is waited for longer: what the lists showed of all others waits with it."""


async def asked_for(broker: Broker, key: OrderKey) -> tuple[BrokerOrder, ...] | None:
    """Return the order of that id, nothing where there is none, None where nobody knows."""
    account, order_id = key
    try:
        async with asyncio.timeout(ASKED_S):
            order = await broker.order(account, order_id)
    except Exception as e:  # noqa: BLE001 - one order must not stop the news of all others
        log.warning("orders.not_read_by_id", account=account, error=why_not_read(e).detail)
        return None
    if order is None:
        return ()
    return (order,) if order.account == account else None
