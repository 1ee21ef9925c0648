"""What is added to the checks of a plan: what the operator lifts, and the broker's own word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from swimdesk.desk.ports import Broker, Holdings, PreparedOrder
from swimdesk.domain.broadcast import Denial
from swimdesk.domain.plan import BrokerCheck, BrokerVerdict, BrokerWord, PlannedLine, Verdict
from swimdesk.domain.risk import DenialCode, Overrides, denial, judge

_SAID_NOTHING = BrokerVerdict(BrokerWord.UNREAD, ("the broker's preview gave no answer",))


class Overridden:
    """What the operator typed or acknowledged for one plan, and which of it was of use."""

    def __init__(self, overrides: Overrides) -> None:
        self._overrides = overrides
        self.used: set[str] = set()

    def lift(self, lines: Sequence[PlannedLine]) -> list[PlannedLine]:
        """Take away the denials of lines that were overridden."""
        near = self._overrides.close_to([one for line in lines for one in line.denials])
        return [self._lifted(line, near) for line in lines]

    def judge(self, denials: Sequence[Denial]) -> tuple[Denial, ...]:
        """Return the denials of a whole broadcast that stand."""
        judged = judge(denials, self._overrides.close_to(denials))
        self.used |= judged.used
        return judged.standing

    def unused(self) -> tuple[str, ...]:
        """Say which overrides lifted nothing: their code or their figure is not of this plan."""
        codes = {text.partition("=")[0] for text in self.used}
        return tuple(
            f"the override of {code} lifted nothing: the plan has no such denial with that figure"
            for code in sorted(self._overrides.codes - codes)
        )

    def _lifted(self, line: PlannedLine, near: Overrides) -> PlannedLine:
        judged = judge(line.denials, near)
        self.used |= judged.used
        if not judged.lifted:
            return line
        return replace(
            line,
            verdict=line.verdict if judged.standing else Verdict.SEND,
            denials=judged.standing,
            lifted=line.lifted + judged.lifted,
        )


async def asked_broker(
    broker: Broker,
    lines: Sequence[PlannedLine],
    prepared: Mapping[str, PreparedOrder],
    holdings: Mapping[str, Holdings],
) -> list[PlannedLine]:
    """Add the broker's own preview to every line that would be sent; a reject denies its line."""
    asked = [prepared[line.account] for line in lines if line.verdict is Verdict.SEND]
    verdicts = await broker.preview(asked) if asked else {}
    return [
        _with_verdict(line, verdicts.get(line.account, _SAID_NOTHING), holdings[line.account])
        if line.verdict is Verdict.SEND
        else line
        for line in lines
    ]


def _with_verdict(line: PlannedLine, verdict: BrokerVerdict, holdings: Holdings) -> PlannedLine:
    line = replace(line, broker=BrokerCheck(verdict, _effect(line, verdict, holdings)))
    if verdict.word is not BrokerWord.REJECT:
        return line
    said = "; ".join(verdict.texts) or "no reason given"
    found = denial(DenialCode.BROKER_PREVIEW, said)
    return replace(line, verdict=Verdict.DENIED, denials=(*line.denials, found))


def _effect(line: PlannedLine, verdict: BrokerVerdict, holdings: Holdings) -> Decimal | None:
    """Return what the order does to the buying power: after it, as projected, minus now."""
    stock, now = line.ticket.shares is not None, holdings.balances
    after = verdict.buying_power if stock else verdict.available_funds
    before = now.stock_buying_power if stock else now.option_buying_power
    return None if after is None else after - before
