"""Replace what works by the same at another price and say what became of every line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.exits import replace_exit_code_of
from swimdesk.cli.history import print_broadcast
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option, override_options
from swimdesk.errors import HomeHeld, InputError

if TYPE_CHECKING:
    from swimdesk.cli.running import Interruption
    from swimdesk.desk.facade import DeskFacade
    from swimdesk.views.models import BroadcastView

DEFAULT_WAIT_S: Final = 10.0

_PRICE: Final = re.compile(r"[-\u2212]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.[0-9]+)?")


@click.command()
@click.argument("reference", metavar="B")
@click.option(
    "--price", "written", required=True, metavar="P", help="The new price, as in an order text."
)
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, 3600),
    default=DEFAULT_WAIT_S,
    show_default=True,
    metavar="S",
    help="Seconds to wait until it is known which orders work.",
)
@override_options
@json_option
@pass_invocation
def replace(
    invocation: Invocation,
    reference: str,
    written: str,
    wait_s: float,
    overrides: tuple[str, ...],
) -> int:
    """Give the open orders of a broadcast another price.

    B is the id of a broadcast or a unique ending of it; B/ALIAS is its line in one account. What
    is left of each order is replaced. It is never sent twice by itself, and not while halted. An
    order may fill before its replacement gets there.
    """
    price = price_of(written)
    view = _replace_and_follow(invocation, _Wanted(reference, price, overrides), wait_s)
    print_broadcast(invocation.output, view)
    _, slash, account = reference.partition("/")
    return replace_exit_code_of(view, account if slash else None, price)


def price_of(written: str) -> Decimal:
    """Read a price as order texts write it: ``1.45``, ``.85``, ``-.71``, ``1,250.00``."""
    text = written.strip().removeprefix("@")
    if not _PRICE.fullmatch(text) or not any(character.isdigit() for character in text):
        raise InputError(f"--price {written!r} is not a price; expected a number such as 1.45.")
    return Decimal(text.replace(",", "").replace("\u2212", "-"))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be replaced, by which price, and what was typed to go on regardless."""

    reference: str
    price: Decimal
    overrides: tuple[str, ...]


def _replace_and_follow(invocation: Invocation, wanted: _Wanted, wait_s: float) -> BroadcastView:
    """Ask once, follow; an owner that goes away is asked again for the result, never to replace."""
    from swimdesk.cli.running import fast_loop, run_command

    async def work(interruption: Interruption) -> BroadcastView:
        attempt = _Attempt(wanted, interruption)
        try:
            async with invocation.open() as desk:
                return await attempt.replace_and_follow(desk, wait_s)
        except HomeHeld:
            # Before it was asked nothing was carried out; afterwards only the result is asked for.
            async with invocation.open() as desk:
                return await attempt.replace_and_follow(desk, wait_s)

    return run_command(work, loop_factory=fast_loop)


class _Attempt:
    """One replacement: asked for at most once, and looked up ever after."""

    def __init__(self, wanted: _Wanted, interruption: Interruption) -> None:
        self._wanted = wanted
        self._interruption = interruption
        self._is_asked = False

    async def replace_and_follow(self, desk: DeskFacade, wait_s: float) -> BroadcastView:
        """Replace, unless the desk may have been asked already, and follow."""
        from swimdesk.control.exchange import OwnerGone

        wanted = self._wanted
        if not self._is_asked:
            with self._interruption.held_back():
                self._is_asked = True
                try:
                    await desk.replace(wanted.reference, wanted.price, wanted.overrides)
                except OwnerGone:
                    self._is_asked = False
                    raise
                self._interruption.said = (
                    "What was asked of the broker stays in the journal;"
                    f" see: swimdesk broadcasts {wanted.reference.partition('/')[0]}"
                )
        return await desk.follow_replacement(wanted.reference, wait_s)
