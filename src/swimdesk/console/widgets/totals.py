"""Lines of sums under a grid, each figure below its column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text
from textual.app import RenderResult
from textual.widget import Widget

from swimdesk.console.widgets.columns import fit
from swimdesk.console.widgets.grid import LiveGrid
from swimdesk.console.widgets.painting import fitted

Sums = tuple[str, dict[str, str]]
"""What is summed, and figures by column; a sum over nothing known is left out."""


class Totals(Widget):
    """As many lines as there are sums; asked anew at every refresh."""

    DEFAULT_CSS = "Totals { height: auto; background: $panel; text-style: bold; }"

    def __init__(self, grid: LiveGrid, read: Callable[[], Sequence[Sums]]) -> None:
        super().__init__()
        self._grid = grid
        self._read = read

    def render(self) -> RenderResult:
        """Draw the sums below the columns that are shown."""
        width = self._grid.scrollable_size.width
        shown = fit(self._grid.columns, width).slots
        text = Text(no_wrap=True, overflow="crop", end="")
        for number, (what, figures) in enumerate(self._read()):
            line = ""
            for slot in shown:
                line = line.ljust(slot.start)
                line += fitted(figures.get(slot.column.key, ""), slot.width, slot.column)
            # What is summed may be longer than its column: it runs up to the first figure.
            free = len(line) - len(line.lstrip())
            line = f"  {what}"[: max(free - 1, 0)].ljust(free) + line[free:]
            text.append(("\n" if number else "") + line)
        return text
