"""What is wrong in a home, and what to do about it."""

from __future__ import annotations

from typing import Final

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option

FIELDS: Final = ("name", "state", "detail", "advice")


@click.command()
@json_option
@pass_invocation
def doctor(invocation: Invocation) -> int:
    """Check the home and the way to the broker.

    The exit code is that of the first check that fails.
    """
    from swimdesk.checks import exit_code_of, run_checks

    views = run_checks(invocation.home, invocation.config)
    output = invocation.output
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document({"checks": to_json(views)})
    else:
        output.table(FIELDS, views)
    return exit_code_of(views)
