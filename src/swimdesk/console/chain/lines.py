"""What stands above and below a chain: what it is of, the expiries, the legs; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from swimdesk.console.chain.feed import STALE, ChainFeed
from swimdesk.console.chain.legs import Picks, Touch, name_of, net_of, ticket_of, worst_of
from swimdesk.console.chain.table import ChainTable, delta_text, plain_price, settlement_of
from swimdesk.console.formats import EASTERN, age, money, price
from swimdesk.console.widgets.cells import Role
from swimdesk.console.widgets.spans import Line, Span, width_of
from swimdesk.domain.instruments import OptionContract, Settlement
from swimdesk.domain.orderlang.roots import MONTHS, written_day
from swimdesk.domain.orders import Leg
from swimdesk.views.plain import plain_text

GAP: Final = ("   ", Role.TEXT)
_PLACES: Final = 2
"""Legs that stand beside each other on a line."""

_FIRST_HINT: Final = "b buys, s sells the contract at the cursor"
_HINT: Final = " v vertical   i iron condor   t strangle   c calendar   f flips the sides"


def head(table: ChainTable | None, feed: ChainFeed, now: datetime, width: int) -> list[Line]:
    """Return the two lines above: underlying, series and age; then the expiries, or the error."""
    return [_subject_line(table, feed, now), _expiry_line(table, feed, now, width)]


def _subject_line(table: ChainTable | None, feed: ChainFeed, now: datetime) -> Line:
    symbol = feed.subject.symbol if feed.subject else ""
    spans: Line = [(f" {symbol.lstrip('$')}", Role.STRONG)]
    if table is None:
        return spans
    spans += [(f" {price(table.last)}", Role.TEXT), GAP]
    days = (table.day - now.astimezone(EASTERN).date()).days
    spans += [(f"{written_day(table.day)}  {days}d", Role.STRONG), GAP]
    spans.append((_series(table.root), Role.TEXT))
    if len(table.roots) > 1:
        others = ", ".join(_series(root) for root in table.roots if root != table.root)
        spans.append((f" (and {others})", Role.DIM))
    return [*spans, GAP, *_standing(feed, now)]


def _series(root: str) -> str:
    return f"{root} {settlement_of(root)}"


def _standing(feed: ChainFeed, now: datetime) -> list[Span]:
    span = now - feed.read_at if feed.read_at else None
    if feed.error is not None:
        return [("NOT READ" + (f" {age(span)}" if span else ""), Role.DANGER)]
    if not feed.is_current and feed.subject and feed.subject.day:
        return [(f"reading {written_day(feed.subject.day)} …", Role.WARN)]
    if span is not None and span > STALE:
        return [(f"read {age(span)} ago", Role.WARN)]
    return [("live", Role.DIM)]


def _expiry_line(table: ChainTable | None, feed: ChainFeed, now: datetime, width: int) -> Line:
    if feed.error is not None:
        return [(f" {plain_text(feed.error.detail)}", Role.DANGER)]
    if table is None:
        return [(" reading …", Role.DIM)]
    wanted = feed.subject.day if feed.subject else None
    chosen = wanted if wanted in table.days else table.day
    year = now.astimezone(EASTERN).year
    words = [_short_day(day, year) for day in table.days]
    at = table.days.index(chosen)
    first, last = _window(words, at, width - 6)
    spans: Line = [(" < " if first else "   ", Role.DIM)]
    for place in range(first, last):
        is_chosen = place == at
        text = f"[{words[place]}]" if is_chosen else f" {words[place]} "
        spans.append((text, Role.ACCENT if is_chosen else Role.DIM))
    return [*spans, (" >" if last < len(words) else "", Role.DIM)]


def _short_day(day: date, year: int) -> str:
    text = f"{day.day:02d}{MONTHS[day.month - 1]}"
    return text if day.year == year else f"{text}{day:%y}"


def _window(words: Sequence[str], at: int, width: int) -> tuple[int, int]:
    """Return which words fit into the width around one of them."""
    first, last = at, at + 1
    used = len(words[at]) + 2
    while first > 0 or last < len(words):
        # To both sides in turn, so that the chosen one stands in the middle where it can.
        is_right = last < len(words) and (last - at <= at - first or first == 0)
        used += len(words[last if is_right else first - 1]) + 2
        if used > width:
            break
        first, last = (first, last + 1) if is_right else (first - 1, last)
    return first, last


def foot(
    picks: Picks, touch_of: Callable[[OptionContract], Touch | None], width: int
) -> list[Line]:
    """Return the lines below: the legs two by two, and what they are and cost together."""
    if not picks.counts:
        return [[(" no legs", Role.TEXT), GAP, (_FIRST_HINT, Role.DIM)], [(_HINT, Role.DIM)], []]
    place = max(width // _PLACES, 1)
    legs = [_leg(leg, picks.divisor, touch_of, place) for leg in picks.legs()]
    lines: list[Line] = [
        [(f"{text:<{place}}", role) for text, role in legs[start : start + _PLACES]]
        for start in range(0, len(legs), _PLACES)
    ]
    while len(lines) < 2:
        lines.append([])
    return [*lines, _together(picks, touch_of, width)]


def _leg(
    leg: Leg, times: int, touch_of: Callable[[OptionContract], Touch | None], place: int
) -> Span:
    contract = leg.instrument
    if not isinstance(contract, OptionContract):
        raise TypeError("a chain holds options")
    touch = touch_of(contract)
    market = "no quote" if touch is None else f"{plain_price(touch.bid)} x {plain_price(touch.ask)}"
    delta = f"  d {delta_text(touch.delta)}" if touch and touch.delta is not None else ""
    count = leg.side.sign * leg.ratio * times
    day = written_day(contract.expiry).replace(" ", "")
    morning = " AM" if settlement_of(contract.root) is Settlement.AM else ""
    what = f"{contract.strike:f} {contract.right.value[0]} {day}{morning}"
    text = f" {count:+d} {what}  {market}"
    fits = len(text) + len(delta) < place
    return text + (delta if fits else ""), Role.TEXT if touch is not None else Role.WARN


def _together(picks: Picks, touch_of: Callable[[OptionContract], Touch | None], width: int) -> Line:
    """Name the structure with what it costs; where it is too long, what is worth least goes."""
    net = net_of(picks.legs(), touch_of)
    ticket = ticket_of(picks, net)
    sign = "+" if ticket.side.sign > 0 else "-"
    words = " ".join(filter(None, (f"{ticket.side} {sign}{ticket.quantity}", name_of(ticket))))
    worst = worst_of(ticket, net)
    loss = "has no bound" if worst is None else f"{money(worst)}/unit"
    parts: Line = [
        (f" {words}", Role.STRONG),
        (f"   worst loss {loss}", Role.WARN if worst is None else Role.TEXT),
    ]
    if net is None:
        parts.insert(1, ("   a leg has no market", Role.WARN))
    else:
        parts.insert(1, (f"   mid {_flow(net.mid)}", Role.STRONG))
        parts.append((f"   natural {_flow(net.natural)}", Role.TEXT))
        delta = [] if net.delta is None else [(f"   d {delta_text(net.delta)}", Role.TEXT)]
        parts += delta
    while len(parts) > 3 and width_of(parts) > width:
        parts.pop()
    return parts


def _flow(credit: Decimal) -> str:
    """Return an amount with the word of the order language for its direction."""
    return f"{price(abs(credit))} {'cr' if credit >= 0 else 'db'}"
