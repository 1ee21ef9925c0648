"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import click

from swimdesk.cli.invocation import Invocation
from swimdesk.views.requests import Scope

Command: TypeAlias = Callable[..., Any]


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


def scope_options(command: Command) -> Command:
    """Add ``--group`` and ``--account``, repeatable; the command gets them as ``scope``."""
    return _group(_account(_with_scope(command)))


def full_scope_options(command: Command) -> Command:
    """Add ``--group``, ``--account`` and ``--all``; the command gets them as ``scope``."""
    return _group(_account(_all(_with_scope(command))))


def _with_scope(command: Command) -> Command:
    @functools.wraps(command)
    def with_scope(
        *args: object,
        groups: tuple[str, ...],
        accounts: tuple[str, ...],
        everyone: bool = False,
        **others: object,
    ) -> object:
        return command(*args, scope=Scope(groups, accounts, everyone), **others)

    return with_scope


sizing_option = click.option(
    "--size",
    "sizing",
    default="text",
    show_default=True,
    metavar="RULE",
    help="text, mult, or a split of a total: equal:N, netliq:N, bp:N.",
)
