"""The line that closes a holding, written for the operator to read, change and enter; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from swimdesk.console.holdings.stakes import Part, Stake
from swimdesk.console.runs import in_runs
from swimdesk.domain.holdings import Held
from swimdesk.domain.instruments import Equity, parse_instrument, plain
from swimdesk.domain.orderlang import print_ticket
from swimdesk.domain.orderlang.roots import written_expiries
from swimdesk.domain.orders import Effect, Leg, OrderType, Side, StructureKind, Ticket
from swimdesk.domain.strategies import shape_of
from swimdesk.domain.structures import STRUCTURES
from swimdesk.errors import InputError

_PRICE = "@mid"


def closing_line(stakes: Sequence[Stake], known: Sequence[str]) -> str:
    """Return the CLOSE of one structure for the accounts that hold it, each with what it has.

    InputError for what no order can close.
    """
    held = stakes[0].held
    if held is None:
        raise InputError(f"{stakes[0].label} is nothing that can be ordered here.")
    words = ("CLOSE", stakes[0].underlying, _structure_words(held), _PRICE)
    accounts = account_words((stake.account for stake in stakes), known)
    return " ".join(word for word in (*words, accounts) if word)


def closing_part(account: str, part: Part, known: Sequence[str]) -> str:
    """Return the order that closes one symbol in one account; InputError where none can."""
    if part.multiplier is None or part.quantity != int(part.quantity) or not part.quantity:
        raise InputError(f"{plain(part.quantity):f} {part.label} is nothing that can be ordered.")
    instrument = parse_instrument(part.symbol)
    side = Side.SELL if part.quantity > 0 else Side.BUY
    kind = StructureKind.EQUITY if isinstance(instrument, Equity) else StructureKind.OPTION
    legs = (Leg(instrument, side),)
    ticket = Ticket(
        side, abs(int(part.quantity)), kind, legs, OrderType.MARKET, effect=Effect.CLOSE
    )
    text = print_ticket(ticket).replace(f"@{OrderType.MARKET}", _PRICE)
    return f"{text} {account_words([account], known)}"


def _structure_words(held: Held) -> str:
    """Name a structure as CLOSE reads it."""
    if held.kind is StructureKind.EQUITY:
        return ""
    row = STRUCTURES[held.kind]
    shape = shape_of(Ticket(held.side, 1, held.kind, held.legs, OrderType.MARKET))
    days = written_expiries(shape.roots, shape.expiries)
    strikes = "/".join(f"{plain(strike):f}" for strike in shape.strikes)
    letter = shape.rights[0].value[0] if len(row.rights) > 1 else ""
    # CLOSE takes no ratios, and strikes alone would mean those of the balanced structure.
    exact = "" if row.ratios else f"{strikes}{letter}"
    return " ".join(word for word in (row.short or row.word, days, exact) if word)


def account_words(aliases: Iterable[str], known: Sequence[str]) -> str:
    """Name accounts in few words: ``all``, or ``acc FAM-01..07,IRA-02``."""
    chosen = set(aliases)
    if chosen >= set(known) and len(known) > 1:
        return "all"
    return "acc " + ",".join(in_runs(alias for alias in known if alias in chosen))
