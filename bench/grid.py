"""What live rows cost: the grid beside the stock table, on a terminal that takes all they write."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from bench.terminals import HEIGHT, WIDTH, run_in_terminal
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.console.widgets.grid import LiveGrid

COLUMNS = 12
CHANGES, PER_SECOND, SECONDS = 45, 4, 5
PROBE_S = 0.005
WIDGETS, ROW_COUNTS = ("grid", "table"), (48, 500)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: share of a core, and how late the loop woke up."""

    cpu: float
    lag_p50_ms: float
    lag_p99_ms: float
    idle_cpu: float


class Bench(App[None]):
    """Show one widget and change 45 cells four times a second."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows
        self.random = random.Random(7)
        self.cost: Cost | None = None

    def on_mount(self) -> None:
        """Fill the widget, then measure."""
        self.fill([[f"{n}.{c:02}" for c in range(COLUMNS)] for n in range(self.rows)])
        self.run_worker(self.measure())

    def fill(self, texts: list[list[str]]) -> None:
        """Show the rows."""
        raise NotImplementedError

    def change(self, row: int, column: int, text: str) -> None:
        """Show another text in one cell."""
        raise NotImplementedError

    async def measure(self) -> None:
        """Run the changes for a while, then nothing, and leave."""
        await asyncio.sleep(1)
        lags: list[float] = []
        probe = asyncio.ensure_future(_probe(lags))
        started, used = time.monotonic(), time.process_time()
        for _ in range(PER_SECOND * SECONDS):
            for row in self.random.sample(range(self.rows), min(CHANGES, self.rows)):
                column, figure = self.random.randrange(1, COLUMNS), self.random.randrange(10**6)
                self.change(row, column, f"{figure / 100:,.2f}")
            await asyncio.sleep(1 / PER_SECOND)
        cpu = (time.process_time() - used) / (time.monotonic() - started)
        probe.cancel()
        await asyncio.sleep(1)
        started, used = time.monotonic(), time.process_time()
        await asyncio.sleep(1)
        idle = (time.process_time() - used) / (time.monotonic() - started)
        percentiles = quantiles(lags, n=100)
        self.cost = Cost(cpu, percentiles[49], percentiles[98], idle)
        self.exit()


async def _probe(lags: list[float]) -> None:
    """Note by how many milliseconds each wake-up is late."""
    while True:
        due = time.monotonic() + PROBE_S
        await asyncio.sleep(PROBE_S)
        lags.append((time.monotonic() - due) * 1000)


class GridBench(Bench):
    """The live grid, flashes included."""

    def compose(self) -> ComposeResult:
        """Show the grid."""
        columns = [Column(f"c{n}", f"column {n}", 11, align="decimal") for n in range(COLUMNS)]
        self.grid = LiveGrid(columns)
        yield self.grid

    def fill(self, texts: list[list[str]]) -> None:
        """Show the rows."""
        self.cells: list[Row] = [tuple(Cell(text) for text in row) for row in texts]
        self.grid.set_rows({f"r{n}": row for n, row in enumerate(self.cells)})

    def change(self, row: int, column: int, text: str) -> None:
        """Show another text in one cell."""
        cells = list(self.cells[row])
        cells[column] = Cell(text, Role.GAIN)
        self.cells[row] = tuple(cells)
        self.grid.set_row(f"r{row}", self.cells[row])


class TableBench(Bench):
    """The stock table."""

    def compose(self) -> ComposeResult:
        """Show the table."""
        self.table: DataTable[str] = DataTable(cursor_type="row")
        yield self.table

    def fill(self, texts: list[list[str]]) -> None:
        """Show the rows."""
        for n in range(COLUMNS):
            self.table.add_column(f"column {n}", key=f"c{n}", width=11)
        for n, row in enumerate(texts):
            self.table.add_row(*row, key=f"r{n}")

    def change(self, row: int, column: int, text: str) -> None:
        """Show another text in one cell."""
        self.table.update_cell(f"r{row}", f"c{column}", text)


PROGRAMS: dict[str, type[Bench]] = {"grid": GridBench, "table": TableBench}


def measure(widget: str, rows: int) -> Cost:
    """Run one program in a terminal of its own and return what it took."""
    return Cost(**run_in_terminal("bench.grid", widget, str(rows)))


def _lines(repeats: int) -> Iterator[str]:
    yield f"grid: {CHANGES} changes {PER_SECOND}x/s on {WIDTH}x{HEIGHT}, medians of {repeats}"
    for rows in ROW_COUNTS:
        # In turns, so that what else the machine does falls on both alike.
        runs = [{widget: measure(widget, rows) for widget in WIDGETS} for _ in range(repeats)]
        for widget in WIDGETS:
            costs = [run[widget] for run in runs]
            yield (
                f"  {rows:>4} rows  {widget:<6}"
                f" cpu {median(c.cpu for c in costs):5.1%} of a core"
                f"  loop lag p50 {median(c.lag_p50_ms for c in costs):6.2f}"
                f"  p99 {median(c.lag_p99_ms for c in costs):7.2f} ms"
                f"  idle cpu {median(c.idle_cpu for c in costs):5.1%}"
            )
        ratio = median(run["table"].cpu / run["grid"].cpu for run in runs)
        yield f"  {rows:>4} rows  the table takes {ratio:.1f} times the cpu of the grid"


def report(repeats: int = 3) -> str:
    """Show both widgets side by side for 48 and 500 rows."""
    return "\n".join(_lines(repeats))


def main(widget: str, rows: str, answer: str) -> None:
    """Run one program and write its cost to the given descriptor."""
    app = PROGRAMS[widget](int(rows))
    app.run()
    if app.cost is not None:
        cost = {name: getattr(app.cost, name) for name in Cost.__slots__}
        os.write(int(answer), json.dumps(cost).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
