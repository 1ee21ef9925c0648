"""The page on the order language shows the grammar as it is."""

from __future__ import annotations

import re
from pathlib import Path

from swimdesk.domain.orderlang import parse, parse_intent, print_ticket
from swimdesk.domain.orders import OrderType, StructureKind
from swimdesk.domain.structures import STRUCTURES, LegPattern, Structure

PAGE = Path(__file__).parents[3] / "docs" / "order-language.md"
COLUMNS = (
    "written",
    "expiries",
    "strikes",
    "types",
    "legs of one unit, for BUY",
    "order types",
    "most units",
    "for fingers",
)


def structures_table() -> str:
    """Return the table of structures as the page has to show it."""
    names = f"| {' | '.join(COLUMNS)} |"
    rule = f"|{'---|' * len(COLUMNS)}"
    return "\n".join([names, rule, *(_row(kind, row) for kind, row in STRUCTURES.items())])


def _row(kind: StructureKind, structure: Structure) -> str:
    strikes = "/".join(f"K{number + 1}" for number in range(structure.strikes))
    each = f"CALL or PUT for each of {structure.fewest_legs} to {len(structure.legs)} legs"
    rights = ", ".join("/".join(rights) for rights in structure.rights)
    shares = f"+{structure.shares} SYM " if structure.shares else ""
    types = f"{rights}/SYM" if structure.shares else rights
    ratios = f"{structure.ratios.example} " if structure.ratios else ""
    cells = [
        f"`{ratios}{structure.word}`" if structure.word else f"(nothing: {kind.lower()})",
        f"{structure.expiries}{', far first' if structure.far_first else ''}",
        f"{strikes} {structure.order_words}".strip(),
        each if structure.fewest_legs else types,
        f"{shares}{' '.join(_leg(structure, pattern) for pattern in structure.legs)}",
        ", ".join(known for known in OrderType if known in structure.order_types),
        f"{structure.most_units:,}",
        f"`{structure.short}`" if structure.short else "",
    ]
    return f"| {' | '.join(cells)} |"


def _leg(structure: Structure, pattern: LegPattern) -> str:
    if not structure.strikes:
        return f"{pattern.ratio:+d} share"
    rights = {written[pattern.right].lower() for written in structure.rights}
    right = f" {rights.pop()}" if len(rights) == 1 else ""
    names = (" far", " near") if structure.far_first else (" first day", " second day")
    day = names[pattern.expiry] if structure.expiries == 2 else ""
    ratio = f"{pattern.ratio:+d}"
    if structure.ratios:
        sign = "±" if structure.ratios.signed else ratio[0]
        ratio = f"{sign}R{structure.legs.index(pattern) + 1}"
    return f"{ratio} K{pattern.strike + 1}{right}{day}"


def test_table_of_structures_is_the_grammar() -> None:
    shown = re.search(
        r"<!-- structures -->\n(.*)\n<!-- /structures -->", PAGE.read_text(), re.DOTALL
    )
    assert shown is not None
    assert shown[1] == structures_table()


def test_orders_on_the_page_are_printed_as_they_stand_there() -> None:
    orders = re.findall(r"^(?:BUY|SELL) .*$", PAGE.read_text(), re.MULTILINE)
    assert len(orders) == 14
    assert [print_ticket(parse(order)) for order in orders] == orders


def test_intents_on_the_page_are_read() -> None:
    page = PAGE.read_text().partition("## What is held")[2].partition("## ")[0]
    written = re.findall(r"^- `([A-Z]+ .*)`$", page, re.MULTILINE)
    assert len(written) == 8
    for intent in written:
        assert parse_intent(intent).name in intent


def test_orders_for_fingers_on_the_page_are_read() -> None:
    page = PAGE.read_text().partition("## For fingers")[2].partition("## ")[0]
    written = re.findall(r"`([A-Z]+ .*@.*)`", page)
    assert len(written) == 7
    for order in written:
        assert print_ticket(parse(order)).startswith(("BUY", "SELL"))
