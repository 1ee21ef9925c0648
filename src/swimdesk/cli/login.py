"""Where the tokens of a login come from."""

from __future__ import annotations

from pathlib import Path

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option


@click.command()
@click.argument("name")
@click.option(
    "--import",
    "file",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A token file of schwab-py.",
)
@json_option
@pass_invocation
def login(invocation: Invocation, name: str, file: Path) -> None:
    """Take the tokens of a login from a token file of schwab-py."""
    from swimdesk.bootstrap import import_tokens

    view = import_tokens(invocation.home, invocation.config, name, file)
    output = invocation.output
    output.note(f"note: {view.detail}")
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document(to_json(view))
        return
    output.facts(
        {
            "login": view.login,
            "state": view.state,
            "access_expires": view.access_expires,
            "refresh_expires": view.refresh_expires,
        }
    )
