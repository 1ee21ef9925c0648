"""The simulated brokerage as a command of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import click

Command: TypeAlias = Callable[..., Any]

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?")

_LOGINS: Final = 12


class Span(click.ParamType[tuple[float, float]]):
    """Milliseconds as ``A:B``, or one figure for both ends."""

    name = "A:B"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        """Read a span; the command fails where it is none."""
        found = _SPAN.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.fail(f"{value!r} is not a span of milliseconds such as 40:120", param, ctx)
        low, high = float(found[1]), float(found[2] or found[1])
        if low > high:
            self.fail(f"{value!r} ends before it starts", param, ctx)
        return low, high


def _logins_or_fewer(context: click.Context, _: click.Parameter, value: int | None) -> int:
    """Take no more logins than accounts where nobody says how many."""
    return value if value is not None else min(_LOGINS, int(context.params["accounts"]))


def brokerage_options(command: Command) -> Command:
    """Add the options that `sim` and `demo` share."""
    options = (
        # Eager: how many logins there are by default depends on it.
        click.option(
            "--accounts", type=click.IntRange(1), default=48, show_default=True, is_eager=True
        ),
        click.option(
            "--logins",
            type=click.IntRange(1),
            callback=_logins_or_fewer,
            show_default="12, or one per account",
        ),
        click.option("--seed", type=int, default=1, show_default=True, help="Of the market."),
        click.option(
            "--latency-ms",
            type=Span(),
            default="40:120",
            show_default=True,
            help="How long answers take.",
        ),
        click.option(
            "--profile",
            type=click.Choice(["mixed", "uniform"]),
            default="mixed",
            show_default=True,
            help="What kind of accounts there are.",
        ),
        click.option("--faults", default="none", metavar="NAME|FILE", help="A plan of faults."),
        click.option(
            "--sign-ins", default="profile", metavar="NAME|FILE", help="How logins sign in."
        ),
        click.option(
            "--market",
            default="open",
            show_default=True,
            metavar="open|real|DATE",
            help="Always in session, by the exchange's calendar, or a day again.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any free port.")
@brokerage_options
@click.option("--speed", type=float, default=1.0, show_default=True, help="Market s per second.")
@click.option("--state", type=click.Path(path_type=Path), help="A folder to keep its state in.")
@click.option(
    "--client-home", type=click.Path(path_type=Path), help="Write a home that can trade there."
)
@click.option(
    "--signed-out",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="The first N logins of that home have yet to sign in.",
)
@click.option(
    "--exit-with-parent", is_flag=True, help="Stop at the end of stdin, for a parent process."
)
def sim(**options: Any) -> None:  # noqa: ANN401 - click's values
    """Run only the simulated brokerage.

    Its first line on stdout describes it as one JSON object.
    """
    import uvloop

    from swimdesk.sim.program import SimOptions, run

    uvloop.run(run(SimOptions(**options)))
