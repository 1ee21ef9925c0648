"""Tables for eyes: they fit the terminal, and long reasons stand below instead of inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from swimdesk.cli.cells import is_figure, shown

if TYPE_CHECKING:
    from rich.table import Table

REMARK: Final = "reason"
"""The field whose texts stand below the table, each once, with the accounts it is true of."""

FIRST_TO_GO: Final = (
    "first_byte_ms", "sent_ms", "latency_ms", "effect", "multiplier", "ira", "login", "volume",
    "open_interest", "as_of", "created", "stock_buying_power", "last4", "max_loss", "order_id",
    "key", "average_price", "description",
)  # fmt: skip
"""Which columns a narrow terminal does without, in this order; files and JSON have them all."""

_NAMES_SHOWN: Final = 12
_ENDLESS: Final = 10_000


def print_table(
    out: TextIO, fields: Sequence[str], rows: Sequence[Sequence[object]], width: int | None
) -> None:
    """Print rows under their headings; ``width`` None asks the terminal."""
    # Deferred: a command that prints one line or a document does not need it.
    from rich.console import Console
    from rich.measure import Measurement

    console = Console(file=out, width=width, markup=False, highlight=False, emoji=False)
    # A column in which nobody has anything would only take room from the others.
    used = [n for n in range(len(fields)) if any(row[n] not in {None, "", ()} for row in rows)]
    remarks = _remarks(fields, rows)
    if remarks:
        used.remove(fields.index(REMARK))
    left_out = []
    endless = console.options.update(width=_ENDLESS)
    for name in FIRST_TO_GO:
        table = _table(fields, rows, used)
        if Measurement.get(console, endless, table).maximum <= console.width:
            break
        # The first column says what a row is about.
        if name in fields[1:] and fields.index(name) in used:
            used.remove(fields.index(name))
            left_out.append(name.replace("_", " "))
    console.print(_table(fields, rows, used))
    out.writelines(f"{_listed(names)}: {text}\n" for text, names in remarks.items())
    if left_out:
        out.write(f"(no room for {', '.join(left_out)})\n")


def _table(fields: Sequence[str], rows: Sequence[Sequence[object]], used: Sequence[int]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number in used:
        is_right = any(is_figure(row[number]) for row in rows)
        heading = Text(fields[number].replace("_", " "))
        table.add_column(heading, justify="right" if is_right else "left", overflow="fold")
    for row in rows:
        # Text, never a plain str: nothing that comes from outside is read as markup.
        table.add_row(*(Text(shown(row[number])) for number in used))
    return table


def _remarks(
    fields: Sequence[str], rows: Sequence[Sequence[object]]
) -> Mapping[str, Sequence[str]]:
    """Return each remark with the rows (by their first column) that it is about."""
    found: dict[str, list[str]] = {}
    if REMARK not in fields:
        return found
    place = fields.index(REMARK)
    for row in rows:
        if row[place] not in {None, ""}:
            found.setdefault(shown(row[place]), []).append(shown(row[0]))
    return found


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
