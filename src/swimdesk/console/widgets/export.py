"""Rows for other programs: tab-separated for the clipboard, CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from swimdesk.console.widgets.cells import Row, number_in

_FORMULA_STARTS = ("=", "+", "-", "@", "−")


def as_tsv(rows: Iterable[Row]) -> str:
    """Return a line per row, its texts apart by tabs; a cell never holds one."""
    return "\n".join("\t".join(cell.text.strip() for cell in row) for row in rows)


def as_csv(titles: Sequence[str], rows: Iterable[Row]) -> str:
    """Return the rows under their titles; no cell can act as a formula in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([_neutral(cell.text.strip()) for cell in row] for row in rows)
    return out.getvalue()


def _neutral(text: str) -> str:
    is_formula = text.startswith(_FORMULA_STARTS) and number_in(text) is None
    return f"'{text}" if is_formula else text
