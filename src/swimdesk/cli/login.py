"""Sign a login in at the broker, or take its tokens from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.errors import ExitCode, InputError

if TYPE_CHECKING:
    from swimdesk.bootstrap.signing import Signed
    from swimdesk.cli.output import Output
    from swimdesk.views.signing import LoginView, SignInEnd


@click.command()
@click.argument("name", required=False)
@click.option("--headed", is_flag=True, help="Show the browser's window.")
@click.option("--manual", is_flag=True, help="Print the address; open it in a browser yourself.")
@click.option("--automatic", is_flag=True, help="Type everything from the vault, the code too.")
@click.option("--all", "everyone", is_flag=True, help="Every login that signs in by itself.")
@click.option(
    "--import",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Take the tokens from a token file of schwab-py instead.",
)
@json_option
@pass_invocation
def login(
    invocation: Invocation,
    name: str | None,
    headed: bool,
    manual: bool,
    automatic: bool,
    everyone: bool,
    file: Path | None,
) -> int:
    """Sign a login in at the broker, for seven days.

    Its earlier sign-in ends then. Without an option the way is the login's own in config.toml:
    assisted types the id and the password from the vault, or asks for them, and asks for the second
    factor; automatic types that too; manual prints an address, and takes or is given the one at
    which the browser ends. Nothing secret is taken from the command line.
    """
    _check_options(name, everyone, manual=manual, automatic=automatic, headed=headed, file=file)
    if file is not None and name is not None:
        return _import(invocation, name, file)
    if name is None:
        return _sign_in_all(invocation, headed=headed)
    way = "manual" if manual else "automatic" if automatic else ""
    return _sign_in(invocation, name, way, headed=headed)


def _check_options(
    name: str | None,
    everyone: bool,
    *,
    manual: bool,
    automatic: bool,
    headed: bool,
    file: Path | None,
) -> None:
    if (name is None) != everyone:
        raise InputError("Name one login, or say --all for those that sign in by themselves.")
    if everyone and (manual or file is not None):
        raise InputError("--all signs in by itself: --manual and --import are for one login.")
    if manual and (automatic or headed):
        raise InputError("--manual opens no browser: neither --automatic nor --headed fits it.")
    if file is not None and (manual or automatic or headed):
        raise InputError("--import takes tokens from a file and signs nobody in.")


def _import(invocation: Invocation, name: str, file: Path) -> int:
    from swimdesk.bootstrap import import_tokens

    view = import_tokens(invocation.home, invocation.config, name, file)
    invocation.output.note(f"note: {view.detail}")
    _print(invocation.output, view)
    return ExitCode.DONE


def _sign_in(invocation: Invocation, name: str, way: str, *, headed: bool) -> int:
    from swimdesk.bootstrap.signing import sign_in, unlock
    from swimdesk.cli.asking import TerminalPerson
    from swimdesk.cli.running import Interruption, run_command

    async def work(_: Interruption) -> LoginView:
        person = TerminalPerson(invocation.output)
        if way != "manual":
            await unlock(invocation.home, invocation.config)
        async with invocation.open() as desk:
            home, config = invocation.home, invocation.config
            return await sign_in(desk, home, config, name, way, person, headed)

    _print(invocation.output, run_command(work))
    return ExitCode.DONE


def _sign_in_all(invocation: Invocation, *, headed: bool) -> int:
    from swimdesk.bootstrap.signing import sign_in_all, unlock
    from swimdesk.cli.asking import TerminalPerson
    from swimdesk.cli.running import Interruption, run_command

    async def work(_: Interruption) -> tuple[Signed, ...]:
        person = TerminalPerson(invocation.output)
        await unlock(invocation.home, invocation.config)
        async with invocation.open() as desk:
            return await sign_in_all(desk, invocation.home, invocation.config, person, headed)

    ends = run_command(work)
    _print_all(invocation.output, ends)
    failed = [end.error.exit_code for end in ends if end.error is not None]
    return max(failed, key=lambda code: code is ExitCode.LOGIN) if failed else ExitCode.DONE


def _print(output: Output, view: LoginView) -> None:
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


def _end_view(end: Signed) -> SignInEnd:
    from swimdesk.views.signing import SignInEnd

    if end.error is None:
        return SignInEnd(end.login, end.view)
    return SignInEnd(end.login, None, end.error.code, end.error.detail)


def _print_all(output: Output, ends: tuple[Signed, ...]) -> None:
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document({"logins": to_json(tuple(map(_end_view, ends)))})
        return
    rows = [
        {
            "login": end.login,
            "state": end.view.state if end.view else "",
            "refresh_expires": end.view.refresh_expires if end.view else None,
            "trouble": end.error.detail if end.error else "",
        }
        for end in ends
    ]
    output.table(("login", "state", "refresh_expires", "trouble"), rows)
