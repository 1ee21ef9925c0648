"""The broker's own preview of orders: a reject may hide inside a 200 (schwab-api 5.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from swimdesk.desk.ports import PreparedOrder
from swimdesk.domain.plan import BrokerVerdict, BrokerWord
from swimdesk.errors import SwimdeskError
from swimdesk.schwab.directory import ACCOUNTS_PATH, Directory
from swimdesk.schwab.reads import Reader, Reply
from swimdesk.schwab.values import Absent, Number, Text, clean
from swimdesk.schwab.wire import Wire, read_as
from swimdesk.telemetry.redaction import redact

AT_ONCE: Final = 8
"""So many previews are asked for at a time; they never stand in the way of an order."""
MOST_TEXTS: Final = 8

_WORDS: Final = {"ACCEPTED": BrokerWord.ACCEPT, "REJECTED": BrokerWord.REJECT}


class WireRemark(Wire):
    """One remark of the broker's rules."""

    activity_message: Text = None
    message: Text = None


Remarks = Annotated[tuple[WireRemark, ...], Absent]


class WireValidation(Wire):
    """What the broker's rules say, by severity; empty lists are absent."""

    rejects: Remarks = ()
    warns: Remarks = ()
    alerts: Remarks = ()
    reviews: Remarks = ()


class WireBalance(Wire):
    """What would be left after the order."""

    projected_available_fund: Number = None
    projected_buying_power: Number = None
    projected_commission: Number = None


class WirePreviewed(Wire):
    """The order as the broker would have it."""

    status: Text = None
    order_balance: WireBalance = WireBalance()


class WirePreview(Wire):
    """The answer to a preview."""

    order_strategy: WirePreviewed = WirePreviewed()
    order_validation_result: WireValidation = WireValidation()


class Previews:
    """Ask the broker about orders, a few at a time; what fails is unread, never a yes."""

    def __init__(self, reader: Reader, directory: Directory) -> None:
        self._reader = reader
        self._directory = directory
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self, orders: Sequence[PreparedOrder]) -> Mapping[str, BrokerVerdict]:
        """Return the verdict on each order, by account."""
        verdicts = await asyncio.gather(*(self._one(order) for order in orders))
        return {order.account: one for order, one in zip(orders, verdicts, strict=True)}

    async def _one(self, order: PreparedOrder) -> BrokerVerdict:
        try:
            async with self._turns:
                (entry,) = await self._directory.entries([order.account])
                path = f"{ACCOUNTS_PATH}/{entry.hash}/previewOrder"
                login = entry.account.login
                return verdict_of(await self._reader.ask(login, order.account, path, order.body))
        except SwimdeskError as error:
            return BrokerVerdict(BrokerWord.UNREAD, (clean(redact(error.detail)),))


def verdict_of(reply: Reply) -> BrokerVerdict:
    """Read an answer; ProtocolDrift, BrokerRefused where it says nothing that can be believed."""
    if reply.status == 400:
        # The broker names what is wrong with the order itself; an inner failure was raised before.
        return BrokerVerdict(BrokerWord.REJECT, (clean(reply.said()),))
    wire = read_as(WirePreview, reply.document("a preview"), "a preview")
    found = wire.order_validation_result
    word = _WORDS.get(wire.order_strategy.status or "", BrokerWord.UNREAD)
    softer = (*found.warns, *found.alerts, *found.reviews)
    if found.rejects:
        word = BrokerWord.REJECT
    elif word is BrokerWord.ACCEPT and softer:
        word = BrokerWord.ALERT
    balance = wire.order_strategy.order_balance
    return BrokerVerdict(
        word,
        _texts((*found.rejects, *softer)),
        balance.projected_commission,
        balance.projected_available_fund,
        balance.projected_buying_power,
    )


def _texts(remarks: Sequence[WireRemark]) -> tuple[str, ...]:
    said = (clean(one.activity_message or one.message or "") for one in remarks[:MOST_TEXTS])
    return tuple(dict.fromkeys(text for text in said if text))
