"""Measurements of the product on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.cli.output import Output

if TYPE_CHECKING:
    from swimdesk.bench.views import FanoutView

_ANEW = "\r\x1b[2K"
"""What a terminal takes as: this line again, empty."""

_FEWEST = 2
"""One order alone has no skew."""


class Sizes(click.ParamType[tuple[int, ...]]):
    """Numbers of accounts, separated by commas."""

    name = "N,N"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read the numbers; the command fails where one is none."""
        parts = str(value).split(",")
        if not all(part.isascii() and part.isdigit() and int(part) >= _FEWEST for part in parts):
            self.fail(f"{value!r} is not a list of numbers from {_FEWEST}, as 45,200.", param, ctx)
        return tuple(int(part) for part in parts)


@click.group()
def bench() -> None:
    """Measure the product beside the fastest this machine can do."""


@bench.command()
@click.option("--accounts", type=Sizes(), default="45,200,1000,5000", show_default=True)
@click.option(
    "--latency-ms",
    type=click.FloatRange(0, 10_000),
    default=20.0,
    show_default=True,
    help="How long the order host takes to answer.",
)
@click.option("--repeats", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option(
    "--console", is_flag=True, help="Also in pairs with and without a console that paints."
)
@json_option
@pass_invocation
def fanout(
    invocation: Invocation,
    /,
    accounts: tuple[int, ...],
    latency_ms: float,
    repeats: int,
    console: bool,
) -> None:
    """Time the burst of orders against a raw floor, in turns.

    Nothing of a home is touched: the desk, its journal and the order host are made for the run,
    on this machine.
    """
    from swimdesk.bench.fanout import Options, run
    from swimdesk.cli.running import Interruption, fast_loop, run_command
    from swimdesk.views.codec import to_json

    output = invocation.output

    async def work(_: Interruption) -> FanoutView:
        with progress(sys.stderr) as tell:
            return await run(Options(accounts, latency_ms, repeats, console), tell)

    view = run_command(work, loop_factory=fast_loop)
    if output.as_json:
        output.document(to_json(view))
    else:
        print_fanout(output, view)


@contextmanager
def progress(stream: TextIO) -> Iterator[Callable[[str], None]]:
    """Give what tells how far a run is, on one line of a terminal; elsewhere it says nothing.

    No thread animates it: that would take time from what is measured.
    """
    if not stream.isatty():
        yield lambda _: None
        return

    def tell(text: str) -> None:
        stream.write(f"{_ANEW}{text}")
        stream.flush()

    try:
        yield tell
    finally:
        tell("")


def print_fanout(output: Output, view: FanoutView) -> None:
    """Print the figures and what is asked of them."""
    from swimdesk.bench.report import FIGURES, GATES, figure_rows, gate_rows

    output.heading(
        f"{view.repeats} repetitions, answers after {view.latency_ms:g} ms; medians in ms;"
        " ratios to the floor: skew / last / overhead"
    )
    output.table(FIGURES, list(figure_rows(view)))
    output.heading("")
    output.table(GATES, list(gate_rows(view)))
    for size in view.results:
        if size.why_void is not None:
            output.note(f"void at {size.accounts} accounts: {size.why_void}")
