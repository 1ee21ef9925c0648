"""The status line: what decides whether it is safe to act, most important first; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from swimdesk.console.board import Board
from swimdesk.console.formats import age, clock, countdown
from swimdesk.console.session import Session
from swimdesk.console.shell.scopes import said
from swimdesk.views.horizon import SOON, VERY_SOON, first_to_end, needing_a_person
from swimdesk.views.models import StatusView
from swimdesk.views.signing import LoginView

STALE: Final = timedelta(seconds=75)
"""Balances older than this show their age: two rounds of the monitor were missed."""

SCOPE_SHOWN: Final = 24
"""Characters of a scope that are shown; SCOPE tells it whole."""

NAME_SHOWN: Final = 12
"""Characters of a login's name that are shown; LOGINS tells it whole."""


class Tone(StrEnum):
    """What a piece of a line means; themes give it a colour, the words say it as well."""

    LIVE = "live"
    PAPER = "paper"
    HALTED = "halted"
    ARMED = "armed"
    DOUBT = "doubt"
    DANGER = "danger"
    WARN = "warn"
    PLAIN = "plain"
    DIM = "dim"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the line; the lowest ``worth`` goes first where the line is too short."""

    text: str
    tone: Tone
    worth: int


def pieces(board: Board, session: Session, now: datetime) -> list[Piece]:
    """Return the parts of the status line, in the order in which they stand."""
    status = board.status
    if status is None:
        what = session.is_lost or "reading the desk …"
        return [Piece(what, Tone.WARN, 100), Piece(f"{clock(now)} ET", Tone.DIM, 10)]
    return [
        *_mode(status, session, now),
        *_orders(status),
        *_reading(status, session, now),
        *_accounts(board),
        *_scope(board, session),
        *_tokens(status.logins, now),
        *_alarms(status),
        Piece(f"{clock(now)} ET", Tone.DIM, 65),
    ]


def _mode(status: StatusView, session: Session, now: datetime) -> Iterable[Piece]:
    mode = status.mode.upper()
    yield Piece(f" {mode} ", Tone.LIVE if mode == "LIVE" else Tone.PAPER, 100)
    if status.guard.state != "active":
        yield Piece(f" {status.guard.state.upper()} ", Tone.HALTED, 98)
    if session.armed_until is not None and session.is_armed(now):
        yield Piece(f"ARMED {countdown(session.armed_until - now)}", Tone.ARMED, 99)
    else:
        yield Piece("READ", Tone.DIM, 99)


def _orders(status: StatusView) -> Iterable[Piece]:
    doubt = len(status.doubts)
    yield Piece(f"doubt {doubt}", Tone.DOUBT if doubt else Tone.DIM, 95)
    working = status.open_lines
    yield Piece(f"working {working}", Tone.PLAIN if working else Tone.DIM, 60)


def _reading(status: StatusView, session: Session, now: datetime) -> Iterable[Piece]:
    if session.is_lost is not None:
        yield Piece("NO DESK", Tone.DANGER, 97)
    reading = status.reading
    if reading is None:
        return
    if reading.failing_since is not None:
        yield Piece(f"NOT READ {age(now - reading.failing_since)}", Tone.DANGER, 94)
    elif reading.oldest is not None and now - reading.oldest > STALE:
        yield Piece(f"read {age(now - reading.oldest)} ago", Tone.WARN, 90)


def _accounts(board: Board) -> Iterable[Piece]:
    if board.accounts:
        read, known = len(board.holdings), len(board.accounts)
        count = f"{known}" if read >= known else f"{read}/{known}"
        yield Piece(f"acc {count}", Tone.PLAIN if read >= known else Tone.WARN, 50)


def _scope(board: Board, session: Session) -> Iterable[Piece]:
    scope = said(session.scope, board)
    if scope:
        yield Piece(scope[:SCOPE_SHOWN], Tone.PLAIN, 75)


def _tokens(logins: Sequence[LoginView], now: datetime) -> Iterable[Piece]:
    """Count down to the end of the login that ends first; its name is told once it is near."""
    lost = needing_a_person(logins)
    if lost:
        yield Piece(f"SIGN IN {len(lost)}", Tone.DANGER, 85)
        return
    first = first_to_end(logins)
    if first is None:
        return
    name, end = first
    left = end - now
    if left > SOON:
        yield Piece(f"tok {age(left)}", Tone.DIM, 70)
        return
    is_urgent = left <= VERY_SOON
    tone, worth = (Tone.DANGER, 84) if is_urgent else (Tone.WARN, 76)
    yield Piece(f"tok {age(left)} {name[:NAME_SHOWN]}", tone, worth)


def _alarms(status: StatusView) -> Iterable[Piece]:
    if status.alarms:
        yield Piece(f"alarms {len(status.alarms)}", Tone.DANGER, 80)


def fit(parts: Sequence[Piece], width: int, gap: int = 2) -> list[Piece]:
    """Leave out what is worth least until the rest fits into so many columns."""
    kept = list(parts)
    while len(kept) > 1 and sum(len(p.text) + gap for p in kept) - gap > width:
        kept.remove(min(kept, key=lambda piece: piece.worth))
    return kept
