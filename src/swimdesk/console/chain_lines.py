"""What stands above and below a chain: what it is of, the expiries, the legs; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from swimdesk.console.chain_feed import STALE, ChainFeed
from swimdesk.console.chain_legs import Net, Picks, Touch, name_of, net_of, ticket_of, worst_of
from swimdesk.console.chain_table import ChainTable, delta_text, plain_price, settlement_of
from swimdesk.console.formats import EASTERN, age, money, price
from swimdesk.console.standing import Tone
from swimdesk.console.widgets.paragraph import Span, TextLine
from swimdesk.domain.instruments import OptionContract
from swimdesk.domain.orderlang.roots import MONTHS, written_day
from swimdesk.domain.orders import Leg

GAP: Final = ("   ", Tone.PLAIN)
_PLACES: Final = 2
"""Legs that stand beside each other on a line."""


def head(table: ChainTable | None, feed: ChainFeed, now: datetime, width: int) -> list[TextLine]:
    """Return the two lines above: underlying, series and age; then the expiries, or the error."""
    return [_subject_line(table, feed, now), _expiry_line(table, feed, now, width)]


def _subject_line(table: ChainTable | None, feed: ChainFeed, now: datetime) -> TextLine:
    symbol = feed.subject.symbol if feed.subject else ""
    spans: list[Span] = [(f" {symbol.lstrip('$')}", Tone.ARMED)]
    if table is None:
        return spans
    spans += [(f" {price(table.last)}", Tone.PLAIN), GAP]
    days = (table.day - now.astimezone(EASTERN).date()).days
    spans += [(f"{written_day(table.day)}  {days}d", Tone.ARMED), GAP]
    spans.append((_series(table.root), Tone.PLAIN))
    if len(table.roots) > 1:
        others = ", ".join(_series(root) for root in table.roots if root != table.root)
        spans.append((f" (and {others})", Tone.DIM))
    return [*spans, GAP, *_standing(feed, now)]


def _series(root: str) -> str:
    return f"{root} {settlement_of(root)}"


def _standing(feed: ChainFeed, now: datetime) -> list[Span]:
    span = now - feed.read_at if feed.read_at else None
    if feed.error is not None:
        return [("NOT READ" + (f" {age(span)}" if span else ""), Tone.DANGER)]
    if not feed.is_current and feed.subject and feed.subject.day:
        return [(f"reading {written_day(feed.subject.day)} …", Tone.WARN)]
    if span is not None and span > STALE:
        return [(f"read {age(span)} ago", Tone.WARN)]
    return [("live", Tone.DIM)]


def _expiry_line(table: ChainTable | None, feed: ChainFeed, now: datetime, width: int) -> TextLine:
    if feed.error is not None:
        return [(f" {feed.error.detail}", Tone.DANGER)]
    if table is None:
        return [(" reading …", Tone.DIM)]
    wanted = feed.subject.day if feed.subject else None
    chosen = wanted if wanted in table.days else table.day
    year = now.astimezone(EASTERN).year
    words = [_short_day(day, year) for day in table.days]
    at = table.days.index(chosen)
    first, last = _window(words, at, width - 6)
    spans: list[Span] = [(" < " if first else "   ", Tone.DIM)]
    for place in range(first, last):
        is_chosen = place == at
        text = f"[{words[place]}]" if is_chosen else f" {words[place]} "
        spans.append((text, Tone.ARMED if is_chosen else Tone.DIM))
    return [*spans, (" >" if last < len(words) else "", Tone.DIM)]


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
) -> list[TextLine]:
    """Return the lines below: the legs two by two, and what they are and cost together."""
    if not picks.counts:
        return [
            [
                (" no legs", Tone.PLAIN),
                GAP,
                ("b buys, s sells the contract at the cursor", Tone.DIM),
            ],
            [
                (
                    " v vertical   i iron condor   t strangle   c calendar   f flips the sides",
                    Tone.DIM,
                )
            ],
        ]
    legs = [_leg(leg, picks.divisor, touch_of) for leg in picks.legs()]
    place = max(width // _PLACES, 1)
    lines: list[TextLine] = [
        [(f"{text:<{place}}", tone) for text, tone in legs[start : start + _PLACES]]
        for start in range(0, len(legs), _PLACES)
    ]
    while len(lines) < 2:
        lines.append([])
    return [*lines, _together(picks, touch_of)]


def _leg(leg: Leg, times: int, touch_of: Callable[[OptionContract], Touch | None]) -> Span:
    contract = leg.instrument
    if not isinstance(contract, OptionContract):
        raise TypeError("a chain holds options")
    touch = touch_of(contract)
    market = "no quote" if touch is None else f"{plain_price(touch.bid)} x {plain_price(touch.ask)}"
    delta = f"  d {delta_text(touch.delta)}" if touch and touch.delta is not None else ""
    count = leg.side.sign * leg.ratio * times
    day = written_day(contract.expiry).replace(" ", "")
    right = contract.right.value[0]
    text = f" {count:+d} {contract.strike:f} {right} {day}  {market}{delta}"
    return text, Tone.PLAIN if touch is not None else Tone.WARN


def _together(picks: Picks, touch_of: Callable[[OptionContract], Touch | None]) -> TextLine:
    net = net_of(picks.legs(), touch_of)
    ticket = ticket_of(picks, net)
    sign = "+" if ticket.side.sign > 0 else "-"
    words = " ".join(filter(None, (f"{ticket.side} {sign}{ticket.quantity}", name_of(ticket))))
    spans: list[Span] = [(f" {words}", Tone.ARMED), GAP]
    if net is None:
        spans.append(("a leg has no market", Tone.WARN))
    else:
        spans += [(f"mid {_flow(net.mid)}", Tone.PLAIN), ("  ", Tone.PLAIN)]
        spans += [(f"natural {_flow(net.natural)}", Tone.PLAIN), *_delta(net)]
    worst = worst_of(ticket, net)
    loss = "no bound" if worst is None else money(worst)
    return [*spans, GAP, (f"worst loss {loss}", Tone.WARN if worst is None else Tone.PLAIN)]


def _flow(credit: Decimal) -> str:
    """Return an amount with the word of the order language for its direction."""
    rounded = (
        abs(credit).quantize(Decimal("0.01")) if credit % Decimal("0.01") == 0 else abs(credit)
    )
    return f"{price(rounded)} {'cr' if credit >= 0 else 'db'}"


def _delta(net: Net) -> list[Span]:
    return [] if net.delta is None else [(f"  d {delta_text(net.delta)}", Tone.PLAIN)]
