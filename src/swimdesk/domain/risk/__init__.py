"""Pre-trade checks: pure functions from facts to denials with stable codes."""

from __future__ import annotations

from swimdesk.domain.risk.broadcasts import BroadcastFacts, check_broadcast, pace
from swimdesk.domain.risk.checks import CHECKS, check_line
from swimdesk.domain.risk.controls import CONTROLS, Control, DenialCode, denial
from swimdesk.domain.risk.duplicates import LiveOrder, duplicate_denials, working_alike
from swimdesk.domain.risk.facts import LineFacts, QuoteFacts
from swimdesk.domain.risk.learning import Lack, Learned, lack_in
from swimdesk.domain.risk.levels import level_needed
from swimdesk.domain.risk.limits import RiskLimits, limits_hash
from swimdesk.domain.risk.overrides import Judged, Overrides, judge, parse_overrides
from swimdesk.domain.risk.prices import price_tick
from swimdesk.domain.risk.reducing import only_closes

__all__ = [
    "CHECKS",
    "CONTROLS",
    "BroadcastFacts",
    "Control",
    "DenialCode",
    "Judged",
    "Lack",
    "Learned",
    "LineFacts",
    "LiveOrder",
    "Overrides",
    "QuoteFacts",
    "RiskLimits",
    "check_broadcast",
    "check_line",
    "denial",
    "duplicate_denials",
    "judge",
    "lack_in",
    "level_needed",
    "limits_hash",
    "only_closes",
    "pace",
    "parse_overrides",
    "price_tick",
    "working_alike",
]
