"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import click

from swimdesk.cli.endings import Refusal
from swimdesk.cli.invocation import Invocation
from swimdesk.errors import InputError, WhereTextError
from swimdesk.views.requests import Scope

Command: TypeAlias = Callable[..., Any]

REMAINDERS: Final = ("largest", "rotate", "drop")


@contextmanager
def explaining_where(where: str | None) -> Iterator[None]:
    """Show the condition with the place that an error in it is about."""
    try:
        yield
    except WhereTextError as error:
        raise Refusal(error, order=where) from error


def _take_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.ensure_object(Invocation).as_json = value


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_take_json,
    help="Print one JSON document (see docs/json.md).",
)
"""``--json``: exactly one document on stdout, errors too."""

_group = click.option(
    "--group", "groups", multiple=True, metavar="NAME", help="A group's accounts."
)
_account = click.option(
    "--account", "accounts", multiple=True, metavar="ALIAS", help="One account."
)
_all = click.option("--all", "everyone", is_flag=True, help="Every account.")
_where = click.option(
    "--where",
    metavar="CONDITION",
    help='Only accounts that meet it: "bp>20k and level>=3 and not ira" (README).',
)


def scope_options(command: Command) -> Command:
    """Add ``--group``, ``--account`` (repeatable), ``--where``; the command gets a ``scope``."""
    return _group(_account(_where(_with_scope(command))))


def full_scope_options(command: Command) -> Command:
    """Add ``--all`` to what ``scope_options`` adds."""
    return _group(_account(_all(_where(_with_scope(command)))))


def _with_scope(command: Command) -> Command:
    @functools.wraps(command)
    def with_scope(
        *args: object,
        groups: tuple[str, ...],
        accounts: tuple[str, ...],
        where: str | None,
        everyone: bool = False,
        **others: object,
    ) -> object:
        scope = Scope(groups, accounts, everyone, where)
        with explaining_where(where):
            return command(*args, scope=scope, **others)

    return with_scope


_size = click.option(
    "--size",
    "sizing",
    default="text",
    show_default=True,
    metavar="RULE",
    help="text or mult; a split of a total: equal:N, netliq:N, bp:N; a budget for the maximum"
    " loss in each account: netliq:P%, bp:P%, risk:DOLLARS; pct:-P or pct:P of what it holds.",
)
_remainder = click.option(
    "--remainder",
    type=click.Choice([*REMAINDERS]),
    help="Who gets the units that rounding leaves over; default largest for splits, drop for mult.",
)


_override = click.option(
    "--override",
    "typed",
    multiple=True,
    metavar="CODE=FIGURE",
    help="Go on despite a denial that wants its figure typed, as the plan shows it.",
)
_ack = click.option(
    "--ack",
    "acknowledged",
    multiple=True,
    metavar="CODE",
    help="Go on despite a denial that wants to be acknowledged.",
)


def override_options(command: Command) -> Command:
    """Add ``--override`` and ``--ack`` (repeatable); the command gets ``overrides``."""

    @functools.wraps(command)
    def with_overrides(
        *args: object, typed: tuple[str, ...], acknowledged: tuple[str, ...], **others: object
    ) -> object:
        for text in typed:
            if "=" not in text:
                raise InputError(f"--override wants CODE=FIGURE, was {text[:60]!r}.")
        for text in acknowledged:
            if "=" in text:
                raise InputError(f"--ack wants a code alone, was {text[:60]!r}.")
        return command(*args, overrides=(*typed, *acknowledged), **others)

    return _override(_ack(with_overrides))


def sizing_options(command: Command) -> Command:
    """Add ``--size`` and ``--remainder``; the command gets ``sizing`` and ``remainder``."""
    return _size(_remainder(command))
