"""Quotes and option chains."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.cli.output import Output
from swimdesk.cli.reads import print_list

if TYPE_CHECKING:
    from swimdesk.views.models import ChainView

CHAIN_FIELDS: Final = (
    "call_delta", "call_volatility", "call_bid", "call_ask", "root", "strike",
    "put_bid", "put_ask", "put_volatility", "put_delta",
)  # fmt: skip
_OF_A_SIDE: Final = ("delta", "volatility", "bid", "ask")
_ROOT_LENGTH = 6
"""Characters of the root in an OCC symbol."""


@click.command()
@click.argument("symbols", nargs=-1, required=True, metavar="SYMBOL...")
@json_option
@pass_invocation
def quote(invocation: Invocation, symbols: tuple[str, ...]) -> None:
    """Show quotes: stocks, indexes as $SPX, options by symbol."""
    wanted = tuple(symbol.upper() for symbol in symbols)
    print_list(invocation.output, "quotes", invocation.ask(lambda desk: desk.quotes(wanted)))


class Day(click.ParamType[str]):
    """A day as orders have it, or as ISO 8601 does; becomes the latter."""

    name = "DAY"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Read a day; the command fails where it is none."""
        text = str(value).replace(" ", "")
        for form in ("%Y-%m-%d", "%d%b%y", "%d%b%Y"):
            try:
                day = datetime.strptime(text, form).replace(tzinfo=UTC).date()
            except ValueError:
                continue
            return day.isoformat()
        raise click.BadParameter(f"{value!r} is no day such as 18DEC26 or 2026-12-18", ctx, param)


@click.command()
@click.argument("symbol")
@click.option(
    "--expiry",
    type=Day(),
    help="18DEC26 or 2026-12-18; the nearest expiration without it.",
)
@click.option(
    "--strikes",
    type=click.IntRange(1, 500),
    default=20,
    show_default=True,
    help="How many strikes around the money.",
)
@json_option
@pass_invocation
def chain(invocation: Invocation, symbol: str, expiry: str | None, strikes: int) -> None:
    """Show one expiration of an option chain."""
    found = invocation.ask(lambda desk: desk.chain(symbol.upper(), expiry, strikes))
    print_chain(invocation.output, found)


def print_chain(output: Output, chain: ChainView) -> None:
    """Print a chain: calls left, strikes in the middle, puts right; one row a contract in TSV."""
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(chain))
        return
    others = ", ".join(chain.expiries[:8]) + (", …" if len(chain.expiries) > 8 else "")
    output.heading(f"{chain.symbol} {chain.expiry}, last {chain.last}; listed are {others}")
    if output.is_for_eyes:
        output.table(CHAIN_FIELDS, by_strike(chain))
        return
    fields = ("symbol", "right", "strike", "bid", "ask", "mark", "delta", "volatility")
    output.table((*fields, "open_interest", "volume"), chain.rows)


def by_strike(chain: ChainView) -> list[dict[str, object]]:
    """Return a chain with call and put of a root and strike side by side, strikes rising."""
    rows: dict[tuple[Decimal, str], dict[str, object]] = {}
    for contract in sorted(chain.rows, key=lambda row: (row.strike, row.symbol)):
        root = contract.symbol[:_ROOT_LENGTH].strip()
        empty = {**dict.fromkeys(CHAIN_FIELDS), "root": root, "strike": contract.strike}
        row = rows.setdefault((contract.strike, root), empty)
        row |= {f"{contract.right.lower()}_{x}": getattr(contract, x) for x in _OF_A_SIDE}
    return list(rows.values())
